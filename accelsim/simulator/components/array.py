"""An array of PEs: it works on one tile of one Einsum at a time, all PEs in lockstep."""

from __future__ import annotations

from accelsim.architecture.architecture import Architecture, Array
from accelsim.simulator.components.component import ArrayLike, register

__all__ = ["ArrayComponent"]


class ArrayComponent(ArrayLike):
    """All PEs begin and end a tile at the same time."""

    def __init__(self, array: Array) -> None:
        super().__init__(array.name)

    def cycles(self, steps: int, folds: int) -> int:
        return steps


@register
def _array(part: object, machine: Architecture) -> ArrayComponent | None:
    if isinstance(part, Array) and part.systolic is None:
        return ArrayComponent(part)
    return None
