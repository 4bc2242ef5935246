"""The map space that the exact search claims to cover, and what crosses into each store of it.

A mapping is an order of stores, PEs along every rank, and a chain of tile sizes for every rank:
one at each store, outermost first, and the PEs along it last.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import permutations, product

Pieces = tuple[tuple[int, int], ...]
"""(length, how many pieces of a rank have it)."""
Holding = tuple[tuple[int, ...], ...]
"""For every level, innermost first, the tensors that it keeps."""
Order = tuple[tuple[int, int], ...]
"""(level, tensor) of every store, outermost first."""
State = tuple[tuple[int, int, int], ...]
"""(size, tile, PEs) of every rank of a group."""


@dataclass(frozen=True)
class Window:
    """Ranks that share an index."""

    ranks: tuple[int, ...]
    steps: tuple[int, ...]
    length: int
    """Of the dimension."""


@dataclass(frozen=True)
class Operand:
    """A tensor as the Einsum uses it."""

    plain: frozenset[int]
    windows: tuple[Window, ...]
    bits: int

    def __contains__(self, rank: int) -> bool:
        return rank in self.plain or any(rank in window.ranks for window in self.windows)


@dataclass(frozen=True)
class Store:
    """A memory; of those inside the PEs, one."""

    read_pj: float
    """For a bit."""
    write_pj: float
    cycles: float
    """Cycles of all instances for a bit; 0: no limit."""
    capacity_bits: int | None = None


@dataclass(frozen=True)
class Space:
    """An Einsum on a machine, and the mappings that count.

    ``operands[0]`` is the output. ``levels`` go from the registers (None: there are none) to the
    outermost memory.
    """

    sizes: tuple[int, ...]
    operands: tuple[Operand, ...]
    levels: tuple[Store | None, ...]
    rows: int
    columns: int
    ragged: frozenset[int]
    """Ranks whose last tile may be smaller; tiles of the others divide what they are in."""
    reads: int
    """Register reads of the operations at a point."""
    writes: int
    reduces: bool
    point_pj: float
    point_cycles: int

    @property
    def latches(self) -> bool:
        """Whether the registers hold one value of each tensor, or are none at all."""
        return self.levels[0] is None or self.levels[0].capacity_bits is None

    def in_registers(self, holding: Holding, tensor: int) -> bool:
        """Whether a tensor is in a memory inside the PEs."""
        return self.levels[0] is not None and (self.latches or tensor in holding[0])

    @cached_property
    def points(self) -> int:
        return math.prod(self.sizes)

    @cached_property
    def results(self) -> int:
        """Elements of the output."""
        return math.prod(self.sizes[rank] for rank in self.operands[0].plain)

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Ranks that windows tie together."""
        found = [{rank} for rank in range(len(self.sizes))]
        for operand in self.operands:
            for window in operand.windows:
                tied = [group for group in found if group & set(window.ranks)]
                found = [group for group in found if group not in tied] + [set().union(*tied)]
        return tuple(tuple(sorted(group)) for group in found)

    @cached_property
    def unrollings(self) -> frozenset[tuple[int, ...]]:
        """PEs along every rank: rows times columns, and no more than it has values."""
        found = set()
        sides = [_spread(pes, len(self.sizes)) for pes in (self.rows, self.columns)]
        for rows, columns in product(*sides):
            both = [a * b for a, b in zip(rows, columns, strict=True)]
            for rank in self.ragged:
                both[rank] = min(both[rank], self.sizes[rank])
            if not any(
                size % pes
                for rank, (size, pes) in enumerate(zip(self.sizes, both, strict=True))
                if rank not in self.ragged
            ):
                found.add(tuple(both))
        return frozenset(found)

    def chains(self, rank: int, stores: int) -> tuple[tuple[int, ...], ...]:
        """(tile at every store, outermost first; PEs) of a rank: every one."""
        perfect = rank not in self.ragged
        return chains(self.sizes[rank], self.widths(rank), stores, perfect)

    def widths(self, rank: int) -> tuple[int, ...]:
        return tuple(sorted({widths[rank] for widths in self.unrollings}))


