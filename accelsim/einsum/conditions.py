"""`if m <= p and m > p - W` -> affine expressions that are at least 0 where a point takes part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from accelsim.einsum.affine import Affine
from accelsim.einsum.syntax import Condition
from accelsim.errors import InputError

__all__ = ["resolve_condition"]


def resolve_condition(
    condition: Condition, *, resolve: Callable[[str], Affine], sizes: Mapping[str, int]
) -> tuple[Affine, ...]:
    """The constraints that a condition stands for.

    Args:
        condition: as written.
        resolve: text of a linear expression -> affine expression.
        sizes: the iteration space of its Einsum.

    Raises:
        InputError: for an index that the Einsum does not have, or where it holds at no point.
    """
    sides = [resolve(term) for term in condition.terms]
    for term, side in zip(condition.terms, sides, strict=True):
        for rank in side.ranks:
            if rank not in sizes:
                raise InputError(
                    f"condition '{condition}' uses index '{rank.lower()}' in '{term}', which must "
                    "stand on the left or on the right of the Einsum"
                )
    found: list[Affine] = []
    for sign, (left, right) in zip(condition.signs, pairwise(sides), strict=True):
        found += _constraints(left, sign, right)
    if any(constraint.bounds(sizes)[1] < 0 for constraint in found):
        raise InputError(f"condition '{condition}' holds at no point, must hold at one at least")
    return tuple(found)


def _constraints(left: Affine, sign: str, right: Affine) -> Iterator[Affine]:
    """Whole numbers: `a < b` is `b - a - 1 >= 0`."""
    if sign in ("<=", "<", "=="):
        yield right.plus(left, -1).plus(Affine((), int(sign == "<")), -1)
    if sign in (">=", ">", "=="):
        yield left.plus(right, -1).plus(Affine((), int(sign == ">")), -1)
