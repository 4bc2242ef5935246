"""A memory with a bandwidth, shared by its ports, and a latency."""

from __future__ import annotations

from fractions import Fraction

from accelsim.architecture.architecture import Architecture, Memory
from accelsim.simulator.components.component import MemoryLike, register

__all__ = ["MemoryComponent"]


class MemoryComponent(MemoryLike):
    """Each port moves one tile at a time at its share of the bandwidth."""

    def __init__(self, memory: Memory, clock_hz: float) -> None:
        super().__init__(memory.name, memory.ports)
        self.latency_cycles = memory.latency_cycles or 0
        rate = memory.bandwidth_bytes_per_s
        self.limited = self.shown = rate is not None
        self.cycles_per_bit = Fraction(0)
        """Of one port."""
        if rate is not None:
            per_cycle = Fraction(rate) * memory.instances * 8 / Fraction(clock_hz)
            self.cycles_per_bit = memory.ports / per_cycle

    def cycles(self, bits: Fraction, *, run_bits: Fraction, write: bool) -> Fraction:
        return bits * self.cycles_per_bit


@register
def _memory(part: object, machine: Architecture) -> MemoryComponent | None:
    if isinstance(part, Memory) and part.dram is None:
        return MemoryComponent(part, machine.clock_hz)
    return None
