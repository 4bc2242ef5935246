"""A syntax tree -> the one way of writing it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from accelsim.einsum.parser import parse_statement
from accelsim.einsum.syntax import (
    Access,
    Apply,
    Condition,
    Constant,
    Expression,
    Index,
    Reduction,
    Statement,
)

__all__ = ["format_cascade", "format_statement"]

_SIGNS = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2)}
_NEGATE, _ATOM = 3, 4
_WIDEST = 28
"""Left sides longer than this do not move the other `=` signs."""


def format_cascade(texts: Sequence[str]) -> list[str]:
    """Einsums in the canonical form, their `=` signs below each other, comments behind them.

    Raises:
        InputError: where one cannot be parsed.

    Example:
        >>> format_cascade(["Z[m,  n]=A[m,k]*B[k,n]", "Y[m] = prod( n ) Z[ m,n ]"])
        ['Z[m,n] = A[m,k] * B[k,n]', 'Y[m]   = product(n) Z[m,n]']
    """
    statements = [parse_statement(text) for text in texts]
    widths = [len(_access(statement.output)) for statement in statements]
    width = max((width for width in widths if width <= _WIDEST), default=0)
    return [
        "  ".join(
            [format_statement(statement, width=width), *re.findall(r"#[^\n]*", text)]
        ).rstrip()
        for statement, text in zip(statements, texts, strict=True)
    ]


def format_statement(statement: Statement, *, width: int = 0) -> str:
    """One Einsum in the canonical form.

    Args:
        statement: its syntax tree.
        width: characters that the left side is filled up to.
    """
    parts = [f"{_access(statement.output):<{width}} ="]
    right, _ = _expression(statement.expression)
    if statement.reduction is not None:
        # In front of a sign the reduction would read as a function.
        right = f"({right})" if right.startswith("-") else right
        parts.append(_reduction(statement.reduction))
    parts.append(right)
    if statement.conditions:
        parts.append(" if " + " and ".join(map(_condition, statement.conditions)))
    if statement.start is not None:
        access, value = statement.start
        parts.append(f" where {_access(access)} = {_expression(value)[0]}")
    return " ".join(parts)


def _access(access: Access) -> str:
    text = ""
    for index, before in zip(access.indices, (None, *access.indices), strict=False):
        # A long index stands apart from its neighbours: K[b,h, M0*m1+m0].
        apart = ", " if _is_long(index) or _is_long(before) else ","
        text += (apart if before is not None else "") + _index(index)
    return f"{access.tensor}[{text}]"


def _is_long(index: Index | None) -> bool:
    return isinstance(index, Access) or (index is not None and "*" in index)


def _index(index: Index) -> str:
    return _access(index) if isinstance(index, Access) else index


def _reduction(reduction: Reduction) -> str:
    return f"{reduction.operation}({','.join(reduction.indices)})"


def _condition(condition: Condition) -> str:
    return str(condition)


def _expression(node: Expression) -> tuple[str, int]:
    """Text and how tightly its outermost operation binds."""
    match node:
        case Access():
            return _access(node), _ATOM
        case Constant(value=value):
            return _number(value), _ATOM
        case Apply(operation="negate", operands=(operand,)):
            return f"-{_bound(operand, _NEGATE)}", _NEGATE
        case Apply(operation=operation, operands=(left, right)) if operation in _SIGNS:
            sign, level = _SIGNS[operation]
            # Signs group from the left: only the right operand must bind tighter.
            return f"{_bound(left, level)} {sign} {_bound(right, level + 1)}", level
        case Apply(operation=operation, operands=operands):
            inside = ", ".join(_expression(operand)[0] for operand in operands)
            return f"{operation}({inside})", _ATOM


def _bound(node: Expression, least: int) -> str:
    text, level = _expression(node)
    return text if level >= least else f"({text})"


def _number(value: float | str) -> str:
    if isinstance(value, str):
        return value
    if math.isinf(value):
        return "inf"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
