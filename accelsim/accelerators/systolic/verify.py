"""All trials of the systolic array: tiles on both skeletons, whole layers, float units."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.bench.trials import Plan, run_plans
from accelsim.accelerators.systolic.bench.floats import (
    FLOAT_UNITS,
    FloatTrial,
    float_unit,
    random_float_trial,
)
from accelsim.accelerators.systolic.bench.layers import SIZES, LayerTrial, random_layer_trial
from accelsim.accelerators.systolic.bench.tiles import TileTrial, array_of, random_tile_trial
from accelsim.accelerators.systolic.parameters import (
    DATAFLOWS,
    SystolicParameters,
    systolic_parameters,
)
from accelsim.accelerators.verification import Verification
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
        waves: folder for a VCD file of what fails first; made where something does.
        progress: is told what is being done.
        cache: folder for compiled hardware; the user's cache where None.

    Raises:
        InputError: where parameters are not legal.
        UnsupportedError: where a tool is missing.
    """
    parameters = systolic_parameters(settings)
    dataflows = [parameters.dataflow] if "dataflow" in settings else list(DATAFLOWS)
    plans = list(_plans(parameters, dataflows, trials, simulator, cache))
    checks = run_plans(plans, seed=seed, waves=waves, progress=progress, prefix="systolic")
    shown = parameters.as_json() | {"dataflow": dataflows}
    return Verification("systolic", shown, seed, simulator, checks)


def _plans(
    parameters: SystolicParameters,
    dataflows: list[str],
    trials: int,
    simulator: str,
    cache: Path | None,
) -> Iterator[Plan]:
    sizes = SIZES if simulator != "amaranth" else SMALL_SIZES
    for dataflow in dataflows:
        chosen = replace(parameters, dataflow=dataflow)
        odd, small = (_bare(chosen, shape) for shape in (ODD_SHAPE, SMALL_SHAPE))
        for array, share in ((chosen, trials - trials // 5), (odd, trials // 5)):
            yield _tiles(array, share, Runner(partial(array_of, array), simulator, cache))
        if simulator != "amaranth":
            runner = Runner(partial(array_of, small), "amaranth")
            yield _tiles(small, min(_SMALL_TRIALS, trials), runner, " in Amaranth's simulator")
        yield Plan(
            f"layers, {dataflow}",
            "NumPy, event",
            max(trials // 10, 1) if simulator != "amaranth" else 1,
            Runner(partial(_accelerator, chosen), simulator, cache),
            partial(_layer_trial, chosen, sizes),
            tolerance=LAYER_TOLERANCE,
        )
    for operation, name in FLOAT_UNITS:
        yield Plan(
            f"{name} {operation}, 1,000 pairs",
            "NumPy",
            max(trials // 100, 1),
            Runner(partial(_unit, operation, name), simulator, cache),
            partial(_float_trial, operation, name),
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


def _tiles(array: Any, trials: int, runner: Runner, where: str = "") -> Plan:
    return Plan(
        f"tiles, {array.dataflow}, {array.rows}x{array.columns}{where}",
        "NumPy, timing.py",
        trials,
        runner,
        partial(_tile_trial, array),
    )


def _tile_trial(array: Any, random: Generator, at: int) -> TileTrial:
    return random_tile_trial(array, random, stalled=at % 4 != 0)


def _layer_trial(
    parameters: SystolicParameters, sizes: Sequence[int], random: Generator, at: int
) -> LayerTrial:
    return random_layer_trial(parameters, random, stalled=at % 4 == 3, sizes=sizes)


def _float_trial(operation: str, name: str, random: Generator, at: int) -> FloatTrial:
    return random_float_trial(operation, name, random)


def _accelerator(parameters: SystolicParameters) -> Any:
    from accelsim.accelerators.systolic.gateware import Systolic

    return Systolic(parameters)


def _unit(operation: str, name: str) -> Any:
    return float_unit(operation, number_format(name))
