"""How a design spends its time, as data for the page: all blocks as shares, some span by span.

A block is shown by what each component does for how much of it, which is exact and small. Of the
longest blocks the first phases are there too, each piece of work and each wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from accelsim.simulator.timing import LABELS, STATES, BlockTiming, LayerTiming, Span

__all__ = ["MOST_BLOCKS", "MOST_SPANS", "timeline_data"]

MOST_BLOCKS = 400
"""Blocks that are shown; assumed: each is then three pixels wide or less."""
MOST_SPANS = 6000
"""Spans of all blocks together; assumed: some 200 kB of the page."""
_MOST_DETAILED = 24
_MOST_OF_A_BLOCK = 600


def timeline_data(timings: Sequence[LayerTiming]) -> dict[str, Any]:
    """A timing as plain data, bounded in size.

    Args:
        timings: the layers of one run, as the event simulator gives them.

    Returns:
        ``components`` and ``states`` (name and text): what numbers in the rest stand for.
        ``cycles`` of the whole run, and ``blocks`` in order of time: ``layer``, ``name``,
        ``repeat``, ``begin`` and ``cycles`` (of all repeats, one after another), ``shares``
        (component -> state -> 0 to 1) and ``spans`` (of the first repeat, in cycles from its
        start: component, state, start, end, place in ``words``), which ends at ``spans_end``;
        ``null`` where only shares are kept. ``blocks_left_out`` are the shortest, whose time is
        blank.
    """
    components = _components(timings)
    placed = _placed(timings)
    shown = sorted(_longest(placed, MOST_BLOCKS))
    detailed = _longest(placed, _MOST_DETAILED)
    quota = min(_MOST_OF_A_BLOCK, MOST_SPANS // max(len(detailed), 1))
    words: dict[str, int] = {}
    blocks = [_block(*placed[i], components, quota if i in detailed else 0, words) for i in shown]
    return {
        "components": list(components),
        "states": [{"name": state, "text": LABELS[state]} for state in STATES],
        "words": list(words),
        "cycles": float(sum(layer.cycles_once * layer.repeat for layer in timings)),
        "blocks": blocks,
        "blocks_left_out": len(placed) - len(blocks),
    }


Placed = tuple[LayerTiming, BlockTiming, Fraction]


def _components(timings: Sequence[LayerTiming]) -> dict[str, int]:
    blocks = [block for layer in timings for block in layer.blocks]
    names = dict.fromkeys(name for block in blocks for name in block.stalls)
    names |= dict.fromkeys(span.component for block in blocks for span in block.spans)
    return {name: i for i, name in enumerate(names)}


def _placed(timings: Sequence[LayerTiming]) -> list[Placed]:
    """Blocks with where they begin: all repeats of a block stand together."""
    found = []
    begin = Fraction(0)
    for layer in timings:
        for block in layer.blocks:
            found.append((layer, block, begin))
            begin += block.cycles * layer.repeat
    return found


def _longest(placed: Sequence[Placed], most: int) -> list[int]:
    """Places of the blocks that take longest, with all repeats."""
    cycles = [block.cycles * layer.repeat for layer, block, _ in placed]
    return sorted(range(len(placed)), key=lambda i: (-cycles[i], i))[:most]


def _block(
    layer: LayerTiming,
    block: BlockTiming,
    begin: Fraction,
    components: Mapping[str, int],
    most_spans: int,
    words: dict[str, int],
) -> dict[str, Any]:
    kept = _first(block, most_spans)
    spans = [
        [
            components[span.component],
            STATES.index(span.state),
            _short(span.start),
            _short(span.end),
            words.setdefault(span.what, len(words)),
        ]
        for span in kept
        if span.state != "idle"
    ]
    return {
        "layer": layer.name,
        "name": block.name,
        "repeat": layer.repeat,
        "begin": _short(begin),
        "cycles": _short(block.cycles * layer.repeat),
        "shares": {name: _shares(block, name) for name in block.stalls},
        "spans": spans or None,
        "spans_end": _short(max(span.end for span in kept)) if spans else None,
    }


def _first(block: BlockTiming, most: int) -> Sequence[Span]:
    """Spans up to where time begins that was not played out, or of which no record is kept."""
    kept = block.spans[:most]
    if block.skips:
        kept = tuple(span for span in kept if span.start < block.skips[0].start)
    return kept


def _shares(block: BlockTiming, component: str) -> dict[str, float]:
    if not block.cycles:
        return {}
    parts = block.stalls[component].items()
    return {state: round(float(part / block.cycles), 5) for state, part in parts if part}


def _short(cycles: Fraction) -> int | float:
    return cycles.numerator if cycles.denominator == 1 else round(float(cycles), 3)
