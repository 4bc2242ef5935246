"""One Einsum on its own: the best of a small, fully enumerated set of mappings.

Enumerated are: the array; which rank is unrolled over its rows and which over its columns; which
tensor stays in the registers; which tensor's tile stays in the buffer, and whether the output's
does; tile sizes (see ``tiling.py``). The candidates are counted in full, by the same model as
everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product

from accelsim.architecture.architecture import Architecture, Array
from accelsim.einsum.cascade import Cascade, Einsum, TensorAccess
from accelsim.errors import InputError, unknown_name
from accelsim.formats import Bits, machine_number
from accelsim.mapping.legality import check_operations
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.schema import SearchFile
from accelsim.model.cost import block_cycles, energy_of, traffic_of
from accelsim.model.count import count_block
from accelsim.model.operations import operations_of, point_cycles
from accelsim.search.tiling import Tiling

__all__ = ["OBJECTIVES", "search_einsum"]

OBJECTIVES = ("latency", "energy", "edp")
"""What a search minimises. Ties are broken by energy, or by traffic (the outermost memory's first)
where the energy of some choice is not known."""

_Tiles = tuple[tuple[Loop, ...], bool]

_MAX_SPATIAL = 6
"""Unrollings that are tried per array, of those with the fewest cycles."""


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
    allowed = _Allowed(search.rows, search.columns, search.stationary)
    choice = _cached(shape, _Machine(architecture), allowed, objective)
    return choice.block(einsum, tensors)


@dataclass(frozen=True)
class _Allowed:
    """What a search may choose from, as far as this one knows it."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    stationary: str


@dataclass(frozen=True)
class _Choice:
    """What was chosen for an Einsum."""

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
    words: tuple[int | Fraction, ...]

    @staticmethod
    def of(einsum: Einsum, cascade: Cascade, words: tuple[int | Fraction, ...]) -> _Shape:
        tensors = [cascade.tensors[a.tensor] for a in (einsum.output, *einsum.inputs)]
        group = next((group for group in cascade.feedback if einsum.name in group), ())
        parts = (
            group,
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
def _cached(shape: _Shape, machine: _Machine, allowed: _Allowed, objective: str) -> _Choice:
    return _Search(shape, machine.architecture, allowed, objective).best()


@dataclass(frozen=True, slots=True)
class _Cost:
    cycles: float
    energy: float
    traffic: float
    """Bytes of the outermost memory."""
    on_chip: float
    """Bytes of all other memories together."""
    missing: frozenset[str]
    """Energy figures that are not known."""


class _Search:
    def __init__(
        self, shape: _Shape, architecture: Architecture, search: _Allowed, objective: str
    ) -> None:
        self.einsum, self.cascade = shape.einsum, shape.cascade
        self.architecture, self.search, self.objective = architecture, search, objective
        self.stepped = {
            shape.cascade[member].iterated
            for group in shape.cascade.feedback
            if self.einsum.name in group
            for member in group
        }
        """Ranks along which it is computed step by step: these cannot be unrolled."""
        accesses = (self.einsum.output, *self.einsum.inputs)
        self.tensors = tuple(dict.fromkeys(accesses))
        self.words = dict(zip((a.tensor for a in accesses), shape.words, strict=True))

    def bits(self, tensor: str) -> int | Fraction:
        return self.words[tensor]

    def best(self) -> _Choice:
        costs: list[tuple[_Cost, _Choice]] = []
        problem: InputError | None = None
        for choice in dict.fromkeys(self._choices()):
            try:
                costs.append((self._cost(choice), choice))
            except InputError as error:
                problem = error
        if not costs:
            raise problem or InputError(f"Einsum '{self.einsum.name}': no mapping was found")
        missing = {figure for cost, _ in costs for figure in cost.missing}
        if missing and self.objective != "latency":
            raise InputError(
                f"objective '{self.objective}' needs the energy of every choice; add "
                f"{', '.join(sorted(missing))}, or use --objective latency"
            )
        return min(costs, key=lambda pair: self._key(pair[0], known=not missing))[1]

    def _key(self, cost: _Cost, *, known: bool) -> tuple[float, ...]:
        if not known:
            return (cost.cycles, cost.traffic, cost.on_chip)
        return {
            "latency": (cost.cycles, cost.energy, cost.traffic),
            "energy": (cost.energy, cost.cycles, cost.traffic),
            "edp": (cost.energy * cost.cycles, cost.cycles, cost.traffic),
        }[self.objective]

    def _cost(self, choice: _Choice) -> _Cost:
        block = choice.block(self.einsum, (self.einsum.output, *self.einsum.inputs))
        where = f"search for Einsum '{self.einsum.name}'"
        counts = count_block(block, self.cascade, self.architecture, bits=self.bits, where=where)
        table, missing = energy_of(counts.einsums[0], self.architecture)
        moved = traffic_of(counts.einsums)
        traffic = float(moved.pop(self.architecture.root.name, 0))
        return _Cost(
            cycles=float(block_cycles(counts, self.architecture)),
            energy=sum(sum(row.values()) for row in table.values()),
            traffic=traffic,
            on_chip=float(sum(moved.values())),
            missing=frozenset(missing),
        )

    # ---- what is enumerated ---------------------------------------------------------------

    def _choices(self) -> Iterator[_Choice]:
        for spatial in self._spatial():
            parent = self.architecture.memories[spatial.array.parent]
            buffer = None if parent is self.architecture.root else parent.name
            array, rows, columns = spatial.array.name, spatial.rows, spatial.columns
            orders = list(self._orders(spatial))
            for outer, keep_output in self._tilings(spatial, buffer):
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
            cost = point_cycles(self.einsum, self.cascade, self.architecture, array)
            found += self._on(array, cost)
        if not found:
            raise problem or InputError(f"Einsum '{self.einsum.name}': no array can take it")
        fewest = min(spatial.cycles for spatial in found)
        best = [spatial for spatial in found if spatial.cycles == fewest]
        per_array: dict[str, list[_Spatial]] = {}
        for spatial in best:
            per_array.setdefault(spatial.array.name, []).append(spatial)
        return [spatial for each in per_array.values() for spatial in each[:_MAX_SPATIAL]]

    def _on(self, array: Array, cost: int) -> Iterator[_Spatial]:
        sizes = self.einsum.sizes
        rows = [None] if array.rows == 1 else self._allowed(self.search.rows)
        columns = [None] if array.columns == 1 else self._allowed(self.search.columns)
        for row, column in product(rows, columns):
            # One rank cannot take both dimensions: it takes one, and the other stays single.
            pairs = [(row, column)] if row != column else [(row, None), (None, column)]
            for pair in dict.fromkeys(pairs):
                spatial = _Spatial(array, *pair, 0)
                steps = cost
                for rank, size in sizes.items():
                    steps *= -(-size // spatial.width(rank))
                yield _Spatial(array, *pair, steps)

    def _allowed(self, wanted: Sequence[str]) -> list[str | None]:
        reduced = self.einsum.reduced
        kinds = {
            "reduced": [rank for rank in self.einsum.sizes if rank in reduced],
            "output": [rank for rank in self.einsum.sizes if rank not in reduced],
        }
        ranks: list[str] = [] if wanted else list(self.einsum.sizes)
        for name in wanted:
            ranks += kinds.get(name, [name] if name in self.einsum.sizes else [])
        found = [rank for rank in dict.fromkeys(ranks) if rank not in self.stepped]
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

    def _tilings(self, spatial: _Spatial, buffer: str | None) -> Iterator[_Tiles]:
        """Tile loops in the buffer, and whether the output's tile stays there too."""
        capacity = self.architecture.memories[buffer].capacity_bytes if buffer else None
        if capacity is None:
            yield (), True
            return
        widths = {rank: spatial.width(rank) for rank in self.einsum.sizes}
        words = {tensor: machine_number(bits) for tensor, bits in self.words.items()}
        tiling = Tiling(self.einsum, words, widths)
        for keep_output in (True, False):
            for outer in tiling.candidates(capacity * 8, keep_output=keep_output):
                yield outer, keep_output
