"""Text of one Einsum -> its syntax tree, with errors that say where and what."""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from accelsim.einsum.operations import (
    FUNCTIONS,
    OPERATIONS,
    REDUCTION_ALIASES,
    REDUCTIONS,
)
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
from accelsim.errors import InputError, unknown_name

if TYPE_CHECKING:
    from lark import Lark

__all__ = ["parse_statement"]

_MAX_CHARACTERS = 2000
_MAX_NESTING = 50
_MAX_SIGNS = 100
_PLAIN_WORDS = {
    "WHOLE": "a whole number",
    "NUMBER": "a number",
    "NAME": "a name",
    "LSQB": "'['",
    "RSQB": "']'",
    "LPAR": "'('",
    "RPAR": "')'",
    "EQUAL": "'='",
    "COMMA": "','",
    "PLUS": "'+'",
    "MINUS": "'-'",
    "STAR": "'*'",
    "SLASH": "'/'",
    "WHERE": "'where'",
    "IF": "'if'",
    "AND": "'and'",
    "COMPARISON": "a comparison",
    "REDUCTION": "a reduction such as max(m)",
    "$END": "the end",
}


@cache
def _lark() -> Lark:
    from lark import Lark

    grammar = resources.files("accelsim.einsum").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, start="statement", parser="lalr", propagate_positions=True)


def parse_statement(text: str, *, place: tuple[str, int, int] = ("", 1, 1)) -> Statement:
    """Parse one Einsum.

    Args:
        text: for example ``"Z[m,n] = A[m,k] * B[k,n]"``.
        place: file, line and column of its first character, for messages.

    Raises:
        InputError: with file, line, column and the offending text.

    Example:
        >>> parse_statement("Z[m,n] = A[m,k] * B[k,n]").output.indices
        ('m', 'n')
    """
    return Statement(*_parse(text, place), text, place)


Parts = tuple[
    Access,
    Reduction | None,
    Expression,
    tuple[Condition, ...],
    tuple[Access, Expression] | None,
]


@lru_cache(maxsize=1024)
def _parse(text: str, place: tuple[str, int, int]) -> Parts:
    from lark.exceptions import UnexpectedInput

    problem = Statement(Access("", ()), None, Constant(0.0), (), None, text, place)
    if len(text) > _MAX_CHARACTERS:
        raise InputError(
            f"{problem.at(0)}: Einsum holds {len(text)} characters, must be at most "
            f"{_MAX_CHARACTERS}; split it"
        )
    if _nesting(text) > _MAX_NESTING:
        raise InputError(
            f"{problem.at(0)}: Einsum nests deeper than {_MAX_NESTING} parentheses; split it"
        )
    if (signs := sum(map(text.count, "+-*/"))) > _MAX_SIGNS:
        raise InputError(
            f"{problem.at(0)}: Einsum holds {signs} signs + - * /, must be at most {_MAX_SIGNS}; "
            "split it"
        )
    try:
        tree = _lark().parse(text)
    except UnexpectedInput as error:
        raise InputError(_syntax_message(problem, error)) from None
    return _Builder(problem).statement(tree)


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        deepest = max(deepest, depth)
    return deepest


def _syntax_message(problem: Statement, error: Any) -> str:
    position = error.pos_in_stream
    # Lark puts an early end where the last token stands.
    if position is None or getattr(getattr(error, "token", None), "type", None) == "$END":
        position = len(problem.text)
    rest = problem.text[position:].split("\n")[0]
    found = f"'{rest[:30]}'" if rest else "the end"
    accepted = getattr(error, "accepts", None) or getattr(error, "expected", None)
    accepted = accepted or getattr(error, "allowed", None) or ()
    words = sorted({_PLAIN_WORDS.get(str(name), str(name)) for name in accepted})
    rule = f", must be {' or '.join(words)}" if words else ""
    return f"{problem.at(position)}: Einsum '{problem.text}': found {found}{rule}"


class _Builder:
    """Lark's tree -> the syntax tree; collects nothing, fails at the first wrong name."""

    def __init__(self, problem: Statement) -> None:
        self.problem = problem

    def fail(self, column: int, message: str) -> InputError:
        return InputError(f"{self.problem.at(column)}: Einsum '{self.problem.text}': {message}")

    def statement(self, tree: Any) -> Parts:
        output, reduction, expression, conditions, start, value = tree.children
        return (
            self.access(output),
            self.reduction(reduction) if reduction is not None else None,
            self.expression(expression),
            tuple(map(self.condition, conditions.children)) if conditions is not None else (),
            (self.access(start), self.expression(value)) if start is not None else None,
        )

    def access(self, tree: Any) -> Access:
        name, *indices = (child for child in tree.children if child is not None)
        return Access(str(name), tuple(self.index(index) for index in indices), name.start_pos)

    def index(self, tree: Any) -> Index:
        if tree.data == "gather":
            return self.access(tree.children[0])
        return self.linear(tree)

    def linear(self, part: Any) -> str:
        """Text of a linear expression without blanks and comments."""
        span = getattr(part, "meta", part)  # A single name is a token, not a tree.
        text = re.sub(r"#[^\n]*", "", self.problem.text[span.start_pos : span.end_pos])
        return re.sub(r"\s+", "", text)

    def condition(self, tree: Any) -> Condition:
        terms = tuple(self.linear(term) for term in tree.children[::2])
        signs = tuple(map(str, tree.children[1::2]))
        column = tree.meta.start_pos
        if "!=" in signs:
            raise self.fail(
                column,
                "condition uses !=, must be < <= > >= or ==; write two Einsums, one for each side",
            )
        return Condition(terms, signs, column)

    def reduction(self, tree: Any) -> Reduction:
        token = tree.children[0]
        name, _, rest = str(token).partition("(")
        name = REDUCTION_ALIASES.get(name.strip(), name.strip())
        if name not in REDUCTIONS:
            message = unknown_name("reduction", name, REDUCTIONS)
            raise self.fail(token.start_pos, message)
        indices = tuple(part.strip() for part in rest.rstrip(") \t").split(","))
        return Reduction(name, indices, token.start_pos)

    def expression(self, tree: Any) -> Expression:
        match tree.data:
            case "access":
                return self.access(tree)
            case "number":
                token = tree.children[0]
                if math.isinf(float(token)):
                    raise self.fail(token.start_pos, f"number {token} is too large; write inf")
                return Constant(float(token), token.start_pos)
            case "name":
                token = tree.children[0]
                if token == "inf":
                    return Constant(float("inf"), token.start_pos)
                return Constant(str(token), token.start_pos)
            case "call":
                return self.call(tree)
            case operation:
                return Apply(str(operation), tuple(map(self.expression, tree.children)))

    def call(self, tree: Any) -> Expression:
        token, *operands = tree.children
        if token not in FUNCTIONS:
            raise self.fail(token.start_pos, unknown_name("function", str(token), FUNCTIONS))
        arity = OPERATIONS[token].arity
        if len(operands) != arity:
            raise self.fail(
                token.start_pos,
                f"function '{token}' has {len(operands)} operands, must be {arity}",
            )
        return Apply(str(token), tuple(map(self.expression, operands)))
