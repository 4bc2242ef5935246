"""The roofline: what bounds the time of a row on a device (Williams et al., CACM 2009).

Compute on matrix units, elementwise operations and memory traffic overlap; the longest of them is
the time. Figures of a row may run linearly over steps, as those of decode do with the context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accelsim.architecture.devices import Device
from accelsim.roofline.compute import ways_of
from accelsim.roofline.work import Work

__all__ = ["BOUNDS", "Load", "Segment", "Timed", "load_of", "timed"]

BOUNDS = ("memory", "compute", "vector")
"""What takes longest: traffic, matrix units, or the units for all else."""


@dataclass(frozen=True)
class Load:
    """What a row puts on a device in one run."""

    matrix_operations: Mapping[str, float]
    """Peak -> operations at it."""
    matrix_seconds: float
    vector_operations: float
    """Elementwise operations, conversions of operands among them."""
    converting_operations: float
    bytes: float
    stands_in: frozenset[str] = frozenset()
    """Types that the device lacks."""
    unknown: frozenset[str] = frozenset()
    """Formats of operands for which no peak is known, so that their time is left out."""

    def seconds(self, device: Device, *, peaks: float = 1.0) -> tuple[float, float, float]:
        """Time of each of ``BOUNDS`` on its own, with all peaks a number of times as high."""
        rate = device.vector_operations_per_s
        vector = self.vector_operations / rate if rate else 0.0
        memory = self.bytes / device.bandwidth_bytes_per_s
        return memory, self.matrix_seconds / peaks, vector / peaks


@dataclass(frozen=True)
class Segment:
    """Steps over which all figures run linearly from the first to the last."""

    steps: int
    first: Load
    last: Load


@dataclass(frozen=True)
class Timed:
    """Time of one run, on average over all steps, and what bounds most of it."""

    seconds: float
    bound: str


def load_of(work: Work, device: Device) -> Load:
    """A row on a device."""
    ways = ways_of(work.products, work.vector_operations, device)
    operations: dict[str, float] = {}
    seconds = 0.0
    for product, way in zip(work.products, ways, strict=True):
        if way.name:
            operations[way.name] = operations.get(way.name, 0) + product.operations
            seconds += product.operations / way.operations_per_s
    converting = sum(way.converting_operations for way in ways)
    return Load(
        operations,
        seconds,
        work.vector_operations + converting,
        converting,
        sum(work.bytes.values()),
        frozenset(way.stands_in_for for way in ways if way.stands_in_for),
        unknown=frozenset(
            operand.format
            for product, way in zip(work.products, ways, strict=True)
            if not way.name
            for operand in product.operands
        ),
    )


def timed(segments: Sequence[Segment], device: Device, *, peaks: float = 1.0) -> Timed:
    """The time of one run, over all steps on average, with all peaks as many times as high."""
    totals = [0.0, 0.0, 0.0]
    steps = 0
    for segment in segments:
        first = segment.first.seconds(device, peaks=peaks)
        last = segment.last.seconds(device, peaks=peaks)
        _add(first, last, segment.steps, totals)
        steps += segment.steps
    return Timed(sum(totals) / steps, BOUNDS[totals.index(max(totals))])


Needs = tuple[float, ...]


def _add(first: Needs, last: Needs, steps: int, totals: list[float]) -> None:
    """Add the times of steps between two needs to the sums of what bounds them.

    Each need is a straight line over the steps. One that is the longest at both ends is so in
    between, since the longest of straight lines is convex; else the steps are halved.
    """
    at_first, at_last = first.index(max(first)), last.index(max(last))
    if first[at_last] == first[at_first]:
        at_first = at_last
    if last[at_first] == last[at_last]:
        at_last = at_first
    if steps == 1 or at_first == at_last:
        both = first[at_first] if steps == 1 else (first[at_first] + last[at_first]) / 2
        totals[at_first] += steps * both
        return
    half = steps // 2
    _add(first, _between(first, last, steps, half - 1), half, totals)
    _add(_between(first, last, steps, half), last, steps - half, totals)


def _between(first: Needs, last: Needs, steps: int, step: int) -> Needs:
    """The needs of one of the steps, counted from 0."""
    part = step / (steps - 1)
    return tuple(a + (b - a) * part for a, b in zip(first, last, strict=True))
