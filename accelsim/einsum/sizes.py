"""Rank sizes and parameters: defaults, settings from outside, expressions of one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral

from accelsim.errors import InputError, unknown_name
from accelsim.expressions import Number, evaluate_expression, names_in, whole_number

__all__ = ["resolve_sizes"]

_MAX_STEPS = 100
"""From a size to those that it refers to and that are not known yet; Python's stack is finite."""

Declared = Mapping[str, int | float | str | None]


def resolve_sizes(
    ranks: Declared,
    parameters: Declared,
    settings: Mapping[str, int | str] | None = None,
    *,
    where: str = "",
    places: Mapping[str, str] | None = None,
    others: Sequence[str] = (),
) -> dict[str, int]:
    """Every rank's and parameter's value as a whole number.

    Args:
        ranks: size, or an expression of other names, or None where it must be set from outside.
        parameters: the same for values that are no rank (a stride, a width); 0 is allowed.
        settings: values from outside; they win over the declared ones.
        where: the cascade or workload, for messages.
        places: where each name is declared, ``file:line:column``.
        others: names besides that may be set, for messages.

    Raises:
        InputError: all problems at once: unknown names, missing sizes, circles, values that are
            not whole or too small.

    Example:
        >>> resolve_sizes({"M": 1000, "M0": 256, "M1": "ceil(M / M0)"}, {})["M1"]
        4
    """
    settings = settings or {}
    declared = {**ranks, **parameters}
    settings, problems = _checked(settings, where)
    resolver = _Resolver(declared, settings, where, places or {})
    resolver.problems += problems
    for name in settings:
        if name not in declared:
            kind = "rank" if ranks else "parameter"
            resolver.problems.append(unknown_name(kind, name, [*declared, *others], where=where))
    values = {}
    for name in declared:
        value = resolver.value(name, ())
        if value is not None:
            kind, least = ("rank", 1) if name in ranks else ("parameter", 0)
            values[name] = resolver.whole(value, kind=kind, name=name, least=least)
    if resolver.problems:
        raise InputError(list(dict.fromkeys(resolver.problems)))
    return values


def _checked(
    settings: Mapping[str, int | str], where: str
) -> tuple[dict[str, int | str], list[str]]:
    """Settings with whole numbers of any library as plain ones, and what is no setting at all."""
    found: dict[str, int | str] = {}
    problems = []
    for name, value in settings.items():
        if isinstance(value, str | float) and not isinstance(value, bool):
            found[name] = value
        elif isinstance(value, Integral) and not isinstance(value, bool):
            found[name] = int(value)
        else:
            prefix = f"{where}: " if where else ""
            problems.append(f"{prefix}size of '{name}' is {value!r}, must be a whole number")
    return found, problems


class _Resolver:
    def __init__(
        self,
        declared: Declared,
        settings: Mapping[str, int | str],
        where: str,
        places: Mapping[str, str],
    ) -> None:
        self.declared, self.settings, self.where, self.places = declared, settings, where, places
        self.problems: list[str] = []
        self.known: dict[str, Number | None] = {}

    def prefix(self, name: str) -> str:
        """Where a size was written: in the file, unless it is set from outside."""
        place = self.where if name in self.settings else self.places.get(name, self.where)
        return f"{place}: " if place else ""

    def value(self, name: str, asked_by: tuple[str, ...]) -> Number | None:
        if name in asked_by:
            circle = " -> ".join((*asked_by[asked_by.index(name) :], name))
            self.problems.append(
                f"{self.prefix(name)}sizes refer to each other in a circle: {circle}"
            )
            return None
        if name not in self.known:
            self.known[name] = self._compute(name, asked_by)
        return self.known[name]

    def _compute(self, name: str, asked_by: tuple[str, ...]) -> Number | None:
        written = self.settings.get(name, self.declared[name])
        if written is None:
            self.problems.append(
                f"{self.prefix(name)}rank '{name}' has no size; set it with --set {name}=SIZE"
            )
            return None
        if len(asked_by) > _MAX_STEPS:
            self.problems.append(
                f"{self.prefix(name)}size of '{name}' is asked for through over {_MAX_STEPS} "
                "others; write it in front of them"
            )
            return None
        try:
            needed = sorted(names_in(written))
            names: dict[str, Number] = {}
            for other in needed:
                if other not in self.declared:
                    raise InputError(unknown_name(f"'{written}': name", other, self.declared))
                value = self.value(other, (*asked_by, name))
                if value is None:
                    return None
                names[other] = value
            return evaluate_expression(written, names)
        except InputError as error:
            self.problems.append(f"{self.prefix(name)}size of '{name}': {error}")
            return None

    def whole(self, value: Number, *, kind: str, name: str, least: int) -> int:
        try:
            return whole_number(value, what=f"{kind} '{name}'", least=least)
        except InputError as error:
            self.problems.append(f"{self.prefix(name)}{error}")
            return least
