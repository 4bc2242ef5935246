"""A systolic array: operands enter at its edges, a PE later each cycle, and results leave there.

A fold is the time in which what stays in the PEs (weights, inputs, or the results themselves) is
not replaced. With R rows, C columns and T streamed values it takes, by itself,

    2 * R + C + T - 2 cycles                           (SCALE-Sim, arXiv 1811.02883, equation 1)

R to fill the PEs with what stays (or to take the results out), T to stream, and R + C - 2 until the
last operand has reached the last PE. Version 3 of that program leaves out the last way, R cycles.
Where folds overlap, the next one's operands follow the last one's without a bubble, and only the
first fill and the last drain remain.
"""

from __future__ import annotations

from accelsim.architecture.architecture import Architecture, Array, Systolic
from accelsim.simulator.components.component import ArrayLike, register

__all__ = ["SystolicComponent"]


class SystolicComponent(ArrayLike):
    """An array with skew, fill and drain."""

    def __init__(self, array: Array, systolic: Systolic) -> None:
        super().__init__(array.name)
        self.overlap_folds = systolic.overlap_folds
        self.drain_cycles = array.rows * systolic.drain
        ways = array.rows + array.columns - 2 + self.drain_cycles
        self.fill_cycles = ways + systolic.pipeline_cycles
        """Of one fold besides what it streams."""

    def cycles(self, steps: int, folds: int) -> int:
        return steps if self.overlap_folds else steps + folds * self.fill_cycles

    @property
    def latency_cycles(self) -> int:
        return self.fill_cycles if self.overlap_folds else 0


@register
def _systolic(part: object, machine: Architecture) -> SystolicComponent | None:
    if isinstance(part, Array) and part.systolic is not None:
        return SystolicComponent(part, part.systolic)
    return None
