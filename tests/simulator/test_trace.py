"""A timing as a trace: what the format and its readers ask for, and that nothing is lost."""

import json
import math
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.errors import InputError
from accelsim.simulator import trace as module
from accelsim.simulator.timing import (
    LABELS,
    STATES,
    BlockTiming,
    LayerTiming,
    Link,
    Skip,
    Span,
    chain_of,
    stall_table,
)
from accelsim.simulator.trace import chrome_trace, write_trace

F = Fraction
# Of catapult's tracing/tracing/base/color_scheme.html; any other name is an error there.
RESERVED = {
    *("thread_state_uninterruptible", "thread_state_iowait", "thread_state_running"),
    *("thread_state_runnable", "thread_state_sleeping", "thread_state_unknown"),
    *("generic_work", "good", "bad", "terrible", "black", "grey", "white", "yellow", "olive"),
}


def spans_of(component: str, count: int, cycles: Fraction) -> list[Span]:
    """Work and every kind of wait in turn, without gaps."""
    return [
        Span(component, i * cycles, (i + 1) * cycles, f"E{i % 3}", STATES[i % 6])
        for i in range(count)
    ]


def block(name: str, cycles: int, spans: list[Span], skips: tuple[Skip, ...] = ()) -> BlockTiming:
    stalls = {
        component: {"busy": F(1), "idle": F(cycles - 1)}
        for component in dict.fromkeys(span.component for span in spans)
    }
    ordered = tuple(sorted(spans, key=lambda span: span.start))
    chain = (Link("array", "QK", F(cycles)),)
    return BlockTiming(name, F(cycles), stalls, chain, ordered, skips, {}, len(spans))


@pytest.fixture
def layers() -> list[LayerTiming]:
    """A block with skipped time, one that another component joins, and a second layer."""
    first = block(
        "scores",
        1000,
        spans_of("DRAM", 30, F(10, 3)) + spans_of("array", 12, F(8)),
        (Skip(F(100), F(1000), 9, "M1"),),
    )
    second = block("values", 50, spans_of("array", 5, F(10)) + spans_of("vector", 7, F(22, 7)))
    return [LayerTiming("encoder", 12, (first, second)), LayerTiming("last", 1, (second,))]


def complete(trace: dict) -> list[dict]:
    return [event for event in trace["traceEvents"] if event["ph"] == "X"]


def track_names(trace: dict) -> dict[int, str]:
    return {
        event["tid"]: event["args"]["name"]
        for event in trace["traceEvents"]
        if event["name"] == "thread_name"
    }


def assert_perfetto_keeps_all(trace: dict) -> None:
    """Its importer rounds ts and dur to nanoseconds apart, and drops what overlaps on a track."""
    ends: dict[int, int] = defaultdict(int)
    for event in complete(trace):
        ts, dur = round(event["ts"] * 1000), round(event["dur"] * 1000)
        assert ts >= ends[event["tid"]], event
        assert dur >= 0
        ends[event["tid"]] = ts + dur


def test_every_event_is_of_the_format(layers: list[LayerTiming]) -> None:
    trace = json.loads(json.dumps(chrome_trace(layers, clock_hz=940e6), allow_nan=False))
    assert trace["displayTimeUnit"] == "ns"
    assert len(complete(trace)) == 66 + 3 + 1 + 1  # Spans, blocks, a repetition, a skip.
    named = track_names(trace)
    for event in trace["traceEvents"]:
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        assert event["ph"] in ("X", "M")
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name", "thread_sort_index")
            continue
        assert event["name"]
        assert event["tid"] in named
        assert all(math.isfinite(event[key]) and event[key] >= 0 for key in ("ts", "dur"))
        assert event.get("cname", "good") in RESERVED
    assert_perfetto_keeps_all(trace)


def test_tracks_are_named_once_and_in_order(layers: list[LayerTiming]) -> None:
    trace = chrome_trace(layers, clock_hz=1e9)
    named = track_names(trace)
    order = {
        event["tid"]: event["args"]["sort_index"]
        for event in trace["traceEvents"]
        if event["name"] == "thread_sort_index"
    }
    assert [named[tid] for tid in sorted(named, key=order.__getitem__)] == [
        *("blocks", "repetitions", "fast-forward"),
        *("DRAM", "array", "vector"),
    ]


