"""Pictures of a mapping: memories and arrays as columns, loops as frames, tiles, and what flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.architecture.architecture import Architecture
from accelsim.errors import InputError
from accelsim.files import write_bytes
from accelsim.report.nest_layout import INSET, OUTSET, Box, Layout, flows_of, layout_of
from accelsim.report.nest_view import GLUE, EinsumView, LoopView, NestView, Tile, block_view
from accelsim.search.plan import Plan
from accelsim.units import bytes_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["nest_dot", "write_nest"]

_COLOURS = (
    ("#dbe9f6", "#2b6ca3"),
    ("#fde3c8", "#c7690f"),
    ("#d9f0d3", "#3a8a34"),
    ("#f6d5e5", "#b43a76"),
    ("#e0d9f2", "#6a51a3"),
    ("#f4efc6", "#8f7f0a"),
    ("#cdeeee", "#158a8a"),
    ("#e8d8c8", "#7a4b20"),
    ("#e6e6e6", "#5a5a5a"),
    ("#fbd0cc", "#c0392b"),
)
"""Of the tiles of the first tensor and of its lines, of the second, ...; used again at the end."""
_MOST_BOXES = 150
_EDGE = 0.15
_HEAD = 0.5


def write_nest(plan: Plan, architecture: Architecture, path: Path) -> None:
    """Draw every block of a layer's mapping and write the picture.

    Args:
        plan: the layer with its mapping.
        architecture: the machine.
        path: its suffix says what is written: ``.dot`` (Graphviz), ``.png`` or ``.svg``.

    Raises:
        InputError: for another suffix, or where it cannot be written or is too large to read.
    """
    if path.suffix == ".dot":
        write_bytes(path, nest_dot(plan, architecture).encode("utf-8"))
        return
    if path.suffix not in (".png", ".svg"):
        raise InputError(f"'{path}' ends in '{path.suffix}', must end in .dot, .png or .svg")
    layout = layout_of(plan, architecture)
    if len(layout.boxes) > _MOST_BOXES:
        raise InputError(
            f"'{path}': {len(layout.boxes)} tiles and Einsums are too many to draw, must be at "
            f"most {_MOST_BOXES}; write a .dot file and lay it out with Graphviz"
        )
    write_bytes(path, _picture(layout, plan, architecture, path.suffix[1:]))


def _colours(plan: Plan) -> Mapping[str, tuple[str, str]]:
    """Tensor -> colours of its tiles and of its lines."""
    names = plan.layer.cascade.tensors
    return {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}


def _title(plan: Plan, architecture: Architecture) -> str:
    name = plan.layer.name or plan.layer.template.name
    return f"{name} on {architecture.name}, mapped by {plan.mapped.mapper}"


def _picture(layout: Layout, plan: Plan, architecture: Architecture, kind: str) -> bytes:
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError(
            "pictures need matplotlib: pip install 'accelsim[report]'; a .dot file needs nothing"
        ) from None
    width, height = layout.width + 2 * _EDGE, layout.height + _HEAD + 0.4
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(-_EDGE, layout.width + _EDGE)
    axes.set_ylim(layout.height, -_HEAD - 0.4)
    axes.axis("off")
    axes.text(0, -_HEAD - 0.2, _title(plan, architecture), fontsize=11, va="center")
    _draw(axes, layout, _colours(plan), architecture)
    buffer = BytesIO()
    with rc_context({"svg.hashsalt": "accelsim"}):
        # Without a date, the same mapping gives the same bytes.
        empty = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=120, metadata=empty)
    return buffer.getvalue()


def _draw(
    axes: Axes,
    layout: Layout,
    colours: Mapping[str, tuple[str, str]],
    architecture: Architecture,
) -> None:
    from matplotlib.patches import FancyBboxPatch, Rectangle

    for lane in layout.lanes:
        band = Rectangle(
            (lane.left - 0.05, -_HEAD),
            lane.width + 0.1,
            layout.height + _HEAD - 0.15,
            fc="#f3f5f7",
            lw=0,
        )
        axes.add_patch(band)
        middle = lane.left + lane.width / 2
        size = _size(lane.name, architecture)
        axes.text(middle, -0.33, lane.name, fontsize=10, weight="bold", ha="center", va="center")
        axes.text(middle, -0.13, size, fontsize=8, color="#444444", ha="center", va="center")
    for frame in layout.frames:
        inset, right = INSET * frame.depth, layout.width - OUTSET * frame.depth
        wide, high = right - inset, frame.bottom - frame.top
        shape = "round,pad=0,rounding_size=0.08"
        edge = "#555555" if frame.depth else "#111111"
        axes.add_patch(
            FancyBboxPatch(
                (inset, frame.top), wide, high, boxstyle=shape, fc="#1f3a5f06", ec=edge, lw=0.8
            )
        )
        weight = "normal" if frame.depth else "bold"
        axes.text(
            inset + 0.08, frame.top + 0.15, frame.label, fontsize=8, va="center", weight=weight
        )
    for wire in layout.wires:
        _, colour = colours[wire.tensor]
        xs, ys = zip(*wire.points, strict=True)
        axes.plot(xs, ys, color=colour, lw=1.1, solid_joinstyle="round", alpha=0.9)
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=wire.points[-1], xytext=wire.points[-2], arrowprops=arrow)
    lanes = {lane.name: lane for lane in layout.lanes}
    for box in layout.boxes:
        lane = lanes[box.lane]
        fill, edge = colours[box.tensor]
        array = box.lane in architecture.arrays
        patch = FancyBboxPatch(
            (lane.left, box.top),
            lane.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.05" if not array else "square,pad=0",
            fc="#ffffff" if array else fill,
            ec=edge,
            lw=1.6 if array else 1.0,
            zorder=3,
        )
        axes.add_patch(patch)
        _write(axes, box, lane.left + lane.width / 2)


def _size(name: str, architecture: Architecture) -> str:
    """Of a memory or an array, in words."""
    if array := architecture.arrays.get(name):
        return f"{array.rows:,} x {array.columns:,} PEs"
    memory = architecture.memories[name]
    if memory.size_bytes is None:
        return ""
    inside = " in each PE" if memory.parent in architecture.arrays else ""
    return f"{bytes_text(memory.size_bytes)}{inside}"


def _write(axes: Axes, box: Box, x: float) -> None:
    step = (box.height - 0.1) / len(box.lines)
    for i, line in enumerate(box.lines):
        axes.text(
            x,
            box.top + 0.05 + step * (i + 0.5),
            line,
            ha="center",
            va="center",
            fontsize=7.5,
            weight="bold" if i == 0 else "normal",
            zorder=4,
        )


def nest_dot(plan: Plan, architecture: Architecture) -> str:
    """A layer's mapping in Graphviz's language: a cluster for each block and each loop."""
    lines = [
        "digraph mapping {",
        f"  label={_quoted(_title(plan, architecture))};",
        '  node [shape=box, style="rounded,filled", fontname=Helvetica];',
    ]
    writer = _Dot(_colours(plan))
    for index, block in enumerate(plan.mapped.blocks):
        view = block_view(block, plan.layer.cascade, architecture, plan.bits)
        inside = [writer.tile(tile, view.root, (index, "root")) for tile in view.outermost]
        inside += writer.nest(view.nest, index)
        lines += writer.cluster(f"block {block.name}", inside)
        for flow in dict.fromkeys(flows_of(plan, architecture, index)):
            _, colour = writer.colours[flow.tensor]
            start, end = writer.nodes[flow.start], writer.nodes[flow.end]
            lines.append(f'  {start} -> {end} [color="{colour}"];')
    return "\n".join([*lines, "}", ""])


@dataclass
class _Dot:
    """Nodes get numbers as they are written; names of tensors stand in labels only."""

    colours: Mapping[str, tuple[str, str]]
    nodes: dict[tuple[object, ...], str] = field(default_factory=dict)
    clusters: int = 0

    def cluster(self, label: str, inside: list[str]) -> list[str]:
        self.clusters += 1
        head = [f"  subgraph cluster_{self.clusters} {{", f"    label={_quoted(label)};"]
        return [*head, *(f"  {line}" for line in inside), "  }"]

    def nest(self, nest: NestView, index: int) -> list[str]:
        lines: list[str] = []
        for i, step in enumerate(nest.steps):
            if isinstance(step, LoopView):
                inner = self.nest(NestView(nest.steps[i + 1 :], nest.body), index)
                return lines + self.cluster(str(step), inner)
            where = (index, step.address)
            lines += [self.tile(tile, step.memory, where, step.each_pe) for tile in step.tiles]
        for part in nest.body:
            if isinstance(part, NestView):
                lines += self.nest(part, index)
            else:
                lines.append(self.einsum(part, index))
        return lines

    def tile(
        self, tile: Tile, memory: str, where: tuple[object, ...], each_pe: bool = False
    ) -> str:
        name = f"n{len(set(self.nodes.values()))}"
        for tensor in tile.tensors:
            self.nodes[*where, tensor] = name
        each = f"{memory}, in each PE" if each_pe else memory
        fill, _ = self.colours[tile.tensors[0]]
        return f'  {name} [label={_quoted(f"{tile}", each)}, fillcolor="{fill}"];'

    def einsum(self, einsum: EinsumView, index: int) -> str:
        name = f"n{len(set(self.nodes.values()))}"
        self.nodes[index, "einsum", einsum.name] = name
        texts = [f"{einsum.name} on {einsum.array}", einsum.spread, *einsum.details]
        _, edge = self.colours[einsum.name]
        label = _quoted(*texts)
        return f'  {name} [label={label}, fillcolor=white, color="{edge}", penwidth=2];'


def _quoted(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped).replace(GLUE, " ") + '"'
