"""What the analytic model counts: actions, as plain numbers. Everything else follows from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

__all__ = ["ActionCounts", "BlockCounts", "EinsumCounts", "Exact", "Transfer", "tidy"]

Exact = int | Fraction


def tidy(value: Exact) -> Exact:
    """A whole number as an int."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


@dataclass(frozen=True, slots=True)
class Transfer:
    """Bits of one tensor that one memory reads and writes on behalf of one Einsum."""

    memory: str
    tensor: str
    read_bits: Exact
    written_bits: Exact
    delivered_bits: Exact = 0
    """Of those read, what goes straight to PEs."""
    deliveries: int = 0
    """How often it goes there: each time, all PEs together take what they need at once."""


@dataclass(frozen=True)
class EinsumCounts:
    """One Einsum on its array."""

    name: str
    array: str
    steps: int
    """Temporal iterations on the array."""
    cycles: int
    """Cycles that the array is busy: steps times the cycles of the operations at a point."""
    points: int
    """Points of the iteration space that exist."""
    pe_cycles: int
    """Cycles that PEs work, summed over PEs: points times the cycles at a point."""
    actions: Mapping[str, int]
    """Functional unit -> how often it works."""
    transfers: tuple[Transfer, ...]

    @property
    def operations(self) -> int:
        """Actions of all functional units together."""
        return sum(self.actions.values())


@dataclass(frozen=True)
class BlockCounts:
    """The Einsums that run fused."""

    name: str
    einsums: tuple[EinsumCounts, ...]
    epochs: tuple[Mapping[str, int], ...]
    """For each epoch, array or link -> busy cycles; a single one where there are no epochs."""
    occupancy_bits: Mapping[str, Mapping[str, int | Fraction]]
    """Memory -> what fills it (tensors that share a space, ``reserved``) -> bits."""
    spilled: Mapping[str, Fraction]
    """Memory -> the part of its tiles that goes to the memory above."""
    rounds: Mapping[str, int] = field(default_factory=dict)
    """Memory -> how often it is sent what it keeps, where the block goes in rounds."""
    halo: str = "whole"
    """How tiles of windows were fetched: ``whole``, or what is new in them (``overlap``)."""


@dataclass(frozen=True)
class ActionCounts:
    """One layer: its blocks in order. ``repeat`` is how often the layer runs."""

    layer: str
    blocks: tuple[BlockCounts, ...]
    repeat: int = 1
