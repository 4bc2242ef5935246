"""Tile sizes that are chosen to be as large as a memory allows."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["divisors", "largest_divisor", "largest_fitting"]


def divisors(number: int) -> list[int]:
    """All divisors, ascending.

    Example:
        >>> divisors(12)
        [1, 2, 3, 4, 6, 12]
    """
    small = [d for d in range(1, math.isqrt(number) + 1) if number % d == 0]
    return sorted({*small, *(number // d for d in small)})


def largest_fitting(limit: int, fits: Callable[[int], bool]) -> int:
    """The largest value from 1 to ``limit`` that fits, by bisection; 1 where none does.

    Args:
        limit: the largest value of interest.
        fits: whether a value fits; where one does not, no larger one does.
    """
    if limit >= 1 and fits(limit):
        return limit
    low, high = 1, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def largest_divisor(number: int, limit: int) -> int:
    """The largest divisor of a number that is at most ``limit``.

    Example:
        >>> largest_divisor(1024, 126)
        64
    """
    if limit >= number:
        return number
    root = math.isqrt(number)
    if limit > root:
        # Divisors above the square root are those with a small cofactor: try it from below.
        for cofactor in range(-(-number // limit), root + 1):
            if number % cofactor == 0:
                return number // cofactor
    return next(d for d in range(min(limit, root), 0, -1) if number % d == 0)
