"""The front of a study as a picture: every point, the front, the two first objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from accelsim.explore.report.axes import Figure, colour_parameter, figures_of, is_log, value_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["pareto_plot"]

# Colours that people tell apart who do not see red or green (after the qualitative schemes of Paul
# Tol, SRON/EPS/TN/09-002).
_COLOURS = (
    "#4477aa", "#ee7733", "#228833", "#aa3377", "#66ccee", "#ccbb44", "#332288", "#997700",
    "#ee99aa", "#777777",
)  # fmt: skip
_MOST_PANELS = 3
_ABSENT = "absent"
_GOALS = {"minimize": "less is better", "maximize": "more is better"}

Point = Mapping[str, Any]


def pareto_plot(data: Mapping[str, Any]) -> dict[str, bytes]:
    """``pareto.png`` and ``pareto.svg``; the same document gives the same bytes.

    A panel for the first objective with each other one, three at most; one objective is drawn
    over the numbers of the points.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas

    objectives = figures_of(data)[: len(data["objectives"])]
    pairs = [(objectives[0], other) for other in objectives[1 : 1 + _MOST_PANELS]]
    panels = pairs or [(Figure("number", "point", "", None), objectives[0])]
    figure = Canvas(figsize=(8.4, 0.6 + 4.6 * len(panels)), layout="constrained")
    groups = _groups(data)
    for axes, (x, y) in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        _draw(axes, data, groups, x, y)
    _legend(figure, data, groups)
    png, svg = BytesIO(), BytesIO()
    figure.savefig(png, format="png", dpi=140, metadata={"Software": None})
    with rc_context({"svg.hashsalt": "accelsim"}):
        figure.savefig(svg, format="svg", dpi=140, metadata={"Date": None, "Creator": None})
    return {"pareto.png": png.getvalue(), "pareto.svg": svg.getvalue()}


def _groups(data: Mapping[str, Any]) -> dict[str, str]:
    """Value of the parameter that colours -> its colour."""
    name = colour_parameter(data)
    values = [v for each in data["parameters"] if each["name"] == name for v in each["values"]]
    return {str(value): colour for value, colour in zip(values, _COLOURS, strict=False)}


def _group(data: Mapping[str, Any], point: Point) -> str:
    return str(point["parameters"].get(colour_parameter(data), _ABSENT))


def _at(point: Point, figure: Figure) -> float | None:
    return float(point["number"]) if figure.name == "number" else value_of(point, figure.name)


def _draw(
    axes: Axes, data: Mapping[str, Any], groups: Mapping[str, str], x: Figure, y: Figure
) -> None:
    front = {design["number"] for design in data["front"]}
    placed = [(point, _at(point, x), _at(point, y)) for point in data["points"]]
    known = [(point, a, b) for point, a, b in placed if a is not None and b is not None]
    for feasible in (False, True):
        these = [each for each in known if (each[0]["status"] == "ok") == feasible]
        colours = [groups.get(_group(data, point), "#999999") for point, _, _ in these]
        axes.scatter(
            [a for _, a, _ in these],
            [b for _, _, b in these],
            s=9 if feasible else 5,
            c=colours if feasible else "#bbbbbb",
            alpha=0.55 if feasible else 0.35,
            linewidths=0,
            rasterized=True,  # Tens of thousands of circles make a file that nothing opens.
        )
    best = [each for each in known if each[0]["number"] in front]
    axes.scatter(
        [a for _, a, _ in best],
        [b for _, _, b in best],
        s=30,
        c=[groups.get(_group(data, point), "#999999") for point, _, _ in best],
        edgecolors="black",
        linewidths=0.9,
        zorder=4,
    )
    _line(axes, [(a, b) for _, a, b in best], x, y)
    _frame(axes, known, x, y)


def _line(axes: Axes, best: Sequence[tuple[float, float]], x: Figure, y: Figure) -> None:
    """Steps along the front as these two objectives alone would have it."""
    if x.goal is None or y.goal is None or not best:
        return
    signs = [1 if each.goal == "minimize" else -1 for each in (x, y)]
    steps: list[tuple[float, float]] = []
    for a, b in sorted(best, key=lambda each: (signs[0] * each[0], signs[1] * each[1])):
        if not steps or signs[1] * b < signs[1] * steps[-1][1]:
            steps += [(a, steps[-1][1]), (a, b)] if steps else [(a, b)]
    axes.plot(*zip(*steps, strict=True), color="0.15", linewidth=1.0, zorder=3)


def _frame(axes: Axes, known: Sequence[tuple[Point, float, float]], x: Figure, y: Figure) -> None:
    for figure, label, scale, values in (
        (x, axes.set_xlabel, axes.set_xscale, [a for _, a, _ in known]),
        (y, axes.set_ylabel, axes.set_yscale, [b for _, _, b in known]),
    ):
        if figure.name != "number" and is_log(values):
            scale("log")
        unit = f" ({figure.unit})" if figure.unit else ""
        goal = f", {_GOALS[figure.goal]}" if figure.goal else ""
        label(f"{figure.label}{unit}{goal}", parse_math=False)
    axes.grid(visible=True, which="major", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(figure: Canvas, data: Mapping[str, Any], groups: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], linestyle="", marker="o", markersize=5, color=colour, label=_short(value))
        for value, colour in groups.items()
    ]
    marks.append(
        Line2D([], [], linestyle="", marker="o", markersize=6, label="front",
               markerfacecolor="none", markeredgecolor="black")
    )  # fmt: skip
    if any(point["status"] == "infeasible" for point in data["points"]):
        marks.append(
            Line2D([], [], linestyle="", marker="o", markersize=4, color="#bbbbbb",
                   label="fails a constraint")
        )  # fmt: skip
    legend = figure.legend(
        handles=marks, loc="outside lower center", ncols=min(len(marks), 6), fontsize=8,
        frameon=False, title=colour_parameter(data), title_fontsize=8,
    )  # fmt: skip
    for text in [*legend.get_texts(), legend.get_title()]:
        text.set_parse_math(False)
    title = data["title"] or data["name"]
    figure.suptitle(_short(str(title), 90), fontsize=11, parse_math=False)


def _short(text: str, most: int = 24) -> str:
    return text if len(text) <= most else f"{text[: most - 2]}.."
