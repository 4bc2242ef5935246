"""All trials of BitMoD: PEs of several widths, the array, whole layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.bench.trials import Plan, run_plans
from accelsim.accelerators.bitmod.bench.arrays import ArrayTrial, random_array_trial
from accelsim.accelerators.bitmod.bench.layers import SIZES, LayerTrial, random_layer_trial
from accelsim.accelerators.bitmod.bench.pes import PeTrial, random_pe_trial
from accelsim.accelerators.bitmod.parameters import BitModParameters, bitmod_parameters
from accelsim.accelerators.bitmod.terms import TERM_FORMATS
from accelsim.accelerators.verification import Verification

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["LAYER_TOLERANCE", "verify"]

LAYER_TOLERANCE = 0.02
"""Of the cycles of a layer, from those of the event simulator."""
GROUPS_A_TRIAL = 1000
SMALL = (2, 2)
"""Rows and columns of the array that Amaranth's own simulator runs."""
SMALL_SIZES = ((3, 40),)
"""Of products there."""
_SMALL_GROUPS = 4


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
    """Run the hardware against the golden model and against the models of time.

    Args:
        settings: parameters of the array; all types of weights on a PE in any case.
        trials: 1,000 groups on a PE each; a tenth as many runs of the array, and of layers.
        seed: of all random numbers.
        simulator: one of ``SIMULATORS``.
        waves: folder for a VCD file of what fails first; made where something does.
        progress: is told what is being done.
        cache: folder for compiled hardware; the user's cache where None.

    Raises:
        InputError: where parameters are not legal.
        UnsupportedError: where a tool is missing.
    """
    parameters = bitmod_parameters(settings)
    plans = list(_plans(parameters, trials, simulator, cache))
    checks = run_plans(plans, seed=seed, waves=waves, progress=progress, prefix="bitmod")
    return Verification("bitmod", parameters.as_json(), seed, simulator, checks)


def _plans(
    parameters: BitModParameters, trials: int, simulator: str, cache: Path | None
) -> Iterator[Plan]:
    compiled = simulator != "amaranth"
    groups = GROUPS_A_TRIAL if compiled else _SMALL_GROUPS
    pe = Runner(partial(_pe, parameters.lanes), simulator, cache)
    for name in TERM_FORMATS:
        yield Plan(
            f"PE, {parameters.lanes} lanes, {name}, {groups:,} groups",
            "golden model",
            max(trials // len(TERM_FORMATS), 1),
            pe,
            partial(_pe_trial, name, parameters.lanes, groups),
        )
    array = parameters if compiled else _small(parameters)
    few = max(trials // 10, 1) if compiled else 1
    yield Plan(
        f"array, {array.rows}x{array.columns}, {array.weights}",
        "golden model, timing.py",
        few,
        Runner(partial(_array, array), simulator, cache),
        partial(_array_trial, array),
    )
    yield Plan(
        f"layers, {array.rows}x{array.columns}, {array.weights}",
        "golden model, event",
        few,
        Runner(partial(_accelerator, array), simulator, cache),
        partial(_layer_trial, array, SIZES if compiled else SMALL_SIZES),
        tolerance=LAYER_TOLERANCE,
    )


def _small(parameters: BitModParameters) -> BitModParameters:
    group = parameters.shortest * parameters.lanes
    rows, columns = SMALL
    return replace(parameters, rows=rows, columns=columns, group=group, stream_bytes=0)


def _pe(lanes: int) -> Any:
    from accelsim.accelerators.bitmod.pe.group import GroupPe

    return GroupPe(lanes)


def _array(parameters: BitModParameters) -> Any:
    from accelsim.accelerators.bitmod.gateware import array_of

    return array_of(parameters)


def _accelerator(parameters: BitModParameters) -> Any:
    from accelsim.accelerators.bitmod.gateware import BitMod

    return BitMod(parameters)


def _pe_trial(name: str, lanes: int, groups: int, random: Generator, at: int) -> PeTrial:
    return random_pe_trial(name, lanes, groups, random, stalled=at % 3 == 2)


def _array_trial(parameters: BitModParameters, random: Generator, at: int) -> ArrayTrial:
    return random_array_trial(parameters, random, stalled=at % 4 != 0)


def _layer_trial(
    parameters: BitModParameters, sizes: Any, random: Generator, at: int
) -> LayerTrial:
    return random_layer_trial(parameters, random, stalled=at % 4 == 3, sizes=sizes)
