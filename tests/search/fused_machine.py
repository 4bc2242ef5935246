"""A small machine with a cascade, for the fused search, the model and the brute force alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, prod
from operator import add

from accelsim.architecture import Architecture, Memory
from accelsim.einsum.cascade import Cascade
from accelsim.mapping import Block, Compute, Keep, Loop, Nest

Tiles = Mapping[str, int]
"""Tile size of every rank of an Einsum."""
Unrolled = tuple[tuple[str, int], ...]
Costs = tuple[float, ...]
"""Energy, bits held in the buffer, cycles of every array, bits moved by every memory."""


@dataclass(frozen=True)
class Store:
    """A tile in a memory, or latched at the functional units (None)."""

    memory: str | None
    tensor: str
    tiles: tuple[int, ...]
    """Of every rank of the Einsum."""


@dataclass(frozen=True)
class Inner:
    """One Einsum inside of shared loops."""

    einsum: str
    array: str
    rows: Unrolled
    columns: Unrolled
    stores: tuple[Store, ...]
    """Outermost first."""
    at_most: bool
    """Whether the model may count less."""


@dataclass(frozen=True)
class Outer:
    """Shared loops, (rank, tile) outermost first, and (tensor, loops around it) of what is kept."""

    loops: tuple[tuple[str, int], ...] = ()
    places: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Fusion:
    """Einsums in one block."""

    outer: Outer
    inners: tuple[Inner, ...]
    costs: Costs


@dataclass(frozen=True, eq=False)
class Machine:
    """An outermost memory, one buffer and arrays below it; a cascade on it, and what is free."""

    cascade: Cascade
    architecture: Architecture
    bits: Mapping[str, int]
    bypass: bool
    doubled: bool
    """Whether the buffer holds every tile twice."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the Einsums."""
        return tuple(einsum.name for einsum in self.cascade.einsums)

    @cached_property
    def root(self) -> str:
        return self.architecture.root.name

    @cached_property
    def buffer(self) -> str:
        return next(iter(self.architecture.arrays.values())).parent

    @cached_property
    def room(self) -> float:
        """Bits of the buffer."""
        size = self.architecture.memories[self.buffer].size_bytes
        return inf if size is None else size * 8

    def registers(self, array: str) -> tuple[Memory | None, float | None]:
        """An array's registers, and the bits of one PE; None where they hold single values."""
        found = self.architecture.registers(array)
        return found, None if not found or found.size_bytes is None else found.size_bytes * 8

    # ---- tensors ----------------------------------------------------------------------------

    def tensors(self, einsum: str) -> tuple[str, ...]:
        """Of an Einsum, the output first."""
        return (einsum, *(access.tensor for access in self.cascade[einsum].inputs))

    def handed(self, group: Sequence[str]) -> list[str]:
        """What Einsums make and others of them read."""
        read = {tensor for name in group for tensor in self.tensors(name)[1:]}
        return [name for name in group if name in read]

    @cached_property
    def ranks(self) -> Mapping[str, frozenset[str]]:
        """Of every tensor; all accesses to it name them alike."""
        return {
            access.tensor: frozenset(access.ranks)
            for einsum in self.cascade.einsums
            for access in (einsum.output, *einsum.inputs)
        }

    def size(self, tensor: str, tiles: Tiles) -> int:
        return prod(n for rank, n in tiles.items() if rank in self.ranks[tensor])

    def lacking(self, tensor: str, tiles: Tiles) -> int:
        """Product over the ranks that a tensor lacks."""
        return prod(n for rank, n in tiles.items() if rank not in self.ranks[tensor])

    def held(self, tensor: str, tiles: Tiles, sizes: Tiles) -> float:
        """Bits of the buffer that a tile fills."""
        elements, whole = self.size(tensor, tiles), self.size(tensor, sizes)
        return elements * self.bits[tensor] * (2 if self.doubled and elements < whole else 1)

    # ---- costs ------------------------------------------------------------------------------

    @cached_property
    def _columns(self) -> Mapping[str, int]:
        names = "energy", "held", *self.architecture.arrays, *self.architecture.memories
        return {name: i for i, name in enumerate(names)}

    def costs(self, **named: float) -> Costs:
        return tuple(named.get(name, 0.0) for name in self._columns)

    def moving(self, memory: str | None, tensor: str, reads: float, writes: float) -> Costs:
        """Elements that a memory reads and writes."""
        if memory is None:
            return self.costs()
        found, bits = self.architecture.memories[memory], self.bits[tensor]
        assert found.access_bits is not None
        assert found.read_energy_pj is not None
        assert found.write_energy_pj is not None
        picojoules = (reads * found.read_energy_pj + writes * found.write_energy_pj) * bits
        moved = {memory: (reads + writes) * bits}
        return self.costs(energy=picojoules / found.access_bits, **moved)

    def crossing(
        self,
        pair: tuple[str, str | None],
        tensor: str,
        elements: tuple[int, int],
        begun: tuple[int, int] | None = None,
    ) -> Costs:
        """What crosses between two memories.

        Args:
            pair: the outer memory and the inner one.
            tensor: the tensor.
            elements: that leave or reach the outer one, and the inner one.
            begun: of a result, values that neither reads, as they are the first.
        """
        (above, below), (delivered, taken) = pair, elements
        if begun is None:
            outside = self.moving(above, tensor, delivered, 0)
            return plus(outside, self.moving(below, tensor, 0, taken))
        outside = self.moving(above, tensor, delivered - begun[0], delivered)
        return plus(outside, self.moving(below, tensor, taken, taken - begun[1]))

    def held_bits(self, costs: Costs) -> float:
        return costs[1]

    def latency(self, costs: Costs) -> float:
        """Cycles until the busiest component is done."""
        found = [costs[self._columns[name]] for name in self.architecture.arrays]
        return max(found + list(self._busy(costs)))

    def _busy(self, costs: Costs) -> Iterator[float]:
        for memory in self.architecture.memories.values():
            if memory.bandwidth_bytes_per_s is not None:
                rate = memory.bandwidth_bytes_per_s * memory.instances
                bits = costs[self._columns[memory.name]]
                yield bits / 8 / rate * self.architecture.clock_hz

    def relevant(self, costs: Costs) -> Costs:
        """Figures of which each may matter when others are added."""
        held = costs[1] if self.room < inf else 0.0
        arrays = costs[2 : 2 + len(self.architecture.arrays)]
        return (costs[0], held, *arrays, *self._busy(costs))

    # ---- blocks -----------------------------------------------------------------------------

    def block(self, fusion: Fusion) -> Block:
        """The block that says the same."""
        steps: list[Loop | Keep] = []
        for depth in range(len(fusion.outer.loops) + 1):
            here = tuple((tensor,) for tensor, place in fusion.outer.places if place == depth)
            steps += [Keep(self.buffer, here)] if here else []
            steps += [Loop(*loop) for loop in fusion.outer.loops[depth : depth + 1]]
        outside = dict(fusion.outer.loops)
        nests = tuple(self._nest(inner, outside) for inner in fusion.inners)
        name = "+".join(inner.einsum for inner in fusion.inners)
        doubled = (self.buffer,) if self.doubled else ()
        return Block(name, Nest(tuple(steps), nests), double_buffer=doubled)

    def _nest(self, inner: Inner, outside: Tiles) -> Nest:
        state = {rank: outside.get(rank, n) for rank, n in self._sizes(inner).items()}
        steps: list[Loop | Keep] = []
        for at, store in enumerate(inner.stores):
            tiles = dict(zip(state, store.tiles, strict=True))
            # Next to the stores stands a loop that changes all of those at their level.
            below = [s for s in inner.stores[at:] if s.tiles == store.tiles]
            alike = [s for s in below if (s.memory, store.memory).count(self.buffer) != 1]
            cut = [rank for rank, n in tiles.items() if n < state[rank]]
            cut.sort(key=lambda rank, run=alike: all(rank in self.ranks[s.tensor] for s in run))  # type: ignore[misc]
            steps += [Loop(rank, tiles[rank]) for rank in cut]
            steps += [Keep(store.memory, ((store.tensor,),))] if store.memory else []
            state = tiles
        latched = tuple(sorted(store.tensor for store in inner.stores if store.memory is None))
        bypassed = latched if self.registers(inner.array)[1] is not None else ()
        for rank, width in widths(self._sizes(inner), (*inner.rows, *inner.columns)).items():
            steps += [Loop(rank, width)] if width < state[rank] else []
        compute = Compute(inner.einsum, inner.array, inner.rows, inner.columns, bypass=bypassed)
        return Nest(tuple(steps), (compute,))

    def _sizes(self, inner: Inner) -> Tiles:
        return self.cascade[inner.einsum].sizes


def plus(one: Costs, other: Costs) -> Costs:
    return tuple(map(add, one, other))


def widths(ranks: Tiles, unrolled: Unrolled) -> dict[str, int]:
    """PEs along every rank."""
    return {rank: prod(n for r, n in unrolled if r == rank) for rank in ranks}
