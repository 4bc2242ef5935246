"""Text of an index, such as ``M0*m1+m0`` -> an affine expression with numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping

from accelsim.einsum.affine import Affine
from accelsim.errors import InputError, unknown_name

__all__ = ["resolve_index"]

_MARK = "i_"


def resolve_index(text: str, *, ranks: Collection[str], values: Mapping[str, int]) -> Affine:
    """An index as an affine expression of ranks.

    Args:
        text: lower-case names are indices of the rank of that name; names of ranks and parameters
            stand for their values.
        ranks: the names of the ranks.
        values: sizes of the ranks and values of the parameters.

    Raises:
        InputError: for an unknown name, a product of two indices, or an index times zero.

    Example:
        >>> str(resolve_index("stride*p + r", ranks={"P", "R"}, values={"stride": 2}))
        '2*p + r'
    """
    # Behind a sign of our own, `in` and `as` are names like others.
    marked = re.sub(r"[A-Za-z_][A-Za-z0-9_]*", lambda found: _MARK + found[0], text.strip())
    try:
        tree = ast.parse(marked, mode="eval").body
    except SyntaxError:  # A number such as 01.
        raise InputError(f"index '{text}' is not a linear expression of indices") from None
    return _affine(tree, text, ranks, values)


def _affine(node: ast.expr, text: str, ranks: Collection[str], values: Mapping[str, int]) -> Affine:
    match node:
        case ast.Constant(value=int() as number):
            return Affine((), number)
        case ast.Name(id=marked):
            return _named(marked.removeprefix(_MARK), ranks, values)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Affine(()).plus(_affine(operand, text, ranks, values), -1)
        case ast.BinOp(left=left, op=operator, right=right):
            first = _affine(left, text, ranks, values)
            second = _affine(right, text, ranks, values)
            if isinstance(operator, ast.Mult):
                return _product(first, second, text)
            return first.plus(second, 1 if isinstance(operator, ast.Add) else -1)
        case _:
            raise InputError(f"index '{text}' is not a linear expression of indices")


def _named(name: str, ranks: Collection[str], values: Mapping[str, int]) -> Affine:
    if name in values:
        return Affine((), values[name])
    if name.upper() in ranks and name == name.lower():
        return Affine(((name.upper(), 1),))
    raise InputError(unknown_name("index", name, [rank.lower() for rank in ranks]))


def _product(first: Affine, second: Affine, text: str) -> Affine:
    if first.terms and second.terms:
        raise InputError(f"index '{text}' multiplies two indices, must be linear in them")
    if second.terms:
        first, second = second, first
    factor = second.constant
    if first.terms and factor == 0:
        raise InputError(f"index '{text}' multiplies an index by 0, must be by at least 1")
    return Affine(()).plus(first, factor)
