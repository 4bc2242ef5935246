"""A unit by a heuristic search: good mappings of a space that is too large for a proof."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.errors import InputError
from accelsim.mapping.mapping import Block
from accelsim.search.heuristics import Budget, Space, search_named
from accelsim.search.layer import Unit
from accelsim.search.mapspace import MapSpace
from accelsim.search.problem import Problem, problem_of

__all__ = ["searched_blocks"]


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
            raise KeyboardInterrupt
    if best is None:
        raise problem_met or InputError(f"Einsum '{name}': no array can take it")
    return (best[1],)


def _space(problem: Problem, unit: Unit) -> Space:
    space = MapSpace(problem, unit.search)
    rules = space.rules(space.ragged)
    return Space(
        tuple(space.holdings()),
        _allowed(problem, unit.search.rows),
        _allowed(problem, unit.search.columns),
        doubled=rules.doubled,
        whole=rules.whole,
    )


def _allowed(problem: Problem, wanted: Sequence[str]) -> frozenset[int]:
    """Ranks that may be unrolled, by name or kind; any where none is named."""
    every = set(range(len(problem.ranks)))
    reduced = {problem.ranks.index(rank) for rank in problem.einsum.reduced}
    found = set() if wanted else every
    for name in wanted:
        if name == "reduced":
            found |= reduced
        elif name == "output":
            found |= every - reduced
        elif name in problem.ranks:
            found.add(problem.ranks.index(name))
    return frozenset(found - problem.stepped)
