"""Rooflines for print: a panel a run, one point a layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from accelsim.errors import InputError
from accelsim.report.roofline.labels import Point, place_labels, spread_roofs
from accelsim.units import seconds_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MOST_PANELS", "roofline_figures"]

MOST_PANELS = 6
"""Runs that one picture shows at most; assumed: past that a page is better."""

# After the qualitative schemes of Paul Tol (SRON/EPS/TN/09-002): told apart without red or green.
_COLOURS = (
    "#4477aa", "#cc6677", "#228833", "#ccaa33", "#aa3377", "#66ccee", "#7a6f63", "#5e4fa2",
    "#d9822b", "#1a9086",
)  # fmt: skip
_INK, _FAINT = "0.15", "0.55"
_TOLD = ("model", "device", "stage", "tokens", "batch", "context", "weights", "activations",
         "kv_cache", "attention")  # fmt: skip
_FIRST_LINE = ("model", "device", "stage", "tokens")
_ALWAYS = ("model", "device", "stage", "tokens", "batch", "context")

_PANEL_INCHES = (7.4, 4.8)
_MARGIN_INCHES = (0.75, 2.05, 0.5, 0.55)
"""Left, right (where roofs are named), above (title) and below a panel."""
_HEAD_INCHES = 0.75
_LONGEST_ROOF = 18
"""Letters of the formats of a roof: what is longer reaches into the next panel."""

Run = Mapping[str, Any]


def roofline_figures(runs: Sequence[Run]) -> dict[str, bytes]:
    """The rooflines of runs as PNG and SVG; the same runs give the same bytes.

    A panel holds one run. Of more than six, the first run of each device and stage comes before
    others, and the picture says how many are left out. A layer without operations has no place on
    an axis of intensities; it is named under its panel.

    Args:
        runs: documents of runs, as the verb ``roofline`` writes them.

    Returns:
        ``roofline.png`` and ``roofline.svg``.

    Raises:
        InputError: where there is no run.
    """
    if not runs:
        raise InputError("roofline charts: runs is empty, must hold at least one run")
    from matplotlib import rc_context

    drawn = _chosen(runs)
    # A user's settings of matplotlib must not change what a report looks like.
    with rc_context(
        {"svg.hashsalt": "accelsim", "font.family": "DejaVu Sans", "text.usetex": False}
    ):
        figure = _figure(drawn, len(runs))
        png, svg = BytesIO(), BytesIO()
        figure.savefig(png, format="png", dpi=140, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return {"roofline.png": png.getvalue(), "roofline.svg": svg.getvalue()}


def _chosen(runs: Sequence[Run]) -> list[Run]:
    """At most six runs in their order: first one a device and stage, then whatever comes first."""
    firsts: dict[tuple[str, str], int] = {}
    for i, run in enumerate(runs):
        firsts.setdefault((run["device"], run["stage"]), i)
    order = [*firsts.values(), *(i for i in range(len(runs)) if i not in firsts.values())]
    return [runs[i] for i in sorted(order[:MOST_PANELS])]


def _figure(runs: Sequence[Run], given: int) -> Figure:
    from matplotlib.figure import Figure

    columns = 1 if len(runs) == 1 else 2
    rows = -(-len(runs) // columns)
    figure = Figure(figsize=(columns * _PANEL_INCHES[0], _HEAD_INCHES + rows * _PANEL_INCHES[1]))
    panels = _panels(figure, rows, columns)
    colours = _colours(runs)
    limits = _limits(runs)
    points = []
    for axes, run in zip(panels, runs, strict=False):
        _frame(axes, run, runs, limits)
        points.append(_draw_run(axes, run, colours))
    for axes in panels[len(runs) :]:
        axes.set_axis_off()
    _legend(figure, colours, runs, given)
    for axes, found in zip(panels, points, strict=False):
        spread_roofs(axes)
        place_labels(axes, found)
    return figure


def _panels(figure: Figure, rows: int, columns: int) -> list[Axes]:
    """Panels at places that are known without a layout, which would take most of the time."""
    width, height = figure.get_size_inches()
    left, right, top, bottom = _MARGIN_INCHES
    return [
        figure.add_axes(
            (
                (column * _PANEL_INCHES[0] + left) / width,
                ((rows - 1 - row) * _PANEL_INCHES[1] + bottom) / height,
                (_PANEL_INCHES[0] - left - right) / width,
                (_PANEL_INCHES[1] - top - bottom) / height,
            )
        )
        for row in range(rows)
        for column in range(columns)
    ]


def _colours(runs: Iterable[Run]) -> dict[str, str]:
    kinds = dict.fromkeys(layer["kind"] for run in runs for layer in run["layers"])
    return {kind: _COLOURS[i % len(_COLOURS)] for i, kind in enumerate(kinds)}


def _is_drawable(layer: Run) -> bool:
    return bool(layer["operations"] > 0 and layer["bytes"] > 0 and layer["seconds"] > 0)


def _place(layer: Run) -> tuple[float, float]:
    """Intensity, and operations a second."""
    return layer["operations"] / layer["bytes"], layer["operations"] / layer["seconds"]


def _shared_peaks(run: Run) -> dict[float, list[str]]:
    """Peak -> the formats that have it; they share a roof."""
    shared: dict[float, list[str]] = {}
    for name, peak in run["roofs"]["peak_operations_per_s"].items():
        shared.setdefault(peak, []).append(name)
    vector = run["roofs"]["vector_operations_per_s"]
    if vector is not None:
        shared.setdefault(vector, []).append("vector")
    return shared


def _limits(runs: Iterable[Run]) -> tuple[float, float, float, float]:
    """Axes that all panels share, so that machines can be compared by eye."""
    x: list[float] = []
    y: list[float] = []
    for run in runs:
        bandwidth = run["roofs"]["bandwidth_bytes_per_s"]
        for peak in _shared_peaks(run):
            x += [peak / bandwidth * 6]
            y += [peak * 2]
        for layer in filter(_is_drawable, run["layers"]):
            intensity, rate = _place(layer)
            x += [intensity / 3, intensity * 3]
            y += [rate / 3, rate * 2]
    if not x:
        return 0.1, 1e3, 1e9, 1e15
    return min(x), max(x), min(y), max(y)


def _frame(
    axes: Axes, run: Run, runs: Sequence[Run], limits: tuple[float, float, float, float]
) -> None:
    axes.set(xscale="log", yscale="log", xlim=limits[:2], ylim=limits[2:])
    axes.set_xlabel("operations per byte of memory traffic", fontsize=9)
    axes.set_ylabel("operations per second", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(visible=True, which="major", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(_title(run, runs), fontsize=9.5, loc="left", parse_math=False, linespacing=1.3)


def _title(run: Run, runs: Sequence[Run]) -> str:
    """What the run is; of its other settings only those in which the runs differ."""
    told = [
        name for name in _TOLD if name in _ALWAYS or len({str(other[name]) for other in runs}) > 1
    ]
    parts = [[name for name in told if (name in _FIRST_LINE) == first] for first in (True, False)]
    head, rest = (
        ", ".join(_value(name, run[name]) for name in part if run[name] is not None)
        for part in parts
    )
    # A line as wide as a panel.
    return f"{head}: {seconds_text(run['total']['seconds'])}\n{_shortened(rest, 90)}".rstrip()


def _value(name: str, value: object) -> str:
    text = _shortened(str(value), 28)
    if name in ("model", "device", "stage", "attention"):
        return text
    return f"{text} tokens" if name == "tokens" else f"{name.replace('_', ' ')} {text}"


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]}.."


def _draw_run(axes: Axes, run: Run, colours: Mapping[str, str]) -> list[Point]:
    used = {name for layer in run["layers"] for name in layer["computes_in"].split(", ")}
    _draw_roofs(axes, run, used)
    whole = sum(layer["repeat"] * layer["seconds"] for layer in run["layers"]) or 1.0
    shares = {
        i: layer["repeat"] * layer["seconds"] / whole for i, layer in enumerate(run["layers"])
    }
    drawn = [i for i in sorted(shares, key=lambda i: -shares[i]) if _is_drawable(run["layers"][i])]
    points = []
    for i in drawn:
        layer = run["layers"][i]
        size = 14 + 420 * shares[i]
        marker = "D" if layer["stage"] == "prefill" else "o"
        axes.scatter(
            *_place(layer), s=size, marker=marker, color=colours[layer["kind"]], alpha=0.85,
            edgecolors="white", linewidths=0.6, zorder=4,
        )  # fmt: skip
        points.append(Point(*_place(layer), _shortened(layer["name"], 24), size))
    _note_undrawn(axes, run)
    return points


def _note_undrawn(axes: Axes, run: Run) -> None:
    names = dict.fromkeys(
        _shortened(layer["name"], 24) for layer in run["layers"] if not _is_drawable(layer)
    )
    if names:
        text = _shortened(f"no operations: {', '.join(names)}", 60)
        axes.text(
            0.99, 0.012, text, transform=axes.transAxes, fontsize=7, color=_FAINT, ha="right",
            parse_math=False,
        )  # fmt: skip


def _draw_roofs(axes: Axes, run: Run, used: set[str]) -> None:
    bandwidth = run["roofs"]["bandwidth_bytes_per_s"]
    left, right = axes.get_xlim()
    peaks = _shared_peaks(run)
    # Where no peak is known the slope goes on.
    end = max(peaks) / bandwidth if peaks else right
    axes.plot([left, end], [left * bandwidth, end * bandwidth], color=_INK, linewidth=1.3)
    for peak, formats in peaks.items():
        dark = bool(used & set(formats))
        colour, width = (_INK, 1.3) if dark else (_FAINT, 0.8)
        style = "--" if "vector" in formats else "-"
        ridge = peak / bandwidth
        axes.plot([ridge, right], [peak, peak], color=colour, linewidth=width, linestyle=style)
        axes.plot(
            [ridge], [peak], "o", markersize=4, color="white", markeredgecolor=colour, zorder=3
        )
        names = sorted(formats, key=lambda name: name not in used)
        told = 2 if len(", ".join(names[:2])) <= _LONGEST_ROOF else 1
        more = ", .." if len(names) > told else ""
        at = f"{ridge:,.0f}" if ridge >= 100 else f"{ridge:.3g}"
        _roof_text(axes, f"{', '.join(names[:told])}{more}: ridge {at}", peak, colour)


def _roof_text(axes: Axes, text: str, peak: float, colour: str) -> None:
    """What a roof is, right of the frame, where no point can be."""
    axes.annotate(
        text,
        (axes.get_xlim()[1], peak),
        textcoords="offset points",
        xytext=(4, 0),
        fontsize=7,
        color=colour,
        va="center",
        annotation_clip=False,
        parse_math=False,
        gid="roof",
    )


def _legend(figure: Figure, colours: Mapping[str, str], runs: Sequence[Run], given: int) -> None:
    from matplotlib.lines import Line2D

    marks = {kind: ("o", colour) for kind, colour in colours.items()}
    stages = {layer["stage"] for run in runs for layer in run["layers"]}
    if {"prefill", "decode"} <= stages:
        marks |= {"prefill": ("D", "0.5"), "decode": ("o", "0.5")}
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=colour, label=_shortened(name, 24))
        for name, (marker, colour) in marks.items()
    ]
    note = "size: share of time"
    if given > len(runs):
        note += f"; {len(runs)} of {given} runs are drawn, {given - len(runs)} are left out"
    columns = 1 if len(runs) == 1 else 2
    legend = figure.legend(
        handles=handles, loc="upper center", ncols=min(len(handles), 5 * columns), fontsize=8,
        frameon=False, title=note, title_fontsize=8,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
