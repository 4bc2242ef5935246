"""An Einsum under other names: its ranks, sizes and tensors called something else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

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

__all__ = ["Renaming"]

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Renaming:
    """Old name -> new name; what is not named keeps its name.

    Example:
        >>> from accelsim.einsum.parser import parse_statement
        >>> renaming = Renaming({"M": "T"}, {"K": "KEYS"})
        >>> str(renaming.statement(parse_statement("Z[m] = K[m, 2*m]")).expression)
        'KEYS[t, 2*t]'
    """

    sizes: Mapping[str, str]
    """Ranks, parameters and constants; the index of a rank follows the rank."""
    tensors: Mapping[str, str]

    def text(self, text: str) -> str:
        """A size expression or an index."""
        return _WORD.sub(lambda found: self.size(found[0]), text)

    def size(self, name: str) -> str:
        """One name in it."""
        if name in self.sizes:
            return self.sizes[name]
        if name == name.lower() and name.upper() in self.sizes:
            return self.sizes[name.upper()].lower()
        return name

    def tensor(self, name: str) -> str:
        """A tensor's new name."""
        return self.tensors.get(name, name)

    def statement(self, statement: Statement) -> Statement:
        """The Einsum under its new names; its text and place stay those of the file."""
        start, reduction = statement.start, statement.reduction
        return replace(
            statement,
            output=self._access(statement.output),
            reduction=self._reduction(reduction) if reduction else None,
            expression=self._expression(statement.expression),
            conditions=tuple(map(self._condition, statement.conditions)),
            start=(self._access(start[0]), self._expression(start[1])) if start else None,
        )

    def _index(self, index: Index) -> Index:
        return self._access(index) if isinstance(index, Access) else self.text(index)

    def _access(self, access: Access) -> Access:
        indices = tuple(map(self._index, access.indices))
        return Access(self.tensor(access.tensor), indices, access.column)

    def _reduction(self, reduction: Reduction) -> Reduction:
        return replace(reduction, indices=tuple(map(self.size, reduction.indices)))

    def _condition(self, condition: Condition) -> Condition:
        return replace(condition, terms=tuple(map(self.text, condition.terms)))

    def _expression(self, expression: Expression) -> Expression:
        match expression:
            case Access():
                return self._access(expression)
            case Constant(value=str() as name):
                return replace(expression, value=self.size(name))
            case Apply(operation=operation, operands=operands):
                return Apply(operation, tuple(map(self._expression, operands)))
            case _:
                return expression
