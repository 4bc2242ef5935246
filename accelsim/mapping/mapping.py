"""A mapping: loop nests as a tree, where tensors stay, what runs where, and epochs.

Mapping = Block ...                        run one after the other
Block   = Nest, epochs                     its Einsums are fused: they overlap in time
Nest    = (Loop | Keep) ... (Nest | Compute) ...
Compute = one Einsum on one array
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from accelsim.architecture.architecture import Array

__all__ = [
    "Block",
    "Compute",
    "Halo",
    "Keep",
    "Loop",
    "MappedLayer",
    "Move",
    "Nest",
    "Path",
    "Step",
    "Unrolled",
]

Halo = Literal["whole", "overlap"]

Unrolled = tuple[tuple[str, int | None], ...]
"""Ranks on one dimension of an array, each with the PEs that it takes; None: all of them."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A temporal loop over tiles of a rank; the last tile may be smaller."""

    rank: str
    tile: int = 1

    def __str__(self) -> str:
        return f"for {self.rank} by {self.tile}"


@dataclass(frozen=True, slots=True)
class Keep:
    """From here inwards, tiles of these tensors stay in a memory.

    Tensors of one group take the same space, one after the other (in place).
    """

    memory: str
    groups: tuple[tuple[str, ...], ...]

    @property
    def tensors(self) -> tuple[str, ...]:
        return tuple(tensor for group in self.groups for tensor in group)

    def __str__(self) -> str:
        return f"{self.memory} keeps {', '.join('='.join(group) for group in self.groups)}"


@dataclass(frozen=True, init=False)
class Compute:
    """One Einsum on an array, with ranks unrolled over its rows and its columns.

    Ranks that no loop and no array dimension takes run one by one, innermost, in ``order``;
    those that ``order`` leaves out come first, in the order of the Einsum.

    Example:
        >>> Compute("Z", "array", rows="M", columns=(("K", 4), ("N", 4))).rows
        (('M', None),)
    """

    einsum: str
    array: str
    rows: Unrolled
    """Ranks over the rows; a name alone stands for a rank that takes all of them."""
    columns: Unrolled
    """The same for the columns; a rank may stand on both."""
    lanes: Unrolled
    """The same for the lanes of each PE."""
    order: tuple[str, ...]
    forward: tuple[str, ...]
    """Inputs taken from the array's registers as their producer leaves them there."""
    bypass: tuple[str, ...]
    """Tensors that pass the array's registers by: a functional unit latches their values."""

    # By hand, so that a name may stand for an unrolled rank.
    def __init__(
        self,
        einsum: str,
        array: str,
        rows: str | Unrolled | None = (),
        columns: str | Unrolled | None = (),
        order: tuple[str, ...] = (),
        forward: tuple[str, ...] = (),
        bypass: tuple[str, ...] = (),
        lanes: str | Unrolled | None = (),
    ) -> None:
        spread = (_unrolled(rows), _unrolled(columns), _unrolled(lanes))
        values = (einsum, array, *spread, order, forward, bypass)
        for name, value in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, name, value)

    def sides(self, array: Array) -> tuple[tuple[str, Unrolled, int], ...]:
        """Each dimension of an array: its name, the ranks on it, and its size."""
        return (
            ("rows", self.rows, array.rows),
            ("columns", self.columns, array.columns),
            ("lanes", self.lanes, array.lanes),
        )

    def widths(self, array: Array) -> dict[str, int]:
        """Unrolled rank -> points along itself at a time, in rows, columns and lanes together."""
        found: dict[str, int] = {}
        for _, dimension, size in self.sides(array):
            for rank, pes in dimension:
                found[rank] = found.get(rank, 1) * (size if pes is None else pes)
        return found


def _unrolled(written: str | Unrolled | None) -> Unrolled:
    if written is None:
        return ()
    return ((written, None),) if isinstance(written, str) else tuple(written)


Step = Loop | Keep


@dataclass(frozen=True)
class Nest:
    """Loops and keeps, outermost first, around what they hold."""

    steps: tuple[Step, ...]
    body: tuple[Nest | Compute, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """In an epoch: a tensor's tiles cross a link and nothing overlaps it."""

    tensor: str
    link: str


@dataclass(frozen=True)
class Block:
    """Einsums that run fused.

    Without epochs all of them overlap. With epochs, Einsums of one epoch overlap and the next
    epoch waits for all of them; memories work through all epochs.
    """

    name: str
    nest: Nest
    epochs: tuple[tuple[str | Move, ...], ...] = ()
    reserve_bytes: Mapping[str, int] = field(default_factory=dict)
    """Space that a memory needs besides its kept tiles."""
    spill: tuple[str, ...] = ()
    """Memories that may be too small: what does not fit goes to the memory above."""
    halo: Halo = "whole"
    """Whether a tile of a window is fetched ``whole``, or keeps what its neighbour held
    (``overlap``)."""
    double_buffer: tuple[str, ...] = ()
    """Memories that hold two copies of each tile that is replaced: one is filled, one is used."""
    rounds: tuple[str, ...] = ()
    """Two memories, or none: where what they keep exceeds both, one holds it part by part, and what
    the other keeps is sent to it once a part."""

    def paths(self) -> tuple[Path, ...]:
        """The way from the outermost step to every Einsum, in order of execution."""
        return tuple(_paths(self.nest, (), ()))


@dataclass(frozen=True)
class Path:
    """One Einsum of a block with every step around it.

    ``addresses[i]`` names step ``i`` uniquely in the block, so that steps that two paths share
    are recognised.
    """

    compute: Compute
    steps: tuple[Step, ...]
    addresses: tuple[tuple[int, ...], ...]


def _paths(
    nest: Nest,
    steps: tuple[Step, ...],
    addresses: tuple[tuple[int, ...], ...],
    trail: tuple[int, ...] = (),
) -> Iterator[Path]:
    steps = steps + nest.steps
    addresses = addresses + tuple((*trail, -1 - i) for i in range(len(nest.steps)))
    for i, part in enumerate(nest.body):
        if isinstance(part, Compute):
            yield Path(part, steps, addresses)
        else:
            yield from _paths(part, steps, addresses, (*trail, i))


@dataclass(frozen=True)
class MappedLayer:
    """The mapping of one cascade: its blocks in order, and where it came from."""

    mapper: str
    blocks: tuple[Block, ...]
    tiles: Mapping[str, int] = field(default_factory=dict)
    """Named tile sizes, as chosen."""
