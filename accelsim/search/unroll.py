"""What may be unrolled over an array: PEs along every rank, in rows and in columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from accelsim.errors import UnsupportedError
from accelsim.search.tiles import Ints, factors

__all__ = ["unrollings"]

_MOST = 20_000_000
"""Pairs of a layout of the rows and one of the columns that are looked at, about 3 GB."""


@lru_cache(maxsize=256)
def _dimension(options: tuple[tuple[int, ...], ...], pes: int) -> tuple[tuple[int, ...], ...]:
    """Every way to lay ranks over one dimension of an array: PEs along each rank."""
    if not options:
        return ((),)
    found = []
    for width in options[0]:
        if width <= pes:
            found += [(width, *rest) for rest in _dimension(options[1:], pes // width)]
    return tuple(found)


def unrollings(
    sizes: Sequence[int],
    *,
    rows: int,
    columns: int,
    on_rows: Sequence[int],
    on_columns: Sequence[int],
    ragged: Collection[int],
    plain: Collection[int] = (),
) -> tuple[Ints, Ints]:
    """Every unrolling that is not a waste of PEs.

    Args:
        sizes: of the ranks.
        rows: PEs in one dimension of the array.
        columns: PEs in the other.
        on_rows: positions of the ranks that may lie along the rows.
        on_columns: positions of those that may lie along the columns.
        ragged: ranks that need not be divided by what is unrolled.
        plain: ranks that stand in no window: fewer PEs that take as many steps do as well.

    Returns:
        [choice, rank] PEs along every rank, no choice twice, and [choice, 2, rank] how many of them
        are rows and columns; these may be more than the rank has values.

    Raises:
        UnsupportedError: where there are more than can be looked at.
    """

    def options(allowed: Sequence[int], pes: int) -> tuple[tuple[int, ...], ...]:
        return tuple(
            (1,)
            if i not in allowed
            else tuple(range(1, min(size, pes) + 1))
            if i in ragged
            else tuple(w for w in factors(size, "perfect") if w <= pes)
            for i, size in enumerate(sizes)
        )

    along_rows = np.array(_dimension(options(on_rows, rows), rows), np.int64)
    along_columns = np.array(_dimension(options(on_columns, columns), columns), np.int64)
    if len(along_rows) * len(along_columns) > _MOST:
        raise UnsupportedError(
            f"there are {len(along_rows) * len(along_columns):.1e} ways to lay {len(sizes)} ranks "
            f"over {rows} x {columns} PEs, more than the {_MOST:.0e} that are looked at; fix what "
            "lies on rows and columns in the mapper, or use perfect tiles"
        )
    along_rows = along_rows.reshape(len(along_rows), len(sizes))
    along_columns = along_columns.reshape(len(along_columns), len(sizes))
    both = (along_rows[:, None, :] * along_columns[None, :, :]).reshape(-1, len(sizes))
    split = np.stack(
        (
            np.repeat(along_rows, len(along_columns), axis=0),
            np.tile(along_columns, (len(along_rows), 1)),
        ),
        axis=1,
    )
    every = np.array(sizes, np.int64)
    divides = [rank for rank in range(len(sizes)) if rank not in ragged]
    known = (every[divides] % both[:, divides] == 0).all(axis=1)
    both, split = both[known], split[known]
    # With few PEs first, none stands idle where that can be avoided.
    order = np.argsort(both.prod(axis=1), kind="stable")
    # More PEs than values: some have nothing to do.
    kept, first = np.unique(np.minimum(both, every)[order], axis=0, return_index=True)
    needed = _needed(kept, every, plain)
    return kept[needed], split[order][first][needed]


def _needed(widths: Ints, sizes: Ints, plain: Collection[int]) -> NDArray[np.bool_]:
    """Whether fewer PEs along some rank would not take as few steps."""
    base = np.concatenate(([1], np.cumprod(sizes[:-1] + 1)))
    keys = widths @ base
    needed = np.ones(len(widths), bool)
    for rank in plain:
        width = widths[:, rank]
        fewest = -(-sizes[rank] // -(-sizes[rank] // width))
        needed &= (fewest == width) | ~np.isin(keys + (fewest - width) * base[rank], keys)
    return needed
