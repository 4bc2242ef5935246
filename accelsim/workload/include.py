"""One cascade within another: its Einsums under the names that the includer gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from accelsim.einsum.rename import Renaming
from accelsim.einsum.syntax import Statement
from accelsim.einsum.template import CascadeTemplate
from accelsim.errors import InputError, name_problem, unknown_name
from accelsim.workload.schema import IncludeFile

__all__ = ["Parts", "included"]

MOST_EINSUMS = 4000
"""In one cascade, includes written out: an include of includes grows fast."""

Declared = dict[str, int | float | str | None]


@dataclass
class Parts:
    """What a cascade consists of while its file is read."""

    ranks: Declared
    parameters: Declared
    constants: dict[str, int | float | str]
    tensors: Mapping[str, tuple[str, ...]]
    outputs: list[str]
    formats: dict[str, str]
    statements: list[Statement] = field(default_factory=list)

    @property
    def known(self) -> set[str]:
        """Tensors that there are so far."""
        return {*self.tensors, *(statement.output.tensor for statement in self.statements)}

    def add(self, statement: Statement, place: str) -> None:
        """One more Einsum.

        Raises:
            InputError: where there are too many.
        """
        if len(self.statements) >= MOST_EINSUMS:
            raise InputError(
                f"{place}: cascade holds more than {MOST_EINSUMS:,} Einsums, includes written "
                "out; split it into the layers of a network"
            )
        self.statements.append(statement)


def included(entry: IncludeFile, template: CascadeTemplate, parts: Parts, place: str) -> None:
    """Add an included cascade to the parts of the one that includes it.

    Ranks that are not renamed are those of the same name, and are added with their default where
    the includer has none. Tensors that are not renamed keep their name, behind ``prefix`` where
    the included cascade computes them.

    Raises:
        InputError: for names that the included cascade does not have, and inputs that are missing.
    """
    where = f"{place}: include '{entry.include}'"
    problems = _unknown(entry, template, where)
    written = [statement.output.tensor for statement in template.statements]
    prefixed = {name: f"{entry.prefix}{name}" for name in written}
    renaming = Renaming(entry.ranks, {**prefixed, **entry.tensors})
    for name in template.tensors:
        if renaming.tensor(name) not in parts.known:
            problems.append(
                f"{where}: its input '{name}' is missing; write tensors: {{{name}: TENSOR}} with "
                f"one of {', '.join(sorted(parts.known)) or '(none)'}"
            )
    if problems:
        raise InputError(problems)
    _declare(template, renaming, parts)
    for statement in template.statements:
        via = statement.included or place
        parts.add(replace(renaming.statement(statement), included=via), place)


def _unknown(entry: IncludeFile, template: CascadeTemplate, where: str) -> list[str]:
    sizes = [*template.ranks, *template.parameters, *template.constants]
    tensors = [*template.tensors, *(s.output.tensor for s in template.statements)]
    problems = [
        unknown_name(kind, name, valid, where=where)
        for kind, names, valid in (("rank", entry.ranks, sizes), ("tensor", entry.tensors, tensors))
        for name in names
        if name not in valid
    ]
    new = (*entry.ranks.values(), *entry.tensors.values(), f"{entry.prefix}T")
    found = (name_problem("name", name, where=where) for name in new)
    return [*problems, *(problem for problem in found if problem)]


def _declare(template: CascadeTemplate, renaming: Renaming, parts: Parts) -> None:
    """Sizes, outputs and formats that the includer does not give itself."""
    have = {*parts.ranks, *parts.parameters, *parts.constants}
    for mine, theirs in (
        (parts.ranks, template.ranks),
        (parts.parameters, template.parameters),
        (parts.constants, template.constants),
    ):
        for name, size in theirs.items():
            new = renaming.size(name)
            if new not in have:
                mine[new] = renaming.text(size) if isinstance(size, str) else size  # type: ignore[assignment]
    parts.outputs += [renaming.tensor(name) for name in template.outputs]
    for name, number in template.formats.items():
        if name != "default":
            parts.formats.setdefault(renaming.tensor(name), number)
