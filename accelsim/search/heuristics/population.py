"""Candidates of different store orders side by side: as numbers that moves can change.

Every level has a place for every tensor, in an order that is part of the candidate. Tensors that
the level does not keep leave their place empty; at the innermost level it says where their value
is latched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelsim.search.candidates import Candidates, Costs, costs
from accelsim.search.heuristics.arrangement import Arrangement
from accelsim.search.heuristics.mixed import Mixed
from accelsim.search.heuristics.repair import Repair
from accelsim.search.heuristics.space import Space
from accelsim.search.problem import Problem
from accelsim.search.store_order import check_problem
from accelsim.search.tiles import Floats, Ints

__all__ = ["Costed", "Genomes", "Population"]


@dataclass(frozen=True)
class Genomes:
    """Candidates, one a row; arrays are changed in place by moves."""

    tiles: Ints
    """[candidate, place, rank], outermost place first."""
    rows: Ints
    """[candidate, rank]"""
    columns: Ints
    """[candidate, rank]"""
    holding: Ints
    """Position in the space's holdings."""
    orders: Ints
    """[candidate, level] which permutation of tensors each level has, outermost level first."""

    def __len__(self) -> int:
        return len(self.tiles)

    def take(self, which: NDArray[Any] | slice) -> Genomes:
        """Some of them; copies where ``which`` is an array."""
        return Genomes(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def put(self, which: Ints, others: Genomes) -> None:
        """Overwrite some of them with others."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[which] = getattr(others, name)

    @staticmethod
    def joined(parts: Sequence[Genomes]) -> Genomes:
        """All of them, one after the other."""
        names = Genomes.__dataclass_fields__
        return Genomes(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


@dataclass(frozen=True)
class Costed:
    """What candidates cost; infinite where they are not legal."""

    energy: Floats
    cycles: Floats


class Population:
    """Makes, mends and costs candidates of one space.

    Args:
        problem: the Einsum on an array.
        space: what may be chosen.
    """

    def __init__(self, problem: Problem, space: Space) -> None:
        check_problem(problem)
        self.problem, self.space = problem, space
        self.levels, self.uses = len(problem.levels), len(problem.uses)
        self.sizes = np.array(problem.sizes, np.int64)
        self.permutations = tuple(permutations(range(self.uses)))
        self._known: dict[int, int] = {}
        self._numbers: dict[Arrangement, int] = {}
        self._repair, self._mixed = Repair(problem, space), Mixed(problem)

    # ---- arrangements --------------------------------------------------------------------------

    def _which(self, genomes: Genomes) -> Ints:
        """Number of every candidate's arrangement."""
        key = genomes.holding.copy()
        for level in range(self.levels):
            key = key * len(self.permutations) + genomes.orders[:, level]
        values, first, places = np.unique(key, return_index=True, return_inverse=True)
        numbers = [
            self._number(int(v), genomes, int(i)) for v, i in zip(values, first, strict=True)
        ]
        return np.array(numbers, np.int64)[places.reshape(-1)]

    def _number(self, key: int, genomes: Genomes, at: int) -> int:
        if key not in self._known:
            made = self._arrangement(genomes, at)
            if made not in self._numbers:
                self._numbers[made] = len(self._numbers)
                self._repair.add(made)
                self._mixed.add(made)
            self._known[key] = self._numbers[made]
        return self._known[key]

    def _arrangement(self, genomes: Genomes, at: int) -> Arrangement:
        holding = self.space.holdings[int(genomes.holding[at])]
        orders = [self.permutations[i] for i in genomes.orders[at].tolist()]
        return Arrangement.of(self.problem, holding, orders, self.space.doubled)

    # ---- candidates ----------------------------------------------------------------------------

    def mend(self, genomes: Genomes, random: np.random.Generator) -> None:
        """Make candidates legal, as far as smaller tiles can."""
        widths = genomes.rows * genomes.columns
        self._repair(genomes.tiles, widths, self._which(genomes), random)

    def cost(self, genomes: Genomes) -> Costed:
        """Cost candidates, up to rounding."""
        which = self._which(genomes)
        legal = self._repair.fits(genomes.tiles, genomes.rows * genomes.columns, which)
        energy, cycles = self._mixed(genomes.tiles, genomes.rows, genomes.columns, which)
        return Costed(np.where(legal, energy, np.inf), np.where(legal, cycles, np.inf))

    def exactly(self, genomes: Genomes, at: int) -> tuple[Candidates, Costs]:
        """One genome as a candidate, with what it costs to the bit."""
        made = self._arrangement(genomes, at)
        one = genomes.take(np.array([at]))
        tiles = one.tiles[:, made.places]
        candidate = Candidates(self.problem, made.order, tiles, one.rows, one.columns)
        return candidate, costs(candidate)
