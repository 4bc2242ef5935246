"""A timing in Chrome's trace event format, which Perfetto and chrome://tracing open.

One track a component, and tracks of their own for blocks, repetitions of a layer and time that
was not played out. The time of the trace is that of the machine: a layer that is repeated shows
its first repetition and takes the time of all.

The format counts microseconds, its readers nanoseconds, and Perfetto drops an event that overlaps
another on its track. So starts and ends are rounded to nanoseconds first and durations follow from
them: neighbours stay neighbours. Exact times, in cycles of the block, are in an event's arguments.

Source: Trace Event Format (Google); docs/faq.md and the JSON importer of Perfetto.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from accelsim.files import write_text
from accelsim.simulator.timing import LABELS, BlockTiming, LayerTiming, State
from accelsim.version import __version__

__all__ = ["MOST_BYTES", "MOST_SPANS", "chrome_trace", "write_trace"]

MOST_SPANS = 400_000
"""Spans of a trace at most; assumed: about 100 MB, and viewers get slow before a million."""
MOST_BYTES = 100_000_000
"""Length of a trace file at most; assumed: what a browser opens without trouble."""

_PROCESS = 1
_BLOCKS, _REPETITIONS, _FAST_FORWARD, _LEFT_OUT, _FIRST_COMPONENT = range(1, 6)
_OWN_TRACKS = {
    _BLOCKS: "blocks",
    _REPETITIONS: "repetitions",
    _FAST_FORWARD: "fast-forward",
    _LEFT_OUT: "left out",
}
# Names that chrome://tracing reserves. Perfetto colours by the name of the event instead, which
# is why waits are named by their state alone.
_COLOURS: Mapping[State, str] = {
    "busy": "thread_state_running",
    "input": "thread_state_iowait",
    "space": "thread_state_uninterruptible",
    "resource": "terrible",
    "barrier": "yellow",
    "idle": "grey",
}

Event = dict[str, Any]


def chrome_trace(
    layers: Sequence[LayerTiming], *, clock_hz: float, most_spans: int = MOST_SPANS
) -> dict[str, Any]:
    """The timing as the object that a trace file holds.

    Args:
        layers: what was simulated, in order.
        clock_hz: clock of the machine.
        most_spans: spans at most; of longer blocks the last are left out, and the track
            "left out" says how many and from when on.
    """
    tracks = _tracks(layers)
    quotas = _quotas(layers, most_spans)
    events = list(_events(layers, _Axis(tracks, 10**9 / Fraction(clock_hz)), quotas))
    events.sort(key=lambda event: (event["ts"], event["tid"], event["dur"]))
    unrecorded = sum(block.spans_left_out for layer in layers for block in layer.blocks)
    left_out = unrecorded + _span_count(layers) - sum(quotas)
    other = {"generator": f"accelsim {__version__}", "clock_hz": clock_hz}
    return {
        "displayTimeUnit": "ns",
        "otherData": {**other, "spans_left_out": left_out},
        "traceEvents": [*_metadata(tracks, {event["tid"] for event in events}), *events],
    }


def write_trace(path: Path, layers: Sequence[LayerTiming], *, clock_hz: float) -> str:
    """Write the trace; the same timing gives the same bytes.

    Returns:
        what to tell the user: the number of events, and how many spans were left out.

    Raises:
        InputError: where the file cannot be written.
    """
    most = min(_span_count(layers), MOST_SPANS)
    trace = chrome_trace(layers, clock_hz=clock_hz, most_spans=most)
    text = _text(trace)
    while len(text) > MOST_BYTES and most:
        # How long names are is known only now.
        most = most * MOST_BYTES // len(text) * 9 // 10
        trace = chrome_trace(layers, clock_hz=clock_hz, most_spans=most)
        text = _text(trace)
    write_text(path, text)
    written = sum(event["ph"] == "X" for event in trace["traceEvents"])
    said = f"{path}: {written:,} events"
    if left_out := trace["otherData"]["spans_left_out"]:
        said += f"; {left_out:,} spans are left out to keep it short"
    return said


def _text(trace: Mapping[str, Any]) -> str:
    """The trace as JSON, one event a line."""
    head = {key: value for key, value in trace.items() if key != "traceEvents"}
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in trace["traceEvents"])
    return json.dumps(head)[:-1] + ', "traceEvents": [\n' + lines + "\n]}\n"


def _tracks(layers: Sequence[LayerTiming]) -> dict[str, int]:
    """Component -> the number of its track, in the order in which blocks list them."""
    blocks = [block for layer in layers for block in layer.blocks]
    names = dict.fromkeys(name for block in blocks for name in block.stalls)
    names |= dict.fromkeys(span.component for block in blocks for span in block.spans)
    return {name: track for track, name in enumerate(names, _FIRST_COMPONENT)}


def _metadata(tracks: Mapping[str, int], used: set[int]) -> Iterator[Event]:
    """Names and order of the tracks; those of our own only where they hold something."""
    named = {track: name for track, name in _OWN_TRACKS.items() if track in used}
    named |= {track: name for name, track in tracks.items()}
    yield _about("process_name", 0, name="accelsim")
    for track, name in named.items():
        yield _about("thread_name", track, name=name)
        yield _about("thread_sort_index", track, sort_index=track)


def _about(kind: str, track: int, **args: str | int) -> Event:
    return {"name": kind, "ph": "M", "pid": _PROCESS, "tid": track, "args": args}


def _span_count(layers: Sequence[LayerTiming]) -> int:
    return sum(len(block.spans) for layer in layers for block in layer.blocks)


def _quotas(layers: Sequence[LayerTiming], most: int) -> list[int]:
    """Spans that each block may show: all of a short one, of long ones equally many."""
    sizes = [len(block.spans) for layer in layers for block in layer.blocks]
    quotas = [0] * len(sizes)
    left = most
    by_size = sorted(range(len(sizes)), key=sizes.__getitem__)
    for done, block in enumerate(by_size):
        quotas[block] = min(sizes[block], left // (len(sizes) - done))
        left -= quotas[block]
    return quotas


@dataclass(frozen=True)
class _Axis:
    tracks: Mapping[str, int]
    ns_per_cycle: Fraction
    begin: Fraction = Fraction(0)
    """The cycle at which the block begins."""

    def at(self, begin: Fraction) -> _Axis:
        return _Axis(self.tracks, self.ns_per_cycle, begin)

    def event(
        self, track: int, name: str, start: Fraction, end: Fraction, args: Mapping[str, object]
    ) -> Event:
        """A complete event; times in cycles of the block."""
        first, last = self._nanoseconds(start), self._nanoseconds(end)
        return {
            "name": name,
            "ph": "X",
            "ts": first / 1000,
            "dur": (last - first) / 1000,
            "pid": _PROCESS,
            "tid": track,
            "args": {"start_cycles": _number(start), "end_cycles": _number(end), **args},
        }

    def _nanoseconds(self, time: Fraction) -> int:
        """Rounded down, which never changes the order of two times."""
        return int((self.begin + time) * self.ns_per_cycle // 1)


def _number(cycles: Fraction) -> int | float:
    return cycles.numerator if cycles.denominator == 1 else float(cycles)


def _events(layers: Sequence[LayerTiming], axis: _Axis, quotas: Sequence[int]) -> Iterator[Event]:
    left = iter(quotas)
    begin = Fraction(0)
    for layer in layers:
        if layer.repeat > 1:
            args = {"layer": layer.name, "times": layer.repeat, "played": 1}
            whole = layer.cycles_once * layer.repeat
            name = f"repeated {layer.repeat:,} times"
            yield axis.at(begin).event(_REPETITIONS, name, Fraction(0), whole, args)
        at = begin
        for block in layer.blocks:
            yield from _block_events(layer.name, block, axis.at(at), next(left))
            at += block.cycles
        begin += layer.cycles_once * layer.repeat


def _block_events(layer: str, block: BlockTiming, axis: _Axis, quota: int) -> Iterator[Event]:
    args: dict[str, object] = {"layer": layer, "events": block.events}
    yield axis.event(_BLOCKS, block.name, Fraction(0), block.cycles, args)
    for skip in block.skips:
        name = f"{skip.what} x {skip.times:,}"
        args = {"times": skip.times, "loop": skip.what}
        yield axis.event(_FAST_FORWARD, name, skip.start, skip.end, args)
    for span in block.spans[:quota]:
        name = span.what if span.state == "busy" else LABELS[span.state]
        args = {"what": span.what, "state": span.state, "block": block.name}
        event = axis.event(axis.tracks[span.component], name, span.start, span.end, args)
        yield {**event, "cname": _COLOURS[span.state]}
    if left_out := len(block.spans) - quota:
        name = f"{left_out:,} spans left out"
        args = {"spans": left_out, "block": block.name}
        yield axis.event(_LEFT_OUT, name, block.spans[quota].start, block.cycles, args)
