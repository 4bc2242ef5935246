"""Affine index expressions with known sizes, and the exact number of points under constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accelsim.errors import UnsupportedError

__all__ = ["Affine", "count_points", "floor_sum"]

_MAX_ENUMERATED = 10**6


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
    if len(sizes) == 2 and len(constraints) == 1:
        return _count_pair(sizes, constraints[0])
    rank = min(sizes, key=lambda name: sizes[name])
    if sizes[rank] > _MAX_ENUMERATED:
        raise UnsupportedError(
            f"ranks {', '.join(sizes)} are tied by {len(constraints)} conditions; exact counts "
            f"need all but two of them to hold at most {_MAX_ENUMERATED:,} values"
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


def _count_pair(sizes: Mapping[str, int], constraint: Affine) -> int:
    """Points (x, y) with a*x + b*y + c >= 0: for each x, the y of one interval."""
    coefficients = dict(constraint.terms)
    x, y = sizes
    a, b, c = coefficients.get(x, 0), coefficients.get(y, 0), constraint.constant
    if a > 0:
        # Count x from the other end, so that the bound on y falls as x grows or grows as x falls.
        a, c = -a, c + a * (sizes[x] - 1)
    if b > 0:
        b, c = -b, c + b * (sizes[y] - 1)
    a, b = -a, -b
    if c < 0:
        return 0
    # Now a*x + b*y <= c with a, b > 0: floor((c - a*x) / b) + 1 values of y, at most all of them.
    last = min(sizes[x] - 1, c // a)
    full = max(0, min(last + 1, (c - b * (sizes[y] - 1)) // a + 1))
    partial = last + 1 - full
    return full * sizes[y] + partial + floor_sum(partial, b, -a, c - a * full)