def test_a_component_may_be_named_like_a_track_of_ours() -> None:
    only = block("b", 60, spans_of("blocks", 6, F(10)))
    trace = chrome_trace([LayerTiming("", 1, (only,))], clock_hz=1e9)
    assert sorted(track_names(trace).values()) == ["blocks", "blocks"]
    assert_perfetto_keeps_all(trace)


def test_times_are_those_of_the_machine(layers: list[LayerTiming]) -> None:
    """At 1 GHz a cycle is a nanosecond; the trace takes as long as the workload."""
    events = complete(chrome_trace(layers, clock_hz=1e9))
    blocks = [(e["name"], e["ts"], e["dur"]) for e in events if e["tid"] == 1]
    begin = 12 * 1.050
    assert blocks == [
        ("scores", 0.0, 1.0),
        ("values", 1.0, 0.05),
        ("values", pytest.approx(begin, abs=1e-9), 0.05),
    ]
    assert max(e["ts"] + e["dur"] for e in events) == pytest.approx(begin + 0.05, abs=1e-9)
    half = complete(chrome_trace(layers, clock_hz=0.5e9))
    assert [e["dur"] for e in half if e["tid"] == 1] == [2.0, 0.1, 0.1]


def test_repetitions_and_skipped_time_are_said(layers: list[LayerTiming]) -> None:
    events = complete(chrome_trace(layers, clock_hz=1e9))
    (repeated,) = (e for e in events if e["tid"] == 2)
    assert repeated["name"] == "repeated 12 times"
    assert repeated["dur"] == pytest.approx(12.6)
    assert repeated["args"]["times"] == 12
    (skipped,) = (e for e in events if e["tid"] == 3)
    assert (skipped["ts"], skipped["dur"]) == (0.1, 0.9)
    assert skipped["args"] == {
        **{"start_cycles": 100, "end_cycles": 1000},
        **{"times": 9, "loop": "M1"},
    }


def test_work_is_named_by_what_it_is_and_waits_by_their_state(layers: list[LayerTiming]) -> None:
    events = complete(chrome_trace(layers, clock_hz=1e9))
    spans = [e for e in events if "state" in e["args"]]
    assert {e["args"]["state"] for e in spans} == set(STATES)
    for event in spans:
        state, what = event["args"]["state"], event["args"]["what"]
        assert event["name"] == (what if state == "busy" else LABELS[state])
    colours = {e["args"]["state"]: e["cname"] for e in spans}
    assert len(set(colours.values())) == len(STATES)


def test_exact_cycles_stand_beside_rounded_times(layers: list[LayerTiming]) -> None:
    events = complete(chrome_trace(layers, clock_hz=940e6))
    dram = [e for e in events if e["args"].get("block") == "scores" and e["tid"] == 5]
    assert [e["args"]["end_cycles"] for e in dram[:3]] == [10 / 3, 20 / 3, 10]
    assert dram[2]["args"]["end_cycles"].__class__ is int
    # 10/3 cycles of 1/0.94 ns end at 3.54 ns, and the next begins there.
    assert (dram[0]["dur"], dram[1]["ts"]) == (0.003, 0.003)


@given(
    lengths=st.lists(st.fractions(0, 50, max_denominator=97), min_size=1, max_size=30),
    begin=st.fractions(0, 10**12, max_denominator=1009),
    clock_hz=st.floats(1e6, 1e11),
)
def test_no_rounding_makes_neighbours_overlap(
    lengths: list[Fraction], begin: Fraction, clock_hz: float
) -> None:
    spans, at = [], F(0)
    for length in lengths:
        spans.append(Span("array", at, at + length, "E", "busy"))
        at += length
    first = BlockTiming("first", begin, {}, (), (), (), {}, 0)
    second = BlockTiming("second", at, {}, (), tuple(spans), (), {}, 0)
    trace = chrome_trace([LayerTiming("", 1, (first, second))], clock_hz=clock_hz)
    assert_perfetto_keeps_all(trace)
    assert len(complete(trace)) == len(lengths) + 2


