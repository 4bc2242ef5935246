"""What can be quantised: finite floats, groups and scales in range."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from accelsim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["checked_group", "checked_scale_bits", "matrix"]

_MOST_SCALE_BITS = 8
_FLOATS = ("float16", "float32", "float64", "bfloat16")
_PART = 1 << 20
_BEYOND = 2.0**120
"""What is below stays finite in binary32, whatever value it is rounded to."""


def matrix(
    weights: ArrayLike, *, pairs: bool = False
) -> tuple[NDArray[np.generic], tuple[int, ...]]:
    """Weights as (output channels, all others), and the shape that they had.

    Args:
        weights: floats with two axes or more.
        pairs: whether weights are taken in pairs, along the second axis.

    Raises:
        InputError: where they are none, or not finite in binary32.
    """
    given = np.asarray(weights)
    if given.dtype.name not in _FLOATS:
        raise InputError(
            f"weights: type is {given.dtype.name}, must be one of {', '.join(_FLOATS)}; "
            "quantise the floats that the model was trained with"
        )
    if given.ndim < 2 or not given.size:
        raise InputError(
            f"weights: shape is {given.shape}, must have two axes or more, none of length 0; "
            "the first are output channels"
        )
    rows = given.reshape(len(given), prod(given.shape[1:]))
    if pairs and rows.shape[1] % 2:
        raise InputError(
            f"weights: a channel has {rows.shape[1]}, must be an even number; OliVe takes them in "
            "pairs"
        )
    _require_finite(rows)
    return rows, given.shape


def _require_finite(rows: NDArray[np.generic]) -> None:
    """In parts, so that no copy of all of them is made."""
    high = max(1, _PART // rows.shape[1])
    for top in range(0, len(rows), high):
        part = rows[top : top + high]
        # Not a number is below nothing.
        sound = np.abs(part.astype(np.float64 if part.itemsize > 4 else np.float32)) < _BEYOND
        if not sound.all():
            channel, place = (int(each[0]) for each in np.nonzero(~sound))
            raise InputError(
                f"weights: weight {place} of channel {top + channel} is "
                f"{float(part[channel, place]):g}, must be a number below 2^120; mend the tensor"
            )


def checked_group(group: int | None, width: int, *, pairs: bool = False) -> int:
    """Weights of a group: all of a channel for None, and never more than it has.

    Raises:
        InputError: where the group is out of range.
    """
    if group is None:
        return width
    whole = isinstance(group, int | np.integer) and not isinstance(group, bool)
    if not whole or not 2 <= group <= 1 << 20:
        raise InputError(
            f"group is {group}, must be a whole number from 2 to {1 << 20:,}; "
            "None takes a whole channel"
        )
    if pairs and group % 2:
        raise InputError(f"group is {group}, must be even; OliVe takes weights in pairs")
    return min(int(group), width)


def checked_scale_bits(bits: int | None) -> int | None:
    """Bits of a group's scale.

    Raises:
        InputError: where they are out of range.
    """
    if bits is None:
        return None
    whole = isinstance(bits, int | np.integer) and not isinstance(bits, bool)
    if not whole or not 2 <= bits <= _MOST_SCALE_BITS:
        raise InputError(
            f"scale_bits is {bits}, must be a whole number from 2 to {_MOST_SCALE_BITS}; "
            "None keeps scales in binary32"
        )
    return int(bits)
