"""A genetic search: of two good candidates, every rank's tiles and PEs come from either one.

Ranks are cut independently of each other, so that what is good about one survives the mixing.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from accelsim.search.heuristics.moves import Moves
from accelsim.search.heuristics.population import Genomes
from accelsim.search.heuristics.run import Run, run_search
from accelsim.search.tiles import Floats, Ints

__all__ = ["genetic"]

_SIZE = 2048
_ROUNDS = 100
"""Generations, where the budget allows for that many."""

_RIVALS = 3
"""Candidates in a tournament."""

_FRESH = 0.02
"""Part of a generation that starts from nothing."""


def _breed(run: Run) -> None:
    moves, size = Moves(run.population, run.random), run.size(_SIZE, _ROUNDS)
    parents = moves.fresh(size)
    run.population.mend(parents, run.random)
    parents, scores = run.cost(parents)
    while run.done < 1:
        children = _children(parents, scores, size, moves, run.random)
        run.population.mend(children, run.random)
        children, found = run.cost(children)
        every, scores = Genomes.joined((parents, children)), np.concatenate((scores, found))
        kept = _distinct_best(every, scores, size)
        parents, scores = every.take(kept), scores[kept]


def _children(
    parents: Genomes, scores: Floats, count: int, moves: Moves, random: np.random.Generator
) -> Genomes:
    first, second = (_winners(scores, count, random) for _ in range(2))
    children, others = parents.take(first), parents.take(second)
    ranks = children.rows.shape[1]
    swapped = random.random((count, ranks)) < np.where(random.random((count, 1)) < 0.5, 0.5, 0.0)
    children.tiles[:] = np.where(swapped[:, None, :], others.tiles, children.tiles)
    _mix_widths(children, others, swapped, moves)
    for _ in range(2):
        some = np.flatnonzero(random.random(count) < 0.7)
        changed = children.take(some)
        moves.change(changed)
        children.put(some, changed)
    fresh = moves.fresh(max(int(count * _FRESH), 1))
    children.put(np.arange(len(fresh)), fresh)
    return children


def _mix_widths(
    children: Genomes, others: Genomes, swapped: NDArray[np.bool_], moves: Moves
) -> None:
    """PEs of the other parent, where the array has so many."""
    array = moves.problem.array
    rows = np.where(swapped, others.rows, children.rows)
    columns = np.where(swapped, others.columns, children.columns)
    fits = (rows.prod(axis=1) <= array.rows) & (columns.prod(axis=1) <= array.columns)
    children.rows[fits], children.columns[fits] = rows[fits], columns[fits]


def _winners(scores: Floats, count: int, random: np.random.Generator) -> Ints:
    """Winners of tournaments."""
    drawn = random.integers(len(scores), size=(count, _RIVALS))
    return np.asarray(drawn[np.arange(count), scores[drawn].argmin(axis=1)])


def _distinct_best(genomes: Genomes, scores: Floats, count: int) -> Ints:
    """The best candidates, of equal ones one."""
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    fresh = np.concatenate(([True], ranked[1:] != ranked[:-1]))
    return np.concatenate((order[fresh], order[~fresh]))[:count]


genetic = partial(run_search, _breed)
"""Breed from random candidates; see ``registry.Search``."""
