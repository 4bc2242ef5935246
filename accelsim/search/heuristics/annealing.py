"""Simulated annealing: many chains at once, that grow colder together.

Now and then the chains that are far behind start again from those that lead.
(Kirkpatrick, Gelatt, Vecchi: Optimization by Simulated Annealing, Science 220, 1983.)
"""

from __future__ import annotations

from functools import partial

import numpy as np

from accelsim.search.heuristics.moves import Moves
from accelsim.search.heuristics.run import Run, run_search

__all__ = ["anneal"]

_CHAINS = 2048
_ROUNDS = 200
"""Steps of each chain, where the budget allows for that many."""

_HOT, _COLD = 0.05, 0.0005
"""Temperatures: the change of the objective's logarithm that is taken with probability 1/e."""

_RESTART = 25
"""Steps after which the worst chains are replaced."""


def _anneal(run: Run) -> None:
    random, moves = run.random, Moves(run.population, run.random)
    chains = moves.fresh(run.size(_CHAINS, _ROUNDS))
    run.population.mend(chains, random)
    chains, scores = run.cost(chains)
    step = 0
    while run.done < 1:
        step += 1
        temperature = _HOT * (_COLD / _HOT) ** run.done
        tried = chains.take(np.arange(len(chains)))
        moves.change(tried)
        run.population.mend(tried, random)
        tried, found = run.cost(tried)
        # What the budget cut off stays as it is.
        now = scores[: len(found)]
        slack = -temperature * np.log1p(-random.random(len(found)))
        kept = np.flatnonzero(found <= now + slack)
        chains.put(kept, tried.take(kept))
        scores[kept] = found[kept]
        if step % _RESTART == 0:
            order = np.argsort(scores, kind="stable")
            part = max(len(order) // 8, 1)
            worst, leading = order[-part:], order[:part]
            chains.put(worst, chains.take(leading))
            scores[worst] = scores[leading]


anneal = partial(run_search, _anneal)
"""Anneal from random candidates; see ``registry.Search``."""
