"""Cycles of tiles on the arrays of ``gateware/arrays``: closed forms, and with stalls.

The arrays are measured against these, cycle by cycle (``accelsim verify systolic``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Stalls", "Tiles", "array_cycles", "array_latency_cycles", "stalled_cycles"]

PRODUCT_LATENCY_CYCLES = 4
"""Registers between the operands of a dense PE and their product."""
BUFFER_PLACES = 2
"""Of the skid buffer behind an array."""


@dataclass(frozen=True)
class Tiles:
    """Tiles that follow each other on an array."""

    dataflow: str
    """``weight-stationary`` or ``output-stationary``."""
    rows: int
    columns: int
    steps: Sequence[int]
    """Of every tile: activations that pass (weight-stationary), or products that every PE sums
    up (output-stationary)."""
    pe_cycles: int | None = None
    """Registers between the operands of a PE and its sum, and between that and its result; None:
    those of the dense PE."""

    @property
    def results(self) -> int:
        """Rows of results that leave."""
        if self.dataflow == "weight-stationary":
            return sum(self.steps)
        return self.rows * len(self.steps)


Stalls = Sequence[int]
"""1 in the cycles in which a stream is held up, begun anew at its end; empty for none."""


def array_latency_cycles(rows: int, columns: int, pe_cycles: int | None = None) -> int:
    """From an activation that is taken to the results that it completes.

    A register in every PE on its way, those of the product, one for the sum, one for the output.
    """
    behind = PRODUCT_LATENCY_CYCLES if pe_cycles is None else pe_cycles
    return rows + columns + behind + 1


def array_cycles(tiles: Tiles) -> int:
    """Cycles from the first operand that is offered to the last result, nothing held up.

    Weight-stationary: the first weights take ``rows`` cycles, later ones are hidden behind tiles of
    ``rows`` activations or more. Output-stationary: results leave in ``rows`` cycles, hidden in the
    same way.

    Example:
        >>> array_cycles(Tiles("weight-stationary", 8, 8, [16, 16]))
        61
    """
    rows = tiles.rows
    apart = sum(max(steps, rows) for steps in tiles.steps[:-1])
    if tiles.dataflow == "weight-stationary":
        begin, end = rows, 0
    else:
        # What counts is how far apart the ends of tiles are, not their beginnings.
        apart = sum(max(steps, rows) for steps in tiles.steps[1:])
        begin, end = tiles.steps[0] - tiles.steps[-1], rows - 1
    last = tiles.steps[-1]
    return begin + apart + last + array_latency_cycles(rows, tiles.columns, tiles.pe_cycles) + end


class _Source:
    """A stream that offers items one after the other, and keeps offering until one is taken."""

    def __init__(self, items: int, stalls: Stalls) -> None:
        self.left, self.stalls, self.offers = items, stalls, False

    def begin(self, cycle: int) -> None:
        stalled = bool(self.stalls) and bool(self.stalls[cycle % len(self.stalls)])
        self.offers = self.offers or (self.left > 0 and not stalled)

    def take(self) -> None:
        self.offers, self.left = False, self.left - 1


class _Sink:
    """The places behind the array, and whoever takes results from them."""

    def __init__(self, stalls: Stalls) -> None:
        self.stalls, self.held, self.taken = stalls, 0, 0

    @property
    def ready(self) -> bool:
        return self.held < BUFFER_PLACES

    def end(self, cycle: int, arrives: bool) -> None:
        stalled = bool(self.stalls) and bool(self.stalls[cycle % len(self.stalls)])
        if self.held and not stalled:
            self.held -= 1
            self.taken += 1
        self.held += arrives


def stalled_cycles(
    tiles: Tiles, *, weights: Stalls = (), activations: Stalls = (), results: Stalls = ()
) -> int:
    """The same where streams are held up: the array's control, without its data.

    Args:
        tiles: what is computed.
        weights: cycles in which no weights are offered; what is offered stays offered.
        activations: the same of activations.
        results: cycles in which no results are taken.
    """
    stationary = tiles.dataflow == "weight-stationary"
    control = _weight_stationary if stationary else _output_stationary
    return control(tiles, _Sink(results), weights, activations)


def _weight_stationary(tiles: Tiles, sink: _Sink, weights: Stalls, activations: Stalls) -> int:
    rows, count = tiles.rows, sum(tiles.steps)
    lasts = _lasts(tiles.steps)
    weight = _Source(rows * len(tiles.steps), weights)
    activation = _Source(count, activations)
    inside = deque([False] * (array_latency_cycles(rows, tiles.columns, tiles.pe_cycles) - 1))
    loaded, begins, cycle = 0, True, 0
    while sink.taken < count:
        weight.begin(cycle)
        activation.begin(cycle)
        arrives = False
        if sink.ready:
            takes = activation.offers and (not begins or loaded == rows)
            swaps = takes and begins
            pushes = weight.offers and (loaded < rows or swaps)
            if takes:
                begins = lasts[count - activation.left]
                activation.take()
            if pushes:
                weight.take()
            loaded = (0 if swaps else loaded) + pushes
            inside.append(takes)
            arrives = inside.popleft()
        sink.end(cycle, arrives)
        cycle += 1
    return cycle


def _output_stationary(tiles: Tiles, sink: _Sink, weights: Stalls, activations: Stalls) -> int:
    rows, count = tiles.rows, sum(tiles.steps)
    lasts = _lasts(tiles.steps)
    weight, activation = _Source(count, weights), _Source(count, activations)
    inside = deque([False] * (array_latency_cycles(rows, tiles.columns, tiles.pe_cycles) - 1))
    busy = leaving = cycle = 0
    while sink.taken < tiles.results:
        weight.begin(cycle)
        activation.begin(cycle)
        arrives = False
        if sink.ready:
            last = activation.offers and lasts[count - activation.left]
            takes = activation.offers and weight.offers and (not last or busy == 0)
            ends = takes and last
            if takes:
                activation.take()
                weight.take()
            busy = rows - 1 if ends else max(busy - 1, 0)
            inside.append(ends)
            if inside.popleft():
                leaving = rows
            arrives = leaving > 0
            leaving = max(leaving - 1, 0)
        sink.end(cycle, arrives)
        cycle += 1
    return cycle


def _lasts(steps: Sequence[int]) -> list[bool]:
    return [at == count - 1 for count in steps for at in range(count)]
