"""All trials of the systolic array: tiles on both skeletons, whole layers, float units."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.systolic.bench.floats import (
    FLOAT_UNITS,
    float_unit,
    random_float_trial,
)
from accelsim.accelerators.systolic.bench.layers import SIZES, random_layer_trial
from accelsim.accelerators.systolic.bench.runner import Runner
from accelsim.accelerators.systolic.bench.tiles import array_of, random_tile_trial
from accelsim.accelerators.systolic.parameters import (
    DATAFLOWS,
    SystolicParameters,
    systolic_parameters,
)
from accelsim.accelerators.verification import Check, Verification
from accelsim.formats import number_format

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["LAYER_TOLERANCE", "verify"]

LAYER_TOLERANCE = 0.02
"""Of the cycles of a layer, from those of the event simulator."""
ODD_SHAPE = (3, 5)
"""Rows and columns of a second array, so that nothing depends on powers of two."""
SMALL_SHAPE = (2, 2)
"""Of the array that Amaranth's own simulator runs, too."""
SMALL_SIZES = (8,)
"""Of products in Amaranth's own simulator, which takes seconds for a hundred cycles."""
_SMALL_TRIALS = 2


@dataclass(frozen=True)
class _Plan:
    """Trials of one kind."""

    name: str
    against: str
    trials: int
    runner: Runner
    make: Callable[[Generator, int], Any]
    """(random numbers, index of the trial) -> trial."""
    tolerance: float | None = None
    """Of cycles; None where they must be equal."""


def verify(
    settings: Mapping[str, str],
    *,
    trials: int,
    seed: int,
    simulator: str = "cxxrtl",
    waves: Path | None = None,
    progress: Callable[[str], None] = lambda text: None,
    cache: Path | None = None,
) -> Verification:
    """Run the hardware against NumPy and against the models.

    Args:
        settings: parameters of the array; both dataflows where none is set.
        trials: random runs of tiles on each skeleton; a tenth as many layers.
        seed: of all random numbers.
        simulator: one of ``SIMULATORS``.
        waves: folder for a VCD file of what fails first.
        progress: is told what is being done.
        cache: folder for compiled hardware; the user's cache where None.

    Raises:
        InputError: where parameters are not legal.
        UnsupportedError: where a tool is missing.
    """
    parameters = systolic_parameters(settings)
    dataflows = [parameters.dataflow] if "dataflow" in settings else list(DATAFLOWS)
    plans = list(_plans(parameters, dataflows, trials, simulator, cache))
    progress(f"building {len(plans)} simulations (kept for the next time)")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda plan: plan.runner.prepare(), plans))
    checks = []
    for plan in plans:
        progress(f"{plan.name}: {plan.trials:,} trials")
        checks.append(_run(plan, seed, waves))
    shown = parameters.as_json() | {"dataflow": dataflows}
    return Verification("systolic", shown, seed, simulator, checks)


def _plans(
    parameters: SystolicParameters,
    dataflows: list[str],
    trials: int,
    simulator: str,
    cache: Path | None,
) -> Iterator[_Plan]:
    sizes = SIZES if simulator != "amaranth" else SMALL_SIZES
    for dataflow in dataflows:
        chosen = replace(parameters, dataflow=dataflow)
        odd, small = (_bare(chosen, shape) for shape in (ODD_SHAPE, SMALL_SHAPE))
        for array, share in ((chosen, trials - trials // 5), (odd, trials // 5)):
            yield _tiles(array, share, Runner(_maker(array_of, array), simulator, cache))
        if simulator != "amaranth":
            runner = Runner(_maker(array_of, small), "amaranth")
            yield _tiles(small, min(_SMALL_TRIALS, trials), runner, " in Amaranth's simulator")
        yield _Plan(
            f"layers, {dataflow}",
            "NumPy, event",
            max(trials // 10, 1) if simulator != "amaranth" else 1,
            Runner(_maker(_accelerator, chosen), simulator, cache),
            lambda random, at, chosen=chosen: random_layer_trial(  # type: ignore[misc]
                chosen, random, stalled=at % 4 == 3, sizes=sizes
            ),
            tolerance=LAYER_TOLERANCE,
        )
    for operation, name in FLOAT_UNITS:
        yield _Plan(
            f"{name} {operation}, 1,000 pairs",
            "NumPy",
            max(trials // 100, 1),
            Runner(_maker(_unit, operation, name), simulator, cache),
            lambda random, at, operation=operation, name=name: random_float_trial(  # type: ignore[misc]
                operation, name, random
            ),
        )


def _bare(parameters: SystolicParameters, shape: tuple[int, int]) -> Any:
    """The same PE in an array of another shape, of any size since it has no buses."""
    return _Array(parameters.dataflow, *shape, parameters.activation_bits, parameters.weight_bits)


@dataclass(frozen=True)
class _Array:
    """What is needed of parameters where there is only an array."""

    dataflow: str
    rows: int
    columns: int
    activation_bits: int
    weight_bits: int


def _tiles(array: Any, trials: int, runner: Runner, where: str = "") -> _Plan:
    return _Plan(
        f"tiles, {array.dataflow}, {array.rows}x{array.columns}{where}",
        "NumPy, timing.py",
        trials,
        runner,
        lambda random, at: random_tile_trial(array, random, stalled=at % 4 != 0),
    )


def _maker(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)


def _accelerator(parameters: SystolicParameters) -> Any:
    from accelsim.accelerators.systolic.gateware import Systolic

    return Systolic(parameters)


def _unit(operation: str, name: str) -> Any:
    return float_unit(operation, number_format(name))


def _run(plan: _Plan, seed: int, waves: Path | None) -> Check:
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
            failure += _waves(plan, trial, waves)
    deviation = max(map(abs, deviations), default=0.0) if plan.tolerance is not None else None
    return Check(plan.name, plan.against, plan.trials, values, cycles, deviation, failure)


def _waves(plan: _Plan, trial: Any, folder: Path | None) -> str:
    """Run what failed again, with its waves in a file; how to look at them."""
    if folder is None:
        return ""
    name = "".join(sign if sign.isalnum() else "-" for sign in plan.name)
    file = folder / f"systolic-{name}.vcd"
    try:
        file.write_text("")
        trial.run(plan.runner, waves=file)
    except OSError as error:
        return f"; its waves cannot be written to '{file}': {error.strerror}"
    return f"; waves: gtkwave {shlex.quote(str(file))}"
