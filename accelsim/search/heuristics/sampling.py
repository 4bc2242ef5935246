"""Random search: candidates that have nothing to do with each other."""

from __future__ import annotations

from functools import partial

from accelsim.search.heuristics.moves import Moves
from accelsim.search.heuristics.run import Run, run_search

__all__ = ["sample"]

_BATCH = 8192


def _sample(run: Run) -> None:
    moves = Moves(run.population, run.random)
    while run.done < 1:
        genomes = moves.fresh(run.size(_BATCH, 1))
        run.population.mend(genomes, run.random)
        run.cost(genomes)


sample = partial(run_search, _sample)
"""The best of random candidates; see ``registry.Search``."""
