"""The syntax tree of one Einsum as written: sizes are still names, nothing is resolved yet.

statement  = Access "=" [reduction] expression ["if" Condition ...] ["where" Access "=" expression]
expression = Access | Constant | Apply(operation, expression ...)
index      = a linear expression of rank indices, rank sizes, parameters and whole numbers, or the
             Access whose values are the positions

Positions in the text and the text itself tell nothing about what is written, so that two trees
are equal where they say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = [
    "Access",
    "Apply",
    "Condition",
    "Constant",
    "Expression",
    "Index",
    "Reduction",
    "Statement",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Access:
    """A tensor with an index per dimension."""

    tensor: str
    indices: tuple[Index, ...]
    column: int = field(default=0, compare=False)
    """Position in the statement's text, from 0."""

    def __str__(self) -> str:
        return f"{self.tensor}[{', '.join(map(str, self.indices))}]"


Index = str | Access
"""Text of a linear expression, or an access whose values are the positions."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, or the name of a rank size, parameter or constant."""

    value: float | str
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Apply:
    """An elementwise operation (`add`, `exp`, ...) on its operands."""

    operation: str
    operands: tuple[Expression, ...]


Expression = Access | Constant | Apply


@dataclass(frozen=True, slots=True)
class Reduction:
    """How missing indices are reduced."""

    operation: str
    indices: tuple[str, ...]
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Condition:
    """Linear expressions compared in a row: `p - W < m <= p`."""

    terms: tuple[str, ...]
    signs: tuple[str, ...]
    """One less than the terms."""
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        pairs = zip(self.signs, self.terms[1:], strict=True)
        return " ".join([self.terms[0], *(part for pair in pairs for part in pair)])


@dataclass(frozen=True, slots=True)
class Statement:
    """One Einsum: what is written, from what, where, and the start of an iterated tensor."""

    output: Access
    reduction: Reduction | None
    expression: Expression
    conditions: tuple[Condition, ...]
    """All must hold; a point at which one does not takes no part."""
    start: tuple[Access, Expression] | None
    text: str = field(compare=False)
    place: tuple[str, int, int] = field(default=("", 1, 1), compare=False)
    """File, line and column (from 1) of the statement's first character."""
    included: str = field(default="", compare=False)
    """Where another file includes this one, ``file:line``; empty where none does."""

    def at(self, column: int) -> str:
        """``file:line:column`` of a position in the text."""
        file, line, first = self.place
        before = self.text[:column]
        lines = before.count("\n")
        # Lines of a block text are indented alike.
        offset = column - (before.rfind("\n") + 1) + first - 1
        prefix = f"{file}:" if file else ""
        return f"{prefix}{line + lines}:{offset + 1}"


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything under it, operands before the operation."""
    if isinstance(expression, Apply):
        for operand in expression.operands:
            yield from walk(operand)
    elif isinstance(expression, Access):
        for index in expression.indices:
            if isinstance(index, Access):
                yield from walk(index)
    yield expression
