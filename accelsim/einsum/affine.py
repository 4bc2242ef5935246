"""Affine index expressions with known sizes, and the exact number of points under constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from math import ceil, floor, prod

from accelsim.errors import UnsupportedError

__all__ = ["Affine", "count_points", "floor_sum"]

_MAX_ENUMERATED = 50_000


@dataclass(frozen=True, slots=True)
class Affine:
    """``constant + sum(coefficient * rank)``; a rank runs from 0 to its size less one."""

    terms: tuple[tuple[str, int], ...]
    constant: int = 0

    @staticmethod
    def of(terms: Mapping[str, int], constant: int = 0) -> Affine:
        """From a mapping of rank to coefficient: sorted by rank, zero coefficients dropped."""
        return Affine(tuple(sorted((rank, c) for rank, c in terms.items() if c)), constant)

    @property
    def ranks(self) -> tuple[str, ...]:
        return tuple(rank for rank, _ in self.terms)

    @property
    def plain(self) -> str | None:
        """The rank, where the expression is just that rank; else None."""
        if self.constant == 0 and len(self.terms) == 1 and self.terms[0][1] == 1:
            return self.terms[0][0]
        return None

    def bounds(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """Least and greatest value over the box of rank sizes."""
        low = high = self.constant
        for rank, coefficient in self.terms:
            reach = coefficient * (sizes[rank] - 1)
            low, high = low + min(reach, 0), high + max(reach, 0)
        return low, high

    def plus(self, other: Affine, factor: int = 1) -> Affine:
        """``self + factor * other``."""
        terms = dict(self.terms)
        for rank, coefficient in other.terms:
            terms[rank] = terms.get(rank, 0) + factor * coefficient
        return Affine.of(terms, self.constant + factor * other.constant)

    def substitute(self, values: Mapping[str, Affine]) -> Affine:
        """Every rank replaced by an expression of other ranks."""
        result = Affine((), self.constant)
        for rank, coefficient in self.terms:
            result = result.plus(values[rank], coefficient)
        return result

    def __str__(self) -> str:
        parts = [f"{c}*{r.lower()}" if c != 1 else r.lower() for r, c in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts).replace("+ -", "- ")


def floor_sum(count: int, divisor: int, step: int, offset: int) -> int:
    """``sum(floor((step * i + offset) / divisor) for i in range(count))``, in logarithmic time.

    The Euclid-like recursion of lattice-point counting (as in AtCoder's library, floor_sum).

    Example:
        >>> floor_sum(4, 10, 6, 3)
        3
    """
    total = 0
    if step < 0:
        # Run through the same terms backwards, so that the step is positive.
        return floor_sum(count, divisor, -step, offset + step * (count - 1))
    sign = 1
    while count > 0:
        total += sign * (count * (count - 1) // 2 * (step // divisor) + count * (offset // divisor))
        step, offset = step % divisor, offset % divisor
        reach = step * count + offset
        if reach < divisor:
            break
        count, offset = reach // divisor, reach % divisor
        divisor, step = step, divisor
    return total


def count_points(sizes: Mapping[str, int], constraints: Sequence[Affine]) -> int:
    """Number of points of a box for which every constraint is at least 0, exactly.

    Args:
        sizes: the size of each rank of the box.
        constraints: affine expressions over those ranks.

    Raises:
        UnsupportedError: where more than two large ranks are tied together by constraints.
    """
    active = []
    for constraint in constraints:
        low, high = constraint.bounds(sizes)
        if high < 0:
            return 0
        if low < 0:
            active.append(constraint)
    total = 1
    for ranks, tied in _components(sizes, active):
        total *= _count_component({rank: sizes[rank] for rank in ranks}, tied)
    return total


def _components(
    sizes: Mapping[str, int], constraints: Sequence[Affine]
) -> list[tuple[list[str], list[Affine]]]:
    parts: list[tuple[list[str], list[Affine]]] = [([rank], []) for rank in sizes]
    for constraint in constraints:
        touched = [part for part in parts if set(part[0]) & set(constraint.ranks)]
        parts = [part for part in parts if part not in touched]
        parts.append(
            (
                [rank for part in touched for rank in part[0]],
                [c for part in touched for c in part[1]] + [constraint],
            )
        )
    return parts


def _count_component(sizes: Mapping[str, int], constraints: Sequence[Affine]) -> int:
    if not constraints:
        result = 1
        for size in sizes.values():
            result *= size
        return result
    if len(sizes) == 1:
        return _count_interval(sizes, constraints)
    if len(sizes) == 2:
        return _count_polygon(sizes, constraints)
    rank, *others = sorted(sizes, key=lambda name: sizes[name])
    if prod(sizes[name] for name in (rank, *others[:-2])) > _MAX_ENUMERATED:
        raise UnsupportedError(
            f"ranks {', '.join(sizes)} are tied by {len(constraints)} conditions; exact counts "
            f"need all but two of them to hold at most {_MAX_ENUMERATED:,} values together"
        )
    rest = {name: size for name, size in sizes.items() if name != rank}
    identity = {name: Affine(((name, 1),)) for name in rest}
    return sum(
        count_points(rest, [c.substitute({**identity, rank: Affine((), i)}) for c in constraints])
        for i in range(sizes[rank])
    )


def _count_interval(sizes: Mapping[str, int], constraints: Sequence[Affine]) -> int:
    ((_, size),) = sizes.items()
    low, high = 0, size - 1
    for constraint in constraints:
        ((_, coefficient),) = constraint.terms
        if coefficient > 0:
            low = max(low, -(constraint.constant // coefficient))
        else:
            high = min(high, constraint.constant // -coefficient)
    return max(0, high - low + 1)


@dataclass(frozen=True, slots=True)
class _Line:
    """``(slope * x + constant) / divisor``: a bound on y at each x."""

    slope: int
    constant: int
    divisor: int

    def before(self, x: int, other: _Line) -> bool:
        """Whether this one is lower at x."""
        mine, its = self.slope * x + self.constant, other.slope * x + other.constant
        return mine * other.divisor < its * self.divisor

    def crossing(self, other: _Line) -> Fraction | None:
        """The x at which both are equal, or None where they are parallel."""
        steps = self.slope * other.divisor - other.slope * self.divisor
        if not steps:
            return None
        apart = other.constant * self.divisor - self.constant * other.divisor
        return Fraction(apart, steps)


def _count_polygon(sizes: Mapping[str, int], constraints: Sequence[Affine]) -> int:
    """Points (x, y) of a convex polygon: between two crossings, one line bounds y on each side."""
    x, y = sizes
    upper, lower = [_Line(0, sizes[y] - 1, 1)], [_Line(0, 0, 1)]
    first, last = 0, sizes[x] - 1
    for constraint in constraints:
        terms = dict(constraint.terms)
        slope, step, constant = terms.get(x, 0), terms.get(y, 0), constraint.constant
        if step < 0:
            upper.append(_Line(slope, constant, -step))
        elif step > 0:
            lower.append(_Line(-slope, -constant, step))
        elif slope > 0:
            first = max(first, -(constant // slope))
        else:
            last = min(last, constant // -slope)
    lines = [*upper, *lower]
    crossings = (a.crossing(b) for a, b in combinations(lines, 2))
    # Before a crossing one line leads, behind it the other; what lies on it stands alone.
    met = [cut for cut in crossings if cut is not None and first <= cut <= last]
    cuts = {x for cut in met for x in (ceil(cut), floor(cut) + 1) if first < x <= last}
    total = 0
    for begin, end in pairwise([first, *sorted(cuts), last + 1]):
        if begin < end:
            total += _count_between(lower, upper, begin, end)
    return total


def _count_between(lower: Sequence[_Line], upper: Sequence[_Line], begin: int, end: int) -> int:
    """Points for x from begin to end, where the order of the lines does not change.

    The whole numbers from l to u are floor(u) - ceil(l) + 1, and none less than 0 where l <= u.
    """
    top, bottom = upper[0], lower[0]
    for line in upper[1:]:
        top = line if _leads(line, top, begin, end) else top
    for line in lower[1:]:
        bottom = line if _leads(bottom, line, begin, end) else bottom
    if top.before(begin, bottom) or top.before(end - 1, bottom):
        return 0
    count = end - begin
    highest = floor_sum(count, top.divisor, top.slope, top.constant + top.slope * begin)
    # ceil(a / b) = -floor(-a / b)
    lowest = floor_sum(
        count, bottom.divisor, -bottom.slope, -(bottom.constant + bottom.slope * begin)
    )
    return highest + lowest + count


def _leads(line: _Line, other: _Line, begin: int, end: int) -> bool:
    """Whether a line is nowhere above another, and below it somewhere."""
    return line.before(begin, other) or line.before(end - 1, other)
