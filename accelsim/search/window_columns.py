"""What tiles of windows hold, on columns of candidates whose ranks end raggedly.

The same as ``accelsim.mapping.windows`` counts for one mapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from accelsim.search.problem import Window
from accelsim.search.tiles import Floats

__all__ = ["Column", "crossing", "span"]

Column = tuple[Floats, Floats]
"""(length, how many) of the tiles of a rank; a length of 0 stands for no tile."""


def _stride(window: Window, lengths: Sequence[Floats]) -> Floats | int:
    """The step of the run that a tile covers."""
    if len(lengths) == 2:
        # Where one rank has one value, the number of combinations limits what follows from this.
        return int(np.gcd(*np.abs(window.coefficients)))
    stride = np.zeros(len(lengths[0]), np.int64)
    for coefficient, length in zip(window.coefficients, lengths, strict=True):
        stride = np.gcd(stride, np.where(length > 1, abs(coefficient), 0))
    return np.maximum(stride, 1).astype(np.float64)


def _run(window: Window, lengths: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Steps from the first to the last element, and combinations of the ranks' values."""
    reach, combinations = np.zeros_like(lengths[0]), np.ones_like(lengths[0])
    for coefficient, length in zip(window.coefficients, lengths, strict=True):
        reach += abs(coefficient) * np.maximum(length - 1, 0)
        combinations *= length
    return np.floor(reach / _stride(window, lengths)) + 1, combinations


def span(window: Window, lengths: Sequence[Floats]) -> Floats:
    """Elements that one tile of a window takes up; none where a rank has none."""
    run, combinations = _run(window, lengths)
    return np.asarray(np.minimum(run, np.minimum(combinations, window.length)))


def _have_halo(window: Window, lengths: Sequence[Floats]) -> NDArray[np.bool_]:
    """Whether windows of neighbours may have elements in common."""
    run, combinations = _run(window, lengths)
    return np.asarray(run < combinations)


def _total(window: Window, columns: Sequence[Sequence[Column]]) -> Floats:
    """Elements that all tiles of a window take up."""
    found = np.zeros_like(columns[0][0][0])
    for choice in product(*columns):
        held = span(window, [length for length, _ in choice])
        for _, times in choice:
            held *= times
        found += held
    return found


def _in_runs(columns: Sequence[Column], width: Floats) -> list[Column]:
    """The contiguous parts of tiles that PEs along a rank take."""
    if (width == 1).all():
        return list(columns)
    found: list[Column] = []
    for length, times in columns:
        run = np.ceil(length / width)
        whole = np.floor(length / np.maximum(run, 1))
        found.append((run, whole * times))
        rest = length - whole * run
        if rest.any():
            found.append((rest, times))
    return found


def crossing(
    window: Window,
    columns: Sequence[Sequence[Column]],
    widths: Sequence[Floats] | None,
    size: int,
) -> tuple[Floats, Floats]:
    """Elements of a window that are delivered, and that all stores take.

    Args:
        window: the window.
        columns: tiles of its ranks, the full ones first.
        widths: PEs along each of its ranks; None for a store that PEs share.
        size: combinations of all values of its ranks.
    """
    whole = _total(window, columns)
    if widths is None or all((width == 1).all() for width in widths):
        return whole, whole
    runs = [_in_runs(column, width) for column, width in zip(columns, widths, strict=True)]
    parts = _total(window, runs)
    halo = _have_halo(window, [column[0][0] for column in columns])
    alone = np.all([width == 1 for width in widths], axis=0)
    shared = np.where(halo, parts, whole)
    return shared, np.where(halo, parts, np.where(alone, whole, float(size)))
