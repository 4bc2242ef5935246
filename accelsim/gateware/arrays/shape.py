"""Sizes that an array may have."""

from __future__ import annotations

from accelsim.errors import InputError

__all__ = ["MOST_PES", "check_shape"]

MOST_PES = 128
"""Rows or columns, at most: beyond, elaboration and synthesis take hours."""


def check_shape(rows: int, columns: int) -> None:
    """Refuse sizes that no array has.

    Raises:
        InputError: for each that is wrong.
    """
    problems = [
        f"array: {name} is {size!r}, must be a whole number from 1 to {MOST_PES}"
        for name, size in (("rows", rows), ("columns", columns))
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MOST_PES
    ]
    if problems:
        raise InputError(problems)
