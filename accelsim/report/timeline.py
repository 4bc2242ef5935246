"""Pictures of a timing: who did what when, and what each component waited for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.errors import InputError
from accelsim.files import write_bytes
from accelsim.report.stalls import share_text
from accelsim.simulator.timing import LABELS, STATES, LayerTiming, Skip, Span, State

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MOST_DRAWN", "draw_stalls", "draw_timeline", "window_of"]

MOST_DRAWN = 20_000
"""Spans of a picture at most; assumed: past that nothing can be told apart."""

_PHASES = 60
_BAR = 0.76  # Of the height of a row.
_WIDTH_INCHES = 8.6  # At the 140 dpi of every chart, 1204 pixels.
# Work dark, waits in colours that people tell apart who do not see red or green (after the
# qualitative schemes of Paul Tol, SRON/EPS/TN/09-002).
_COLOURS: Mapping[State, str] = {
    "busy": "#4477aa",
    "input": "#ee9955",
    "space": "#ddcc77",
    "resource": "#dd6677",
    "barrier": "#aa88bb",
    "idle": "#e6e6e6",
}


@dataclass(frozen=True)
class _Played:
    """The blocks of a layer on one axis."""

    components: tuple[str, ...]
    spans: tuple[Span, ...]
    skips: tuple[Skip, ...]
    blocks: tuple[tuple[str, Fraction], ...]
    """Each block with the cycle at which it begins."""


def draw_timeline(
    layer: LayerTiming, path_png: Path, path_svg: Path, *, until_cycles: Fraction | None = None
) -> None:
    """Draw the first phases of a layer: a row a component, a bar a span.

    Args:
        layer: its blocks are drawn one after another.
        path_png: where the picture goes; the same timing gives the same bytes.
        path_svg: where the same goes as SVG.
        until_cycles: end of the window; where None, see ``window_of``.

    Raises:
        InputError: where the window is empty, holds more spans than can be told apart, or a
            file cannot be written.
    """
    until = window_of(layer) if until_cycles is None else min(until_cycles, layer.cycles_once)
    if until <= 0:
        raise InputError(
            f"timeline of '{layer.name}': until_cycles is {float(until):g}, must be above 0"
        )
    played = _played(layer, until)
    if len(played.spans) > MOST_DRAWN:
        raise InputError(
            f"timeline of '{layer.name}': until_cycles is {float(until):,.0f}, must be at most "
            f"{float(played.spans[MOST_DRAWN].start):,.0f}; draw a shorter window"
        )
    _save(_timeline(layer, played, until), path_png, path_svg)


def window_of(layer: LayerTiming) -> Fraction:
    """The first phases of a layer, in cycles from its start.

    They end with the sixtieth piece of work of the component that does most of them, and at the
    latest where time begins that was not played out.
    """
    played = _played(layer, layer.cycles_once)
    latest = played.skips[0].start if played.skips else layer.cycles_once
    busy = [span for span in played.spans if span.state == "busy" and span.start < latest]
    if not busy:
        return latest
    busiest = Counter(span.component for span in busy).most_common(1)[0][0]
    phases = [span.end for span in busy if span.component == busiest][:_PHASES]
    return min(phases[-1], latest)


def _played(layer: LayerTiming, until: Fraction) -> _Played:
    """What begins before ``until``."""
    begin = Fraction(0)
    components: dict[str, None] = {}
    spans: list[Span] = []
    skips: list[Skip] = []
    blocks: list[tuple[str, Fraction]] = []
    for block in layer.blocks:
        if begin >= until:
            break
        blocks.append((block.name, begin))
        components |= dict.fromkeys(block.stalls)
        components |= dict.fromkeys(span.component for span in block.spans)
        spans += (_later(span, begin) for span in block.spans if span.start < until - begin)
        skips += [
            Skip(begin + skip.start, begin + skip.end, skip.times, skip.what)
            for skip in block.skips
            if begin + skip.start < until
        ]
        begin += block.cycles
    return _Played(tuple(components), tuple(spans), tuple(skips), tuple(blocks))


def _later(span: Span, begin: Fraction) -> Span:
    """The span on the axis of its layer; sums of fractions take long, and most begin at 0."""
    if not begin:
        return span
    return replace(span, start=begin + span.start, end=begin + span.end)


def _timeline(layer: LayerTiming, played: _Played, until: Fraction) -> Figure:
    from matplotlib.figure import Figure

    height = 1.5 + 0.5 * len(played.components)
    figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
    axes = figure.add_subplot()
    drawn = [span for span in played.spans if span.state != "idle"]  # Idle time stays blank.
    for y, component in enumerate(played.components):
        _draw_row(axes, y, [span for span in drawn if span.component == component], until)
    _draw_skips(axes, played.skips, until)
    _frame(axes, played.components)
    _draw_blocks(axes, played)
    axes.set_xlim(0, float(until))
    axes.xaxis.set_major_formatter("{x:,.0f}" if until >= 20 else "{x:g}")
    axes.set_xlabel("cycles")
    axes.set_title(_title(layer, until), fontsize=10, parse_math=False)
    _legend(figure, {span.state for span in drawn})
    _draw_labels(figure, axes, played, drawn, until)
    return figure


def _title(layer: LayerTiming, until: Fraction) -> str:
    whole = layer.cycles_once
    shown = f"first {float(until):,.0f} of {float(whole):,.0f} cycles"
    if until >= whole:
        shown = f"all {float(whole):,.0f} cycles"
    again = f", repeated {layer.repeat:,} times" if layer.repeat > 1 else ""
    return ": ".join(part for part in (_shortened(layer.name, 45), shown + again) if part)


def _shortened(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 3]}..."


def _draw_row(axes: Axes, y: int, spans: Sequence[Span], until: Fraction) -> None:
    ranges: dict[tuple[State, float], list[tuple[float, float]]] = {}
    for span in spans:
        width = min(span.end, until) - span.start
        # Edges part neighbours; of bars that are narrow nothing else would be seen.
        edge = 0.5 if width * 200 >= until else 0.0
        ranges.setdefault((span.state, edge), []).append((float(span.start), float(width)))
    for (state, edge), bars in ranges.items():
        axes.broken_barh(
            bars,
            (y - _BAR / 2, _BAR),
            facecolors=_COLOURS[state],
            edgecolors="white",
            linewidth=edge,
        )


def _draw_skips(axes: Axes, skips: Sequence[Skip], until: Fraction) -> None:
    for skip in skips:
        first, last = float(skip.start), float(min(skip.end, until))
        axes.axvspan(first, last, facecolor="0.97", edgecolor="0.88", hatch="//", linewidth=0)


def _draw_blocks(axes: Axes, played: _Played) -> None:
    """A line where each block but the first begins, and room for their names above the rows."""
    if len(played.blocks) > 1:
        axes.set_ylim(len(played.components) - 0.5, -0.75)
    for _, begin in played.blocks[1:]:
        axes.axvline(float(begin), color="0.35", linewidth=0.8, linestyle=(0, (4, 2)))


def _frame(axes: Axes, components: Sequence[str]) -> None:
    """Rows from top to bottom in the order of the components."""
    names = [_shortened(name, 24) for name in components]
    axes.set_yticks(range(len(components)), names, parse_math=False)
    axes.set_ylim(max(len(components), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="x", alpha=0.3)


def _legend(figure: Figure, states: Iterable[State]) -> None:
    from matplotlib.patches import Patch

    present = set(states)
    patches = [
        Patch(color=_COLOURS[state], label=LABELS[state]) for state in STATES if state in present
    ]
    if patches:
        # Six labels in one line are wider than the picture.
        columns = len(patches) if len(patches) <= 4 else 3
        figure.legend(
            handles=patches, loc="outside lower center", ncols=columns, fontsize=8, frameon=False
        )


def _draw_labels(
    figure: Figure, axes: Axes, played: _Played, drawn: Sequence[Span], until: Fraction
) -> None:
    """Names where they fit: in bars, lying or standing; in skipped time; in blocks.

    They are placed last, since how wide a bar is in points is known only with the layout.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    row = {component: y for y, component in enumerate(played.components)}
    for span in drawn:
        last = min(span.end, until)
        if span.state == "busy":
            _label(axes, span.what, (span.start, last), (row[span.component], _BAR), "white")
    middle = (len(row) - 1) / 2
    for skip in played.skips:
        text = f"{skip.what} x {skip.times:,}, not played out"
        _label(axes, text, (skip.start, min(skip.end, until)), (middle, len(row)), "0.25")
    if len(played.blocks) > 1:
        ends = [begin for _, begin in played.blocks[1:]] + [until]
        for (name, begin), end in zip(played.blocks, ends, strict=True):
            _label(axes, name, (begin, end), (-0.58, 0.3), "0.25", standing=False)


