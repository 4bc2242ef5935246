"""Arithmetic that a user may write where a number is expected: `ceil(M / M0)`, `M <= 4096`.

The text is parsed to Python's syntax tree and only the nodes named here are walked, so nothing
that a user writes is ever executed. Arithmetic is exact (integers and fractions).
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache

from accelsim.errors import InputError, unknown_name

__all__ = ["Number", "evaluate_condition", "evaluate_expression", "names_in", "whole_number"]

Number = int | Fraction

_MAX_CHARACTERS = 500
_MAX_DEPTH = 60
# Sizes may be products of products: each step may double the digits. Beyond any size, and still
# within floating point.
_MAX_BITS = 1000
_FUNCTIONS = ("ceil", "floor", "max", "min")


def _where(where: str) -> str:
    return f"{where}: " if where else ""


@lru_cache(maxsize=4096)
def _parse(text: str) -> ast.expr:
    if "#" in text:
        raise ValueError("holds '#', which is no part of an expression")
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"is longer than {_MAX_CHARACTERS} characters")
    if not text.isascii():
        # Python itself would take a name such as the Kelvin sign for the letter that it looks like.
        raise ValueError("is not an arithmetic expression")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `1if` is refused below, not warned of.
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError("is not an arithmetic expression") from error
    if _depth(tree) > _MAX_DEPTH:
        raise ValueError(f"is nested deeper than {_MAX_DEPTH} levels")
    return tree


def _depth(tree: ast.AST) -> int:
    depth, layer = 0, [tree]
    while layer:
        depth += 1
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
    return depth


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else None
    return None


def names_in(text: str | float | Number, *, where: str = "") -> frozenset[str]:
    """Names that an expression refers to, dotted ones (`array_2d.rows`) as a whole.

    Example:
        >>> sorted(names_in("ceil(M / M0)"))
        ['M', 'M0']
    """
    if isinstance(text, float):
        text = repr(text)
    if not isinstance(text, str):
        return frozenset()
    try:
        tree = _parse(text)
    except ValueError as error:
        raise InputError(f"{_where(where)}'{text}' {error}") from None
    return frozenset(_names(tree))


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.expr) and (name := _dotted(node)):
        return {name}
    children = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    return {name for child in children for name in _names(child)}


def evaluate_expression(
    text: str | float | Number, names: Mapping[str, Number], *, where: str = ""
) -> Number:
    """Value of an arithmetic expression over named sizes, exact.

    Args:
        text: a number, or text of numbers, names, ``+ - * / // %``, parentheses, and calls of
            ``ceil``, ``floor``, ``max`` and ``min``.
        names: what each name stands for; dotted names are written whole.
        where: place for the message.

    Raises:
        InputError: for anything else, an unknown name, or a division by zero.

    Example:
        >>> evaluate_expression("ceil(M / M0)", {"M": 1000, "M0": 256})
        4
    """
    if isinstance(text, float):
        # 0.1 means a tenth, not the binary fraction closest to it.
        text = repr(text)
    if not isinstance(text, str):
        return text
    with _reported(text, names, where):
        return _value(_parse(text), names)


@contextmanager
def _reported(text: str, names: Mapping[str, Number], where: str) -> Iterator[None]:
    """Turn what goes wrong with an expression into a message that shows it."""
    try:
        yield
    except ZeroDivisionError:
        raise InputError(f"{_where(where)}'{text}' divides by zero") from None
    except KeyError as error:
        message = unknown_name("name", str(error.args[0]), names)
        raise InputError(f"{_where(where)}'{text}': {message}") from None
    except ValueError as error:
        raise InputError(f"{_where(where)}'{text}' {error}") from None


def _value(node: ast.expr, names: Mapping[str, Number]) -> Number:
    if name := _dotted(node):
        return names[name]
    match node:
        case ast.Constant(value=bool()):
            raise ValueError("holds a truth value, must be arithmetic")
        case ast.Constant(value=int() as number):
            return _plain(number)
        case ast.Constant(value=float() as number) if math.isfinite(number):
            return _plain(Fraction(str(number)))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.BinOp(left=left, op=sign, right=right):
            return _plain(_binary(sign, _value(left, names), _value(right, names)))
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]) if args:
            return _call(function, [_value(arg, names) for arg in args])
        case _:
            raise ValueError(
                "is not arithmetic; use numbers, names, + - * / // %, ceil, floor, max and min"
            )


def _binary(sign: ast.operator, left: Number, right: Number) -> Number:
    match sign:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return Fraction(left) / Fraction(right)
        case ast.FloorDiv():
            return left // right
        case ast.Mod():
            return left % right
        case _:
            raise ValueError("uses an operator that is not one of + - * / // %")


def _call(function: str, args: list[Number]) -> Number:
    if function not in _FUNCTIONS:
        raise ValueError("calls " + unknown_name("function", function, _FUNCTIONS))
    if function in ("max", "min"):
        return max(args) if function == "max" else min(args)
    if len(args) != 1:
        raise ValueError(f"calls {function} with {len(args)} values, must be 1")
    return math.ceil(args[0]) if function == "ceil" else math.floor(args[0])


def _plain(value: Number) -> Number:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
        raise ValueError(f"leads to a number of over {_MAX_BITS * 3 // 10} digits, must be shorter")
    return value.numerator if value.denominator == 1 else value


_COMPARISONS: dict[type[ast.cmpop], Callable[[Number, Number], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def evaluate_condition(text: str, names: Mapping[str, Number], *, where: str = "") -> bool:
    """Truth of one comparison of two expressions, such as ``M <= 4096``.

    Raises:
        InputError: where it is not a single comparison, or a name is unknown.
    """
    with _reported(text, names, where):
        tree = _parse(text)
        if not (isinstance(tree, ast.Compare) and len(tree.ops) == 1):
            raise ValueError("is not a comparison such as 'M <= 4096'")
        compare = _COMPARISONS.get(type(tree.ops[0]))
        if compare is None:
            raise ValueError("compares with something other than < <= > >= == !=")
        return compare(_value(tree.left, names), _value(tree.comparators[0], names))


MOST = 10**18
"""The largest size of anything: beyond it floating-point results overflow."""


def whole_number(value: Number, *, what: str, least: int = 1) -> int:
    """The value as an int from ``least`` to ``MOST``; else an InputError that names ``what``."""
    if isinstance(value, Fraction):
        raise InputError(
            f"{what} is {float(value):g}, must be a whole number; round it with ceil or floor"
        )
    if value < least:
        raise InputError(f"{what} is {value}, must be at least {least}")
    if value > MOST:
        digits = f"has {len(str(value))} digits" if value < 10**1000 else "has over 1,000 digits"
        raise InputError(f"{what} {digits}, must be at most {MOST:.0e}")
    return value
