"""Plots of quantised weights: the error of every tensor and format, and what groups choose."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from accelsim.errors import printable
from accelsim.quantization.model import Errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["quantization_figures"]

# After the qualitative schemes of Paul Tol (SRON/EPS/TN/09-002): told apart without red or green.
_COLOURS = (
    "#4477aa", "#cc6677", "#228833", "#ccaa33", "#aa3377", "#66ccee", "#7a6f63", "#5e4fa2",
    "#d9822b", "#1a9086",
)  # fmt: skip
_MARKS = "osD^vPX*<>"
_MOST_NAMES = 40
"""Tensors whose names fit under an axis."""
_LONGEST_NAME = 44
_GREY = "0.35"


def quantization_figures(errors: Errors) -> dict[str, bytes]:
    """``snr`` and ``choices`` as PNG and SVG; the same errors give the same bytes."""
    from matplotlib import rc_context

    # A user's settings of matplotlib must not change what a report looks like.
    with rc_context(
        {"svg.hashsalt": "accelsim", "font.family": "DejaVu Sans", "text.usetex": False}
    ):
        drawn = {"snr": _snr_figure(errors), "choices": _choices_figure(errors)}
        return {
            f"{name}.{kind}": _saved(figure, kind)
            for name, figure in drawn.items()
            for kind in ("png", "svg")
        }


def _saved(figure: Figure, kind: str) -> bytes:
    stream = BytesIO()
    if kind == "png":
        figure.savefig(stream, format="png", dpi=140, metadata={"Software": None})
    else:
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _snr_figure(errors: Errors) -> Figure:
    """A point a tensor, a colour a format; lines where tensors are many."""
    count = len(errors.tensors)
    figure, axes = _figure(min(14.0, max(6.4, 3.2 + 0.34 * count)), 4.8)
    for i, name in enumerate(errors.formats):
        found = [each.reports[name].snr_db for each in errors.tensors]
        values = [float("nan") if each is None else each for each in found]
        bits = errors.totals[name].bits_per_weight
        axes.plot(
            range(count),
            values,
            color=_COLOURS[i % len(_COLOURS)],
            marker=_MARKS[i % len(_MARKS)],
            markersize=5 if count <= _MOST_NAMES else 2.5,
            linewidth=0.8,
            label=f"{name} ({bits:.4g} bits)",
        )
    axes.set_ylabel("signal-to-noise ratio (dB)")
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
    _name_tensors(axes, errors)
    figure.legend(loc="outside upper center", ncols=min(4, len(errors.formats)), frameon=False)
    return figure


def _name_tensors(axes: Axes, errors: Errors) -> None:
    names = [printable(each.name) for each in errors.tensors]
    if len(names) > _MOST_NAMES:
        axes.set_xlabel(f"tensor, 1 to {len(names)} in the order of the file")
        axes.set_xlim(-1, len(names))
        return
    shown = [name if len(name) <= _LONGEST_NAME else f"...{name[3 - _LONGEST_NAME :]}"
             for name in names]  # fmt: skip
    # A dollar would begin a formula.
    axes.set_xticks(range(len(names)), [name.replace("$", r"\$") for name in shown])
    axes.tick_params(axis="x", labelrotation=90 if len(names) > 2 else 0, labelsize=8)
    axes.set_xlim(-0.6, len(names) - 0.4)


def _choices_figure(errors: Errors) -> Figure:
    """A bar for each type of each format that has several; its share of all groups."""
    totals = {name: each for name, each in errors.totals.items() if len(each.chosen) > 1}
    figure, axes = _figure(max(6.4, 1.6 + 0.75 * sum(len(t.chosen) for t in totals.values())), 3.8)
    if not totals:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "each format has one type", ha="center", color=_GREY)
        return figure
    place, ticks, labels = 0.0, [], []
    for i, (name, report) in enumerate(totals.items()):
        colour = _COLOURS[errors.formats.index(name) % len(_COLOURS)]
        for j, (kind, share) in enumerate(report.shares.items()):
            axes.bar(place, 100 * share, 0.8, color=colour, label=None if j else name)
            axes.annotate(
                f"{share:.1%}", (place, 100 * share), (0, 2), textcoords="offset points",
                ha="center", fontsize=8, color=_GREY,
            )  # fmt: skip
            ticks.append(place)
            labels.append(kind)
            place += 1
        place += 0.6 if i < len(totals) - 1 else 0
    axes.set_xticks(ticks, labels)
    axes.set_ylabel("groups (%)")
    axes.margins(y=0.12)
    figure.legend(loc="outside upper center", ncols=min(4, len(totals)), frameon=False)
    return figure
