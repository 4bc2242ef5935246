"""AXI4-Lite registers against a model in Python, cycle by cycle, and the rules of the protocol."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from amaranth.sim import Simulator

from accelsim.errors import InputError
from accelsim.gateware.axi import AxiLiteRegisters, AxiLiteSignature, Register

OKAY, SLVERR = 0, 2
REGISTERS = (
    Register("control", 0x00, reset=0x1234_5678),
    Register("narrow", 0x04, reset=0x155, bits=11),
    Register("start", 0x08, "w1", bits=1),
    Register("events", 0x0C, "w1", bits=20),
    Register("status", 0x14, "r", bits=9),
    Register("cycles", 0x20, "r"),
    Register("last", 0x3C),
)


def wide(registers: tuple[Register, ...]) -> tuple[Register, ...]:
    """The same for a bus of eight bytes."""
    return tuple(
        Register(each.name, 2 * each.offset, each.access, each.reset, 2 * each.bits)
        for each in registers
    )


@dataclass
class Model:
    """A register file as a processor knows it."""

    registers: tuple[Register, ...]
    values: dict[str, int] = field(default_factory=dict)
    """Of what the hardware sees: values of "rw", inputs of "r", pulses of "w1"."""

    def __post_init__(self) -> None:
        self.values = {each.name: each.reset for each in self.registers}

    def at(self, address: int) -> Register | None:
        return next((each for each in self.registers if each.offset == address), None)

    def write(self, address: int, value: int, strobes: int) -> int:
        register = self.at(address)
        if register is None or register.access == "r":
            return SLVERR
        mask = sum(0xFF << 8 * byte for byte in range(8) if strobes >> byte & 1)
        mask &= (1 << register.bits) - 1
        kept = self.values[register.name] & ~mask if register.access == "rw" else 0
        self.values[register.name] = kept | value & mask
        return OKAY

    def read(self, address: int) -> tuple[int, int]:
        register = self.at(address)
        if register is None:
            return 0, SLVERR
        return (0 if register.access == "w1" else self.values[register.name]), OKAY

    def end_pulses(self) -> None:
        for each in self.registers:
            if each.access == "w1":
                self.values[each.name] = 0


def simulate(component: Any, bench: Callable[[Any], Any]) -> None:
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


class Channel:
    """What the manager offers on a channel: each item stays until it is taken."""

    def __init__(self, valid: Any, ready: Any, **payload: Any) -> None:
        self.valid, self.ready, self.payload = valid, ready, payload
        self.items: deque[dict[str, int]] = deque()
        self.offered = False
        self.taken: list[tuple[int, dict[str, int]]] = []

    def offer(self, ctx: Any, may: bool, noise: random.Random) -> None:
        self.offered = self.offered or (may and bool(self.items))
        # Where nothing is offered the wires hold anything.
        shown = self.items[0] if self.offered else dict.fromkeys(self.payload, 0)
        for name, signal in self.payload.items():
            given = shown[name] if self.offered else noise.getrandbits(len(signal))
            ctx.set(signal, given)
        ctx.set(self.valid, self.offered)

    def after(self, ready: int, cycle: int) -> None:
        if self.offered and ready:
            self.taken.append((cycle, self.items.popleft()))
            self.offered = False


class Answers:
    """What the file must answer on a channel, and in which cycle."""

    def __init__(self) -> None:
        self.valid = False
        self.answer: Any = None
        self.given: list[tuple[int, Any]] = []

    def next(self, begins: bool, ready: bool, cycle: int) -> bool:
        """Whether a request that is complete is answered in the next cycle."""
        if self.valid and ready:
            self.given.append((cycle, self.answer))
            self.valid = False
        if begins and not self.valid:
            self.valid = True
            return True
        return False


class Bench:
    """A file and its model in step: every output is compared in every cycle."""

    def __init__(
        self, registers: tuple[Register, ...] = REGISTERS, data_bits: int = 32, seed: int = 0
    ) -> None:
        self.file = AxiLiteRegisters(registers, address_bits=8, data_bits=data_bits)
        self.model, self.dice = Model(registers), random.Random(seed)
        bus = self.bus = self.file.s_axi
        self.aw = Channel(bus.awvalid, bus.awready, addr=bus.awaddr, prot=bus.awprot)
        self.w = Channel(bus.wvalid, bus.wready, data=bus.wdata, strb=bus.wstrb)
        self.ar = Channel(bus.arvalid, bus.arready, addr=bus.araddr, prot=bus.arprot)
        self.b, self.r = Answers(), Answers()
        self.outputs = [bus.awready, bus.wready, bus.arready, bus.bvalid, bus.bresp]
        self.outputs += [bus.rvalid, bus.rdata, bus.rresp]
        self.seen = [each for each in registers if each.access != "r"]
        for each in self.seen:
            interface = getattr(self.file, each.name)
            self.outputs.append(interface.pulse if each.access == "w1" else interface.value)

    def write(self, address: int, value: int, strobes: int = 0xF) -> None:
        self.aw.items.append({"addr": address, "prot": self.dice.getrandbits(3)})
        self.w.items.append({"data": value, "strb": strobes})

    def read(self, address: int) -> None:
        self.ar.items.append({"addr": address, "prot": self.dice.getrandbits(3)})

    def run(self, cycles: int, may: Callable[[str, int], bool] = lambda name, cycle: True) -> None:
        """Run, and finish what was begun.

        Args:
            cycles: to run.
            may: channel and cycle -> whether the manager offers (aw, w, ar) or takes (b, r).
        """

        async def bench(ctx: Any) -> None:
            for cycle in range(cycles):
                await self._cycle(ctx, cycle, may)

        simulate(self.file, bench)
        writes, reads = len(self.b.given), len(self.r.given)
        assert not any(channel.items for channel in (self.aw, self.w, self.ar))
        assert (writes, writes, reads) == tuple(len(c.taken) for c in (self.aw, self.w, self.ar))

    async def _cycle(self, ctx: Any, cycle: int, may: Callable[[str, int], bool]) -> None:
        for name in ("aw", "w", "ar"):
            getattr(self, name).offer(ctx, may(name, cycle), self.dice)
        takes = {name: may(name, cycle) for name in ("b", "r")}
        ctx.set(self.bus.bready, takes["b"])
        ctx.set(self.bus.rready, takes["r"])
        for each in self.model.registers:
            if each.access == "r":
                self.model.values[each.name] = self.dice.getrandbits(each.bits)
                ctx.set(getattr(self.file, each.name).value, self.model.values[each.name])
        _, _, *found = await ctx.tick().sample(*self.outputs)
        awready, wready, arready, bvalid, bresp, rvalid, rdata, rresp, *values = found

        assert values == [self.model.values[each.name] for each in self.seen]
        assert (bvalid, rvalid) == (self.b.valid, self.r.valid)
        assert not bvalid or bresp == self.b.answer
        assert not rvalid or (rdata, rresp) == self.r.answer

        done = len(self.b.given) + self.b.valid
        writes = done < min(len(self.aw.taken), len(self.w.taken))
        reads = len(self.r.given) + self.r.valid < len(self.ar.taken)
        # What is read in this cycle is what the registers are before it is written.
        if self.r.next(reads, takes["r"], cycle):
            self.r.answer = self.model.read(self.ar.taken[len(self.r.given)][1]["addr"])
        self.model.end_pulses()
        if self.b.next(writes, takes["b"], cycle):
            address, given = self.aw.taken[done][1], self.w.taken[done][1]
            self.b.answer = self.model.write(address["addr"], given["data"], given["strb"])
        self.aw.after(awready, cycle)
        self.w.after(wready, cycle)
        self.ar.after(arready, cycle)


def fill(bench: Bench, count: int, data_bits: int) -> None:
    """Writes and reads of every register, between them, off their edges and beyond."""
    dice, step = bench.dice, data_bits // 8

    def address() -> int:
        known = dice.choice(bench.model.registers).offset
        return dice.choice([known] * 3 + [known + dice.randrange(step), dice.getrandbits(8)])

    for _ in range(count):
        bench.read(address())
        bench.write(address(), dice.getrandbits(data_bits), dice.getrandbits(step))


def random_run(seed: int, count: int, data_bits: int = 32) -> None:
    bench = Bench(REGISTERS if data_bits == 32 else wide(REGISTERS), data_bits, seed)
    fill(bench, count, data_bits)
    rates = {name: bench.dice.choice([0.15, 0.5, 1]) for name in ("aw", "w", "ar", "b", "r")}
    bench.run(20 * count + 50, lambda name, cycle: bench.dice.random() < rates[name])


@pytest.mark.parametrize("seed", range(4))
def test_random_traffic_agrees_with_the_model_in_every_cycle(seed: int) -> None:
    random_run(seed, 25, data_bits=64 if seed == 3 else 32)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 30))
def test_long_random_traffic_agrees_with_the_model(seed: int) -> None:
    random_run(seed, 200, data_bits=64 if seed % 4 == 0 else 32)


@pytest.mark.parametrize("lead", range(-3, 4))
def test_address_and_data_come_in_any_order(lead: int) -> None:
    bench = Bench()
    bench.write(0x3C, 0xCAFE_F00D)
    first = {"aw": max(-lead, 0), "w": max(lead, 0)}
    bench.run(12, lambda name, cycle: cycle >= first.get(name, 0))
    assert bench.b.given == [(abs(lead) + 2, OKAY)]
    assert bench.model.values["last"] == 0xCAFE_F00D


def test_a_write_and_a_read_begin_every_two_cycles() -> None:
    bench = Bench()
    for at in range(10):
        bench.write(0x3C, at)
        bench.read(0x3C)
    bench.run(25)
    assert [cycle for cycle, _ in bench.b.given] == list(range(2, 22, 2))
    assert [cycle for cycle, _ in bench.r.given] == list(range(2, 22, 2))
    # A read looks in the cycle in which the write that began with it is done, and sees the last.
    assert [answer for _, answer in bench.r.given] == [(max(at - 1, 0), OKAY) for at in range(10)]


def test_a_read_that_begins_with_the_answer_sees_the_write() -> None:
    bench = Bench()
    bench.write(0x00, 0xFFFF_FFFF)
    bench.read(0x00)
    bench.run(10, lambda name, cycle: name != "ar" or cycle >= 2)
    assert bench.b.given == [(2, OKAY)]
    assert bench.r.given == [(4, (0xFFFF_FFFF, OKAY))]


@pytest.mark.parametrize("begins", [1, 2, 3])
def test_a_pulse_reads_as_nothing_also_while_it_is_there(begins: int) -> None:
    bench = Bench()
    bench.write(0x0C, 0xFFFF_FFFF)
    bench.read(0x0C)
    bench.run(10, lambda name, cycle: name != "ar" or cycle >= begins)
    assert bench.r.given == [(begins + 2, (0, OKAY))]


def test_an_answer_waits_until_it_is_taken() -> None:
    bench = Bench()
    for address in (0x00, 0x3C):
        bench.write(address, address + 1)
        bench.read(address)
    bench.run(30, lambda name, cycle: name not in "br" or cycle in (9, 20))
    assert [cycle for cycle, _ in bench.b.given] == [9, 20]
    assert [cycle for cycle, _ in bench.r.given] == [9, 20]


def test_strobes_choose_bytes_of_values_and_of_pulses() -> None:
    bench = Bench()
    for strobes in range(16):
        bench.write(0x00, 0x1111_1111 * strobes, strobes)
        bench.write(0x04, 0xFFFF_FFFF * (strobes & 1), strobes)
        bench.write(0x0C, 0xFFFF_FFFF, strobes)
    bench.run(110)
    assert {answer for _, answer in bench.b.given} == {OKAY}


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        (0x00, (0x1234_5678, OKAY)),
        (0x04, (0x155, OKAY)),
        (0x08, (0, OKAY)),
        (0x3C, (0, OKAY)),
        (0x10, (0, SLVERR)),
        (0x01, (0, SLVERR)),
        (0x3E, (0, SLVERR)),
        (0x80, (0, SLVERR)),
    ],
)
def test_what_reset_leaves_and_where_nothing_is(address: int, answer: tuple[int, int]) -> None:
    bench = Bench()
    bench.read(address)
    bench.run(5)
    assert bench.r.given == [(2, answer)]


@pytest.mark.parametrize("address", [0x10, 0x01, 0x3F, 0x80, 0x14, 0x20])
def test_a_write_to_nothing_or_to_an_input_is_an_error_without_effect(address: int) -> None:
    bench = Bench()
    bench.write(address, 0xFFFF_FFFF)
    # That nothing changes is compared in every cycle.
    bench.run(6)
    assert bench.b.given == [(2, SLVERR)]


def test_no_output_follows_an_input_within_a_cycle() -> None:
    bench = Bench()
    bus, dice = bench.bus, random.Random(5)
    flags = (bus.awvalid, bus.wvalid, bus.arvalid, bus.bready, bus.rready)
    rest = (bus.awaddr, bus.wdata, bus.wstrb, bus.araddr, bench.file.cycles.value)

    async def run(ctx: Any) -> None:
        for _ in range(40):
            seen = set()
            for _ in range(4):
                for signal in (*flags, *rest):
                    ctx.set(signal, dice.getrandbits(len(signal)))
                seen.add(tuple(ctx.get(signal) for signal in bench.outputs))
            assert len(seen) == 1
            await ctx.tick()

    simulate(bench.file, run)


def test_ports_are_called_as_the_protocol_has_them() -> None:
    file = AxiLiteRegisters(REGISTERS[:3], address_bits=6)
    file._MustUse__silence = True
    ports = {"_".join(path): member for path, member, _ in file.signature.flatten(file)}
    widths = {"awaddr": 6, "awprot": 3, "wdata": 32, "wstrb": 4, "bresp": 2, "araddr": 6}
    widths |= {"arprot": 3, "rdata": 32, "rresp": 2}
    inputs = {"awaddr", "awprot", "awvalid", "wdata", "wstrb", "wvalid", "bready"}
    inputs |= {"araddr", "arprot", "arvalid", "rready"}
    bus = {
        *widths,
        *(f"{c}{wire}" for c in ("aw", "w", "b", "ar", "r") for wire in ("valid", "ready")),
    }
    found = {
        name.removeprefix("s_axi_"): (member.shape, member.flow.name)
        for name, member in ports.items()
        if name.startswith("s_axi_")
    }
    assert found == {name: (widths.get(name, 1), "In" if name in inputs else "Out") for name in bus}
    assert set(ports) - {f"s_axi_{name}" for name in bus} == {
        "control_value",
        "narrow_value",
        "start_pulse",
    }


@pytest.mark.parametrize(
    ("registers", "message"),
    [
        ([], "AXI4-Lite: there are 0 registers, must be 1 or more"),
        (
            [Register("a", 2)],
            "register 'a': offset is 2, must be a multiple of 4 below 0x40 (address_bits is 6)",
        ),
        (
            [Register("a", 64)],
            "register 'a': offset is 64, must be a multiple of 4 below 0x40 (address_bits is 6)",
        ),
        (
            [Register("a", 0, "w2")],
            "register 'a': access 'w2' is unknown; did you mean 'w1'? valid: r, rw, w1",
        ),
        (
            [Register("a", 0, bits=33)],
            "register 'a': bits is 33, must be a whole number from 1 to 32",
        ),
        (
            [Register("a", 0, reset=16, bits=4)],
            "register 'a': reset is 16, must be from 0 to 15",
        ),
        (
            [Register("a", 0, "r", reset=1)],
            "register 'a': reset is 1, must be 0: \"r\" has no value of its own",
        ),
        (
            [Register("a", 0), Register("a", 4)],
            "AXI4-Lite: 2 registers have the name 'a', must be one",
        ),
        (
            [Register("a", 8), Register("b", 8)],
            "AXI4-Lite: 2 registers have the offset 8, must be one",
        ),
        (
            [Register("s_axi", 0)],
            "register 's_axi' has the name of a part of the file; choose another",
        ),
        ([Register("_a", 0)], "register '_a' begins with '_', must begin with a letter"),
        (
            [Register("a b", 0)],
            "register 'a b' holds ' ', must be letters A-Z, digits and _",
        ),
    ],
)
def test_registers_that_cannot_be_are_refused(registers: list[Register], message: str) -> None:
    with pytest.raises(InputError) as refused:
        AxiLiteRegisters(registers, address_bits=6)
    assert refused.value.problems == (message,)


@pytest.mark.parametrize(
    ("address_bits", "data_bits", "message"),
    [
        (0, 32, "AXI4-Lite: address_bits is 0, must be a whole number from 1 to 64"),
        (65, 32, "AXI4-Lite: address_bits is 65, must be a whole number from 1 to 64"),
        (8, 16, "AXI4-Lite: data_bits is 16, must be 32 or 64"),
    ],
)
def test_other_widths_are_refused(address_bits: int, data_bits: int, message: str) -> None:
    with pytest.raises(InputError) as refused:
        AxiLiteSignature(address_bits, data_bits)
    assert str(refused.value) == message
    with pytest.raises(InputError):
        AxiLiteRegisters(REGISTERS, address_bits=address_bits, data_bits=data_bits)
