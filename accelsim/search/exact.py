"""The best mappings of one Einsum, with proof: every mapping of the map space is covered.

From the PEs outwards. A candidate is a point between two stores: the tile sizes of all ranks
there, and what everything further in costs. Two rules leave only few ways to go on, and lose
nothing, since ranks are cut independently of each other:

1. Directly above a store of T runs no loop over a rank that T lacks. Further in, the tile is the
   same and is fetched less often.
2. Directly below it runs no loop over a rank that stands alone in an index of T. Further out, the
   tile is smaller and as many elements cross in all. (Not so for windows, whose tiles overlap.)

A candidate is dropped where another one at the same point costs no more, or where even the least
traffic outside of it leaves it slower and dearer than a mapping that is already known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from accelsim.search.front import Front, undominated
from accelsim.search.moves import Charges, Moves
from accelsim.search.problem import Problem
from accelsim.search.rows import Rows, join
from accelsim.search.tiles import Floats, Ints, grown

__all__ = ["Around", "ExactSearch", "Found", "Holding", "Rules", "exact_search"]

Holding = tuple[tuple[int, ...], ...]
"""For every level, innermost first, the tensors that it keeps. At the innermost level all others
are latched at the functional units."""

_CHUNK = 2048


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
    energy: float = 0.0
    """Least energy of everything else in the block."""
    cycles: float = 0.0
    """Cycles that others take on the same array at least."""
    busy: tuple[float, ...] = ()
    """Cycles that others keep each memory with a bandwidth busy at least."""


class ExactSearch:
    """One search: a problem, and which memories keep which tensors."""

    def __init__(
        self,
        problem: Problem,
        holding: Holding,
        front: Front,
        widths: Ints,
        rules: Rules,
        around: Around | None = None,
    ) -> None:
        self.problem, self.holding, self.front = problem, holding, front
        self.widths, self.rules = widths, rules
        self.around = around or Around(problem.sizes, frozenset())
        self.top = np.array(self.around.top, np.int64)
        self.moves = Moves(problem)
        none = np.zeros(len(problem.limited))
        self.busy_around: Floats = np.array(self.around.busy) if self.around.busy else none
        self.excluded = Counter[str]()
        """Rule -> candidates that it excluded."""
        self.uses = problem.uses
        self.sizes = np.array(problem.sizes, np.int64)
        self.latch = problem.levels[0].latch
        self.registers = problem.levels[0].memory is not None
        self._bounds: dict[int, tuple[float, float]] = {}

    def _bits(self, use: int, level: int, extents: Ints) -> Floats:
        """Bits that a tensor's tile fills at a level."""
        spec = self.uses[use]
        filled = self.moves.tile(spec, extents) * float(spec.bits)
        if level in self.rules.doubled:
            # A tile that is never replaced needs no second one.
            replaced = self.moves.tile(spec, extents) < self.moves.tile(spec, self.sizes[None, :])
            filled = filled * np.where(replaced, 2.0, 1.0)
        return np.asarray(filled)

    # ---- what is left outside -------------------------------------------------------------

    def _parent(self, use: int, level: int) -> int:
        """The next memory outwards that keeps a tensor."""
        outer = range(level + 1, len(self.problem.levels))
        home = len(self.problem.levels) - (use in self.around.resident)
        return next((i for i in outer if use in self.holding[i]), home)

    @cached_property
    def _costs(self) -> dict[tuple[int, int], Charges]:
        """(tensor, level) -> costs of its store there."""
        found = {}
        for level in range(len(self.problem.levels)):
            for use in range(len(self.uses)):
                held = use in self.holding[level] or (level == 0 and self.latch)
                if held or level == 0:
                    parent = self._parent(use, level)
                    found[use, level] = Charges(self.problem, use, level, parent, held)
        return found

    def _least_outside(self, level: int) -> tuple[float, Floats]:
        """Energy and busy cycles of everything outside of a level, each tensor crossing once."""
        energy, busy = 0.0, np.zeros(len(self.problem.limited))
        for (use, at), costs in self._costs.items():
            if at > level:
                size = np.array([float(self.uses[use].size)])
                energy += float(costs.energy(size, size, size)[0])
                busy = busy + costs.busy(size, size, size)[0]
        return energy, busy

    def _bound_outside(self, level: int) -> tuple[float, float]:
        if level not in self._bounds:
            self._bounds[level] = self._bound(level)
        return self._bounds[level]

    def _bound(self, level: int) -> tuple[float, float]:
        """Least energy and least latency of everything outside of a level, for any tiles there.

        Found by a search of its own, from tiles of 1, into which everything can be cut.
        """
        if not any(self.holding[level + 1 :]):
            return 0.0, 0.0
        energy, busy = self._least_outside(level)
        if all(self._holds_everything(at) for at in range(level + 1, len(self.holding))):
            return energy, float(busy.max(initial=0.0))
        ranks, memories = len(self.sizes), len(self.problem.limited)
        start = Rows(
            extents=np.ones((1, ranks), np.int64),
            stores=np.zeros((1, len(self.uses) * len(self.problem.levels), ranks), np.int32),
            used=np.zeros(1),
            taken=np.zeros((1, len(self.uses))),
            widths=np.ones((1, ranks), np.int64),
            energy=np.zeros(1),
            cycles=np.zeros(1),
            busy=np.zeros((1, memories)),
        )
        front = Front()
        # Perfect tiles first: what they reach cuts off most of the others.
        for ragged in dict.fromkeys((frozenset[int](), self.rules.ragged)):
            rules = replace(self.rules, ragged=ragged)
            outside = ExactSearch(
                self.problem, self.holding, front, self.widths, rules, self._alone
            )
            outside._outwards(start, None, level + 1)
        if not len(front):
            return np.inf, np.inf
        return float(front.energy.min()) * (1 - 1e-12), float(front.cycles.min()) * (1 - 1e-12)

    @property
    def _alone(self) -> Around:
        """The surroundings without what they cost."""
        return Around(self.around.top, self.around.resident)

    def _holds_everything(self, level: int) -> bool:
        """Whether all tensors that a level keeps fit into it as a whole."""
        capacity = self.problem.levels[level].capacity_bits
        used = sum(self._bits(use, level, self.top[None, :])[0] for use in self.holding[level])
        return capacity is None or bool(used <= capacity)

    def _worth(self, rows: Rows, level: int) -> NDArray[np.bool_]:
        _, busy = self._least_outside(level)
        energy, cycles = self._bound_outside(level)
        return self._hopeful(rows, energy, busy, cycles)

    def _hopeful(
        self, rows: Rows, energy: float, busy: Floats, least_cycles: float = 0.0
    ) -> NDArray[np.bool_]:
        cycles = np.maximum(rows.cycles + self.around.cycles, least_cycles)
        if rows.busy.shape[1]:
            cycles = np.maximum(cycles, (rows.busy + busy + self.busy_around).max(axis=1))
        return self.front.worth(rows.energy + energy + self.around.energy, cycles)

    # ---- inside the PEs -------------------------------------------------------------------

    def run(self) -> None:
        """Add everything that is worth it to the front."""
        for order in permutations(range(len(self.uses))):
            if self.rules.stationary and order[0] not in self.rules.stationary:
                continue
            rows = self._inside(order)
            if not len(rows):
                continue
            rows = self._best_inside(rows)
            least = self._least_of_sharing(rows.taken, self._most_shared).min(axis=1)
            best = np.argsort(least, kind="stable")
            size = 64
            while len(best):
                chunk, best = best[:size], best[size:]
                size = min(2 * size, _CHUNK)
                self._spread(rows.take(chunk), order[0])
                best = best[self._worth_inside(least[best])]

    # ---- bounds for what is inside, before it is laid over the array ----------------------

    @cached_property
    def _shared(self) -> Floats:
        """[unrolling, tensor] PEs that one element delivered serves."""
        columns = []
        for use in self.uses:
            absent = [r for r in range(len(self.sizes)) if r not in use.ranks]
            columns.append(self.widths[:, absent].prod(axis=1).astype(np.float64))
        return np.stack(columns, axis=1)

    @cached_property
    def _sharings(self) -> tuple[Floats, Ints, Floats]:
        """Distinct rows of ``_shared``, which of them an unrolling has, and their least cycles."""
        kinds, which = np.unique(self._shared, axis=0, return_inverse=True)
        which = which.reshape(-1)
        cycles = np.full(len(kinds), np.inf)
        np.minimum.at(cycles, which, self._steps(self.widths))
        return kinds, which, cycles

    @cached_property
    def _most_shared(self) -> Ints:
        """Of the distinct ways to share, those that no other one beats for every tensor."""
        kinds = self._sharings[0]
        beaten = np.all(kinds[:, None, :] <= kinds[None, :, :], axis=2).sum(axis=1) > 1
        return np.flatnonzero(~beaten)

    def _steps(self, widths: Ints) -> Floats:
        """Cycles on the array."""
        steps = (-(-self.sizes // widths)).astype(np.float64).prod(axis=1)
        return np.asarray(steps * self.problem.cycles_per_step)

    def _best_inside(self, rows: Rows) -> Rows:
        """Candidates that are not beaten by another one with the same tiles outside."""
        if not self.rules.ragged:
            columns = [*rows.taken.T]
        else:
            columns = [
                -rows.stores[:, use, rank].astype(np.float64)
                for use, spec in enumerate(self.uses)
                for rank in range(len(self.sizes))
                if rank not in spec.plain
            ]
        return rows.take(undominated(columns, self._points(rows)))

    def _least_of_sharing(self, taken: Floats, kinds: Ints) -> Floats:
        """[candidate, way to share] least energy."""
        outside = self._bound_outside(0)[0] + self.around.energy
        total = np.full((len(taken), len(kinds)), outside)
        shared = self._sharings[0][kinds]
        begun = shared[None, :, 0] * float(self.uses[0].size)
        total += self._operations_energy(begun)
        for use, spec in enumerate(self.uses):
            all_of_it = np.maximum(taken[:, use, None] * (1 - 1e-9), spec.size)
            delivered = np.maximum(all_of_it / shared[None, :, use], spec.size)
            all_of_it = np.maximum(all_of_it, begun) if use == 0 else all_of_it
            total += self._costs[use, 0].energy(delivered, all_of_it, begun)
        return total

    @cached_property
    def _least_cycles(self) -> float:
        """No mapping is faster, whatever is unrolled."""
        _, busy = self._least_outside(0)
        return max(
            float((busy + self.busy_around).max(initial=0.0)),
            self._bound_outside(0)[1],
            float(self._sharings[2].min()) + self.around.cycles,
        )

    def _worth_inside(self, least: Floats) -> NDArray[np.bool_]:
        """Of least energies, which may lead to something new."""
        return self.front.worth(least, np.full(len(least), self._least_cycles))

    def _inside(self, order: Sequence[int]) -> Rows:
        """Tile sizes per PE with the stores in this order, outermost first."""
        problem = self.problem
        slots = len(self.uses) * len(problem.levels)
        least = np.array([[float(spec.size) for spec in self.uses]])
        rows = Rows(
            extents=np.ones((1, len(self.sizes)), np.int64),
            stores=np.zeros((1, slots, len(self.sizes)), np.int32),
            used=np.zeros(1),
            taken=least,
            widths=np.ones((1, len(self.sizes)), np.int64),
            energy=np.zeros(1),
            cycles=np.zeros(1),
            busy=np.zeros((1, len(problem.limited))),
        )
        inner: int | None = None
        for use in reversed(order):
            for rank in self._between(use, inner):
                rows = self._grow(rows, rank)
                rows = rows.take(self._fits_inside(rows, order, use))
            rows = self._store_inside(rows, use)
            least_of = self._least_of_sharing(rows.taken, self._most_shared)
            rows = rows.take(self._worth_inside(least_of.min(axis=1)))
            inner = use
        return rows

    def _between(self, outer: int, inner: int | None) -> list[int]:
        """Ranks that loops between two neighbouring stores may run over (rules 1 and 2)."""
        ranks = range(len(self.sizes)) if inner is None else sorted(self.uses[inner].ranks)
        return [rank for rank in ranks if rank not in self.uses[outer].plain]

    def _grow(self, rows: Rows, rank: int) -> Rows:
        source, extents = grown(
            rows.extents[:, rank], int(self.top[rank]), perfect=rank not in self.rules.ragged
        )
        rows = rows.take(source)
        rows.extents[:, rank] = extents
        return rows

    def _fits_inside(self, rows: Rows, order: Sequence[int], until: int) -> NDArray[np.bool_]:
        """Whether the stores from ``until`` on outwards fit beside those further in."""
        capacity = self.problem.levels[0].capacity_bits
        fits = np.ones(len(rows), bool)
        used = rows.used
        for use in order[: order.index(until) + 1]:
            if use in self.holding[0]:
                used = used + self._bits(use, 0, rows.extents)
            else:
                fits &= self.moves.tile(self.uses[use], rows.extents) == 1
        if capacity is not None:
            fits &= used <= capacity
        return self._left(fits, "capacity", 0)

    def _store_inside(self, rows: Rows, use: int) -> Rows:
        stores = rows.stores.copy()
        stores[:, use] = rows.extents
        used = rows.used
        if use in self.holding[0]:
            used = used + self._bits(use, 0, rows.extents)
        taken = rows.taken.copy()
        taken[:, use] = self.moves.least_taken(self.uses[use], rows.extents)
        return replace(rows, stores=stores, used=used, taken=taken)

    # ---- over the array -------------------------------------------------------------------

    def _register_bits(self, begun: Floats) -> tuple[Floats, float]:
        """Bits that the operations read from and write to registers, first reads left out."""
        reads, writes = self.problem.register_accesses(self._bypassed)
        first = begun * (self.problem.reduces and 0 not in self._bypassed)
        bits = self.uses[0].bits
        return np.maximum(reads - first, 0) * bits, float(writes * bits)

    def _operations_energy(self, begun: Floats) -> Floats:
        """Energy of the operations and of their register accesses."""
        energy = np.zeros_like(begun)
        if not self.problem.missing:
            energy += self.problem.points_energy_pj
        if self.registers:
            read, write = self.problem.energy_per_bit_pj(0)
            reads, writes = self._register_bits(begun)
            energy += reads * read + writes * write
        return energy

    def _operations_busy(self, begun: Floats) -> Floats:
        """[candidate, memory] cycles that the registers are busy with the operations."""
        busy = np.zeros((len(begun), len(self.problem.limited)))
        if 0 in self.problem.limited:
            reads, writes = self._register_bits(begun)
            busy[:, 0] = (reads + writes) * float(self.problem.cycles_per_bit(0))
        return busy

    @cached_property
    def _bypassed(self) -> frozenset[int]:
        """Tensors that pass the registers by."""
        if self.latch:
            return frozenset()
        return frozenset(range(len(self.uses))) - frozenset(self.holding[0])

    def _spread(self, rows: Rows, outermost: int) -> None:
        """Lay candidates over the array, in every way that may be worth it."""
        kinds = np.arange(len(self._sharings[0]))
        least = self._least_of_sharing(rows.taken, kinds)
        cycles = np.maximum(self._sharings[2] + self.around.cycles, self._least_cycles)
        worth = self.front.worth(least.ravel(), np.tile(cycles, len(rows))).reshape(least.shape)
        which, unrolled = self._pairs(rows, worth)
        rows = rows.take(which)
        rows = replace(rows, widths=self.widths[unrolled])
        begun = self._shared[unrolled, 0] * float(self.uses[0].size)
        energy = self._operations_energy(begun)
        busy = self._operations_busy(begun)
        for use, spec in enumerate(self.uses):
            tiles = rows.stores[:, use].astype(np.int64)
            delivered, all_of_it = self.moves.moved_to_pes(spec, tiles, rows.widths)
            costs = self._costs[use, 0]
            energy += costs.energy(delivered, all_of_it, begun)
            busy += costs.busy(delivered, all_of_it, begun)
        spanned = np.ones(len(rows), bool)
        for use in self.holding[0]:
            tiles = np.minimum(rows.stores[:, use] * rows.widths, self.sizes)
            spanned &= self._spans(0, use, tiles)
        rows = replace(
            rows,
            extents=np.minimum(rows.extents * rows.widths, self.top),
            energy=energy,
            busy=busy,
            cycles=self._steps(rows.widths),
        ).take(spanned)
        rows = self._best_of_each_point(rows.take(self._worth(rows, 0)))
        # The cheapest first: what they reach cuts off most of the others.
        rows, size = rows.take(np.argsort(rows.energy, kind="stable")), 64
        while len(rows):
            self._outwards(rows.take(slice(size)), outermost, 1)
            rows, size = rows.take(slice(size, None)), min(2 * size, _CHUNK)
            rows = rows.take(self._worth(rows, 0))

    def _pairs(self, rows: Rows, worth: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """(candidate, unrolling) that go together: what is unrolled divides what is left over."""
        allowed = worth[:, self._sharings[1]]
        for rank, size in enumerate(self.top.tolist()):
            tiles, row = np.unique(rows.extents[:, rank], return_inverse=True)
            widths, column = np.unique(self.widths[:, rank], return_inverse=True)
            left = -(-size // widths)[None, :]
            tile = tiles[:, None]
            if rank not in self.rules.ragged:
                table = (size // tile) % widths[None, :] == 0
            else:
                # A smaller tile that occurs as often would do.
                table = tile == -(-left // -(-left // tile))
            if not table.all():
                allowed &= table[row][:, column]
        which, unrolled = np.nonzero(allowed)
        return which, unrolled

    def _points(self, rows: Rows) -> Ints:
        """A number for each distinct row of tile sizes."""
        key = np.zeros(len(rows), np.int64)
        for rank in range(len(self.sizes)):
            values, places = np.unique(rows.extents[:, rank], return_inverse=True)
            key = key * len(values) + places
        return key

    def _best_of_each_point(self, rows: Rows) -> Rows:
        if not len(rows):
            return rows
        return rows.take(undominated([rows.energy, rows.cycles, *rows.busy.T], self._points(rows)))

    # ---- memories above -------------------------------------------------------------------

    def _outwards(self, rows: Rows, inner: int | None, level: int) -> None:
        """Go on through the levels from ``level``; ``inner`` is the outermost store so far."""
        if not len(rows):
            return
        while level < len(self.holding) and not self.holding[level]:
            level += 1
        if level == len(self.holding):
            assert inner is not None
            self._finish(rows, inner)
            return
        last = not any(self.holding[level + 1 :])
        found: dict[int, list[Rows]] = {}
        for order in permutations(self.holding[level]):
            part = self._level(rows, inner, level, order, last=last)
            if len(part):
                found.setdefault(order[0], []).append(part)
        for use, parts in found.items():
            self._outwards(self._best_of_each_point(join(parts)), use, level + 1)

    def _level(
        self, rows: Rows, inner: int | None, level: int, order: Sequence[int], *, last: bool
    ) -> Rows:
        rows = replace(rows, used=np.zeros(len(rows)))
        blocks = []
        for use in reversed(order):
            blocks.append((use, self._between(use, inner)))
            inner = use
        energy, busy = self._least_outside(level - 1)
        for i, (use, ranks) in enumerate(blocks):
            for rank in ranks:
                later = any(rank in others for _, others in blocks[i + 1 :])
                if last and rank not in self.uses[order[0]].ranks and not later:
                    extents = rows.extents.copy()
                    extents[:, rank] = self.top[rank]
                    rows = replace(rows, extents=extents)
                else:
                    rows = self._grow(rows, rank)
                rows = rows.take(self._fits(rows, level, order, use))
            rows, energy, busy = self._store(rows, level, use, energy, busy)
        if last:
            rows = rows.take(self._complete(rows, order[0]))
        return rows

    def _complete(self, rows: Rows, outermost: int) -> NDArray[np.bool_]:
        """Whether only ranks of the outermost store are left to loop over (rule 1)."""
        others = [r for r in range(len(self.sizes)) if r not in self.uses[outermost].ranks]
        return np.asarray((rows.extents[:, others] == self.top[others]).all(axis=1))

    def _fits(self, rows: Rows, level: int, order: Sequence[int], until: int) -> NDArray[np.bool_]:
        capacity = self.problem.levels[level].capacity_bits
        if capacity is None:
            return np.ones(len(rows), bool)
        used = rows.used
        for use in order[: order.index(until) + 1]:
            used = used + self._bits(use, level, rows.extents)
        return self._left(np.asarray(used <= capacity), "capacity", level)

    def _left(self, legal: NDArray[np.bool_], rule: str, level: int) -> NDArray[np.bool_]:
        """Take note of how many candidates a rule excludes."""
        memory = self.problem.memory(level)
        name = memory.name if memory else self.problem.array.name
        self.excluded[f"{rule} of {name}"] += int(len(legal) - np.count_nonzero(legal))
        return legal

    def _spans(self, level: int, use: int, extents: Ints) -> NDArray[np.bool_]:
        """Whether a tile spans the ranks that the level wants whole."""
        ranks = [r for at, r in self.rules.whole if at == level and r in self.uses[use].ranks]
        spanned = (extents[:, ranks] == self.sizes[ranks]).all(axis=1)
        return self._left(np.asarray(spanned), "whole ranks", level) if ranks else spanned

    def _store(
        self, rows: Rows, level: int, use: int, energy: float, busy: Floats
    ) -> tuple[Rows, float, Floats]:
        """Put a store where the candidates are, and drop those that are not worth it."""
        spec, costs = self.uses[use], self._costs[use, level]
        moved = self.moves.moved(spec, rows.extents)
        size = np.array([float(spec.size)])
        energy -= float(costs.energy(size, size, size)[0])
        busy = busy - costs.busy(size, size, size)[0]
        stores = rows.stores.copy()
        stores[:, level * len(self.uses) + use] = rows.extents
        rows = replace(
            rows,
            stores=stores,
            used=rows.used + self._bits(use, level, rows.extents),
            energy=rows.energy + costs.energy(moved, moved, spec.size),
            busy=rows.busy + costs.busy(moved, moved, spec.size),
        )
        worth = self._hopeful(rows, energy, busy) & self._spans(level, use, rows.extents)
        return rows.take(worth), energy, busy

    def _finish(self, rows: Rows, outermost: int) -> None:
        rows = rows.take(self._complete(rows, outermost))
        rows = rows.take(self._hopeful(rows, 0.0, np.zeros(rows.busy.shape[1])))
        if not len(rows):
            return
        self.take_in(rows)

    def take_in(self, rows: Rows) -> None:
        """What becomes of mappings that are complete: the best go onto the front."""
        cycles = rows.cycles
        if rows.busy.shape[1]:
            cycles = np.maximum(cycles, rows.busy.max(axis=1))
        kept = undominated((rows.energy, cycles))
        rows, cycles = rows.take(kept), cycles[kept]
        self.front.add(rows.energy, cycles, [self.found(rows, i) for i in range(len(rows))])

    def found(self, rows: Rows, i: int) -> Found:
        """One of the mappings."""
        count = len(self.uses)
        stores = []
        for level in reversed(range(len(self.holding))):
            held = range(count) if level == 0 else self.holding[level]
            here = []
            for use in held:
                tile = rows.stores[i, level * count + use].astype(np.int64)
                if level == 0:
                    tile = np.minimum(tile * rows.widths[i], self.sizes)
                here.append((level, use, tuple(tile.tolist())))
            # Stores of a level are a chain: the larger the tile sizes, the further out.
            stores += sorted(here, key=lambda s: [-int(x) for x in s[2]])
        return Found(
            self.problem.array.name, self.holding, tuple(stores), tuple(rows.widths[i].tolist())
        )


def exact_search(
    problem: Problem,
    *,
    holdings: Iterable[Holding],
    widths: Ints,
    front: Front,
    rules: Rules,
) -> Counter[str]:
    """Put every mapping of a map space that is worth it onto a front.

    Args:
        problem: the Einsum on an array.
        holdings: which tensors each level keeps.
        widths: [choice, rank] what may be unrolled.
        front: takes the mappings.
        rules: what narrows the space.

    Returns:
        Rule -> how many candidates it excluded.
    """
    excluded = Counter[str]()
    for holding in holdings:
        search = ExactSearch(problem, holding, front, widths, rules)
        search.run()
        excluded += search.excluded
    return excluded
