"""One Einsum on its own: the best of a small, fully enumerated set of mappings.

Enumerated are: the array; which rank is unrolled over its rows and which over its columns; which
tensor stays in the registers; which tensor's tile stays in the buffer; tile sizes in powers of
two of what the array takes at once, and whole ranks. The count of DRAM traffic is vectorised over
tile sizes; the few that are left are counted in full, by the same model as everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from accelsim.architecture.architecture import Architecture, Array
from accelsim.einsum.cascade import Cascade, Einsum, TensorAccess
from accelsim.errors import InputError, unknown_name
from accelsim.mapping.legality import check_operations
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.schema import SearchFile
from accelsim.model.cost import block_cycles, energy_of, traffic_of
from accelsim.model.count import count_block
from accelsim.model.operations import operations_of

__all__ = ["OBJECTIVES", "search_einsum"]

OBJECTIVES = ("latency", "energy", "edp")
"""What a search minimises; ties are broken by energy (DRAM traffic where energy is not known)."""

Bits = Callable[[str], int]
Grid = Mapping[str, NDArray[np.float64]]
"""Rank -> its tile size, over all combinations of tile sizes."""

_MAX_SPATIAL = 6
_MAX_TILINGS = 200_000


@dataclass(frozen=True, slots=True)
class _Spatial:
    array: Array
    rows: str | None
    columns: str | None
    cycles: int

    def width(self, rank: str) -> int:
        """Values of a rank that the array takes at once."""
        if rank == self.rows:
            return self.array.rows
        return self.array.columns if rank == self.columns else 1


def search_einsum(
    name: str,
    cascade: Cascade,
    architecture: Architecture,
    *,
    bits: Bits,
    search: SearchFile,
    objective: str = "latency",
) -> Block:
    """The best block for one Einsum among those enumerated.

    Args:
        name: the Einsum.
        cascade: its cascade.
        architecture: the machine.
        bits: tensor -> bits per element.
        search: what may be chosen.
        objective: one of ``OBJECTIVES``.

    Raises:
        InputError: where no array performs the Einsum's operations, or nothing fits.
    """
    if objective not in OBJECTIVES:
        raise InputError(unknown_name("objective", objective, OBJECTIVES))
    einsum = cascade[name]
    tensors = (einsum.output, *einsum.inputs)
    words = tuple(bits(access.tensor) for access in tensors)
    shape = _Shape.of(einsum, cascade, words)
    key = _cached(shape, _Machine(architecture), search, objective)
    return key.block(einsum, tensors)


@dataclass(frozen=True)
class _Choice:
    """A mapping with positions in place of tensors, so that equal Einsums share one search."""

    array: str
    rows: str | None
    columns: str | None
    order: tuple[str, ...]
    outer: tuple[Loop, ...]
    buffer: str | None
    keep_output: bool
    """Whether the output's tile stays in the buffer, or goes straight to the outermost memory."""

    def block(self, einsum: Einsum, tensors: Sequence[TensorAccess]) -> Block:
        kept = tensors if self.keep_output else tensors[1:]
        names = dict.fromkeys(access.tensor for access in kept)
        keeps = [Keep(self.buffer, tuple((name,) for name in names))] if self.buffer else []
        compute = Compute(einsum.name, self.array, self.rows, self.columns, self.order)
        return Block(einsum.name, Nest((*self.outer, *keeps), (compute,)))


