"""Brute force over fused blocks: every one that the fused search claims to cover, each counted.

Perfect tiles and no windows, so a store where rank r is cut into tiles of ``t[r]`` takes every
element of its tensor, once for each turn of the loops above over ranks that it lacks. The model
counts a tile as still there where such loops lie directly above it, even above outer stores of
other tensors; here, as in the search, it is fetched anew then. Such a mapping is ``at_most``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations, permutations, product
from math import inf, prod
from pathlib import Path
from typing import Any, TypeVar

from accelsim.architecture import Array
from accelsim.model.operations import operations_of, register_accesses

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("fused_machine", Path(__file__).with_name("fused_machine.py"))
assert _spec
assert _spec.loader
model: Any = module_from_spec(_spec)
_spec.loader.exec_module(model)
Fusion, Inner, Machine, Outer, Store = (
    model.Fusion,
    model.Inner,
    model.Machine,
    model.Outer,
    model.Store,
)
plus, widths = model.plus, model.widths

Costs = tuple[float, ...]
Tiles = dict[str, int]
Unrolled = tuple[tuple[str, int], ...]
Way = tuple[float, float, tuple[Any, ...]]
"""Energy, cycles, and what runs one after the other."""
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Surroundings:
    """What one Einsum finds inside of shared loops."""

    einsum: str
    top: tuple[int, ...]
    """Tile size of every rank."""
    resident: frozenset[str]
    """Tensors that lie in the buffer."""
    last: frozenset[str]
    """Rank of the innermost shared loop."""


@dataclass(frozen=True)
class Choice:
    """What goes where, before tile sizes are known."""

    array: Array
    rows: Unrolled
    columns: Unrolled
    order: tuple[tuple[int, str], ...]
    """(level, tensor) outermost first; level 0 is in the PEs, and every tensor is there."""
    close: frozenset[str]
    """Tensors that lie in registers with a size; all others are latched."""


# ---- one Einsum inside of shared loops ---------------------------------------------------------


def inners(machine: Any, around: Surroundings) -> Iterator[tuple[Costs, Any]]:
    """Everything that an Einsum may do inside of shared loops."""
    tensors = machine.tensors(around.einsum)
    free = [tensor for tensor in tensors if tensor not in around.resident]
    for array in machine.architecture.arrays.values():
        sized = machine.registers(array.name)[1] is not None
        sides = unrollings(machine, around, array)
        keeps = subsets(free, machine.bypass)
        closes = subsets(tensors, machine.bypass) if sized else [()]
        for (rows, columns), kept, close in product(sides, keeps, closes):
            for outer, inner in product(permutations(kept), permutations(tensors)):
                order = (*((1, name) for name in outer), *((0, name) for name in inner))
                choice = Choice(array, rows, columns, order, frozenset(close))
                yield from _Nests(machine, around, choice).every()


def unrollings(machine: Any, around: Surroundings, array: Array) -> list[tuple[Unrolled, Unrolled]]:
    """One rank over the rows and one over the columns at most, which is all of small arrays."""
    top = dict(zip(machine.cascade[around.einsum].sizes, around.top, strict=True))
    sides: list[list[Unrolled]] = [
        [(), *(((rank, n),) for rank, size in top.items() for n in divisors(size) if 1 < n <= pes)]
        for pes in (array.rows, array.columns)
    ]
    found = []
    for rows, columns in product(*sides):
        taken = widths(top, (*rows, *columns))
        if all(size % taken[rank] == 0 for rank, size in top.items()):
            found.append((rows, columns))
    return found


class _Nests:
    """All tile sizes for one choice."""

    def __init__(self, machine: Any, around: Surroundings, choice: Choice) -> None:
        self.machine, self.around, self.choice = machine, around, choice
        self.sizes: Tiles = dict(machine.cascade[around.einsum].sizes)
        self.widths: Tiles = widths(self.sizes, (*choice.rows, *choice.columns))
        self.registers, self.close = machine.registers(choice.array.name)
        self.begun = machine.size(around.einsum, self.sizes)
        """Results, one copy in each PE: their first value is not read."""
        self.begun *= machine.lacking(around.einsum, self.widths)
        self.places = {tensor: i for i, tensor in enumerate(machine.tensors(around.einsum))}
        self.known: dict[tuple[int, str, int], Costs] = {}

    def every(self) -> Iterator[tuple[Costs, Any]]:
        top = dict(zip(self.sizes, self.around.top, strict=True))
        choice, around = self.choice, self.around
        for costs, stores, at_most in self._from(0, top, (around.last, False), 0.0):
            named = around.einsum, choice.array.name, choice.rows, choice.columns
            yield plus(self._operations, costs), Inner(*named, stores, at_most)

    def _from(
        self, at: int, above: Tiles, loops: tuple[frozenset[str], bool], used: float
    ) -> Iterator[tuple[Costs, tuple[Any, ...], bool]]:
        """All ways to go on from a store.

        Args:
            at: its position.
            above: tile sizes at the store before.
            loops: ranks of which any may stand directly above here, and whether outer stores lie
                between.
            used: bits that are filled at the level so far, in the PEs of one.
        """
        if at == len(self.choice.order):
            yield self.machine.costs(), (), False
            return
        level, tensor = self.choice.order[at]
        before = self.choice.order[at - 1] if at else (1, "")
        # What is handed on lies in the buffer already, directly below the shared loops.
        inwards = level < before[0]
        used = 0.0 if inwards else used
        swapped = at > 0 and not inwards and self.places[tensor] < self.places[before[1]]
        for tiles in self._tiles(level, tensor, above):
            filled = used + self._filled(level, tensor, tiles)
            if filled > (self.machine.room if level else inf if self.close is None else self.close):
                continue
            cut = frozenset(rank for rank, n in tiles.items() if n < above[rank])
            if swapped and not cut:
                continue  # The same two stores in the other order.
            directly, through = (cut, False) if cut else (loops[0], loops[1] or inwards)
            at_most = through and not directly <= self.machine.ranks[tensor]
            if not through and directly:
                directly &= self.machine.ranks[tensor]
                if not directly:
                    continue  # The same store above these loops.
            costs = self._store(level, tensor, tiles)
            if level:
                costs = plus(costs, self.machine.costs(held=filled - used))
            memory = self.machine.buffer if level else None
            if not level and tensor in self.choice.close:
                memory = self.registers.name
            store = Store(memory, tensor, tuple(tiles.values()))
            for more, stores, rest in self._from(at + 1, tiles, (directly, through), filled):
                yield plus(costs, more), (store, *stores), at_most or rest

    def _tiles(self, level: int, tensor: str, above: Tiles) -> Iterator[Tiles]:
        latched = level == 0 and tensor not in self.choice.close
        options: list[Sequence[int]] = []
        for rank, size in above.items():
            width = self.widths[rank]
            single = latched and rank in self.machine.ranks[tensor]
            options.append([width] if single else [n for n in divisors(size) if n % width == 0])
        for chosen in product(*options):
            yield dict(zip(above, chosen, strict=True))

    def _filled(self, level: int, tensor: str, tiles: Tiles) -> float:
        if level:
            return float(self.machine.held(tensor, tiles, self.sizes))
        if tensor not in self.choice.close:
            return 0.0
        one = {rank: n // self.widths[rank] for rank, n in tiles.items()}
        return float(self.machine.size(tensor, one) * self.machine.bits[tensor])

    def _store(self, level: int, tensor: str, tiles: Tiles) -> Costs:
        """What crosses into a store, and from it."""
        machine = self.machine
        turns = machine.lacking(tensor, self.sizes) // machine.lacking(tensor, tiles)
        if (level, tensor, turns) in self.known:
            return self.known[level, tensor, turns]
        kept = {name for at, name in self.choice.order if at > level}
        above = machine.buffer if tensor in self.around.resident | kept else machine.root
        own = machine.buffer if level else self._own(tensor)
        size = machine.size(tensor, self.sizes)
        copies = 1 if level else machine.lacking(tensor, self.widths)
        first = (size, size if level else self.begun) if tensor == self.around.einsum else None
        moved = size * turns, size * turns * copies
        found: Costs = machine.crossing((above, own), tensor, moved, first)
        self.known[level, tensor, turns] = found
        return found

    def _own(self, tensor: str) -> str | None:
        """The registers that a tensor uses; those without a size are never passed by."""
        used = self.registers and (self.close is None or tensor in self.choice.close)
        return self.registers.name if used else None

    @property
    def _operations(self) -> Costs:
        """Cycles, and energy of the operations with what they read and write in registers."""
        machine, array = self.machine, self.choice.array
        einsum = machine.cascade[self.around.einsum]
        names = operations_of(einsum, array)
        found = [array.operations[name] for name in names]
        energy = sum(n * array.energy_pj[a] for cost in found for a, n in cost.actions.items())
        steps = einsum.points // prod(self.widths.values())
        cycles = steps * (sum(cost.cycles for cost in found) or 1)
        total: Costs = machine.costs(energy=energy * einsum.points, **{array.name: cycles})
        if not self.registers:
            return total
        reduces, reads, writes = einsum.reduction is not None, 0, 0
        for i, (name, cost) in enumerate(zip(names, found, strict=True)):
            last = i == len(names) - 1
            read, written = register_accesses(name, cost, reduces=last and reduces)
            reads, writes = reads + read * einsum.points, writes + written * einsum.points
        reads -= einsum.points * sum(not self._own(access.tensor) for access in einsum.inputs)
        if not self._own(einsum.name):
            reads, writes = reads - einsum.points * reduces, max(writes - einsum.points, 0)
        elif reduces:
            reads -= self.begun
        moving = machine.moving(self.registers.name, einsum.name, max(reads, 0), writes)
        return tuple(plus(total, moving))


# ---- shared loops ------------------------------------------------------------------------------


def outers(machine: Any, group: Sequence[str]) -> Iterator[Any]:
    """Every choice of shared loops, and of what is kept between which of them."""
    if len(group) == 1:
        yield Outer()
        return
    for i, name in enumerate(group[1:], 1):
        if not set(machine.tensors(name)[1:]) & set(group[:i]):
            return
    handed, sizes = machine.handed(group), machine.cascade[group[0]].sizes
    having = [set(machine.cascade[name].sizes) for name in group]
    shared = sorted(set.intersection(*having, *(set(machine.ranks[t]) for t in handed)))
    free = dict.fromkeys(t for name in group for t in machine.tensors(name) if t not in handed)
    for tiles in product(*(divisors(sizes[rank]) for rank in shared)):
        cut = [(r, n) for r, n in zip(shared, tiles, strict=True) if n < sizes[r]]
        for loops in permutations(cut):
            # Directly below a loop that does not change it, it might as well lie above.
            depths = [
                [-1, 0, *(d for d, (r, _) in enumerate(loops, 1) if r in machine.ranks[tensor])]
                for tensor in free
            ]
            for chosen in product(*depths):
                places = [(t, d) for t, d in zip(free, chosen, strict=True) if d >= 0]
                yield Outer(loops, (*((t, len(loops)) for t in handed), *places))


def kept_outside(machine: Any, group: Sequence[str], outer: Any) -> Costs:
    """What the tiles between the shared loops fill, and what crosses into and out of them."""
    total: Costs = machine.costs()
    handed = machine.handed(group)
    for tensor, depth in outer.places:
        einsum = next(name for name in group if tensor in machine.tensors(name))
        sizes = dict(machine.cascade[einsum].sizes)
        tiles = {**sizes, **dict(outer.loops[:depth])}
        total = plus(total, machine.costs(held=machine.held(tensor, tiles, sizes)))
        wanted = set(machine.cascade.consumers[tensor]) - set(group)
        if tensor in handed and not wanted and tensor not in machine.cascade.outputs:
            continue
        size = machine.size(tensor, sizes)
        moved = size * machine.lacking(tensor, sizes) // machine.lacking(tensor, tiles)
        first = (size, size) if tensor in group else None
        pair = machine.root, machine.buffer
        total = plus(total, machine.crossing(pair, tensor, (moved, moved), first))
    return total


def surroundings(machine: Any, einsum: str, outer: Any) -> Surroundings:
    tiles, loops = machine.cascade[einsum].sizes, dict(outer.loops)
    top = tuple(loops.get(rank, n) for rank, n in tiles.items())
    own = frozenset(t for t, _ in outer.places) & frozenset(machine.tensors(einsum))
    return Surroundings(einsum, top, own, frozenset(rank for rank, _ in outer.loops[-1:]))


# ---- all of it ---------------------------------------------------------------------------------


def brute_force(machine: Any) -> list[Way]:
    """Every way to run the Einsums fused or apart of which none beats another."""

    @cache
    def inside(around: Surroundings) -> list[tuple[Costs, Any]]:
        return unbeaten((machine.relevant(c), (c, inner)) for c, inner in inners(machine, around))

    def fused(group: Sequence[str]) -> Iterator[tuple[Costs, Way]]:
        for outer in outers(machine, group):
            found: list[tuple[Costs, tuple[Any, ...]]]
            found = [(kept_outside(machine, group, outer), ())]
            for name in group:
                table = inside(surroundings(machine, name, outer))
                every = [(plus(c, more), (*picks, x)) for c, picks in found for more, x in table]
                fits = [(c, picks) for c, picks in every if machine.held_bits(c) <= machine.room]
                found = unbeaten((machine.relevant(c), (c, picks)) for c, picks in fits)
            for costs, picks in found:
                energy, cycles = costs[0], machine.latency(costs)
                yield (energy, cycles), (energy, cycles, (Fusion(outer, picks, costs),))

    names = machine.names
    best: list[list[Way]] = [[(0.0, 0.0, ())]]
    for end in range(1, len(names) + 1):
        ways = []
        for start in range(end):
            group = unbeaten(fused(names[start:end]))
            for (e, c, before), (energy, cycles, last) in product(best[start], group):
                ways.append(((e + energy, c + cycles), (e + energy, c + cycles, before + last)))
        best.append(unbeaten(ways))
    return best[-1]


def unbeaten(found: Iterable[tuple[Costs, Kept]]) -> list[Kept]:
    """Of what has these figures, whatever is not as good as another one in all of them."""
    first: dict[Costs, Kept] = {}
    for figures, what in found:
        first.setdefault(figures, what)
    kept: list[tuple[Costs, Kept]] = []
    for figures in sorted(first):
        if not any(all(map(_no_more, other, figures)) for other, _ in kept):
            kept.append((figures, first[figures]))
    return [what for _, what in kept]


def _no_more(one: float, other: float) -> bool:
    return one <= other * (1 + 1e-12)


def subsets(names: Sequence[str], free: bool) -> list[tuple[str, ...]]:
    """All of them, or any."""
    sizes = range(len(names) + 1) if free else [len(names)]
    return [chosen for size in sizes for chosen in combinations(names, size)]


@cache
def divisors(size: int) -> tuple[int, ...]:
    return tuple(n for n in range(1, size + 1) if size % n == 0)
