"""What may be unrolled over an array: PEs along every rank, in rows and in columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np

from accelsim.search.tiles import Ints, factors

__all__ = ["unrollings"]


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
) -> tuple[Ints, Ints]:
    """Every unrolling that is not a waste of PEs.

    Args:
        sizes: of the ranks.
        rows: PEs in one dimension of the array.
        columns: PEs in the other.
        on_rows: positions of the ranks that may lie along the rows.
        on_columns: positions of those that may lie along the columns.
        ragged: ranks that need not be divided by what is unrolled.

    Returns:
        [choice, rank] PEs along every rank, and those of them that are rows; no width twice.
    """

    def options(allowed: Sequence[int], pes: int) -> tuple[tuple[int, ...], ...]:
        return tuple(
            tuple(w for w in factors(size, perfect=i not in ragged) if w <= pes)
            if i in allowed
            else (1,)
            for i, size in enumerate(sizes)
        )

    along_rows = np.array(_dimension(options(on_rows, rows), rows), np.int64)
    along_columns = np.array(_dimension(options(on_columns, columns), columns), np.int64)
    along_rows = along_rows.reshape(len(along_rows), len(sizes))
    along_columns = along_columns.reshape(len(along_columns), len(sizes))
    both = (along_rows[:, None, :] * along_columns[None, :, :]).reshape(-1, len(sizes))
    in_rows = np.repeat(along_rows, len(along_columns), axis=0)
    known = np.ones(len(both), bool)
    for rank, size in enumerate(sizes):
        # Neither more PEs than values, nor more than the same number of steps needs.
        width = both[:, rank]
        known &= width <= size
        if rank not in ragged:
            known &= size % width == 0
        else:
            known &= width == -(-size // -(-size // width))
    both, in_rows = both[known], in_rows[known]
    kept, first = np.unique(both, axis=0, return_index=True)
    return kept, in_rows[first]