def _label(
    axes: Axes,
    text: str,
    across: tuple[Fraction, Fraction],
    around: tuple[float, float],
    colour: str,
    *,
    standing: bool = True,
) -> None:
    """A text in a box, lying, or standing if it fits only so, or not at all.

    Args:
        axes: with its final layout.
        text: what to write.
        across: first and last cycle of the box.
        around: middle and height of the box, in rows.
        colour: of the text.
        standing: whether the text may stand.
    """
    start, end = map(float, across)
    y, height = around
    corners = axes.transData.transform([(start, y - height / 2), (end, y + height / 2)])
    wide, high = abs(corners[1] - corners[0])
    if wide < 6 or len(text) > 100:  # It cannot fit, and to measure it takes long.
        return
    label = axes.text((start + end) / 2, y, text, fontsize=7, color=colour, parse_math=False)
    label.set(ha="center", va="center")
    extent = label.get_window_extent()
    if extent.width + 3 <= wide:
        return
    if standing and extent.height <= wide and extent.width + 3 <= high:
        label.set_rotation(90)
        return
    label.remove()


def draw_stalls(
    table: Mapping[str, Mapping[State, Fraction]],
    path_png: Path,
    path_svg: Path,
    *,
    title: str = "What components spend the time on",
) -> None:
    """Draw the table of ``stall_table``: a bar a component, a part of it a state.

    Raises:
        InputError: where a file cannot be written.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(_WIDTH_INCHES, 1.5 + 0.42 * len(table)), layout="constrained")
    axes = figure.add_subplot()
    total = max((sum(row.values(), Fraction(0)) for row in table.values()), default=Fraction(0))
    for y, row in enumerate(table.values()):
        _draw_shares(axes, y, row, total)
    _frame(axes, list(table))
    axes.set_xlim(0, 100)
    axes.xaxis.set_major_formatter(PercentFormatter())
    axes.set_xlabel(f"share of {float(total):,.0f} cycles")
    axes.set_title(_shortened(title, 90), fontsize=10, parse_math=False)
    _legend(figure, (state for row in table.values() for state, part in row.items() if part))
    _save(figure, path_png, path_svg)


def _draw_shares(axes: Axes, y: int, row: Mapping[State, Fraction], total: Fraction) -> None:
    left = Fraction(0)
    for state in STATES:
        part = row.get(state, Fraction(0))
        if not part or not total:
            continue
        share = 100 * part / total
        axes.barh(y, float(share), _BAR, left=float(left), color=_COLOURS[state])
        if share >= 6:  # Narrower, and the text would be wider than the bar.
            middle, text = float(left + share / 2), share_text(part, total)
            colour = "white" if state == "busy" else "0.15"
            axes.text(middle, y, text, fontsize=7, color=colour, ha="center", va="center")
        left += share


def _save(figure: Figure, path_png: Path, path_svg: Path) -> None:
    """Write both forms; the same figure gives the same bytes."""
    from matplotlib import rc_context

    png, svg = BytesIO(), BytesIO()
    figure.savefig(png, format="png", dpi=140, metadata={"Software": None})
    with rc_context({"svg.hashsalt": "accelsim"}):
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    write_bytes(path_png, png.getvalue())
    write_bytes(path_svg, svg.getvalue())
