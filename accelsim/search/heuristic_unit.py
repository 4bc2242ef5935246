"""A unit by a heuristic search: good mappings of a space that is too large for a proof."""

from __future__ import annotations

import logging
import math
from functools import partial

from accelsim.errors import InputError
from accelsim.mapping.mapping import Block
from accelsim.search.heuristics import Budget, Progress, Space, search_named
from accelsim.search.layer import Unit
from accelsim.search.mapspace import MapSpace
from accelsim.search.problem import Problem, problem_of

__all__ = ["searched_blocks"]

_LOG = logging.getLogger("accelsim.search")


def searched_blocks(unit: Unit, objective: str) -> tuple[Block, ...]:
    """The best block that a heuristic search finds, on any array.

    Args:
        unit: of one Einsum.
        objective: what is minimised.

    Raises:
        InputError: where no array performs the Einsum, or nothing that was tried fits.
        UnsupportedError: where its candidates cannot be counted together.
    """
    (name,) = unit.names
    search = search_named(unit.method)
    best: tuple[tuple[float, float], Block] | None = None
    problem_met: InputError | None = None
    for array in unit.architecture.arrays.values():
        try:
            problem = problem_of(
                name, unit.cascade, unit.architecture, array, bits=unit.words.__getitem__
            )
            outcome = search(
                problem,
                _space(problem, unit),
                objective=objective,
                budget=Budget(evaluations=unit.search.evaluations),
                seed=unit.search.seed,
                report=partial(_tell, f"{name} on {array.name}"),
            )
        except InputError as error:
            problem_met = problem_met or error
            continue
        key = {
            "latency": (outcome.cycles, outcome.energy_pj),
            "energy": (outcome.energy_pj, outcome.cycles),
            "edp": (outcome.energy_pj * outcome.cycles, outcome.energy_pj),
        }[objective]
        if best is None or key < best[0]:
            best = key, outcome.block
        if outcome.interrupted:
            _LOG.warning("Einsum '%s': stopped; the best so far is taken", name)
            break
    if best is None:
        raise problem_met or InputError(f"Einsum '{name}': no array can take it")
    return (best[1],)


def _tell(what: str, progress: Progress) -> None:
    best = "nothing legal yet"
    if math.isfinite(progress.cycles):
        best = f"best {progress.cycles:,.0f} cycles, {progress.energy_pj:,.0f} pJ"
    _LOG.info(
        "%s: %s; %s mappings, %s a second, %.0f s left",
        what,
        best,
        f"{progress.evaluations:,}",
        f"{progress.per_second:,.0f}",
        progress.seconds_left,
    )


def _space(problem: Problem, unit: Unit) -> Space:
    space = MapSpace(problem, unit.search)
    rules = space.rules(space.ragged)
    return Space(
        tuple(space.holdings()),
        frozenset(space.unrollable(unit.search.rows)),
        frozenset(space.unrollable(unit.search.columns)),
        doubled=rules.doubled,
        whole=rules.whole,
    )
