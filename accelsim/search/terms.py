"""What a search is told, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Around", "Found", "Holding", "Rules"]

Holding = tuple[tuple[int, ...], ...]
"""For every level, innermost first, the tensors that it keeps. At the innermost level all others
are latched at the functional units."""


@dataclass(frozen=True)
class Found:
    """One mapping, as the search knows it."""

    array: str
    holding: Holding
    stores: tuple[tuple[int, int, tuple[int, ...]], ...]
    """(level, tensor, tile size of every rank), outermost first."""
    widths: tuple[int, ...]
    """PEs along every rank."""


@dataclass(frozen=True)
class Rules:
    """What narrows a map space."""

    ragged: frozenset[int] = frozenset()
    """Ranks whose last tile may be smaller; tiles of the others divide what they are in."""
    doubled: frozenset[int] = frozenset()
    """Levels above the array whose tiles take twice their space where they are replaced."""
    stationary: frozenset[int] = frozenset()
    """Tensors of which one must stay inside the PEs while others are replaced; none: any."""
    whole: frozenset[tuple[int, int]] = frozenset()
    """(level, rank): every tile there spans the whole rank."""


@dataclass(frozen=True)
class Around:
    """What surrounds an Einsum that runs fused with others."""

    top: tuple[int, ...]
    """Tile size of every rank inside of the shared loops."""
    resident: frozenset[int]
    """Tensors whose tiles lie in the outermost memory on the chip already."""
    free: bool = False
    """Whether reading and writing them there costs nothing: for lower bounds, where they may pass
    that memory by."""
    energy: float = 0.0
    """Least energy of everything else in the block."""
    cycles: float = 0.0
    """Cycles that others take on the same array at least."""
    busy: tuple[float, ...] = ()
    """Cycles that others keep each memory with a bandwidth busy at least."""
