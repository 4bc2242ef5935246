"""Groups of weights against the types of a scheme: scales, errors, codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from accelsim.quantization.grid import scheme_grid
from accelsim.quantization.schemes import Scheme

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["encode", "fit"]

_SAFE = (np.float32(2.0**-40), np.float32(2.0**40))
"""Largest weights of groups between these leave room for squares of errors in binary32."""
_LEAST_SCALE = np.float32(2.0**-120)
"""A quotient by a smaller one may be out of range; such a group becomes zeros."""


def fit(
    weights: NDArray[np.float32], counts: NDArray[np.intp], scheme: Scheme
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What each type would cost each group.

    Args:
        weights: (groups, weights of a group); zeros fill short groups up.
        counts: (groups,): weights that a group really has.
        scheme: the types.

    Returns:
        Sums of squared errors, and scales, both (groups, types). Errors of one group compare with
        each other; those of very small or large weights are in a unit of their own.
    """
    weights, exponents = _moderate(weights)
    base = _base(weights, counts, scheme)
    grid = scheme_grid(scheme)
    errors = np.full((len(weights), len(scheme.types)), np.inf, np.float32)
    scales = np.zeros_like(errors)
    for share in scheme.clips:
        indices: dict[float, NDArray[np.intp]] = {}
        for kind in range(len(scheme.types)):
            largest = scheme.largest(kind)
            scale = base * np.float32(share) / np.float32(largest)
            if largest not in indices:
                # Types of one largest value have one scale.
                indices[largest] = grid.index(weights, _divisor(scale)[:, None])
            values = grid.values[kind].take(indices[largest])
            if scheme.outliers:
                _drop_victims(values, scheme.largest(kind))
            error = _squared_error(weights, values, scale)
            better = error < errors[:, kind]
            errors[better, kind], scales[better, kind] = error[better], scale[better]
    if exponents is not None:
        scales = np.ldexp(scales, exponents[:, None])
        scales[scales < _LEAST_SCALE] = 0
    return errors, scales


def encode(
    weights: NDArray[np.float32],
    kinds: NDArray[np.uint8],
    scales: NDArray[np.float32],
    scheme: Scheme,
) -> NDArray[np.uint8]:
    """The codes of weights, (groups, weights of a group), for the type and scale of each group."""
    grid = scheme_grid(scheme)
    index = grid.index(weights, _divisor(scales)[:, None])
    index += (kinds.astype(np.intp) * grid.entries)[:, None]
    codes = grid.codes.reshape(-1).take(index)
    if scheme.outliers:
        limits = np.array([scheme.largest(kind) for kind in range(len(scheme.types))], np.float32)
        values = grid.values.reshape(-1).take(index)
        for victims, place in _victims(values, limits[kinds][:, None]):
            codes.reshape(len(codes), -1, 2)[..., place][victims] = scheme.victim
    return np.asarray(codes)


def _moderate(
    weights: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int32] | None]:
    """Groups of very small or very large weights times a power of two, which is exact."""
    largest = np.abs(weights).max(axis=1)
    if largest.max() < _SAFE[1] and largest[largest > 0].min(initial=1) > _SAFE[0]:
        return weights, None
    exponents = np.frexp(largest)[1]
    return np.ldexp(weights, -exponents[:, None]), exponents


def _base(
    weights: NDArray[np.float32], counts: NDArray[np.intp], scheme: Scheme
) -> NDArray[np.float32]:
    """(groups,): what the largest value stands for, before it is clipped."""
    if not scheme.sigmas:
        return np.asarray(np.maximum(weights.max(axis=1), -weights.min(axis=1)))
    sums = weights.sum(axis=1, dtype=np.float64)
    squares = np.einsum("gk,gk->g", weights, weights, dtype=np.float64)
    mean = sums / counts
    # Without bias, as PyTorch's: n - 1 of n are free.
    spread = np.sqrt(np.maximum(squares - sums * mean, 0) / np.maximum(counts - 1, 1))
    return np.asarray(np.abs(mean) + scheme.sigmas * spread, np.float32)


def _divisor(scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scales to divide by: a group of zeros has none."""
    return np.asarray(np.where(scales > 0, scales, np.float32(1)))


def _squared_error(
    weights: NDArray[np.float32], values: NDArray[np.float32], scales: NDArray[np.float32]
) -> NDArray[np.float32]:
    values *= scales[:, None]
    values -= weights
    return np.asarray(np.einsum("gk,gk->g", values, values))


def _drop_victims(values: NDArray[np.float32], limit: float) -> None:
    for victims, place in _victims(values, limit):
        values.reshape(len(values), -1, 2)[..., place][victims] = 0


def _victims(
    values: NDArray[np.float32], limits: float | NDArray[np.float32]
) -> list[tuple[NDArray[np.bool_], int]]:
    """Which of each pair are victims: (groups, pairs), and the place in the pair.

    Of two outliers the first one stays, as in the authors' code.
    """
    pairs = (np.abs(values) > limits).reshape(len(values), -1, 2)
    return [(pairs[..., 0], 1), (pairs[..., 1] & ~pairs[..., 0], 0)]
