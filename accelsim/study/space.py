"""The space of a study: parameters with their values, every point with its number.

Points are numbered as nested loops would visit them, the last parameter fastest. A parameter that
does not apply to a point (its ``when``) is no part of it, and there is one point without it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from accelsim.study.schema import Value

__all__ = ["Parameter", "Parameters", "Space"]

Parameters = Mapping[str, Value]
"""A point: name -> value of every parameter that applies."""


@dataclass(frozen=True)
class Parameter:
    """One parameter."""

    name: str
    values: tuple[Value, ...]
    when: Mapping[str, frozenset[Value]] = field(default_factory=dict)
    """Earlier parameter -> values with which this one applies."""
    has_settings: bool = False
    """Whether its values are choices with settings."""

    @property
    def is_number(self) -> bool:
        """Whether all its values are numbers: then they have an order."""
        return all(not isinstance(value, str) for value in self.values)

    def applies(self, others: Parameters) -> bool:
        """Whether it is part of a point with these others."""
        return all(name in others and others[name] in fit for name, fit in self.when.items())


@dataclass(frozen=True)
class Space:
    """All points.

    Example:
        >>> space = Space((Parameter("rows", (8, 16)), Parameter("columns", (8, 16, 32))))
        >>> space.points, space.point(5)
        (6, {'rows': 16, 'columns': 32})
    """

    parameters: tuple[Parameter, ...]
    _counts: dict[tuple[int, tuple[tuple[bool, ...] | None, ...]], int] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def points(self) -> int:
        """How many there are."""
        return self._count(0, {})

    @cached_property
    def _looked_at(self) -> tuple[tuple[str, ...], ...]:
        """Of each place, the earlier parameters that it or a later one depends on."""
        names: list[tuple[str, ...]] = []
        for i in range(len(self.parameters) + 1):
            earlier = {each.name for each in self.parameters[:i]}
            later = {name for each in self.parameters[i:] for name in each.when}
            names.append(tuple(sorted(earlier & later)))
        return tuple(names)

    @cached_property
    def _classes(self) -> Mapping[str, Mapping[Value, tuple[bool, ...]]]:
        """Parameter -> value -> which later parameters apply with it."""
        fits: dict[str, list[frozenset[Value]]] = {each.name: [] for each in self.parameters}
        for each in self.parameters:
            for name, fit in each.when.items():
                fits[name].append(fit)
        return {
            each.name: {
                value: tuple(value in fit for fit in fits[each.name]) for value in each.values
            }
            for each in self.parameters
        }

    def _class(self, name: str, chosen: Mapping[str, Value]) -> tuple[bool, ...] | None:
        return self._classes[name][chosen[name]] if name in chosen else None

    def _alike(self, parameter: Parameter) -> list[tuple[Value, int]]:
        """A value of each class of a parameter, and how many are in it."""
        found: dict[tuple[bool, ...], tuple[Value, int]] = {}
        for value, kind in self._classes[parameter.name].items():
            first, alike = found.get(kind, (value, 0))
            found[kind] = first, alike + 1
        return list(found.values())

    @property
    def states(self) -> int:
        """Ways in which earlier parameters may decide on later ones, at most: what is counted."""
        kinds = {name: len(set(classes.values())) + 1 for name, classes in self._classes.items()}
        return max(math.prod(kinds[name] for name in names) for names in self._looked_at)

    def _count(self, at: int, chosen: Mapping[str, Value]) -> int:
        """Points of the parameters from a place on, given those before."""
        if at == len(self.parameters):
            return 1
        key = (at, tuple(self._class(name, chosen) for name in self._looked_at[at]))
        if key not in self._counts:
            parameter = self.parameters[at]
            if not parameter.applies(chosen):
                found = self._count(at + 1, chosen)
            elif parameter.name not in self._looked_at[at + 1]:
                found = len(parameter.values) * self._count(at + 1, chosen)
            else:
                found = sum(
                    alike * self._count(at + 1, {**chosen, parameter.name: value})
                    for value, alike in self._alike(parameter)
                )
            self._counts[key] = found
        return self._counts[key]

    def point(self, number: int) -> dict[str, Value]:
        """The point of a number.

        Raises:
            IndexError: where there is none.
        """
        if not 0 <= number < self.points:
            raise IndexError(f"there are {self.points} points, none has the number {number}")
        chosen: dict[str, Value] = {}
        for at, parameter in enumerate(self.parameters):
            if not parameter.applies(chosen):
                continue
            if parameter.name not in self._looked_at[at + 1]:
                which, number = divmod(number, self._count(at + 1, chosen))
                chosen[parameter.name] = parameter.values[which]
                continue
            for value in parameter.values:
                chosen[parameter.name] = value
                below = self._count(at + 1, chosen)
                if number < below:
                    break
                number -= below
        return chosen

    def __iter__(self) -> Iterator[dict[str, Value]]:
        return (self.point(number) for number in range(self.points))
