"""A layer on a device: what it does in one run, how long that takes, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accelsim.architecture.devices import Device
from accelsim.roofline.bound import Load, Segment, load_of, timed
from accelsim.roofline.work import Work
from accelsim.workload.workload import ROLES

__all__ = ["Row", "row_of"]


@dataclass(frozen=True)
class Row:
    """A layer in one stage; figures are of one of its runs, on average over the steps."""

    name: str
    kind: str
    stage: str
    repeat: int
    """Runs: layers of the model that are like it, times steps."""
    operations: float
    bytes_by_role: Mapping[str, float]
    seconds: float
    bound: str
    segments: tuple[Segment, ...]

    @property
    def bytes(self) -> float:
        """Compulsory traffic."""
        return sum(self.bytes_by_role.values())

    @property
    def computes_in(self) -> str:
        """The peaks that products run at; ``vector`` without products; ``unknown``."""
        first = self.segments[0].first
        return ", ".join(first.matrix_operations) or ("unknown" if first.unknown else "vector")

    @property
    def converting_operations(self) -> float:
        """To widen and scale operands that the device does not compute with."""
        steps = sum(segment.steps for segment in self.segments)
        return sum(_mean(s, "converting_operations") * s.steps for s in self.segments) / steps

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "stage": self.stage,
            "repeat": self.repeat,
            "operations": self.operations,
            "bytes": self.bytes,
            "intensity": self.operations / self.bytes if self.bytes else None,
            "seconds": self.seconds,
            "bound": self.bound,
            "computes_in": self.computes_in,
            "bytes_by_class": dict(self.bytes_by_role),
            "dequantize_operations": self.converting_operations,
            "segments": [
                {"steps": s.steps, "first": _load_json(s.first), "last": _load_json(s.last)}
                for s in self.segments
            ],
        }


def _mean(segment: Segment, figure: str) -> float:
    return float(getattr(segment.first, figure) + getattr(segment.last, figure)) / 2


def _load_json(load: Load) -> dict[str, Any]:
    return {
        "matrix_operations": dict(load.matrix_operations),
        "vector_operations": load.vector_operations,
        "bytes": load.bytes,
    }


def _bytes_as(role: str) -> Callable[[Work], float]:
    return lambda work: work.bytes[role]


def row_of(pairs: Sequence[tuple[int, Work, Work]], device: Device, stage: str) -> Row:
    """Segments (steps, work at the first, work at the last) of one layer as a row."""
    segments = tuple(
        Segment(steps, load_of(first, device), load_of(last, device))
        for steps, first, last in pairs
    )
    steps = sum(steps for steps, _, _ in pairs)
    found = timed(segments, device)
    head = pairs[0][1]

    def mean(figure: Callable[[Work], float]) -> float:
        return sum(n * (figure(first) + figure(last)) for n, first, last in pairs) / (2 * steps)

    moved = {role: mean(_bytes_as(role)) for role in ROLES}
    return Row(
        head.name,
        head.kind,
        stage,
        head.repeat * steps,
        mean(lambda work: work.operations),
        moved,
        found.seconds,
        found.bound,
        segments,
    )
