"""The heuristic searches by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from accelsim.errors import InputError, unknown_name
from accelsim.search.heuristics.annealing import anneal
from accelsim.search.heuristics.genetic import genetic
from accelsim.search.heuristics.run import Budget, Outcome, Report
from accelsim.search.heuristics.sampling import sample
from accelsim.search.heuristics.space import Space
from accelsim.search.problem import Problem

__all__ = ["METHODS", "Search", "search_named"]


class Search(Protocol):
    """What every heuristic search is called with, and returns."""

    def __call__(
        self,
        problem: Problem,
        space: Space,
        *,
        objective: str,
        budget: Budget,
        seed: int = 0,
        report: Report | None = None,
    ) -> Outcome:
        """Look for the best mapping.

        Args:
            problem: the Einsum on an array.
            space: what may be kept and unrolled.
            objective: ``latency``, ``energy`` or ``edp``; ties are broken by energy, those of
                energy by latency.
            budget: when to stop.
            seed: the same seed gives the same mapping for the same number of evaluations; how
                many fit into some seconds depends on the machine.
            report: called about twice a second; Ctrl-C there or elsewhere ends the search with
                the best mapping so far.

        Raises:
            InputError: for an unknown objective, or where nothing that was tried fits.
            UnsupportedError: where candidates of the Einsum are not counted together.
        """


METHODS: Mapping[str, Search] = {"anneal": anneal, "genetic": genetic, "random": sample}
"""Name -> search; one that is added here is found by its name."""


def search_named(name: str) -> Search:
    """A search by its name.

    Raises:
        InputError: for an unknown name, with the valid ones.
    """
    if name not in METHODS:
        raise InputError(unknown_name("search method", name, METHODS))
    return METHODS[name]
