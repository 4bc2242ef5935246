"""Sums of groups behind the array: those of NumPy in float32, bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("amaranth")

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from accelsim.accelerators.bitmod.gather import GatheringArithmetic
from accelsim.accelerators.bitmod.golden import BIAS

MANTISSA_BITS = 23


class Gather(wiring.Component):  # type: ignore[misc]
    """One column."""

    def __init__(self) -> None:
        super().__init__({"before": In(32), "result": In(29), "after": Out(32)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # A register at least, so that there is a clock.
        m.d.sync += Signal(name="tick").eq(1)
        m.d.comb += self.after.eq(GatheringArithmetic(4).gather(m, self.before, self.result))
        return m


def gathered(before: Any, exponents: Any, mantissas: Any) -> Any:
    """A pair in each cycle; sums come out as many cycles later as it says."""
    part = Gather()
    latency = GatheringArithmetic.gather_latency_cycles
    found: list[int] = []

    async def bench(ctx: Any) -> None:
        for at in range(len(before) + latency):
            if at >= latency:
                found.append(ctx.get(part.after))
            if at < len(before):
                low = int(mantissas[at]) & (1 << MANTISSA_BITS) - 1
                ctx.set(part.before, int(before[at]))
                ctx.set(part.result, low | int(exponents[at]) << MANTISSA_BITS)
            await ctx.tick()

    simulator = Simulator(part)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    return np.array(found, np.uint32)


def expected(before: Any, exponents: Any, mantissas: Any) -> Any:
    values = np.ldexp(mantissas.astype(float), exponents - BIAS).astype(np.float32)
    with np.errstate(over="ignore"):
        return (before.astype(np.uint32).view(np.float32) + values).view(np.uint32)


EDGES = (0, 1, 2, (1 << 22) - 1, -1, -2, -(1 << 22))


def test_edges_are_summed_up_as_numpy_does() -> None:
    pairs = [(e, m) for e in (0, 31, 63) for m in EDGES]
    exponents, mantissas = np.array(pairs).T
    values = np.ldexp(mantissas.astype(float), exponents - BIAS).astype(np.float32)
    for before in (values * 0, -values, values, -values * np.float32(1 + 2**-23)):
        bits = np.ascontiguousarray(before + np.float32(0)).view(np.uint32)
        found = gathered(bits, exponents, mantissas)
        assert (found == expected(bits, exponents, mantissas)).all()


def test_a_sum_that_is_nothing_is_plus_zero_whatever_the_signs() -> None:
    # Patterns of 0 and -0, of 1 and -1, and what makes nothing of them.
    before = np.array([0, 1 << 31, 0x3F800000, 0xBF800000])
    exponents, mantissas = np.array([31, 0, 31, 31]), np.array([0, 0, -1, 1])
    assert gathered(before, exponents, mantissas).tolist() == [0, 0, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_any_sums_are_those_of_numpy(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = 4000
    exponents = random.integers(0, 64, count)
    mantissas = random.integers(-(1 << 22), 1 << 22, count) >> random.integers(0, 23, count)
    near = -np.ldexp(mantissas.astype(float), exponents - BIAS + random.integers(-2, 3, count))
    others = random.integers(0, 0x7F800000, count) | random.integers(0, 2, count) << 31
    cancels = near.astype(np.float32).view(np.uint32) ^ random.integers(0, 8, count).astype("<u4")
    before = np.where(random.random(count) < 0.5, cancels, others)
    assert (gathered(before, exponents, mantissas) == expected(before, exponents, mantissas)).all()
