"""AXI4-Stream to stream and back: nothing is lost, and the two sides are a register apart."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from accelsim.errors import InputError
from accelsim.gateware.axi import AxiStreamIn, AxiStreamOut, AxiStreamSignature
from accelsim.gateware.axi.stream import packet


class Way(wiring.Component):
    """Stream -> AXI4-Stream -> stream, to be looked at in the middle."""

    def __init__(self) -> None:
        shape = stream.Signature(packet(16))
        super().__init__({"i": In(shape), "o": Out(shape)})
        self.out, self.back = AxiStreamOut(16), AxiStreamIn(16)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.out, m.submodules.back = self.out, self.back
        wiring.connect(m, wiring.flipped(self.i), self.out.i)
        wiring.connect(m, self.out.axis, self.back.axis)
        wiring.connect(m, self.back.o, wiring.flipped(self.o))
        return m


def simulate(component: Any, bench: Callable[[Any], Any]) -> None:
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def driven(count: int, offers: float, takes: float, seed: int) -> list[int]:
    """Cycles in which items left; order, values and the rule of streams are checked."""
    way, dice = Way(), random.Random(seed)
    items = [(dice.getrandbits(16), dice.getrandbits(1)) for _ in range(count)]
    left: list[int] = []
    got: list[tuple[int, int]] = []
    passed: list[tuple[int, int]] = []

    async def bench(ctx: Any) -> None:
        i, o, axis = way.i, way.o, way.out.axis
        watched = (i.ready, o.valid, o.payload.data, o.payload.last)
        middle = (axis.tvalid, axis.tready, axis.tdata, axis.tlast)
        sent, offered, held = 0, False, None
        for cycle in range(50 * count + 20):
            offered = offered or (sent < count and dice.random() < offers)
            if offered:
                ctx.set(i.payload, dict(zip(("data", "last"), items[sent], strict=True)))
            takes_now = dice.random() < takes
            ctx.set(i.valid, offered)
            ctx.set(o.ready, takes_now)
            _, _, ready, valid, *payload, tvalid, tready, tdata, tlast = await ctx.tick().sample(
                *watched, *middle
            )
            if offered and ready:
                sent, offered = sent + 1, False
            if valid and takes_now:
                got.append((payload[0], payload[1]))
                left.append(cycle)
            # Once tvalid is up, nothing changes until the transfer.
            assert held is None or (tvalid, tdata, tlast) == held
            held = (tvalid, tdata, tlast) if tvalid and not tready else None
            if tvalid and tready:
                passed.append((tdata, tlast))
            if len(left) == count and cycle > left[-1] + 5:
                break

    simulate(way, bench)
    assert got == items
    assert passed == items
    return left


def test_one_passes_in_every_cycle_two_cycles_later() -> None:
    assert driven(30, offers=1, takes=1, seed=1) == list(range(2, 32))


@pytest.mark.parametrize(("offers", "takes"), [(0.5, 0.5), (1, 0.3), (0.2, 1), (0.9, 0.8)])
def test_nothing_is_lost_whoever_waits(offers: float, takes: float) -> None:
    driven(80, offers, takes, seed=2)


def test_tready_and_tvalid_do_not_follow_each_other() -> None:
    dice = random.Random(3)
    parts = {AxiStreamIn(8): False, AxiStreamOut(8): True}
    for part, drives in parts.items():
        axis, other = part.axis, part.i if drives else part.o

        async def bench(ctx: Any, axis: Any = axis, other: Any = other, out: bool = drives) -> None:
            inputs = (axis.tready, other.valid) if out else (axis.tvalid, other.ready)
            outputs = (axis.tvalid, axis.tdata, other.ready) if out else (axis.tready, other.valid)
            for _ in range(60):
                seen = set()
                for value in (*range(4), dice.randrange(4)):
                    ctx.set(inputs[0], value & 1)
                    ctx.set(inputs[1], value >> 1)
                    seen.add(tuple(ctx.get(signal) for signal in outputs))
                assert len(seen) == 1
                await ctx.tick()

        simulate(part, bench)


def test_wires_are_called_as_the_protocol_has_them() -> None:
    members = AxiStreamSignature(32).members
    assert {name: (member.flow, member.shape) for name, member in members.items()} == {
        "tdata": (Out, 32),
        "tvalid": (Out, 1),
        "tready": (In, 1),
        "tlast": (Out, 1),
    }


@pytest.mark.parametrize("make", [AxiStreamSignature, AxiStreamIn, AxiStreamOut])
@pytest.mark.parametrize("bits", [0, 12, 4104, True, 8.0])
def test_other_widths_are_refused(make: Callable[[Any], Any], bits: Any) -> None:
    with pytest.raises(InputError) as refused:
        make(bits)
    rule = "must be a multiple of 8 from 8 to 4,096"
    assert str(refused.value) == f"AXI4-Stream: data_bits is {bits!r}, {rule}"
