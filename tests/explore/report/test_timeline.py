"""How a design spends its time, as bounded data."""

from fractions import Fraction
from typing import Any

import pytest

from accelsim.explore.report import timeline
from accelsim.explore.report.timeline import timeline_data
from accelsim.simulator.timing import STATES, BlockTiming, LayerTiming, Skip, Span, State


def block(name: str, cycles: int, *, skip: int | None = None) -> BlockTiming:
    """An array that works every other cycle, and a memory that has nothing to do."""
    states: tuple[State, ...] = ("busy", "input")
    spans = tuple(
        Span("array", Fraction(t), Fraction(t + 1), name, states[t % 2]) for t in range(cycles)
    )
    half = Fraction(cycles, 2)
    stalls: dict[str, dict[State, Fraction]] = {
        "array": {"busy": half, "input": half},
        "DRAM": {"idle": Fraction(cycles)},
    }
    skips = (Skip(Fraction(skip), Fraction(cycles), 3, "M"),) if skip else ()
    return BlockTiming(name, Fraction(cycles), stalls, (), spans, skips, {}, cycles)


def test_blocks_stand_one_after_another_with_all_repeats() -> None:
    layers = [
        LayerTiming("first", 3, (block("QK", 4), block("AV", 2))),
        LayerTiming("last", 1, (block("O", 8),)),
    ]
    data = timeline_data(layers)
    placed = [(each["name"], each["begin"], each["cycles"]) for each in data["blocks"]]
    assert placed == [("QK", 0, 12), ("AV", 12, 6), ("O", 18, 8)]
    assert data["cycles"] == 26
    assert data["components"] == ["array", "DRAM"]
    assert [state["name"] for state in data["states"]] == list(STATES)
    assert data["blocks"][0]["shares"] == {
        "array": {"busy": 0.5, "input": 0.5},
        "DRAM": {"idle": 1.0},
    }
    assert data["blocks"][0]["spans"] == [[0, t % 2, t, t + 1, 0] for t in range(4)]
    assert data["blocks"][0]["spans_end"] == 4
    assert data["words"] == ["QK", "AV", "O"]


def test_equal_blocks_are_told_apart() -> None:
    """The simulator gives equal layers one and the same timing."""
    same = block("QK", 4)
    data = timeline_data([LayerTiming(str(i), 1, (same,)) for i in range(3)])
    assert [each["begin"] for each in data["blocks"]] == [0, 4, 8]


def test_spans_end_where_time_was_not_played_out() -> None:
    (found,) = timeline_data([LayerTiming("", 1, (block("QK", 100, skip=7),))])["blocks"]
    assert len(found["spans"]) == 7
    assert found["spans_end"] == 7


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MOST_BLOCKS", 30)
    monkeypatch.setattr(timeline, "MOST_SPANS", 240)
    layers = [LayerTiming(str(i), 1, (block("QK", 10 + i),)) for i in range(50)]
    data = timeline_data(layers)
    assert [each["layer"] for each in data["blocks"]] == [str(i) for i in range(20, 50)]
    assert data["blocks_left_out"] == 20
    detailed = [each["layer"] for each in data["blocks"] if each["spans"]]
    assert detailed == [str(i) for i in range(26, 50)]
    assert sum(len(each["spans"] or ()) for each in data["blocks"]) == 240


def test_shares_of_a_real_run_are_its_stalls(played: Any) -> None:
    data = timeline_data(played.timings)
    assert data["cycles"] == pytest.approx(float(played.result.layers[0].cycles))
    for each in data["blocks"]:
        for shares in each["shares"].values():
            assert sum(shares.values()) == pytest.approx(1, abs=1e-4)


def test_no_layer_at_all() -> None:
    assert timeline_data([])["blocks"] == []
