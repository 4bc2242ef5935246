"""DRAM with banks: rows are opened, refreshed, and the data bus turns around."""

from __future__ import annotations

import math
from fractions import Fraction

from accelsim.architecture.architecture import Architecture, Dram, Memory
from accelsim.simulator.components.component import MemoryLike, register
from accelsim.simulator.dram import transfer_seconds

__all__ = ["BankedComponent"]


class BankedComponent(MemoryLike):
    """All channels of a DRAM part work on one transfer at a time."""

    limited = True
    linear = False

    def __init__(self, memory: Memory, dram: Dram, clock_hz: float) -> None:
        super().__init__(memory.name)
        self.latency_cycles = memory.latency_cycles or 0
        self.dram, self.clock_hz = dram, Fraction(clock_hz)

    def _cycles(self, bits: Fraction, run_bits: Fraction, write: bool, after: bool) -> Fraction:
        size_bytes = bits / 8
        return self.clock_hz * transfer_seconds(
            self.dram.spec,
            channels=self.dram.channels,
            size_bytes=size_bytes,
            run_bytes=max(1, math.floor(min(run_bits / 8, size_bytes))),
            write=write,
            last_write=after,
        )

    def cycles(self, bits: Fraction, *, run_bits: Fraction, write: bool) -> Fraction:
        return self._cycles(bits, run_bits, write, write) if bits else Fraction(0)

    def turn_cycles(self, *, write: bool) -> Fraction:
        one = Fraction(8 * self.dram.spec.burst_bytes)
        return self._cycles(one, one, write, not write) - self._cycles(one, one, write, write)


@register
def _banked(part: object, machine: Architecture) -> BankedComponent | None:
    if isinstance(part, Memory) and part.dram is not None:
        return BankedComponent(part, part.dram, machine.clock_hz)
    return None
