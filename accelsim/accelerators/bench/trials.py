"""Plans of random trials, each run and compared."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.verification import Check

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["Plan", "run_plans"]


@dataclass(frozen=True)
class Plan:
    """Trials of one kind."""

    name: str
    against: str
    trials: int
    runner: Runner
    make: Callable[[Generator, int], Any]
    """(random numbers, index of the trial) -> trial."""
    tolerance: float | None = None
    """Of cycles; None where they must be equal."""


def run_plans(
    plans: Sequence[Plan],
    *,
    seed: int,
    waves: Path | None,
    progress: Callable[[str], None],
    prefix: str,
) -> list[Check]:
    """Compile what plans need, two at a time, and run their trials.

    Args:
        plans: what is run.
        seed: of all random numbers.
        waves: folder for a VCD file of what fails first; made where something does.
        progress: is told what is being done.
        prefix: of the names of these files.
    """
    progress(f"building {len(plans)} simulations (kept for the next time)")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda plan: plan.runner.prepare(), plans))
    checks = []
    for plan in plans:
        progress(f"{plan.name}: {plan.trials:,} trials")
        checks.append(_run(plan, seed, waves, prefix))
    return checks


def _run(plan: Plan, seed: int, waves: Path | None, prefix: str) -> Check:
    import numpy as np

    values = cycles = 0
    deviations = []
    failure = ""
    for at in range(plan.trials):
        trial = plan.make(np.random.default_rng([seed, at]), at)
        run = trial.run(plan.runner)
        wrong_value = trial.wrong_values(run)
        wrong_cycles = ""
        if plan.tolerance is None:
            wrong_cycles = "" if wrong_value else trial.wrong_cycles(run)
        elif not (wrong_value or trial.stalls):
            measured = trial.measured_cycles(run)
            deviations.append(measured / trial.cycles - 1)
            if abs(measured - trial.cycles) > plan.tolerance * trial.cycles:
                wrong_cycles = f"{measured} cycles, must be {trial.cycles} within 2 %"
        values += bool(wrong_value)
        cycles += bool(wrong_cycles)
        if (wrong_value or wrong_cycles) and not failure:
            failure = f"trial {at}: {wrong_value or wrong_cycles}"
            failure += _waves(plan, trial, waves, prefix)
    deviation = max(map(abs, deviations), default=0.0) if plan.tolerance is not None else None
    return Check(plan.name, plan.against, plan.trials, values, cycles, deviation, failure)


def _waves(plan: Plan, trial: Any, folder: Path | None, prefix: str) -> str:
    """Run what failed again, with its waves in a file; how to look at them."""
    if folder is None:
        return ""
    name = "".join(sign if sign.isalnum() else "-" for sign in plan.name)
    file = folder / f"{prefix}-{name}.vcd"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text("")
        trial.run(plan.runner, waves=file)
    except OSError as error:
        return f"; its waves cannot be written to '{file}': {error.strerror}"
    return f"; waves: gtkwave {shlex.quote(str(file))}"
