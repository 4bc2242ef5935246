"""The nearest value of a table for many weights at once, by look-up.

Halfway points of all tables here are multiples of a power of two. Below and between two such
multiples the nearest value is the same, and on a multiple it is a tie's; so
floor(x) + ceil(x), in that unit, is an index that tells everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from accelsim.quantization.schemes import Scheme

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Grid", "scheme_grid"]


@dataclass(frozen=True)
class Grid:
    """The tables of a scheme."""

    steps: int
    """Multiples between two whole numbers."""
    reach: float
    """Largest multiple that has an entry; what is beyond has its value."""
    values: NDArray[np.float32]
    """(types, entries) -> the nearest value."""
    codes: NDArray[np.uint8]
    """(types, entries) -> its code."""

    @property
    def entries(self) -> int:
        """Of a type's table."""
        return len(self.values[0])

    def index(self, weights: NDArray[np.float32], scales: NDArray[np.float32]) -> NDArray[np.intp]:
        """Where the values of weights are in a type's table.

        Args:
            weights: (groups, weights of a group).
            scales: (groups, 1), above 0.
        """
        # A step is a power of two: the quotient's rounding is that of weight over scale.
        found = weights / (scales / np.float32(self.steps))
        np.clip(found, -self.reach, self.reach, out=found)
        up = np.ceil(found)
        np.floor(found, out=found)
        found += up
        found += np.float32(2 * self.reach)
        return found.astype(np.intp)


@lru_cache(maxsize=64)
def scheme_grid(scheme: Scheme) -> Grid:
    """The tables of a scheme, made once."""
    nodes = [_nodes(scheme, kind) for kind in range(len(scheme.types))]
    halves = [(values[1:] + values[:-1]) / 2 for values, _ in nodes]
    steps = 1
    while any((half * steps % 1).any() for half in halves):
        steps *= 2
    # One beyond the last halfway point is in the last value's range.
    reach = max(float(np.abs(half).max()) for half in halves) * steps + 1
    points = np.arange(-2 * reach, 2 * reach + 1) / (2 * steps)
    found = [
        _nearest(values, half, points, _upper_ties(values, scheme, kind))
        for kind, ((values, _), half) in enumerate(zip(nodes, halves, strict=True))
    ]
    return Grid(
        steps,
        reach,
        np.array([values[at] for (values, _), at in zip(nodes, found, strict=True)], np.float32),
        np.array([codes[at] for (_, codes), at in zip(nodes, found, strict=True)], np.uint8),
    )


def _nodes(scheme: Scheme, kind: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Values, ascending, each once, with their codes."""
    codes: dict[float, int] = {}
    for table in (scheme.values, scheme.outliers):
        for code, value in enumerate(table[kind] if table else ()):
            # 0 comes first; later ones are a victim's, or codes without a use.
            codes.setdefault(value, code)
    values = sorted(codes)
    return np.array(values), np.array([codes[value] for value in values], np.uint8)


def _upper_ties(values: NDArray[np.float64], scheme: Scheme, kind: int) -> NDArray[np.bool_]:
    """For each two neighbours, whether what is halfway becomes the upper one."""
    lower, upper = values[:-1], values[1:]
    if scheme.ties == "even":
        return np.asarray(lower % 2 != 0)
    if scheme.ties == "out":
        largest = scheme.largest(kind)
        # Of an outlier below and a normal value the outlier, else the upper one.
        return ~((lower < -largest) & (upper >= -largest))
    return np.full(len(lower), scheme.ties == "up")


def _nearest(
    values: NDArray[np.float64],
    halves: NDArray[np.float64],
    points: NDArray[np.float64],
    upper: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Places of the nearest values of points."""
    found = np.searchsorted(halves, points, side="left")
    inside = np.minimum(found, len(halves) - 1)
    found[(halves[inside] == points) & upper[inside]] += 1
    return found