def test_the_same_timing_gives_the_same_bytes(layers: list[LayerTiming], tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        said = write_trace(tmp_path / name, layers, clock_hz=940e6)
        assert said == f"{tmp_path / name}: 71 events"
    first = (tmp_path / "a.json").read_bytes()
    assert first == (tmp_path / "b.json").read_bytes()
    assert json.loads(first) == chrome_trace(layers, clock_hz=940e6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_a_file_that_cannot_be_written_is_said(layers: list[LayerTiming], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_trace(tmp_path / "no" / "a.json", layers, clock_hz=1e9)


def test_what_is_left_out_is_counted_and_shown(layers: list[LayerTiming]) -> None:
    """Of 42, 12 and 12 spans at most 40: short blocks whole, the long one its first 16."""
    trace = chrome_trace(layers, clock_hz=1e9, most_spans=40)
    assert trace["otherData"]["spans_left_out"] == 26
    events = complete(trace)
    assert sum("state" in e["args"] for e in events) == 40
    (left,) = (e for e in events if e["tid"] == 4)
    assert left["name"] == "26 spans left out"
    begin = sorted(layers[0].blocks[0].spans, key=lambda span: span.start)[16].start
    assert left["args"]["start_cycles"] == float(begin)
    assert left["args"]["end_cycles"] == 1000
    assert chrome_trace(layers, clock_hz=1e9, most_spans=66)["otherData"]["spans_left_out"] == 0


def test_a_long_file_is_cut_and_says_so(
    layers: list[LayerTiming], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_trace(path, layers, clock_hz=1e9)
    whole = path.stat().st_size
    monkeypatch.setattr(module, "MOST_BYTES", whole)
    assert "left out" not in write_trace(path, layers, clock_hz=1e9)
    monkeypatch.setattr(module, "MOST_BYTES", whole - 1)
    said = write_trace(path, layers, clock_hz=1e9)
    assert path.stat().st_size < whole
    left = json.loads(path.read_bytes())["otherData"]["spans_left_out"]
    assert left > 0
    assert said.endswith(f"; {left} spans are left out to keep it short")
    monkeypatch.setattr(module, "MOST_BYTES", 10**9)
    monkeypatch.setattr(module, "MOST_SPANS", 7)
    assert "; 59 spans" in write_trace(path, layers, clock_hz=1e9)


def test_stall_rows_sum_to_the_total(layers: list[LayerTiming]) -> None:
    """Repetitions count, and a component is idle in blocks that do not list it."""
    table = stall_table(layers)
    assert list(table) == ["DRAM", "array", "vector"]
    for row in table.values():
        assert tuple(row) == STATES
        assert sum(row.values()) == 12 * 1050 + 50
    assert table["DRAM"] == {**dict.fromkeys(STATES, F(0)), "busy": F(12), "idle": F(12638)}
    assert table["vector"]["busy"] == 13
    assert stall_table([]) == {}


def test_the_chain_is_merged_longest_first() -> None:
    chain = (Link("DRAM", "K", F(1, 3)), Link("array", "QK", F(2)), Link("DRAM", "K", F(1, 3)))
    other = (Link("array", "AV", F(2)), Link("DRAM", "Q", F(12)))
    blocks = (
        BlockTiming("a", F(8, 3), {}, chain, (), (), {}, 0),
        BlockTiming("b", F(14), {}, other, (), (), {}, 0),
    )
    found = chain_of([LayerTiming("x", 3, blocks[:1]), LayerTiming("y", 1, blocks)])
    assert [(link.component, link.what, link.cycles) for link in found] == [
        *(("DRAM", "Q", F(12)), ("array", "QK", F(8))),
        *(("DRAM", "K", F(8, 3)), ("array", "AV", F(2))),
    ]
    assert sum(link.cycles for link in found) == 3 * F(8, 3) + F(8, 3) + 14


def test_long_blocks_are_cut_alike() -> None:
    """Of 30, 6 and 20 spans at most 26: the short one whole, the others 10 each."""
    blocks = tuple(block(str(n), 300, spans_of("array", n, F(10))) for n in (30, 6, 20))
    events = complete(chrome_trace([LayerTiming("", 1, blocks)], clock_hz=1e9, most_spans=26))
    shown = [event["args"]["block"] for event in events if "state" in event["args"]]
    assert {name: shown.count(name) for name in shown} == {"30": 10, "6": 6, "20": 10}
    assert [e["name"] for e in events if e["tid"] == 4] == [
        *("20 spans left out", "10 spans left out"),
    ]
