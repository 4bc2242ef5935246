"""Quantisation one weight at a time, from the published rules, with nothing of accelsim.

Rules re-derived from the public code of BitMoD (a comparison with every halfway point, in the
arithmetic of the weights), ANT and OliVe (the last of the nearest values of a list).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

FP3, FP4 = (1.0, 2.0, 4.0), (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
BITMOD = {
    3: [sorted({0.0, *FP3, *(-m for m in FP3), special}) for special in (3, -3, 6, -6)],
    4: [sorted({0.0, *FP4, *(-m for m in FP4), special}) for special in (5, -5, 8, -8)],
}
FLINT4 = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0)
POWERS4 = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
ANT = {
    3: [[*map(float, range(-4, 4))], [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0]],
    4: [
        [*map(float, range(-8, 8))],
        sorted({*FLINT4, *(-m for m in FLINT4)}),
        sorted({*POWERS4, *(-m for m in POWERS4)}),
    ],
}


@dataclass
class Choice:
    kind: int
    scale: np.floating[Any]
    values: list[float]
    """Without the scale."""


def lower_nearest(x: Any, allowed: list[float]) -> float:
    """A halfway point belongs to the value below it."""
    for low, high in pairwise(allowed):
        if x <= (low + high) / 2:
            return low
    return allowed[-1]


def upper_nearest(x: Any, allowed: list[float]) -> float:
    """The last of the nearest."""
    best = min(abs(x - each) for each in allowed)
    return [each for each in allowed if abs(x - each) == best][-1]


def bitmod_group(weights: np.ndarray[Any, Any], bits: int) -> Choice:
    """The first type of least squared error, in the arithmetic of the weights."""
    best, least = None, np.inf
    for kind, allowed in enumerate(BITMOD[bits]):
        scale = np.abs(weights).max() / weights.dtype.type(max(map(abs, allowed)))
        values = [lower_nearest(w / scale, allowed) if scale else 0.0 for w in weights]
        rounded = np.array(values, weights.dtype) * scale
        # The sum is wide, so that only real ties are ties.
        error = float(((rounded - weights).astype(np.float64) ** 2).sum())
        if error < least:
            best, least = Choice(kind, scale, values), error
    assert best is not None
    return best


def scale_levels(scales: np.ndarray[Any, Any], bits: int) -> tuple[np.ndarray[Any, Any], Any]:
    """Second level of a channel: whole multiples of a unit."""
    unit = scales.max() / scales.dtype.type(2**bits - 1)
    return np.clip(np.round(scales / unit), 0, 2**bits - 1), unit


def olive_pairs(x: np.ndarray[Any, Any], normal: list[float], outliers: list[float]) -> list[float]:
    """Nearest of all values; then the neighbour of what is above the normal ones becomes 0."""
    found = [upper_nearest_of_list(each, [*normal, *outliers]) for each in x]
    for i in range(0, len(found), 2):
        if abs(found[i]) > max(normal):
            found[i + 1] = 0.0
        elif abs(found[i + 1]) > max(normal):
            found[i] = 0.0
    return found


def upper_nearest_of_list(x: Any, values: list[float]) -> float:
    best = min(abs(x - each) for each in values)
    return [each for each in values if abs(x - each) == best][-1]
