"""Where everything of a drawn nest stands: memories and arrays side by side, the nest downwards.

Every row holds one thing, so that a line along a row meets nothing but what it leads to; lines
down run in the gaps between the columns. All lengths are in inches, y grows downwards.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import TensorAccess
from accelsim.mapping.residency import Residency, Store
from accelsim.report.nest_view import (
    GLUE,
    BlockView,
    EinsumView,
    KeepView,
    LoopView,
    NestView,
    Tile,
    block_view,
)
from accelsim.search.plan import Plan

__all__ = ["Box", "Flow", "Frame", "Lane", "Layout", "Wire", "flows_of", "layout_of"]

LANE, TRACK, ROW, LINE = 1.75, 0.1, 0.14, 0.135
"""Width of a memory's column and of a line down; heights of gap and text."""
ARRAY = 2.55
"""Width of an array's column."""
INSET, OUTSET = 0.11, 0.05
"""How much further in the frame of a loop begins, and ends, than the one around it."""
_LETTER = 0.068
"""Width of a letter of a label."""
_LETTERS = {LANE: 26, ARRAY: 42}
"""Letters on a line of a box, by its width."""

Key = tuple[object, ...]


@dataclass(frozen=True)
class Flow:
    """A tensor that goes from one box to another: a tile, or an Einsum."""

    tensor: str
    start: Key
    end: Key


@dataclass(frozen=True)
class Box:
    """A tile in a memory, or an Einsum on an array."""

    key: Key
    lane: str
    top: float
    lines: tuple[str, ...]
    tensor: str

    @property
    def height(self) -> float:
        return LINE * len(self.lines) + 0.1

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


@dataclass(frozen=True)
class Frame:
    """A block or a loop, around what it holds."""

    label: str
    depth: int
    top: float
    bottom: float


@dataclass(frozen=True)
class Lane:
    """The column of a memory or an array, and the tracks for lines on its right."""

    name: str
    left: float
    width: float
    tracks: int

    @property
    def right(self) -> float:
        return self.left + self.width


@dataclass(frozen=True)
class Wire:
    """The way of a flow: points from start to end."""

    tensor: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """Everything that is drawn."""

    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    frames: tuple[Frame, ...]
    wires: tuple[Wire, ...]
    width: float
    height: float


def flows_of(plan: Plan, architecture: Architecture, index: int) -> Iterator[Flow]:
    """What goes where in one block of a plan.

    Boxes are ``(index, "root", tensor)``, ``(index, address of the Keep, tensor)`` and
    ``(index, "einsum", name)``.
    """
    block = plan.mapped.blocks[index]
    residency = Residency(plan.layer.cascade, architecture, block)
    for name, schedule in residency.schedules.items():
        own: Key = (index, "einsum", name)
        forward = schedule.path.compute.forward
        for access in schedule.einsum.inputs:
            if access.tensor in forward:
                yield Flow(access.tensor, (index, "einsum", access.tensor), own)
            way = [*_stops(residency, name, access, index, output=False), own]
            for start, end in pairwise(way):
                yield Flow(access.tensor, start, end)
        way = [*_stops(residency, name, schedule.einsum.output, index, output=True), own]
        for end, start in pairwise(way):
            yield Flow(name, start, end)


def _stops(
    residency: Residency, name: str, access: TensorAccess, index: int, *, output: bool
) -> Iterator[Key]:
    """The stores of an access that are drawn: the outermost memory, and every Keep."""
    root = residency.architecture.root.name

    def drawn(store: Store) -> bool:
        return store.address is not None or store.memory == root

    for store in filter(drawn, residency.way(name, access, output=output)):
        yield (index, store.address if store.address is not None else "root", access.tensor)


@dataclass
class _Stack:
    """Boxes and frames of blocks, one below the other."""

    y: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    epochs: dict[str, int] = field(default_factory=dict)
    deepest: int = 0

    def block(self, index: int, view: BlockView, title: str) -> None:
        top = self.y
        self.y += 0.3
        for tile in view.outermost:
            self.tile(tile, view.root, (index, "root"))
        self.nest(index, view.nest, 1)
        self.frames.append(Frame(title, 0, top, self.y))
        self.y += 0.25

    def nest(self, index: int, nest: NestView, depth: int) -> None:
        self.deepest = max(self.deepest, depth)
        opened: list[tuple[str, int, float]] = []
        for step in nest.steps:
            if isinstance(step, LoopView):
                opened.append((str(step), depth, self.y))
                depth += 1
                self.y += 0.27
            else:
                self.keep(index, step)
        for part in nest.body:
            if isinstance(part, EinsumView):
                self.einsum(index, part)
            else:
                self.nest(index, part, depth)
        for label, level, top in reversed(opened):
            self.frames.append(Frame(label, level, top, self.y))
            self.y += 0.07
        self.deepest = max(self.deepest, depth)

    def keep(self, index: int, keep: KeepView) -> None:
        for tile in keep.tiles:
            self.tile(tile, keep.memory, (index, keep.address), each_pe=keep.each_pe)

    def tile(self, tile: Tile, lane: str, where: Key, *, each_pe: bool = False) -> None:
        size = f"{tile.space} in each PE" if each_pe else tile.space
        self.add((*where, tile.name), lane, [f"{tile.name}  {tile.extent}", size], tile.tensors[0])

    def einsum(self, index: int, einsum: EinsumView) -> None:
        epoch = self.epochs.get(einsum.name)
        lines = [
            einsum.name if epoch is None else f"{einsum.name}   (epoch {epoch})",
            einsum.spread,
            *einsum.details,
        ]
        self.add((index, "einsum", einsum.name), einsum.array, lines, einsum.name, width=ARRAY)

    def add(
        self, key: Key, lane: str, lines: Sequence[str], tensor: str, *, width: float = LANE
    ) -> None:
        letters = _LETTERS[width]
        parts = [part for line in lines for part in textwrap.wrap(line, letters)]
        shown = [part.replace(GLUE, " ") for part in parts]
        box = Box(key, lane, self.y, tuple(shown), tensor)
        self.boxes.append(box)
        self.y += box.height + ROW


