"""A cascade whose sizes are still open: parsed once, resolved at any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.resolve import resolve_cascade
from accelsim.einsum.sizes import resolve_sizes
from accelsim.einsum.syntax import Statement
from accelsim.errors import InputError
from accelsim.expressions import evaluate_expression, names_in, whole_number

__all__ = ["ASSUMED_SIZE", "CascadeTemplate"]

Declared = Mapping[str, int | float | str | None]

ASSUMED_SIZE = 64
"""Of a rank that is left open or wrong, where only other problems are of interest."""


@dataclass(frozen=True)
class CascadeTemplate:
    """What a cascade file says: Einsums, default sizes, input tensors."""

    name: str
    statements: tuple[Statement, ...]
    ranks: Declared
    tensors: Mapping[str, tuple[str, ...]]
    parameters: Declared = field(default_factory=dict)
    constants: Mapping[str, int | float | str] = field(default_factory=dict)
    """Numbers that expressions name, such as a small epsilon; never in an index."""
    outputs: tuple[str, ...] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    """Number format per tensor; ``default`` for the others."""
    title: str = ""
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Name -> ``file:line:column`` where it is declared."""
    missing: frozenset[str] = frozenset()
    """Tensors of Einsums that could not be read: what reads them is left unchecked."""

    def resolve(self, settings: Mapping[str, int | str] | None = None) -> Cascade:
        """The cascade at the default sizes, with ``settings`` in their place.

        Raises:
            InputError: for sizes or Einsums that are wrong, all problems at once.
        """
        given = dict(settings or {})
        constants = {name: given.pop(name, value) for name, value in self.constants.items()}
        outside = frozenset(self.constants) & frozenset(settings or ())
        try:
            return self._resolved(given, constants, outside)
        except InputError as error:
            raise InputError([*error.problems, *self._beyond_wrong_sizes(given)]) from None

    def _resolved(
        self,
        settings: Mapping[str, int | str],
        constants: Mapping[str, int | float | str],
        outside: frozenset[str] = frozenset(),
    ) -> Cascade:
        values = resolve_sizes(
            self.ranks,
            self.parameters,
            settings,
            where=self.name,
            places=self.places,
            others=tuple(self.constants),
        )
        cascade = resolve_cascade(
            self.name,
            statements=self.statements,
            ranks=tuple(self.ranks),
            values=values,
            tensors=self.tensors,
            outputs=self.outputs,
            constants=self._constants(constants, values, outside),
            missing=self.missing,
            places=self.places,
        )
        return self._with_formats(cascade)

    def _with_formats(self, cascade: Cascade) -> Cascade:
        """The same with the format of each tensor, where the file names one."""
        if not self.formats:
            return cascade
        default = self.formats.get("default", "")
        tensors = {
            name: replace(tensor, format=self.formats.get(name, default))
            for name, tensor in cascade.tensors.items()
        }
        return replace(cascade, tensors=tensors)

    def _beyond_wrong_sizes(self, settings: Mapping[str, int | str]) -> tuple[str, ...]:
        """Where sizes are wrong: what else is, whatever they were meant to be."""
        declared = {**self.ranks, **self.parameters}
        wrong: dict[str, int | str] = {}
        for name, size in declared.items():
            written = settings.get(name, size)
            try:
                used = {n: ASSUMED_SIZE for n in names_in(written or 0) if n in declared}
                least = 1 if name in self.ranks else 0
                whole_number(evaluate_expression(written or 0, used), what=name, least=least)
            except (InputError, TypeError):
                wrong[name] = ASSUMED_SIZE
        if not wrong:
            return ()
        try:
            self._resolved(
                {n: s for n, s in settings.items() if n in declared} | wrong, self.constants
            )
        except InputError as error:
            return error.problems
        return ()

    @property
    def open_ranks(self) -> tuple[str, ...]:
        """Names whose value must be set from outside."""
        declared = {**self.ranks, **self.parameters}
        return tuple(name for name, size in declared.items() if size is None)

    def _constants(
        self,
        written: Mapping[str, int | float | str],
        values: Mapping[str, int],
        outside: frozenset[str],
    ) -> dict[str, float]:
        """Their values; ``outside`` are those that the user sets, not the file."""
        found = {}
        problems = []
        for name, text in written.items():
            place = self.name if name in outside else self.places.get(name, self.name)
            if isinstance(text, bool) or not isinstance(text, int | float | str):
                problems.append(f"{place}: constant '{name}' is {text!r}, must be a number")
                continue
            try:
                found[name] = float(evaluate_expression(text, values))
            except (InputError, OverflowError) as error:
                reason = "is too large" if isinstance(error, OverflowError) else error
                problems.append(f"{place}: constant '{name}': {reason}")
        if problems:
            raise InputError(problems)
        return found
