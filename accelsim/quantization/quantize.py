"""Weights to codes: the type of least squared error for every group, then the scales in few bits.

Chen et al., "BitMoD", HPCA 2025: scale = max|w| / max|allowed value|, the nearest
value, the least squared error; of equal ones the first. Scales of groups are quantised afterwards,
so that codes and types do not depend on it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from accelsim.errors import InputError, unknown_name
from accelsim.quantization.blocks import Block, blocks
from accelsim.quantization.check import checked_group, checked_scale_bits, matrix
from accelsim.quantization.fit import encode, fit
from accelsim.quantization.quantized import Quantized
from accelsim.quantization.schemes import Scheme, scheme_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["CHOICES", "quantize"]

CHOICES = ("group", "channel", "tensor")
"""What may have one type for all of its groups."""


def quantize(
    weights: ArrayLike,
    scheme: str | Scheme = "bitmod-fp4",
    *,
    group: int | None = 128,
    scale_bits: int | None = 8,
    choice: str = "group",
    clips: Sequence[float] | None = None,
) -> Quantized:
    """Quantise a tensor of weights.

    Args:
        weights: floats, (output channels, input features); further axes are flattened into the
            second. They are taken as binary32.
        scheme: a name of ``SCHEMES``, or a scheme.
        group: weights that share a scale, along the second axis, from 2; None: a whole channel. The
            last group of a channel may be shorter.
        scale_bits: of a group's scale, 2 to 8: multiples, from 0, of the channel's largest over
            2^bits - 1; None: scales stay binary32.
        choice: what has one type: each ``group``, each ``channel`` or the ``tensor`` (as ANT was
            published).
        clips: shares of the largest weight (of the scheme's sigmas) to try as what the largest
            value stands for, in place of the scheme's; the least error wins, for each group.

    Raises:
        InputError: where weights are no finite floats, or another argument is out of range.

    Example:
        >>> found = quantize([[2.0, -16.0, 12.0, 6.0]], group=4, scale_bits=None)
        >>> found.scheme.types[found.selectors[0, 0]], found.codes[0].tolist()
        ('EA-', [2, 8, 7, 5])
    """
    chosen = _scheme(scheme, clips)
    if choice not in CHOICES:
        raise InputError(unknown_name("choice", choice, CHOICES))
    rows, shape = matrix(weights, pairs=bool(chosen.outliers))
    size = checked_group(group, rows.shape[1], pairs=bool(chosen.outliers))
    bits = checked_scale_bits(scale_bits)
    errors, scales = _fitted(rows, chosen, size)
    selectors = _choose(errors, choice)
    of_groups = np.take_along_axis(scales, selectors[..., None].astype(np.intp), 2)[..., 0]
    codes = _encoded(rows, chosen, size, selectors, of_groups)
    levels, units = _two_levels(of_groups, bits)
    return Quantized(chosen, shape, size, codes, selectors, levels, bits, units, choice)


def _scheme(scheme: str | Scheme, clips: Sequence[float] | None) -> Scheme:
    found = scheme_named(scheme) if isinstance(scheme, str) else scheme
    if clips is None:
        return found
    shares = tuple(map(float, clips))
    if not shares or not all(0 < share <= 100 for share in shares):
        raise InputError(f"clips is {list(clips)}, must be shares above 0 and up to 100")
    return replace(found, clips=shares)


def _fitted(
    rows: NDArray[np.generic], scheme: Scheme, group: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(channels, groups, types): squared errors, and scales."""
    count = -(-rows.shape[1] // group)
    errors = np.empty((len(rows), count, len(scheme.types)), np.float32)
    scales = np.empty_like(errors)
    for block in blocks(rows, group):
        found = fit(block.weights, block.short, scheme)
        for whole, part in zip((errors, scales), found, strict=True):
            whole[block.place] = part.reshape(*block.shape, -1)
    return errors, scales


def _choose(errors: NDArray[np.float32], choice: str) -> NDArray[np.uint8]:
    """(channels, groups): the type of least error; of equal ones the first."""
    axes = {"group": (), "channel": (1,), "tensor": (0, 1)}[choice]
    # No axis to sum over means none, and NumPy takes () so.
    totals = errors.sum(axis=axes, keepdims=True, dtype=np.float64) if axes else errors
    return np.broadcast_to(totals.argmin(axis=2), errors.shape[:2]).astype(np.uint8)


def _encoded(
    rows: NDArray[np.generic],
    scheme: Scheme,
    group: int,
    selectors: NDArray[np.uint8],
    scales: NDArray[np.float32],
) -> NDArray[np.uint8]:
    codes = np.empty(rows.shape, np.uint8)
    for block in blocks(rows, group):
        kinds, own = selectors[block.place].reshape(-1), scales[block.place].reshape(-1)
        _put(codes, block, encode(block.weights, kinds, own, scheme))
    return codes


def _put(codes: NDArray[np.uint8], block: Block, found: NDArray[np.uint8]) -> None:
    """Write a block's codes to their place, without those of the padding."""
    place = codes[block.channels, block.features]
    place[...] = found.reshape(len(place), -1)[:, : place.shape[1]]


def _two_levels(
    scales: NDArray[np.float32], bits: int | None
) -> tuple[NDArray[np.float32] | NDArray[np.uint8], NDArray[np.float32] | None]:
    """Scales as multiples of the channel's unit; a group's 0 is a scale far below the largest."""
    if bits is None:
        return scales, None
    most = np.float32(2**bits - 1)
    units = scales.max(axis=1) / most
    # Where the unit is 0, the largest is 0, or too small for binary32.
    safe = np.where(units > 0, units, 1)
    levels = np.minimum(np.rint(scales / safe[:, None]), most)
    levels *= units[:, None] > 0
    return levels.astype(np.uint8), units
