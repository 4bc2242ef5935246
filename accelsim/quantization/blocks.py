"""A matrix in blocks of whole groups that stay in a core's cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Block", "blocks"]

_WEIGHTS = 1 << 16
"""Of a block; measured: a quarter of a megabyte as binary32 is fastest."""


@dataclass(frozen=True)
class Block:
    """Groups of some channels."""

    weights: NDArray[np.float32]
    """(groups, weights of a group), the last group of a channel filled up with zeros."""
    short: NDArray[np.intp]
    """(groups,): how many weights each group really has."""
    channels: slice
    features: slice
    place: tuple[slice, slice]
    """Of its groups among all, (channels, groups)."""
    shape: tuple[int, int]
    """Channels and groups."""


def blocks(rows: NDArray[np.generic], group: int) -> Iterator[Block]:
    """All weights of a matrix, taken as binary32, in blocks.

    Args:
        rows: (channels, weights of a channel).
        group: weights of a group.
    """
    channels, width = rows.shape
    groups = -(-width // group)
    wide = min(groups, max(1, _WEIGHTS // group))
    high = max(1, _WEIGHTS // (wide * group))
    for top in range(0, channels, high):
        for left in range(0, groups, wide):
            places = slice(top, min(top + high, channels)), slice(left, min(left + wide, groups))
            yield _block(rows, group, *places)


def _block(rows: NDArray[np.generic], group: int, channels: slice, groups: slice) -> Block:
    features = slice(groups.start * group, min(groups.stop * group, rows.shape[1]))
    part = rows[channels, features]
    high, wide = len(part), groups.stop - groups.start
    lengths = np.full(wide, group, np.intp)
    lengths[-1] -= wide * group - part.shape[1]
    if part.shape[1] < wide * group:
        whole = np.zeros((high, wide * group), np.float32)
        whole[:, : part.shape[1]] = part
    else:
        whole = np.ascontiguousarray(part, np.float32)
    return Block(
        whole.reshape(high * wide, group),
        np.tile(lengths, high),
        channels,
        features,
        (channels, groups),
        (high, wide),
    )
