"""One heuristic search as it runs: its budget, the best so far, reports, and how it ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter

import numpy as np

from accelsim.errors import InputError, unknown_name
from accelsim.mapping.mapping import Block
from accelsim.search.candidate_block import block_of
from accelsim.search.candidates import Candidates
from accelsim.search.heuristics.population import Costed, Genomes, Population
from accelsim.search.heuristics.space import Space
from accelsim.search.problem import Problem
from accelsim.search.tiles import Floats

__all__ = ["Budget", "Outcome", "Progress", "Report", "Run", "run_search"]

OBJECTIVES = ("latency", "energy", "edp")
_SECONDS_BETWEEN_REPORTS = 0.5
_TIE = 1e-3
"""Weight of what breaks ties, where a single number has to stand for a candidate."""


@dataclass(frozen=True)
class Budget:
    """When a search stops: whichever is reached first."""

    evaluations: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.evaluations is None and self.seconds is None:
            raise InputError("budget: it has no limit; give evaluations or seconds")
        for name, value in (("evaluations", self.evaluations), ("seconds", self.seconds)):
            if value is not None and not value > 0:
                raise InputError(f"budget: {name} is {value}, must be above 0")


@dataclass(frozen=True)
class Outcome:
    """The best mapping that a search found."""

    candidates: Candidates
    """The mapping, alone."""
    energy_pj: float
    cycles: float
    evaluations: int
    seconds: float
    interrupted: bool
    """Whether it was stopped by Ctrl-C."""

    @cached_property
    def block(self) -> Block:
        """The mapping as a block."""
        return block_of(self.candidates, 0)


@dataclass(frozen=True)
class Progress:
    """Where a search stands."""

    energy_pj: float
    """Of the best mapping so far; infinite where there is none yet."""
    cycles: float
    evaluations: int
    per_second: float
    """Evaluations a second so far."""
    seconds_left: float
    """As far as the budget and the rate tell."""


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class _Best:
    key: tuple[float, float]
    candidate: Candidates
    energy_pj: float
    cycles: float


class Run:
    """A search that runs.

    Args:
        population: makes, mends and costs candidates.
        objective: what is minimised.
        budget: when to stop.
        seed: of the random numbers.
        report: told about the progress.
    """

    def __init__(
        self,
        population: Population,
        *,
        objective: str,
        budget: Budget,
        seed: int,
        report: Report | None,
    ) -> None:
        if objective not in OBJECTIVES:
            raise InputError(unknown_name("objective", objective, OBJECTIVES))
        self.population, self.objective, self.budget = population, objective, budget
        self.random = np.random.default_rng(seed)
        self.report = report
        self.started = self.reported = perf_counter()
        self.evaluations = 0
        self.best: _Best | None = None

    # ---- budget --------------------------------------------------------------------------------

    @property
    def seconds(self) -> float:
        """Since the start."""
        return perf_counter() - self.started

    @property
    def done(self) -> float:
        """Part of the budget that is used up, 1 at the end."""
        parts = [0.0]
        if self.budget.evaluations is not None:
            parts.append(self.evaluations / self.budget.evaluations)
        if self.budget.seconds is not None:
            parts.append(self.seconds / self.budget.seconds)
        return min(max(parts), 1.0)

    def size(self, most: int, rounds: int) -> int:
        """Candidates to carry along, so that there is time for so many rounds."""
        if self.budget.evaluations is None:
            return most
        return max(16, min(most, self.budget.evaluations // rounds))

    # ---- candidates ----------------------------------------------------------------------------

    def cost(self, genomes: Genomes) -> tuple[Genomes, Floats]:
        """Cost candidates, as many as the budget allows, and note the best.

        Returns:
            Those that were costed, and one number for each: the lower the better.
        """
        if self.budget.evaluations is not None:
            genomes = genomes.take(slice(0, self.budget.evaluations - self.evaluations))
        costed = self.population.cost(genomes)
        self.evaluations += len(genomes)
        self._note(genomes, costed)
        self._tell()
        return genomes, self._score(costed)

    def _score(self, costed: Costed) -> Floats:
        energy, cycles = np.log(np.maximum(costed.energy, 1e-300)), np.log(costed.cycles)
        if self.objective == "latency":
            return np.asarray(cycles + _TIE * energy)
        if self.objective == "energy":
            return np.asarray(energy + _TIE * cycles)
        return np.asarray(energy + cycles)

    def _keys(self, costed: Costed) -> tuple[Floats, Floats]:
        if self.objective == "latency":
            return costed.cycles, costed.energy
        if self.objective == "energy":
            return costed.energy, costed.cycles
        return costed.energy * costed.cycles, costed.energy

    def _note(self, genomes: Genomes, costed: Costed) -> None:
        first, second = self._keys(costed)
        least = np.flatnonzero(first == first.min(initial=math.inf))
        if not len(least):
            return
        at = int(least[np.argmin(second[least])])
        key = float(first[at]), float(second[at])
        if not math.isfinite(key[0]) or (self.best is not None and key >= self.best.key):
            return
        candidate, found = self.population.exactly(genomes, at)
        assert found.legal[0]
        self.best = _Best(key, candidate, float(found.energy_pj[0]), float(found.cycles[0]))

    def _tell(self) -> None:
        now = perf_counter()
        if self.report is None or now - self.reported < _SECONDS_BETWEEN_REPORTS:
            return
        self.reported = now
        rate = self.evaluations / max(self.seconds, 1e-9)
        left = [math.inf]
        if self.budget.seconds is not None:
            left.append(self.budget.seconds - self.seconds)
        if self.budget.evaluations is not None:
            left.append((self.budget.evaluations - self.evaluations) / rate)
        best = self.best
        energy, cycles = (best.energy_pj, best.cycles) if best else (math.inf, math.inf)
        self.report(Progress(energy, cycles, self.evaluations, rate, max(min(left), 0.0)))

    def outcome(self, *, interrupted: bool) -> Outcome:
        """What was found.

        Raises:
            InputError: where nothing fits.
        """
        if self.best is None:
            name = self.population.problem.einsum.name
            raise InputError(
                f"Einsum '{name}': none of {self.evaluations:,} mappings fits; use larger memories "
                "or fewer constraints"
            )
        best = self.best
        return Outcome(
            best.candidate,
            best.energy_pj,
            best.cycles,
            self.evaluations,
            self.seconds,
            interrupted,
        )


def run_search(
    steps: Callable[[Run], None],
    problem: Problem,
    space: Space,
    *,
    objective: str,
    budget: Budget,
    seed: int = 0,
    report: Report | None = None,
) -> Outcome:
    """Run a search until it ends by itself or by Ctrl-C; see ``registry.Search``."""
    run = Run(
        Population(problem, space), objective=objective, budget=budget, seed=seed, report=report
    )
    try:
        steps(run)
    except KeyboardInterrupt:
        if run.best is None:
            raise
        return run.outcome(interrupted=True)
    return run.outcome(interrupted=False)
