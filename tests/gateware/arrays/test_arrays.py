"""Both arrays by themselves: values, cycles, a result in every cycle, and what marks the last."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accelsim.accelerators.array_timing import array_latency_cycles
from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.systolic.bench.tiles import TileTrial, array_of, random_tile_trial
from accelsim.accelerators.systolic.parameters import DATAFLOWS, SUM_BITS
from accelsim.accelerators.systolic.verify import _Array
from accelsim.errors import InputError
from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.arrays.shape import MOST_PES, check_shape
from accelsim.gateware.compiled import Run
from accelsim.gateware.compiled.packing import unpack

Array = Any
"""What is needed of parameters."""


def interpreted(array: Array) -> Runner:
    return Runner(lambda: array_of(array), "amaranth")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("library")

    @cache
    def runner(array: Array) -> Runner:
        return Runner(lambda: array_of(array), "cxxrtl", Path(folder)).prepare()

    return runner


def checked(trial: TileTrial, runner: Runner) -> Run:
    run = trial.run(runner)
    assert trial.wrong_values(run) == ""
    assert trial.wrong_cycles(run) == ""
    return run


def tiles(array: Array, steps: list[int]) -> TileTrial:
    """With nothing held up."""
    random = np.random.default_rng(1)
    depth = [array.rows if array.dataflow == "weight-stationary" else each for each in steps]
    return TileTrial(
        array,
        tuple(random.integers(-128, 128, (each, array.rows)) for each in steps),
        tuple(random.integers(-128, 128, (each, array.columns)) for each in depth),
        {},
    )


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_random_tiles_with_streams_held_up(dataflow: str) -> None:
    array: Any = _Array(dataflow, 2, 3, 5, 3)
    checked(random_tile_trial(array, np.random.default_rng(3), stalled=True), interpreted(array))


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_step_and_a_row_of_results_in_every_cycle(dataflow: str) -> None:
    array: Any = _Array(dataflow, 3, 2, 8, 8)
    steps = [3, 5, 3, 4]
    run = checked(tiles(array, steps), interpreted(array))
    latency = array_latency_cycles(3, 2)
    takes = run.stamps["activations"]
    # Every PE has a product in each of these cycles: one MAC a cycle.
    assert np.diff(takes).tolist() == [1] * (sum(steps) - 1)
    # The last row of a tile is marked.
    last = unpack(run.outputs["results"], 1, 1, first=2 * SUM_BITS, signed=False)[:, 0]
    lengths = steps if dataflow == "weight-stationary" else [3] * len(steps)
    assert (np.flatnonzero(last) + 1).tolist() == np.cumsum(lengths).tolist()
    found = run.stamps["results"]
    if dataflow == "weight-stationary":
        assert takes[0] == 3
        assert (found == takes + latency).all()
    else:
        ends = takes[np.cumsum(steps) - 1]
        expected = [end + latency + row for end in ends for row in range(3)]
        assert found.tolist() == expected


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_an_array_knows_its_latency(dataflow: str) -> None:
    chosen: Any = _Array(dataflow, 3, 2, 8, 8)
    made = array_of(chosen)
    made._MustUse__silence = True  # Amaranth warns of what is made and not used.
    assert made.latency_cycles == array_latency_cycles(3, 2)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_short_tiles_wait_for_weights_or_for_results(dataflow: str) -> None:
    array: Any = _Array(dataflow, 3, 2, 8, 8)
    run = checked(tiles(array, [1, 1, 2, 1]), interpreted(array))
    takes = run.stamps["activations"]
    if dataflow == "weight-stationary":
        assert takes.tolist() == [3, 6, 9, 10, 12]
    else:
        # The first of two steps need not wait: there is a product, and no sum that leaves.
        assert takes.tolist() == [0, 3, 4, 6, 9]


def test_shapes_have_a_range() -> None:
    for wrong in (0, MOST_PES + 1, 4.0, "4", True):
        with pytest.raises(InputError) as refused:
            check_shape(wrong, wrong)  # type: ignore[arg-type]
        rule = f"must be a whole number from 1 to {MOST_PES}"
        assert refused.value.problems == tuple(
            f"array: {name} is {wrong!r}, {rule}" for name in ("rows", "columns")
        )
    check_shape(1, MOST_PES)


@pytest.mark.parametrize("name", ["activation_bits", "weight_bits", "result_bits"])
def test_bits_of_a_pe_have_a_range(name: str) -> None:
    for wrong in (1, 65, 8.0):
        with pytest.raises(InputError, match=f"dense PE: {name} is {wrong}, must be a whole"):
            DenseArithmetic(**{name: wrong})
    with pytest.raises(InputError, match="result_bits is 31, must be a whole number from 32 to 64"):
        DenseArithmetic(activation_bits=16, weight_bits=16, result_bits=31)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 4, 4, 2), (4, 1, 16, 3)])
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_many_tiles_of_odd_shapes(
    dataflow: str, shape: tuple[int, int, int, int], compiled: Any
) -> None:
    array: Any = _Array(dataflow, *shape)
    for seed in range(250):
        trial = random_tile_trial(array, np.random.default_rng(seed), stalled=seed % 4 != 0)
        checked(trial, compiled(array))


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_long_run_has_a_product_in_every_pe_and_cycle(dataflow: str, compiled: Any) -> None:
    array: Any = _Array(dataflow, 4, 6, 8, 8)
    steps = [int(each) for each in np.random.default_rng(2).integers(4, 80, 300)]
    run = checked(tiles(array, steps), compiled(array))
    takes = run.stamps["activations"]
    assert (np.diff(takes) == 1).all()
    if dataflow == "weight-stationary":
        assert (np.diff(run.stamps["results"]) == 1).all()
    products = sum(steps) * 24
    assert products == 24 * (takes[-1] - takes[0] + 1)


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_both_simulators_agree_in_every_cycle(dataflow: str, compiled: Any) -> None:
    array: Any = _Array(dataflow, 1, 4, 4, 2)
    for seed in range(4):
        trial = random_tile_trial(array, np.random.default_rng(seed), stalled=True)
        one, other = trial.run(compiled(array)), trial.run(interpreted(array))
        assert (one.cycles, one.passed) == (other.cycles, other.passed)
        for name in one.stamps:
            assert (one.stamps[name] == other.stamps[name]).all()
        assert (one.outputs["results"] == other.outputs["results"]).all()
