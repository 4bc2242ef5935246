"""A study: what is varied, what is simulated for each point, and what makes a point good."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from accelsim.errors import InputError
from accelsim.expressions import Number, evaluate_condition, evaluate_expression, names_in
from accelsim.study.metrics import metric_of
from accelsim.study.schema import ChoiceFile, SettingsFile, StudyFile, TaskFile
from accelsim.study.settings import Names, Plan, Recipe, exact, recipe_of
from accelsim.study.space import Parameters, Space

__all__ = ["Constraint", "Objective", "Study"]

_SIDES = re.compile(r"(?P<left>[^<>=!]+)(?P<sign><=|>=|<|>|==|!=)(?P<right>[^<>=!]+)")


@dataclass(frozen=True)
class Objective:
    """A metric that is to be small or large."""

    name: str
    goal: str
    """``minimize`` or ``maximize``."""
    label: str
    unit: str

    @property
    def sign(self) -> int:
        """By which values are multiplied so that less is better."""
        return 1 if self.goal == "minimize" else -1

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "goal": self.goal, "unit": self.unit, "label": self.label}


@dataclass(frozen=True)
class Constraint:
    """A comparison that a point must fulfil."""

    text: str

    @cached_property
    def names(self) -> frozenset[str]:
        """What it compares."""
        left, _, right = self.sides
        return names_in(left) | names_in(right)

    @property
    def sides(self) -> tuple[str, str, str]:
        """Left side, sign, right side.

        Raises:
            InputError: where it is no comparison.
        """
        found = _SIDES.fullmatch(self.text)
        if not found:
            raise InputError(f"'{self.text}' is not a comparison such as 'area_mm2 <= 20'")
        return found["left"].strip(), found["sign"], found["right"].strip()

    def holds(self, names: Mapping[str, Number]) -> bool:
        """Whether it is fulfilled.

        Raises:
            InputError: where it names something else, or divides by zero.
        """
        return evaluate_condition(self.text, names)

    def violation(self, names: Mapping[str, Number]) -> float:
        """By how much of its right side it is missed; 0 where it is fulfilled."""
        if self.holds(names):
            return 0.0
        left, _, right = self.sides
        given, bound = (float(evaluate_expression(side, names)) for side in (left, right))
        return max(abs(given - bound) / (abs(bound) or 1.0), 1e-12)


@dataclass(frozen=True)
class Study:
    """What a study file says."""

    name: str
    """As it was asked for."""
    file: StudyFile
    folder: Path
    """Where it lies."""
    space: Space
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    _recipes: dict[tuple[Any, ...], Recipe] = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        # What was compiled is made of functions, which other processes make for themselves.
        return {**self.__dict__, "_recipes": {}}

    @cached_property
    def runs(self) -> tuple[str, ...]:
        """Names of the simulations of a point; a single one has none."""
        return tuple(self.file.runs) or ("",)

    @cached_property
    def digest(self) -> str:
        """Of all that decides which points there are and what is good: 16 hexadecimal digits."""
        data = self.file.model_dump(mode="json")
        data["search"].pop("points")
        for key in ("name", "description", "source", "front_fidelity"):
            data.pop(key)
        # Parameters are visited in their order.
        data["parameters"] = list(data["parameters"].items())
        text = json.dumps(data, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def plan(self, parameters: Parameters) -> Plan:
        """What a point asks for.

        Raises:
            InputError: where its settings cannot be filled in.
        """
        picks = tuple(parameters.get(each.name) for each in self._settled)
        shape = (picks, tuple(parameters))
        recipe = self._recipes.get(shape)
        if recipe is None:
            recipe = self._recipes[shape] = self._recipe(parameters)
        return recipe.plan(parameters)

    @cached_property
    def _settled(self) -> tuple[Any, ...]:
        return tuple(each for each in self.space.parameters if each.has_settings)

    def _recipe(self, parameters: Parameters) -> Recipe:
        choices = list(self._choices(parameters))
        common: list[SettingsFile] = [self.file, *choices]
        runs: dict[str, list[TaskFile]] = {}
        for name in self.runs:
            own = [self.file.runs[name]] if name in self.file.runs else []
            pairs = ((each, each.runs[name]) if name in each.runs else (each,) for each in choices)
            runs[name] = [self.file, *own, *chain.from_iterable(pairs)]
        numbers = {each.name: each.is_number for each in self.space.parameters}
        known = {name: numbers[name] for name in parameters}
        return recipe_of(common, runs, known, folder=self.folder)

    def _choices(self, parameters: Parameters) -> Iterable[ChoiceFile]:
        for each in self._settled:
            if each.name in parameters:
                written = self.file.parameters[each.name]
                yield written.choices[str(parameters[each.name])]  # type: ignore[union-attr]

    # ---- what makes a point good ------------------------------------------------------------

    @property
    def screens(self) -> bool:
        """Whether there are constraints on parameters alone."""
        return bool(self._before)

    def excluded(self, names: Names) -> str:
        """Which constraint on parameters alone a point fails; empty where it fails none."""
        known = exact(names)
        for each in self._before:
            if each.names <= known.keys() and not each.holds(known):
                return each.text
        return ""

    @cached_property
    def _before(self) -> tuple[Constraint, ...]:
        """Constraints that need no simulation."""
        return tuple(each for each in self.constraints if not self._metrics_in(each))

    @cached_property
    def _after(self) -> tuple[Constraint, ...]:
        return tuple(each for each in self.constraints if self._metrics_in(each))

    def _metrics_in(self, constraint: Constraint) -> bool:
        parameters = {each.name for each in self.space.parameters}
        return any(n not in parameters and metric_of(n, self.runs) for n in constraint.names)

    def violation(self, names: Names, metrics: Mapping[str, float | None]) -> tuple[float, str]:
        """How far a simulated point is from fulfilling its constraints, and which it misses.

        Raises:
            InputError: where a metric that a constraint names is unknown for it.
        """
        if not self._after:
            return 0.0, ""
        known = {**exact({k: v for k, v in metrics.items() if v is not None}), **exact(names)}
        # As with those on parameters alone: what names a parameter that does not apply, holds.
        applying = [
            each
            for each in self._after
            if all(name in known or metric_of(name, self.runs) for name in each.names)
        ]
        missed = [(each.violation(known), each.text) for each in applying]
        total = sum(by for by, _ in missed)
        return total, ", ".join(text for by, text in missed if by)

    def values(self, metrics: Mapping[str, float | None]) -> dict[str, float]:
        """Objective -> value.

        Raises:
            InputError: where one is unknown, as an energy without figures is.
        """
        found = {}
        for each in self.objectives:
            value = metrics.get(each.name)
            if value is None:
                raise InputError(f"objective '{each.name}' is unknown here{_why(each.name)}")
            found[each.name] = value
        return found

    def losses(self, objectives: Mapping[str, float]) -> tuple[float, ...]:
        """Objectives as numbers of which less is better."""
        return tuple(each.sign * objectives[each.name] for each in self.objectives)


def _why(name: str) -> str:
    base = name.rpartition(".")[2]
    return {
        "energy_j": ": a figure of energy is missing in the architecture",
        "area_mm2": ": a figure of area is missing in the architecture",
        "tokens_per_s": ": say with 'tokens' how many a run computes",
        "tokens_per_joule": ": say with 'tokens' how many a run computes",
        "quantization_error": ": say with 'quantization' how weights are quantised",
        "cost_usd": ": say with 'cost' what a wafer costs",
    }.get(base, "")