def layout_of(plan: Plan, architecture: Architecture) -> Layout:
    """Every block of a plan, one below the other."""
    stack = _Stack()
    flows: list[Flow] = []
    for index, block in enumerate(plan.mapped.blocks):
        view = block_view(block, plan.layer.cascade, architecture, plan.bits)
        stack.epochs = {
            p: i + 1 for i, e in enumerate(block.epochs) for p in e if isinstance(p, str)
        }
        stack.block(index, view, f"block {block.name}")
        flows += dict.fromkeys(flows_of(plan, architecture, index))
    boxes = _by_tensor(stack.boxes)
    used = {box.lane for box in stack.boxes}
    tracks = _tracks(flows, boxes)
    lanes: dict[str, Lane] = {}
    left = 0.25 + max(INSET * f.depth + _LETTER * len(f.label) for f in stack.frames)
    for name in (*architecture.memories, *architecture.arrays):
        if name in used:
            number = 1 + max((t for lane, t in tracks.values() if lane == name), default=-1)
            lanes[name] = Lane(name, left, ARRAY if name in architecture.arrays else LANE, number)
            left = lanes[name].right + TRACK * (number + 2)
    wires = tuple(_wires(flows, boxes, lanes, tracks))
    left += OUTSET * stack.deepest
    every = tuple(lanes.values())
    return Layout(every, tuple(stack.boxes), tuple(stack.frames), wires, left, stack.y)


def _by_tensor(boxes: Sequence[Box]) -> dict[Key, Box]:
    """Boxes by what flows name: tensors that share a tile have the same box."""
    found: dict[Key, Box] = {}
    for box in boxes:
        *where, name = box.key
        for tensor in str(name).split("=") if where[1] != "einsum" else [name]:
            found[*where, tensor] = box
    return found


def _outer(flow: Flow, boxes: dict[Key, Box]) -> Box:
    """The box beside which a flow runs down: the one that stands higher."""
    return min(boxes[flow.start], boxes[flow.end], key=lambda box: box.top)


def _tracks(flows: Sequence[Flow], boxes: dict[Key, Box]) -> dict[tuple[Key, str], tuple[str, int]]:
    """(box, tensor) -> lane and number of the line down beside it; lines that meet stand apart."""
    spans: dict[tuple[Key, str], tuple[str, float, float]] = {}
    for flow in flows:
        outer = _outer(flow, boxes)
        ends = boxes[flow.start].middle, boxes[flow.end].middle
        key = outer.key, flow.tensor
        _, low, high = spans.get(key, ("", min(ends), max(ends)))
        spans[key] = outer.lane, min(low, *ends), max(high, *ends)
    taken: dict[str, list[float]] = {}
    found = {}
    for key, (lane, low, high) in sorted(spans.items(), key=lambda item: item[1][1]):
        ends_at = taken.setdefault(lane, [])
        number = next((i for i, end in enumerate(ends_at) if end < low - ROW), len(ends_at))
        ends_at[number : number + 1] = [high]
        found[key] = lane, number
    return found


def _wires(
    flows: Sequence[Flow],
    boxes: dict[Key, Box],
    lanes: dict[str, Lane],
    tracks: dict[tuple[Key, str], tuple[str, int]],
) -> Iterator[Wire]:
    ends: dict[Key, list[Flow]] = {}
    for flow in flows:
        outer = _outer(flow, boxes)
        inner = boxes[flow.end] if outer is boxes[flow.start] else boxes[flow.start]
        ends.setdefault(inner.key, []).append(flow)
    for flow in flows:
        outer = _outer(flow, boxes)
        inner = boxes[flow.end] if outer is boxes[flow.start] else boxes[flow.start]
        lane, number = tracks[outer.key, flow.tensor]
        down = lanes[lane].right + TRACK * (number + 1)
        # Each line meets the box at a height of its own.
        beside = ends[inner.key]
        y = inner.top + inner.height * (beside.index(flow) + 1) / (len(beside) + 1)
        # To a box in the same column, or further left, lines come from the right.
        column = lanes[inner.lane]
        side = column.left if column.left > down else column.right
        points = [(lanes[lane].right, outer.middle), (down, outer.middle), (down, y), (side, y)]
        if outer is not boxes[flow.start]:
            points.reverse()
        yield Wire(flow.tensor, tuple(points))
