"""Pictures of a cascade: its Einsums, what they hand on, and the pass in which each runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.einsum.passes import FiberPasses
from accelsim.errors import InputError
from accelsim.files import write_bytes
from accelsim.workload.analysis import CascadeAnalysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["graph_dot", "write_graph"]

_COLOURS = (
    "#dbe9f6",
    "#fde3c8",
    "#d9f0d3",
    "#f6d5e5",
    "#e0d9f2",
    "#f4efc6",
    "#cdeeee",
    "#e8d8c8",
)
"""Of the first pass, the second, ...; used again beyond the last."""
_INPUT, _BETWEEN = "#f2f2f2", "#ffffff"
_NOW, _LATE = "#444444", "#a63603"
"""Lines within a step of an iterated rank, and from one step to the next."""
_MOST_NODES = 400
_COLUMN_INCHES, _ROW_INCHES = 2.1, 0.95
_BENDS = (0.0, 0.1, -0.1, 0.17, -0.17, 0.25, -0.25, 0.45, -0.45, 0.7, -0.7)


@dataclass(frozen=True)
class _Drawing:
    """What is drawn of one cascade."""

    analysis: CascadeAnalysis

    @property
    def title(self) -> str:
        name = self.analysis.layer.template.name
        counts = [
            f"{level.count} passes over {level.fiber.rank}"
            for level in self.analysis.passes.fibers
            if level.count > 1
        ]
        return f"{name}: {', '.join(counts) or '1 pass over every rank'}"

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Node -> its text: a tensor with its ranks."""
        cascade = self.analysis.layer.cascade
        return {n: f"{n}[{','.join(t.ranks)}]" for n, t in cascade.tensors.items()}

    @cached_property
    def level(self) -> FiberPasses:
        """The rank that needs most passes: its passes are the colours."""
        return max(self.analysis.passes.fibers, key=lambda level: level.count)

    @cached_property
    def colours(self) -> Mapping[str, str]:
        """Node -> colour: of its pass, white where it does not walk along that rank."""
        found = dict.fromkeys(self.labels, _INPUT)
        for einsum in self.analysis.layer.cascade.einsums:
            found[einsum.name] = _BETWEEN
            if einsum.name in self.level.pass_of:
                found[einsum.name] = _COLOURS[(self.level.pass_of[einsum.name] - 1) % len(_COLOURS)]
        return found

    @cached_property
    def edges(self) -> tuple[tuple[str, str, bool], ...]:
        """(tensor, reader, whether the reader takes what an earlier step wrote)."""
        cascade = self.analysis.layer.cascade
        return tuple(
            (tensor, reader, cascade.lags.get((tensor, reader), 0) > 0)
            for tensor, readers in cascade.consumers.items()
            for reader in readers
        )

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Nodes from top to bottom, each below all that it reads; neighbours stand near."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.labels)
        graph.add_edges_from((one, other) for one, other, late in self.edges if not late)
        depth: dict[str, int] = {}
        for node in nx.lexicographical_topological_sort(graph):
            above = [depth[other] for other in graph.predecessors(node)]
            depth[node] = max(above, default=-1) + 1
        for node in self.analysis.layer.cascade.inputs:
            # An input stands just above its first reader, not at the very top.
            readers = [depth[other] for other in graph.successors(node)]
            depth[node] = max(0, min(readers, default=1) - 1)
        rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
        for node, level in depth.items():
            rows[level].append(node)
        place = {node: i for row in rows for i, node in enumerate(row)}
        for row in rows[1:]:
            centre = {node: _mean([place[o] for o in graph.predecessors(node)]) for node in row}
            row.sort(key=lambda node: (centre[node], node))
            place.update({node: i for i, node in enumerate(row)})
        return tuple(map(tuple, rows))

    @cached_property
    def positions(self) -> Mapping[str, tuple[float, float]]:
        """Node -> x and y, rows centred."""
        return {
            node: (i - (len(row) - 1) / 2, -float(y))
            for y, row in enumerate(self.rows)
            for i, node in enumerate(row)
        }


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def write_graph(analyses: Sequence[CascadeAnalysis], path: Path) -> None:
    """Draw each cascade once and write the picture.

    Args:
        analyses: layers of a workload.
        path: its suffix says what is written: ``.dot`` (Graphviz), ``.png`` or ``.svg``.

    Raises:
        InputError: for another suffix, or where it cannot be written or is too large to read.
    """
    drawings = list({each.layer.template.name: _Drawing(each) for each in analyses}.values())
    nodes = sum(len(drawing.labels) for drawing in drawings)
    if path.suffix == ".dot":
        write_bytes(path, graph_dot(analyses).encode("utf-8"))
    elif path.suffix not in (".png", ".svg"):
        raise InputError(f"'{path}' ends in '{path.suffix}', must end in .dot, .png or .svg")
    elif nodes > _MOST_NODES:
        raise InputError(
            f"'{path}': {nodes} tensors are too many to draw, must be at most {_MOST_NODES}; write "
            "a .dot file and lay it out with Graphviz"
        )
    else:
        write_bytes(path, _picture(drawings, path.suffix[1:]))


