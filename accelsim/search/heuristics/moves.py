"""What can be changed about a candidate, at random, in many candidates at once."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from accelsim.search.heuristics.population import Genomes, Population
from accelsim.search.tiles import Ints

__all__ = ["Moves"]

_FACTORS = np.array([1 / 8, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 2, 2.0, 3.0, 4.0, 8.0])


class Moves:
    """Random candidates and random changes, all within the space; tiles still need mending.

    Args:
        population: what the candidates belong to.
        random: where chance comes from.
    """

    def __init__(self, population: Population, random: np.random.Generator) -> None:
        self.population, self.random = population, random
        self.problem, self.space = population.problem, population.space
        self.ranks, self.places = len(self.problem.ranks), population.levels * population.uses
        array = self.problem.array
        self._sides = (
            (array.rows, np.array(sorted(self.space.rows), np.int64)),
            (array.columns, np.array(sorted(self.space.columns), np.int64)),
        )
        self._swapped = self._swap_table()
        self._neighbours = self._neighbour_table()

    def _swap_table(self) -> Ints:
        """[permutation, pair of places] -> the permutation with the two swapped."""
        known = {order: i for i, order in enumerate(self.population.permutations)}
        pairs = list(combinations(range(self.population.uses), 2))
        table = np.zeros((len(known), max(len(pairs), 1)), np.int64)
        for order, i in known.items():
            table[i] = i
            for j, (a, b) in enumerate(pairs):
                swapped = list(order)
                swapped[a], swapped[b] = swapped[b], swapped[a]
                table[i, j] = known[tuple(swapped)]
        return table

    def _neighbour_table(self) -> list[Ints]:
        """For every holding, those that differ in one tensor of one level."""
        where = {holding: i for i, holding in enumerate(self.space.holdings)}
        found = []
        for holding in self.space.holdings:
            near = []
            for level, kept in enumerate(holding):
                for use in range(self.population.uses):
                    changed = tuple(sorted(set(kept) ^ {use}))
                    near.append(where.get((*holding[:level], changed, *holding[level + 1 :])))
            found.append(np.array([i for i in near if i is not None], np.int64))
        return found

    # ---- from nothing --------------------------------------------------------------------------

    def fresh(self, count: int) -> Genomes:
        """Random candidates: any holding, any orders, sizes that split evenly or nearly so."""
        random, population = self.random, self.population
        genomes = Genomes(
            tiles=np.ones((count, self.places, self.ranks), np.int64),
            rows=np.ones((count, self.ranks), np.int64),
            columns=np.ones((count, self.ranks), np.int64),
            holding=random.integers(len(self.space.holdings), size=count),
            orders=random.integers(len(population.permutations), size=(count, population.levels)),
        )
        for side in range(2):
            for _ in range(len(self._sides[side][1])):
                self._widen(genomes, np.arange(count), side)
        self._split(genomes)
        return genomes

    def _split(self, genomes: Genomes) -> None:
        """Split every rank along the places, each time into any number of pieces."""
        shape = genomes.rows.shape
        outer = np.broadcast_to(self.population.sizes, shape)
        widths = genomes.rows * genomes.columns
        # Loops gather at few places: most places split nothing.
        loops = self.random.random((self.places, *shape)) < 2.0 / self.places
        draw = self.random.random((self.places, *shape))
        for place in range(self.places):
            steps = -(-outer // widths)
            pieces = np.floor(np.exp(draw[place] * np.log(steps + 0.999)))
            tile = _split_into(outer, pieces, widths)
            outer = np.where(loops[place], tile, outer)
            genomes.tiles[:, place] = outer

    # ---- changes -------------------------------------------------------------------------------

    def change(self, genomes: Genomes) -> None:
        """One change to every candidate."""
        kind = self.random.random(len(genomes))
        self.tile(genomes, np.flatnonzero(kind < 0.62))
        self.shift(genomes, np.flatnonzero((kind >= 0.62) & (kind < 0.80)))
        self.swap(genomes, np.flatnonzero((kind >= 0.80) & (kind < 0.88)))
        self.width(genomes, np.flatnonzero((kind >= 0.88) & (kind < 0.96)))
        self.toggle(genomes, np.flatnonzero(kind >= 0.96))

    def tile(self, genomes: Genomes, which: Ints) -> None:
        """Another size of one tile; those inside and around it make way."""
        count, random = len(which), self.random
        place, rank = random.integers(self.places, size=count), self._any_rank(count)
        chain = genomes.tiles[which, :, rank]
        self._set(
            genomes, which, rank, place, place, self._another(genomes, which, chain, place, rank)
        )

    def shift(self, genomes: Genomes, which: Ints) -> None:
        """Another size of one rank's tiles at neighbouring places."""
        count, random = len(which), self.random
        ends = np.sort(random.integers(self.places, size=(2, count)), axis=0)
        rank = self._any_rank(count)
        chain = genomes.tiles[which, :, rank]
        value = self._another(genomes, which, chain, ends[0], rank)
        self._set(genomes, which, rank, ends[0], ends[1], value)

    def _another(self, genomes: Genomes, which: Ints, chain: Ints, place: Ints, rank: Ints) -> Ints:
        """A tile size: more or fewer pieces, as the one around or inside, or any."""
        random, at = self.random, np.arange(len(which))
        width = (genomes.rows * genomes.columns)[which, rank]
        size = self.population.sizes[rank]
        now = chain[at, place]
        outer = np.where(place > 0, chain[at, place - 1], size)
        inner = np.where(place + 1 < self.places, chain[at, (place + 1) % self.places], width)
        pieces = -(-outer // now)
        drawn = random.choice(_FACTORS, len(which))
        more = np.maximum(np.rint(pieces * drawn), 1)
        step = np.maximum(pieces + random.choice([-1, 1], len(which)), 1)
        anything = width * np.floor(np.exp(random.random(len(which)) * np.log(size / width + 0.99)))
        options = np.stack(
            [
                _split_into(outer, more, width),
                np.rint(now * drawn / width) * width,
                _split_into(outer, step, width),
                outer,
                inner,
                now + random.choice([-1, 1], len(which)) * width,
                _split_into(size, np.maximum(np.rint(size / anything), 1), width),
            ]
        )
        kind = random.choice(len(options), len(which), p=[0.25, 0.2, 0.12, 0.12, 0.12, 0.09, 0.1])
        return np.asarray(np.clip(options[kind, at], width, size), np.int64)

    def _set(
        self, genomes: Genomes, which: Ints, rank: Ints, first: Ints, last: Ints, value: Ints
    ) -> None:
        chain = genomes.tiles[which, :, rank]
        places, value = np.arange(self.places), value[:, None]
        chain = np.where(places < first[:, None], np.maximum(chain, value), chain)
        chain = np.where(places > last[:, None], np.minimum(chain, value), chain)
        inside = (places >= first[:, None]) & (places <= last[:, None])
        genomes.tiles[which, :, rank] = np.where(inside, value, chain)

    def swap(self, genomes: Genomes, which: Ints) -> None:
        """Two tensors of a level change places."""
        level = self.random.integers(self.population.levels, size=len(which))
        pair = self.random.integers(self._swapped.shape[1], size=len(which))
        genomes.orders[which, level] = self._swapped[genomes.orders[which, level], pair]

    def toggle(self, genomes: Genomes, which: Ints) -> None:
        """A level keeps a tensor that passed it by, or the other way round."""
        draw = self.random.random(len(which))
        for i, part in zip(which.tolist(), draw.tolist(), strict=True):
            near = self._neighbours[int(genomes.holding[i])]
            if len(near):
                genomes.holding[i] = near[int(part * len(near))]

    def width(self, genomes: Genomes, which: Ints) -> None:
        """PEs move from one rank to another; tiles in the PEs keep their size."""
        before = (genomes.rows * genomes.columns)[which]
        side = self.random.random(len(which)) < 0.5
        for number, some in enumerate((which[side], which[~side])):
            if len(self._sides[number][1]):
                self._narrow(genomes, some, number)
                self._widen(genomes, some, number)
        after = (genomes.rows * genomes.columns)[which]
        first = self.places - self.population.uses
        inside = genomes.tiles[which, first:]
        per_pe = -(-inside // before[:, None, :])
        genomes.tiles[which, first:] = per_pe * after[:, None, :]
        # Tiles around them are at least as large.
        grown = np.maximum.accumulate(genomes.tiles[which][:, ::-1], axis=1)[:, ::-1]
        genomes.tiles[which] = np.minimum(grown, self.population.sizes)

    def _narrow(self, genomes: Genomes, which: Ints, side: int) -> None:
        table = genomes.columns if side else genomes.rows
        ranks = self._sides[side][1]
        rank = ranks[self.random.integers(len(ranks), size=len(which))]
        divisor = self.random.choice([2, 3, 4, 10**9], len(which), p=[0.4, 0.1, 0.2, 0.3])
        table[which, rank] = np.maximum(table[which, rank] // divisor, 1)

    def _widen(self, genomes: Genomes, which: Ints, side: int) -> None:
        """One rank takes PEs that are left, all of them or some."""
        table, other = (genomes.columns, genomes.rows) if side else (genomes.rows, genomes.columns)
        pes, ranks = self._sides[side]
        rank = ranks[self.random.integers(len(ranks), size=len(which))]
        now = table[which, rank]
        most = pes // (table[which].prod(axis=1) // now)
        size = self.population.sizes[rank] // other[which, rank]
        most = np.maximum(np.minimum(most, size), 1)
        some = np.floor(np.exp(self.random.random(len(which)) * np.log(most + 0.99)))
        wanted = np.where(self.random.random(len(which)) < 0.6, most, some.astype(np.int64))
        table[which, rank] = np.maximum(wanted, 1)

    def _any_rank(self, count: int) -> Ints:
        return self.random.integers(self.ranks, size=count)


def _split_into(outer: Ints, pieces: NDArray[np.float64] | Ints, width: Ints) -> Ints:
    """The size of a tile, in whole steps of the PEs, of which so many fill the one around it."""
    steps = np.ceil(np.asarray(outer) / (np.maximum(pieces, 1) * width))
    return np.minimum(steps * width, outer).astype(np.int64)
