"""A cascade whose sizes are still open: parsed once, resolved at any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.resolve import resolve_cascade
from accelsim.einsum.sizes import resolve_sizes
from accelsim.einsum.syntax import Statement

__all__ = ["CascadeTemplate"]

Declared = Mapping[str, int | float | str | None]


@dataclass(frozen=True)
class CascadeTemplate:
    """What a cascade file says: Einsums, default sizes, input tensors."""

    name: str
    statements: tuple[Statement, ...]
    ranks: Declared
    tensors: Mapping[str, tuple[str, ...]]
    parameters: Declared = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    """Number format per tensor; ``default`` for the others."""
    title: str = ""

    def resolve(self, settings: Mapping[str, int | str] | None = None) -> Cascade:
        """The cascade at the default sizes, with ``settings`` in their place.

        Raises:
            InputError: for sizes or Einsums that are wrong, all problems at once.
        """
        values = resolve_sizes(self.ranks, self.parameters, settings, where=self.name)
        return resolve_cascade(
            self.name,
            statements=self.statements,
            ranks=tuple(self.ranks),
            values=values,
            tensors=self.tensors,
            outputs=self.outputs,
        )
