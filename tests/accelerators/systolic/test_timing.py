"""Closed forms of cycles against the control that they sum up; both against what must hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.accelerators.array_timing import (
    PRODUCT_LATENCY_CYCLES,
    Tiles,
    array_cycles,
    array_latency_cycles,
    stalled_cycles,
)
from accelsim.accelerators.systolic.parameters import DATAFLOWS, SystolicParameters
from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.sequencer.core import DATAFLOWS as FLOWS

TILES = st.builds(
    Tiles,
    st.sampled_from(DATAFLOWS),
    st.integers(1, 12),
    st.integers(1, 12),
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
)
# Now and then nothing is held up: with no end of it nothing would ever pass.
STALLS = st.lists(st.integers(0, 1), max_size=7).map(lambda some: [*some, 0])


@settings(max_examples=200)
@given(TILES)
def test_the_closed_form_is_what_the_control_does(tiles: Tiles) -> None:
    assert array_cycles(tiles) == stalled_cycles(tiles)


@settings(max_examples=30)
@given(TILES, STALLS, STALLS, STALLS)
def test_holding_streams_up_never_makes_it_faster(
    tiles: Tiles, weights: list[int], activations: list[int], results: list[int]
) -> None:
    free = array_cycles(tiles)
    one = stalled_cycles(tiles, results=results)
    three = stalled_cycles(tiles, weights=weights, activations=activations, results=results)
    assert free <= one
    assert free <= three


@settings(max_examples=20)
@given(TILES)
def test_stalls_of_zeros_are_none(tiles: Tiles) -> None:
    zeros = {"weights": [0], "activations": [0, 0], "results": [0, 0, 0]}
    assert stalled_cycles(tiles, **zeros) == array_cycles(tiles)


@settings(max_examples=20)
@given(TILES, st.integers(1, 30))
def test_results_that_wait_take_as_much_longer(tiles: Tiles, wait: int) -> None:
    found = stalled_cycles(tiles, results=[*[1] * wait, 0])
    assert found >= tiles.results * (wait + 1)


@settings(max_examples=30)
@given(TILES)
def test_tiles_of_as_many_steps_as_rows_follow_without_a_bubble(tiles: Tiles) -> None:
    long = [max(steps, tiles.rows) for steps in tiles.steps]
    found = array_cycles(Tiles(tiles.dataflow, tiles.rows, tiles.columns, long))
    # Before them weights come in, or behind them results leave; beside that, a step a cycle.
    edge = tiles.rows - (tiles.dataflow == "output-stationary")
    assert found == sum(long) + edge + array_latency_cycles(tiles.rows, tiles.columns)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_one_step_of_one_pe(dataflow: str) -> None:
    # An activation, a register in the PE, four of the product, one of the sum, one at the output;
    # one more for weights that come first.
    found = array_cycles(Tiles(dataflow, 1, 1, [1]))
    assert found == 8 + (dataflow == "weight-stationary")


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("shape", [(1, 1), (4, 7), (16, 2)])
def test_latencies_are_those_that_arrays_state(dataflow: str, shape: tuple[int, int]) -> None:
    arithmetic = DenseArithmetic()
    array: Any = FLOWS[dataflow](shape[0]).array(*shape, arithmetic)
    array._MustUse__silence = True
    assert array.latency_cycles == array_latency_cycles(*shape)
    assert arithmetic.product_latency_cycles == PRODUCT_LATENCY_CYCLES


def test_results_are_counted_by_dataflow() -> None:
    assert Tiles("weight-stationary", 4, 2, [3, 5]).results == 8
    assert Tiles("output-stationary", 4, 2, [3, 5]).results == 8
    assert Tiles("output-stationary", 3, 2, [9]).results == 3
    assert SystolicParameters().dataflow == "weight-stationary"
