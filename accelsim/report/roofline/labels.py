"""Names of points in a chart, placed so that none covers another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Point", "place_labels", "spread_roofs"]

_TOGETHER_POINTS = 9.0  # Nearer, and two labels could not tell which is whose.
_MOST_LABELS = 8
_FONT_POINTS = 7.0
_LINE_POINTS = 9.0
_LETTER_POINTS = 4.3  # Mean width in DejaVu Sans at that size, on the safe side.

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points."""


@dataclass(frozen=True)
class Point:
    """A point of a chart, in units of its axes."""

    x: float
    y: float
    name: str
    area_points2: float


@dataclass(frozen=True)
class _Group:
    """Points that lie together and share a label."""

    first: Point
    at: tuple[float, float]
    """Place of the first, in points of print."""
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """Two names, and how many more there are."""
        more = len(self.names) - 2
        return ", ".join(self.names[:2]) + (f" +{more}" if more > 0 else "")

    @property
    def radius(self) -> float:
        return math.sqrt(self.first.area_points2 / math.pi)


def place_labels(axes: Axes, points: Sequence[Point]) -> None:
    """Write the names of points where nothing else is; one without such a place is left out.

    Args:
        axes: drawn and laid out.
        points: the most important first; those that lie together share a label.
    """
    to_points = 72 / axes.figure.dpi
    frame = axes.get_window_extent()
    inside = tuple(value * to_points for value in (frame.x0, frame.y0, frame.x1, frame.y1))
    groups = _grouped(axes, points, to_points)
    taken = _lines(axes, to_points) + _texts(axes, to_points)
    taken += [_around(*group.at, 1.7 * group.radius, 1.7 * group.radius) for group in groups]
    for group in groups[:_MOST_LABELS]:
        width = len(group.text) * _LETTER_POINTS + 2
        for wanted, dy in _candidates(group.radius, width):
            # Beside the frame a label moves inwards, as far as it must.
            least = inside[0] + 1 + width / 2 - group.at[0]
            dx = min(max(wanted, least), inside[2] - 1 - width / 2 - group.at[0])
            box = _around(group.at[0] + dx, group.at[1] + dy, width, _LINE_POINTS)
            if _within(box, inside) and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                _write(axes, group, (dx, dy))
                break


def spread_roofs(axes: Axes) -> None:
    """Move the texts of roofs (those with the id ``roof``) apart, from the lowest up."""
    from matplotlib.text import Annotation

    to_points = 72 / axes.figure.dpi
    lowest = -math.inf
    texts = [text for text in axes.texts if text.get_gid() == "roof"]
    heights = {
        text: axes.transData.transform((1.0, text.xy[1]))[1] * to_points
        for text in texts
        if isinstance(text, Annotation)
    }
    for text, height in sorted(heights.items(), key=lambda pair: pair[1]):
        free = max(height, lowest)
        text.xyann = (text.xyann[0], free - height)
        lowest = free + _LINE_POINTS


def _grouped(axes: Axes, points: Sequence[Point], to_points: float) -> list[_Group]:
    groups: list[_Group] = []
    for point in points:
        x, y = axes.transData.transform((point.x, point.y)) * to_points
        at = (float(x), float(y))
        near = (i for i, group in enumerate(groups) if math.dist(group.at, at) < _TOGETHER_POINTS)
        i = next(near, None)
        if i is None:
            groups.append(_Group(point, at, (point.name,)))
        elif point.name not in groups[i].names:
            groups[i] = replace(groups[i], names=(*groups[i].names, point.name))
    return groups


def _write(axes: Axes, group: _Group, offset: tuple[float, float]) -> None:
    text = axes.annotate(
        group.text,
        (group.first.x, group.first.y),
        textcoords="offset points",
        xytext=offset,
        fontsize=_FONT_POINTS,
        ha="center",
        va="center",
        zorder=5,
        parse_math=False,
    )
    text.set_in_layout(False)


def _candidates(radius: float, width: float) -> list[tuple[float, float]]:
    """Offsets of a label's middle, the best first: right, below, left, above, further below."""
    side, under = radius + 3 + width / 2, radius + 2 + _LINE_POINTS / 2
    near = [
        (side, 0.0), (side, -_LINE_POINTS * 0.8), (0.0, -under), (width / 3, -under),
        (-width / 3, -under), (-side, 0.0), (-side, _LINE_POINTS * 0.8), (0.0, under),
        (-width / 3, under),
    ]  # fmt: skip
    far = [(part * width, -under - n * _LINE_POINTS) for n in (1, 2) for part in (-0.5, 0, 0.5)]
    return near + far


def _around(x: float, y: float, width: float, height: float) -> Box:
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _within(box: Box, frame: Sequence[float]) -> bool:
    return box[0] > frame[0] and box[1] > frame[1] and box[2] < frame[2] and box[3] < frame[3]


def _lines(axes: Axes, to_points: float) -> list[Box]:
    """Small boxes along every line of the axes."""
    boxes = []
    for line in axes.lines:
        path = axes.transData.transform(line.get_xydata()) * to_points
        for (x0, y0), (x1, y1) in pairwise(path):
            steps = max(1, round(math.dist((x0, y0), (x1, y1)) / 4))
            for i in range(steps + 1):
                part = i / steps
                boxes.append(_around(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part, 4.0, 2.0))
    return boxes


def _texts(axes: Axes, to_points: float) -> list[Box]:
    """Boxes of what is written in the axes already."""
    extents = [text.get_window_extent() for text in axes.texts]
    return [
        (box.x0 * to_points, box.y0 * to_points, box.x1 * to_points, box.y1 * to_points)
        for box in extents
    ]
