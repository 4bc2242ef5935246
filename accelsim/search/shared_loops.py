"""Loops around several Einsums, and what is kept between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from accelsim.search.tiles import Floats

__all__ = ["SharedLoops"]


@dataclass(frozen=True)
class SharedLoops:
    """Shared loops with what is kept between them."""

    order: tuple[str, ...]
    """Ranks that are cut, outermost first."""
    tiles: Mapping[str, int]
    """Shared rank -> tile size inside."""
    places: tuple[tuple[str, int], ...]
    """(tensor, loops around it) for what is kept."""
    bits: float
    energy: float
    busy: Floats
    """Of moving what is kept."""
    least_energy: float
    least_busy: Floats
    """With what is not kept, which crosses in every turn at least, and with everything inside."""
    everything: bool
    """Whether all tensors are kept, so that nothing inside needs room."""

    @cached_property
    def resident(self) -> frozenset[str]:
        """Tensors that are kept."""
        return frozenset(tensor for tensor, _ in self.places)

    def beats(self, other: SharedLoops) -> bool:
        """Whether nothing inside of another one can be better."""
        return self.bounds(other) and (self.everything or self.bits <= other.bits)

    def bounds(self, other: SharedLoops) -> bool:
        """Whether nothing inside of another one can be better but for the room that it leaves."""
        return (
            self.energy <= other.energy
            and self.resident == other.resident
            and all(size % other.tiles[rank] == 0 for rank, size in self.tiles.items())
            and bool((self.busy <= other.busy).all())
        )