class _Machine:
    """An architecture that is compared by what it is."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self._key = repr((architecture.clock_hz, architecture.memories, architecture.arrays))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Machine) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@dataclass(frozen=True)
class _Shape:
    """An Einsum and its surroundings, compared by everything that its best mapping depends on."""

    key: str
    einsum: Einsum
    cascade: Cascade
    words: tuple[int, ...]

    @staticmethod
    def of(einsum: Einsum, cascade: Cascade, words: tuple[int, ...]) -> _Shape:
        tensors = [cascade.tensors[a.tensor] for a in (einsum.output, *einsum.inputs)]
        parts = (
            einsum.sizes,
            einsum.output,
            einsum.inputs,
            einsum.expression,
            einsum.reduction,
            einsum.constraints,
            tensors,
            words,
        )
        return _Shape(repr(parts), einsum, cascade, words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shape) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=4096)
def _cached(shape: _Shape, machine: _Machine, search: SearchFile, objective: str) -> _Choice:
    return _Search(shape, machine.architecture, search, objective).best()


class _Search:
    def __init__(
        self, shape: _Shape, architecture: Architecture, search: SearchFile, objective: str
    ) -> None:
        self.einsum, self.cascade = shape.einsum, shape.cascade
        self.architecture, self.search, self.objective = architecture, search, objective
        self.tensors = tuple(dict.fromkeys((self.einsum.output, *self.einsum.inputs)))
        self.words = dict(
            zip(
                (a.tensor for a in (self.einsum.output, *self.einsum.inputs)),
                shape.words,
                strict=True,
            )
        )

    def bits(self, tensor: str) -> int:
        return self.words[tensor]

    def best(self) -> _Choice:
        best: tuple[tuple[float, ...], _Choice] | None = None
        problem: InputError | None = None
        for choice in dict.fromkeys(self._choices()):
            try:
                cost = self._cost(choice)
            except InputError as error:
                problem = error
                continue
            if best is None or cost < best[0]:
                best = cost, choice
        if best is None:
            raise problem or InputError(f"Einsum '{self.einsum.name}': no mapping was found")
        return best[1]

    def _cost(self, choice: _Choice) -> tuple[float, ...]:
        block = choice.block(self.einsum, (self.einsum.output, *self.einsum.inputs))
        where = f"search for Einsum '{self.einsum.name}'"
        counts = count_block(block, self.cascade, self.architecture, bits=self.bits, where=where)
        cycles = float(block_cycles(counts, self.architecture))
        table, missing = energy_of(counts.einsums[0], self.architecture)
        traffic = float(traffic_of(counts.einsums).get(self.architecture.root.name, 0))
        energy = traffic if missing else sum(sum(row.values()) for row in table.values())
        return {
            "latency": (cycles, energy, traffic),
            "energy": (energy, cycles, traffic),
            "edp": (energy * cycles, cycles, traffic),
        }[self.objective]

    # ---- what is enumerated ---------------------------------------------------------------

    def _choices(self) -> Iterator[_Choice]:
        for spatial in self._spatial():
            parent = self.architecture.memories[spatial.array.parent]
            buffer = None if parent is self.architecture.root else parent.name
            array, rows, columns = spatial.array.name, spatial.rows, spatial.columns
            orders = list(self._orders(spatial))
            for keep_output in (True, False) if buffer else (True,):
                for outer in self._tilings(spatial, buffer, keep_output=keep_output):
                    for order in orders:
                        yield _Choice(array, rows, columns, order, outer, buffer, keep_output)

    def _spatial(self) -> list[_Spatial]:
        """Unrollings with the fewest cycles, over all arrays that perform the operations."""
        found: list[_Spatial] = []
        problem: InputError | None = None
        for array in self.architecture.arrays.values():
            operations = operations_of(self.einsum, array)
            try:
                check_operations(self.einsum.name, operations, array)
            except InputError as error:
                problem = problem or error
                continue
            cost = sum(array.operations[operation].cycles for operation in operations) or 1
            found += self._on(array, cost)
        if not found:
            raise problem or InputError(f"Einsum '{self.einsum.name}': no array can take it")
        fewest = min(spatial.cycles for spatial in found)
        return [spatial for spatial in found if spatial.cycles == fewest][:_MAX_SPATIAL]

    def _on(self, array: Array, cost: int) -> Iterator[_Spatial]:
        sizes = self.einsum.sizes
        rows = [None] if array.rows == 1 else self._allowed(self.search.rows)
        columns = [None] if array.columns == 1 else self._allowed(self.search.columns)
        for row, column in product(rows, columns):
            if row is not None and row == column:
                continue
            spatial = _Spatial(array, row, column, 0)
            steps = cost
            for rank, size in sizes.items():
                steps *= -(-size // spatial.width(rank))
            yield _Spatial(array, row, column, steps)

    def _allowed(self, wanted: Sequence[str]) -> list[str | None]:
        reduced = self.einsum.reduced
        kinds = {
            "reduced": [rank for rank in self.einsum.sizes if rank in reduced],
            "output": [rank for rank in self.einsum.sizes if rank not in reduced],
        }
        ranks: list[str] = [] if wanted else list(self.einsum.sizes)
        for name in wanted:
            ranks += kinds.get(name, [name] if name in self.einsum.sizes else [])
        found = [r for r in dict.fromkeys(ranks) if r != self.einsum.iterated]
        return [*found] or [None]

    def _orders(self, spatial: _Spatial) -> Iterator[tuple[str, ...]]:
        """Inner loops such that one tensor stays in the registers: what it lacks runs innermost."""
        unrolled = (spatial.rows, spatial.columns)
        for stays in self._stationary():
            ranks = stays.ranks
            yield tuple(
                sorted(
                    (rank for rank in self.einsum.sizes if rank not in unrolled),
                    key=lambda rank: rank not in ranks,
                )
            )

    def _stationary(self) -> Sequence[TensorAccess]:
        if self.search.stationary == "output":
            return [self.einsum.output]
        if self.search.stationary == "weights" and self.einsum.inputs:
            return [min(self.einsum.inputs, key=lambda a: self.cascade.tensors[a.tensor].size)]
        return self.tensors

    # ---- tiles in the buffer --------------------------------------------------------------

    def _tilings(
        self, spatial: _Spatial, buffer: str | None, *, keep_output: bool
    ) -> list[tuple[Loop, ...]]:
        if buffer is None:
            return [()]
        capacity = self.architecture.memories[buffer].capacity_bytes
        if capacity is None:
            return [()]
        ranks = list(self.einsum.sizes)
        lattice = self._lattice(spatial)
        grid = np.meshgrid(*(np.array(lattice[r], float) for r in ranks), indexing="ij")
        tiles = dict(zip(ranks, grid, strict=True))
        kept = [a for a in self._distinct() if keep_output or a is not self.einsum.output]
        filled = sum(self._tile(a, tiles) * self.words[a.tensor] for a in kept)
        legal = filled <= capacity * 8
        if not np.any(legal):
            # The smallest tiles; counting them in full says what does not fit.
            return [tuple(Loop(rank, lattice[rank][0]) for rank in ranks)]
        found = []
        for stays in self.tensors:
            order = sorted(ranks, key=lambda rank: rank not in stays.ranks)
            moved = self._traffic(order, tiles, keep_output=keep_output)
            traffic = np.where(legal, moved, np.inf)
            # Among the tilings with the least traffic, the one that fills least.
            least = np.flatnonzero(traffic.ravel() <= traffic.min() * (1 + 1e-12))
            pick = least[np.argmin(np.asarray(filled).ravel()[least])]
            chosen = {rank: int(tiles[rank].ravel()[pick]) for rank in ranks}
            found.append(
                tuple(
                    Loop(rank, chosen[rank])
                    for rank in order
                    if chosen[rank] < self.einsum.sizes[rank]
                )
            )
        return list(dict.fromkeys(found))

    def _lattice(self, spatial: _Spatial) -> Mapping[str, list[int]]:
        """Tile sizes per rank: powers of two of the array's width, and the whole rank."""
        factor = 2
        while True:
            sizes = {}
            for rank, size in self.einsum.sizes.items():
                tile, found = min(spatial.width(rank), size), []
                while tile < size:
                    found.append(tile)
                    tile *= factor
                sizes[rank] = [*found, size]
            if np.prod([float(len(found)) for found in sizes.values()]) <= _MAX_TILINGS:
                return sizes
            factor *= 2

    def _distinct(self) -> Sequence[TensorAccess]:
        return list({access.tensor: access for access in self.tensors}.values())

    def _tile(self, access: TensorAccess, tiles: Grid) -> NDArray[np.float64]:
        """Elements of a tensor's tile, a halo included."""
        elements: NDArray[np.float64] = np.ones_like(next(iter(tiles.values())))
        for index in access.indices:
            span = np.ones_like(elements)
            for rank, coefficient in index.terms:
                span = span + abs(coefficient) * (tiles[rank] - 1)
            elements = elements * span
        return elements

    def _traffic(
        self, order: Sequence[str], tiles: Grid, *, keep_output: bool
    ) -> NDArray[np.float64]:
        """Bits between DRAM and chip for tile loops in this order."""
        total: NDArray[np.float64] = np.zeros_like(next(iter(tiles.values())))
        for access in self.tensors:
            output = access is self.einsum.output
            moved = self._tile(access, tiles)
            again = np.ones_like(moved)
            # An output that is not kept is drained before the next tile in any case.
            inner = np.full(moved.shape, output and not keep_output)
            for rank in reversed(order):
                trips = np.ceil(self.einsum.sizes[rank] / tiles[rank])
                if rank in access.ranks:
                    moved = moved * trips
                    inner = inner | (trips > 1)
                else:
                    again = again * np.where(inner, trips, 1.0)
            # A partial result is written and read again; the first time it is only written.
            factor = 2 * again - 1 if output else again
            total = total + moved * factor * self.words[access.tensor]
        return total