@cache
def _spread(pes: int, ranks: int) -> tuple[tuple[int, ...], ...]:
    if not ranks:
        return ((),)
    return tuple((n, *rest) for n in range(1, pes + 1) for rest in _spread(pes // n, ranks - 1))


@cache
def chains(
    size: int, widths: tuple[int, ...], stores: int, perfect: bool
) -> tuple[tuple[int, ...], ...]:
    """(tile at every store, outermost first; PEs) of a rank: every one."""
    found: list[tuple[int, ...]] = [(width,) for width in widths]
    for _ in range(stores):
        found = [(tile, *rest) for rest in found for tile in _around(rest[0], size, perfect)]
    return tuple(found)


@cache
def _around(inner: int, size: int, perfect: bool) -> tuple[int, ...]:
    """Tile sizes that may lie directly around a tile (or the PEs)."""
    multiples = [tile for tile in range(inner, size) if tile % inner == 0]
    if perfect:
        return tuple(tile for tile in (*multiples, size) if size % tile == 0)
    return (*multiples, size)


# ---- all of it --------------------------------------------------------------------------------


def holdings_of(space: Space, *, bypass: bool) -> list[Holding]:
    """Every holding, or the one where each memory keeps each tensor."""
    everything = tuple(range(len(space.operands)))
    subsets = [
        tuple(i for i in everything if mask >> i & 1) for mask in range(2 ** len(everything))
    ]
    inside = subsets if bypass and not space.latches else [everything]
    buffers = [subsets if bypass else [everything]] * (len(space.levels) - 2)
    return list(product(inside, *buffers))


def orders_of(space: Space, holding: Holding) -> Iterator[Order]:
    """Every order of stores: outer memories first, in each every order of its tensors."""
    kept = [*reversed(holding[1:]), tuple(range(len(space.operands)))]
    levels = [
        [level] * len(here) for level, here in zip(reversed(range(len(kept))), kept, strict=True)
    ]
    for choice in product(*(permutations(here) for here in kept)):
        yield tuple(
            (level, tensor)
            for level, here in zip(levels, choice, strict=True)
            for level, tensor in zip(level, here, strict=True)
        )


def size_of(space: Space, holdings: Iterable[Holding]) -> tuple[int, int]:
    """At most so many mappings, and orders of stores."""
    mappings = orders = 0
    for holding in holdings:
        every = list(orders_of(space, holding))
        stores = len(every[0])
        orders += len(every)
        mappings += len(every) * math.prod(
            len(space.chains(rank, stores)) for rank in range(len(space.sizes))
        )
    return mappings, orders


# ---- how much is moved ------------------------------------------------------------------------


@cache
def _tiles(size: int, tile: int) -> tuple[int, ...]:
    """The lengths of all tiles of a rank, one after the other."""
    return tuple(min(tile, size - start) for start in range(0, size, tile))


def _counted(lengths: Iterable[int]) -> Pieces:
    counts: dict[int, int] = {}
    for length in lengths:
        counts[length] = counts.get(length, 0) + 1
    return tuple(sorted(counts.items()))


@cache
def _pieces(size: int, tile: int, pes: int | None) -> Pieces:
    """Tiles of a rank; with PEs along it, what each of them takes of each tile."""
    if pes is None:
        return _counted(_tiles(size, tile))
    return _counted(
        length for whole in _tiles(size, tile) for length in _tiles(whole, -(-whole // pes))
    )


@cache
def _hull(steps: tuple[int, ...], lengths: tuple[int, ...], most: int) -> int:
    """Elements from the first to the last, as one strided run."""
    moving = [abs(s) for s, length in zip(steps, lengths, strict=True) if length > 1]
    reach = sum(abs(s) * (length - 1) for s, length in zip(steps, lengths, strict=True))
    return min(reach // (math.gcd(*moving) or 1) + 1, math.prod(lengths), most)


@cache
def _hulls(steps: tuple[int, ...], ranks: tuple[Pieces, ...], most: int) -> int:
    """Elements of all pieces of a window."""
    return sum(
        math.prod(n for _, n in choice) * _hull(steps, tuple(length for length, _ in choice), most)
        for choice in product(*ranks)
    )


def delivered(operand: Operand, ranks: Sequence[int], state: State, inside: bool) -> int:
    total = 1
    for rank, (size, tile, _) in zip(ranks, state, strict=True):
        if rank in operand.plain:
            total *= size
        elif rank not in operand:
            total *= len(_tiles(size, tile))
    return total * _in_windows(operand, ranks, state, inside)


def taken(operand: Operand, ranks: Sequence[int], state: State) -> int:
    """Elements that all PEs take."""
    total = 1
    for rank, (size, tile, pes) in zip(ranks, state, strict=True):
        if rank in operand.plain:
            total *= size
        elif rank not in operand:
            total *= sum(min(length, pes) for length in _tiles(size, tile))
    return total * _in_windows(operand, ranks, state, True)


def _in_windows(operand: Operand, ranks: Sequence[int], state: State, inside: bool) -> int:
    total = 1
    for window in operand.windows:
        if window.ranks[0] in ranks:
            parts = [state[ranks.index(rank)] for rank in window.ranks]
            pieces = tuple(_pieces(s, tile, pes if inside else None) for s, tile, pes in parts)
            total *= _hulls(window.steps, pieces, window.length)
    return total


def held(operand: Operand, ranks: Sequence[int], state: State, inside: bool) -> int:
    """Elements of the largest tile; in the PEs, of what one PE has of it."""
    lengths = {
        rank: -(-tile // pes) if inside else tile
        for rank, (_, tile, pes) in zip(ranks, state, strict=True)
    }
    total = math.prod(length for rank, length in lengths.items() if rank in operand.plain)
    for window in operand.windows:
        if window.ranks[0] in ranks:
            held = tuple(lengths[rank] for rank in window.ranks)
            total *= _hull(window.steps, held, window.length)
    return total
