"""The syntax tree of one Einsum as written: sizes are still names, nothing is resolved yet.

statement = Access "=" [reduction] expression ["where" Access "=" expression]
expression = Access | Constant | Apply(operation, expression ...)
index      = a linear expression of rank indices, rank sizes, parameters and whole numbers
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Access", "Apply", "Constant", "Expression", "Reduction", "Statement", "walk"]


@dataclass(frozen=True, slots=True)
class Access:
    """A tensor with an index expression (as text) per dimension."""

    tensor: str
    indices: tuple[str, ...]
    column: int
    """Position in the statement's text, from 0."""

    def __str__(self) -> str:
        return f"{self.tensor}[{', '.join(self.indices)}]"


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, or the name of a rank size or parameter."""

    value: float | str
    column: int


@dataclass(frozen=True, slots=True)
class Apply:
    """An elementwise operation (`add`, `exp`, ...) on its operands."""

    operation: str
    operands: tuple[Expression, ...]


Expression = Access | Constant | Apply


@dataclass(frozen=True, slots=True)
class Reduction:
    """How missing indices are reduced; ``indices`` is empty where the text leaves them out."""

    operation: str
    indices: tuple[str, ...]
    column: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One Einsum: what is written, from what, and the start of an iterated tensor."""

    output: Access
    reduction: Reduction | None
    expression: Expression
    start: tuple[Access, Expression] | None
    text: str
    place: tuple[str, int, int] = ("", 1, 1)
    """File, line and column (from 1) of the statement's first character."""

    def at(self, column: int) -> str:
        """``file:line:column`` of a position in the text."""
        file, line, first = self.place
        before = self.text[:column]
        lines = before.count("\n")
        offset = column - (before.rfind("\n") + 1) if lines else column + first - 1
        prefix = f"{file}:" if file else ""
        return f"{prefix}{line + lines}:{offset + 1}"


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything under it, operands before the operation."""
    if isinstance(expression, Apply):
        for operand in expression.operands:
            yield from walk(operand)
    yield expression
