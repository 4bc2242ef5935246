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
from dataclasses import replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from accelsim.search.bounds import Bounds
from accelsim.search.front import Front, undominated
from accelsim.search.problem import Problem
from accelsim.search.rows import Rows, join
from accelsim.search.terms import Around, Found, Holding, Rules
from accelsim.search.tiles import Floats, Ints, Kind, grown

__all__ = ["ExactSearch", "exact_search"]

_CHUNK = 2048


class ExactSearch(Bounds):
    """One search: a problem, and which memories keep which tensors."""

    def search_outside(self, level: int) -> tuple[float, float]:
        start = Rows.start(self.problem)
        front = Front()
        # Perfect tiles first: what they reach cuts off most of the others.
        for ragged in dict.fromkeys((frozenset[int](), self.rules.ragged)):
            rules = replace(self.rules, ragged=ragged)
            alone = Around(self.around.top, self.around.resident)
            outside = ExactSearch(self.problem, self.holding, front, self.widths, rules, alone)
            outside._outwards(start, None, level + 1)
        if not len(front):
            return np.inf, np.inf
        return float(front.energy.min()) * (1 - 1e-12), float(front.cycles.min()) * (1 - 1e-12)

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
                self._spread(rows.take(chunk), order)
                best = best[self._worth_inside(least[best])]

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
        return rows.take(undominated(columns, self.points(rows)))

    def _inside(self, order: Sequence[int]) -> Rows:
        """Tile sizes per PE with the stores in this order, outermost first."""
        rows = Rows.start(self.problem)
        inner: int | None = None
        for use in reversed(order):
            rows = rows.take(self._fits_inside(rows, order, use))
            for rank in self._between(use, inner):
                rows = self._grow_inside(rows, rank)
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

    def _kind(self, rank: int) -> Kind:
        """Which tile sizes a rank may have."""
        if rank not in self.rules.ragged:
            return "perfect"
        # Of tiles that occur as often a window may like a larger one: it has less halo.
        return "any" if any(rank in use.in_windows for use in self.uses) else "fewest"

    def _grow(self, rows: Rows, rank: int) -> Rows:
        source, extents = grown(rows.extents[:, rank], int(self.top[rank]), self._kind(rank))
        rows = rows.take(source)
        rows.extents[:, rank] = extents
        return rows

    def _grow_inside(self, rows: Rows, rank: int) -> Rows:
        """The same per PE, where a whole rank may be what one of several PEs takes of it."""
        if rank not in self.rules.ragged:
            return self._grow(rows, rank)
        whole = -(-self.top[rank] // np.unique(self.widths[:, rank]))
        source, extents = grown(
            rows.extents[:, rank], int(self.top[rank]), self._kind(rank), also=np.unique(whole)
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

    def _spread(self, rows: Rows, order: Sequence[int]) -> None:
        """Lay candidates over the array, in every way that may be worth it."""
        kinds = np.arange(len(self._sharings[0]))
        least = self._least_of_sharing(rows.taken, kinds)
        cycles = np.maximum(self._sharings[2] + self.around.cycles, self.least_cycles)
        worth = self.front.worth(least.ravel(), np.tile(cycles, len(rows))).reshape(least.shape)
        which, unrolled = self._pairs(rows, worth)
        rows = rows.take(which)
        rows = replace(rows, widths=self.widths[unrolled])
        nested = self._nested(rows, order)
        rows, unrolled = rows.take(nested), unrolled[nested]
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
        rows = self.best_of_each_point(rows.take(self._worth(rows, 0)))
        # The cheapest first: what they reach cuts off most of the others.
        rows, size = rows.take(np.argsort(rows.energy, kind="stable")), 64
        while len(rows):
            self._outwards(rows.take(slice(size)), order[0], 1)
            rows, size = rows.take(slice(size, None)), min(2 * size, _CHUNK)
            rows = rows.take(self._worth(rows, 0))

    def _pairs(self, rows: Rows, worth: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """(candidate, unrolling) that go together: what is unrolled divides what is left over."""
        allowed = worth[:, self._sharings[1]]
        for rank, size in enumerate(self.top.tolist()):
            tiles, row = np.unique(rows.extents[:, rank], return_inverse=True)
            widths, column = np.unique(self.widths[:, rank], return_inverse=True)
            tile, left = tiles[:, None], -(-size // widths)[None, :]
            if rank not in self.rules.ragged:
                table = (size // tile) % widths[None, :] == 0
            else:
                table = tile <= left
            if not table.all():
                allowed &= table[row][:, column]
        which, unrolled = np.nonzero(allowed)
        return which, unrolled

    def _nested(self, rows: Rows, order: Sequence[int]) -> NDArray[np.bool_]:
        """Whether tiles of ragged ranks hold whole numbers of those inside, or the whole rank."""
        good = np.ones(len(rows), bool)
        for rank in self.rules.ragged:
            left = -(-self.top[rank] // rows.widths[:, rank])
            inner = rows.stores[:, order[-1], rank].astype(np.int64)
            if self._kind(rank) == "fewest":
                # A smaller tile that occurs as often would do.
                good &= inner == -(-left // -(-left // inner))
            for use in (*reversed(order[:-1]), None):
                placed = rows.extents if use is None else rows.stores[:, use].astype(np.int64)
                outer = placed[:, rank]
                good &= (outer % inner == 0) | (outer >= left)
                inner = outer
        return good

    def points(self, rows: Rows) -> Ints:
        """A number for each distinct row of tile sizes."""
        key = np.zeros(len(rows), np.int64)
        for rank in range(len(self.sizes)):
            values, places = np.unique(rows.extents[:, rank], return_inverse=True)
            key = key * len(values) + places
        return key

    def best_of_each_point(self, rows: Rows) -> Rows:
        """Of candidates with the same tile sizes, those that another one does not beat."""
        if not len(rows):
            return rows
        return rows.take(undominated([rows.energy, rows.cycles, *rows.busy.T], self.points(rows)))

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
            self._outwards(self.merged(join(parts)), use, level + 1)

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
            rows = rows.take(self._fits(rows, level, order, use))
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

    def merged(self, rows: Rows) -> Rows:
        """What goes on of the candidates that a memory's stores are placed for."""
        return self.best_of_each_point(rows)

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