def graph_dot(analyses: Sequence[CascadeAnalysis]) -> str:
    """The cascades in Graphviz's language, one cluster each."""
    drawings = list({each.layer.template.name: _Drawing(each) for each in analyses}.values())
    lines = ["digraph cascade {", '  node [shape=box, style="rounded,filled", fontname=Helvetica];']
    for i, drawing in enumerate(drawings):
        lines += [f"  subgraph cluster_{i} {{", f"    label={_quoted(drawing.title)};"]
        lines += [f"    {line}" for line in _dot_lines(drawing, f"{i}:")]
        lines.append("  }")
    return "\n".join([*lines, "}", ""])


def _dot_lines(drawing: _Drawing, prefix: str) -> Iterator[str]:
    for node, label in drawing.labels.items():
        colour = drawing.colours[node]
        yield f'{_quoted(prefix + node)} [label={_quoted(label)}, fillcolor="{colour}"];'
    for one, other, late in drawing.edges:
        style = " [style=dashed, constraint=false]" if late else ""
        yield f"{_quoted(prefix + one)} -> {_quoted(prefix + other)}{style};"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _picture(drawings: Sequence[_Drawing], kind: str) -> bytes:
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError(
            "pictures need matplotlib: pip install 'accelsim[report]'; a .dot file needs nothing"
        ) from None
    widths = [max(len(row) for row in drawing.rows) for drawing in drawings]
    deepest = max(len(drawing.rows) for drawing in drawings)
    size = (max(4.0, _COLUMN_INCHES * sum(widths)), max(2.0, _ROW_INCHES * deepest + 0.6))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(drawings), squeeze=False, width_ratios=widths)[0]
    for axes, drawing in zip(panels, drawings, strict=True):
        axes.set_ylim(-deepest + 0.5, 0.5)
        _draw(axes, drawing)
    buffer = BytesIO()
    with rc_context({"svg.hashsalt": "accelsim"}):
        # Without a date, the same cascade gives the same bytes.
        empty = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=120, metadata=empty)
    return buffer.getvalue()


def _bend(drawing: _Drawing, one: str, other: str) -> float:
    """How much an arrow curves, so that it keeps away from the boxes that it does not join."""

    def place(node: str) -> tuple[float, float]:
        x, y = drawing.positions[node]
        return x * _COLUMN_INCHES, y * _ROW_INCHES

    (x0, y0), (x1, y1) = place(one), place(other)
    boxes = [place(node) for node in drawing.positions if node not in (one, other)]

    edge = max(len(row) for row in drawing.rows) / 2 * _COLUMN_INCHES

    def clearance(bend: float) -> float:
        # The control point of matplotlib's arc3, and points of its quadratic curve.
        x, y = (x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0)
        curve = [
            (
                (1 - t) ** 2 * x0 + 2 * t * (1 - t) * x + t * t * x1,
                (1 - t) ** 2 * y0 + 2 * t * (1 - t) * y + t * t * y1,
            )
            for t in (i / 16 for i in range(1, 16))
        ]
        if any(abs(p) > edge for p, _ in curve):
            return -1.0
        # A box is about four times as wide as it is high.
        return min(
            (max(abs(a - p) / 0.65, abs(b - q) / 0.2) for a, b in boxes for p, q in curve),
            default=9.0,
        )

    return max(_BENDS, key=lambda bend: (min(clearance(bend), 1.2), -abs(bend)))


def _draw(axes: Axes, drawing: _Drawing) -> None:
    """Boxes and arrows; dashed is what goes from one step of an iterated rank to the next."""
    axes.set_title(drawing.title, fontsize=10)
    axes.axis("off")
    wide = max(len(row) for row in drawing.rows) / 2
    axes.set_xlim(-wide, wide)
    count, rank = min(drawing.level.count, len(_COLOURS)), drawing.level.fiber.rank
    if count > 1:
        from matplotlib.patches import Patch

        keys = [Patch(fc=_COLOURS[i], ec=_NOW, label=f"pass {i + 1}") for i in range(count)]
        title = f"over {rank}"
        axes.legend(
            handles=keys, title=title, loc="lower left", fontsize=8, title_fontsize=8, frameon=False
        )
    itself = {one for one, other, _ in drawing.edges if one == other}
    boxes = {}
    for node, (x, y) in drawing.positions.items():
        box = {
            "boxstyle": "round,pad=0.45",
            "fc": drawing.colours[node],
            "ec": _LATE if node in itself else _NOW,
            "ls": "--" if node in itself else "-",
        }
        text = axes.text(x, y, drawing.labels[node], ha="center", va="center", fontsize=8, bbox=box)
        boxes[node] = text.get_bbox_patch()
    for one, other, late in drawing.edges:
        if one == other:
            continue
        (x, y), (to_x, to_y) = drawing.positions[one], drawing.positions[other]
        bend = _bend(drawing, one, other) if late or abs(to_y - y) > 1 else 0.0
        axes.annotate(
            "",
            xy=(to_x, to_y),
            xytext=(x, y),
            arrowprops={
                "arrowstyle": "-|>",
                "color": _LATE if late else _NOW,
                "linestyle": "--" if late else "-",
                "connectionstyle": f"arc3,rad={bend}",
                "patchA": boxes[one],
                "patchB": boxes[other],
                "shrinkA": 0,
                "shrinkB": 2,
            },
        )
