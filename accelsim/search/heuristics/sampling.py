"""Random search: candidates that have nothing to do with each other."""

from __future__ import annotations

from accelsim.search.heuristics.moves import Moves
from accelsim.search.heuristics.run import Budget, Outcome, Report, Run, run_search
from accelsim.search.heuristics.space import Space
from accelsim.search.problem import Problem

__all__ = ["sample"]

_BATCH = 8192


def sample(
    problem: Problem,
    space: Space,
    *,
    objective: str,
    budget: Budget,
    seed: int = 0,
    report: Report | None = None,
) -> Outcome:
    """The best of random candidates; see ``registry.Search``."""
    return run_search(
        _sample,
        problem,
        space,
        objective=objective,
        budget=budget,
        seed=seed,
        report=report,
    )


def _sample(run: Run) -> None:
    moves = Moves(run.population, run.random)
    while run.done < 1:
        genomes = moves.fresh(run.size(_BATCH, 1))
        run.population.mend(genomes, run.random)
        run.cost(genomes)
