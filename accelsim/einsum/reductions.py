"""Which ranks an Einsum reduces, and what is wrong with how it says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accelsim.einsum.cascade import Node, Term, accesses
from accelsim.einsum.operations import REDUCTIONS
from accelsim.einsum.syntax import Reduction
from accelsim.errors import unknown_name

__all__ = ["position_rank", "reduced_ranks", "reduction_problems"]


def _on_the_right(expression: Node) -> list[str]:
    """Ranks of the right side, in the order of the text."""
    found = (
        rank for access in accesses(expression) for index in access.indices for rank in index.ranks
    )
    return list(dict.fromkeys(found))


def reduced_ranks(
    left: Sequence[str], expression: Node, reduction: Reduction | None, ranks: Sequence[str]
) -> tuple[str, ...]:
    """Ranks of the right side that are missing on the left.

    A right side without tensors has no ranks of its own: `N[p] = sum(m) 1 if m <= p` counts.
    """
    right = _on_the_right(expression)
    if reduction is not None and not any(accesses(expression)):
        right += [index.upper() for index in reduction.indices if index.upper() in ranks]
    return tuple(rank for rank in right if rank not in left)


def position_rank(left: Sequence[str], expression: Node, reduction: Reduction | None) -> str | None:
    """The rank along which the results of a topk lie, or None."""
    if reduction is None or not REDUCTIONS[reduction.operation].ranks:
        return None
    right = _on_the_right(expression)
    return next((rank for rank in left if rank not in right), None)


def reduction_problems(
    left: Sequence[str],
    expression: Node,
    reduction: Reduction | None,
    ranks: Sequence[str],
    sizes: dict[str, int],
) -> Iterator[tuple[int, str]]:
    """(column, message) of everything that is wrong with a reduction.

    Args:
        left: ranks of the left side.
        expression: the right side.
        reduction: as written; None where indices are summed without a word.
        ranks: every rank there is.
        sizes: their sizes.
    """
    reduced = reduced_ranks(left, expression, reduction, ranks)
    if reduction is None:
        yield from _lone_addends(expression, reduced)
        return
    named = {index.upper() for index in reduction.indices}
    wrong = False
    for index in reduction.indices:
        wrong = wrong or index.upper() not in reduced
        if index.upper() not in ranks:
            names = [rank.lower() for rank in ranks]
            yield reduction.column, unknown_name("index", index, names)
        elif index.upper() not in reduced:
            yield (
                reduction.column,
                f"reduces '{index}', which must stand on the right and not on the left",
            )
    for rank in reduced:
        if rank not in named and not wrong:
            shown = ", ".join(r.lower() for r in reduced)
            yield (
                reduction.column,
                f"index '{rank.lower()}' is missing on the left; name it in the reduction, "
                f"{reduction.operation}({shown})",
            )
    yield from _kind_problems(left, expression, reduction, reduced, sizes)


def _kind_problems(
    left: Sequence[str],
    expression: Node,
    reduction: Reduction,
    reduced: Sequence[str],
    sizes: dict[str, int],
) -> Iterator[tuple[int, str]]:
    kind, column = REDUCTIONS[reduction.operation], reduction.column
    if (kind.ranks or kind.position) and len(reduction.indices) != 1:
        yield (
            column,
            f"{kind.name} reduces {len(reduction.indices)} indices, must be 1; a position has one "
            "number",
        )
    if not kind.ranks:
        return
    right = _on_the_right(expression)
    own = [rank for rank in left if rank not in right]
    if len(own) != 1:
        shown = ", ".join(rank.lower() for rank in own) or "none"
        yield (
            column,
            f"{kind.name} needs 1 index on the left that is not on the right, for the place in "
            f"the ranking; found {shown}",
        )
    elif len(reduced) == 1 and sizes[own[0]] > sizes[reduced[0]]:
        yield (
            column,
            f"{kind.name} keeps {own[0]} = {sizes[own[0]]} of {reduced[0]} = {sizes[reduced[0]]} "
            "elements, must be at most as many",
        )


def _lone_addends(node: Node, reduced: Sequence[str]) -> Iterator[tuple[int, str]]:
    """A sum without a word must have every reduced index in each term: which does it cover?"""
    if not (isinstance(node, Term) and node.operation in ("add", "subtract") and reduced):
        return
    for operand in node.operands:
        have = {rank for access in accesses(operand) for rank in access.ranks}
        missing = [rank.lower() for rank in reduced if rank not in have]
        if missing:
            yield (
                0,
                f"reduces {', '.join(missing)} over a sum in which one term does not depend on it; "
                f"write sum({', '.join(r.lower() for r in reduced)}) in front to sum both, or "
                "split it into two Einsums",
            )
            return
