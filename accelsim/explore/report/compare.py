"""Two studies side by side: whose designs are better, and what was looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from accelsim.explore.importance import require_importance_packages
from accelsim.explore.report.study_file import Design, ObjectiveEntry, StudyDocument

__all__ = ["Best", "Fronts", "Hypervolume", "StudyComparison", "compare_studies"]

_MARGIN = 0.1
_MOST_POINTS: Mapping[int, int] = {1: 100_000, 2: 100_000, 3: 4000, 4: 1000, 5: 300, 6: 100}
"""Objectives -> points of a front whose hypervolume takes a few seconds at most (measured)."""

Vector = tuple[float, ...]
Side = Literal["a", "b", "same"]


@dataclass(frozen=True)
class Best:
    """The best that each study reaches in one objective."""

    name: str
    goal: str
    unit: str
    a: float | None
    """None where the front is empty."""
    b: float | None
    ratio: float | None
    """B over A; None where one is unknown or A is 0."""
    better: Side | None


@dataclass(frozen=True)
class Fronts:
    """What two fronts are to each other, in the objectives that both have."""

    a_points: int
    b_points: int
    equal_points: int
    """Designs of B for which A has one with the same figures."""
    a_dominated_by_b: float | None
    """Share, 0 to 1, of the designs of A for which B has one that is nowhere worse and somewhere
    better; None where A has none."""
    b_dominated_by_a: float | None


@dataclass(frozen=True)
class Hypervolume:
    """How much of the box between the best figures and the reference each front dominates."""

    reference: Mapping[str, float]
    """Objective -> the worst figure of both fronts, and a tenth of their range beyond it."""
    ideal: Mapping[str, float]
    """Objective -> the best figure of both."""
    a: float
    """Share of the box, 0 to 1."""
    b: float


@dataclass(frozen=True)
class StudyComparison:
    """What two studies found."""

    names: tuple[str, str]
    a: StudyDocument
    b: StudyDocument
    objectives: tuple[Best, ...]
    """Those that both have, with the same goal."""
    only_a: tuple[str, ...]
    """Objectives that B does not have, or has with another goal."""
    only_b: tuple[str, ...]
    parameters: Mapping[str, Side | Literal["differs"]]
    """Parameter -> the study that has it; ``same`` or ``differs``: both, and their values."""
    fronts: Fronts | None
    """None where they have no objective in common."""
    hypervolume: Hypervolume | None
    hypervolume_unknown: str
    """Why there is none, empty where there is."""

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "schema_version": 1,
            "kind": "study comparison",
            "a": _head(self.names[0], self.a),
            "b": _head(self.names[1], self.b),
            "objectives": [asdict(best) for best in self.objectives],
            "objectives_only_a": list(self.only_a),
            "objectives_only_b": list(self.only_b),
            "parameters": dict(self.parameters),
            "fronts": None if self.fronts is None else asdict(self.fronts),
            "hypervolume": None if self.hypervolume is None else asdict(self.hypervolume),
            "hypervolume_unknown": self.hypervolume_unknown,
        }


def _head(file: str, study: StudyDocument) -> dict[str, Any]:
    keys = ("name", "version", "method", "seed", "fidelity", "evaluated", "space_points")
    told = {key: getattr(study, key) for key in keys}
    return {"file": file, **told, "constraints": study.constraints, "front": len(study.front)}


def compare_studies(
    a: StudyDocument, b: StudyDocument, *, names: tuple[str, str] = ("A", "B")
) -> StudyComparison:
    """Compare the fronts of two studies, and what they looked at.

    Args:
        a: a study, of ``load_study`` or ``study_document``.
        b: another one.
        names: what to call them.

    Raises:
        UnsupportedError: where the package for hypervolumes is not installed.
    """
    goals = {each.name: each.goal for each in b.objectives}
    common = [each for each in a.objectives if goals.get(each.name) == each.goal]
    shared = {each.name for each in common}
    points = [_losses(study.front, common) for study in (a, b)]
    hypervolume, unknown = None, _no_hypervolume(a, b, common, points)
    if not unknown:
        hypervolume = _hypervolume(common, points[0], points[1])
    return StudyComparison(
        names=names,
        a=a,
        b=b,
        objectives=tuple(_best(each, points, i) for i, each in enumerate(common)),
        only_a=tuple(each.name for each in a.objectives if each.name not in shared),
        only_b=tuple(each.name for each in b.objectives if each.name not in shared),
        parameters=_parameters(a, b),
        fronts=_fronts(points[0], points[1]) if common else None,
        hypervolume=hypervolume,
        hypervolume_unknown=unknown,
    )


def _sign(objective: ObjectiveEntry) -> int:
    return 1 if objective.goal == "minimize" else -1


def _losses(front: Sequence[Design], objectives: Sequence[ObjectiveEntry]) -> list[Vector]:
    """Figures of designs, all of them such that less is better."""
    return [
        tuple(_sign(each) * float(design.objectives[each.name]) for each in objectives)
        for design in front
    ]


def _best(objective: ObjectiveEntry, points: Sequence[Sequence[Vector]], i: int) -> Best:
    sign = _sign(objective)
    least = [min((point[i] for point in side), default=None) for side in points]
    a, b = (None if value is None else sign * value for value in least)
    better: Side | None = None
    if least[0] is not None and least[1] is not None:
        better = "same" if least[0] == least[1] else ("a" if least[0] < least[1] else "b")
    ratio = b / a if a and b is not None else None
    return Best(objective.name, objective.goal, objective.unit, a, b, ratio, better)


def _parameters(a: StudyDocument, b: StudyDocument) -> dict[str, Any]:
    values = [{each.name: set(each.values) for each in study.parameters} for study in (a, b)]
    found: dict[str, str] = {}
    for name in dict.fromkeys([*values[0], *values[1]]):
        if name not in values[1]:
            found[name] = "a"
        elif name not in values[0]:
            found[name] = "b"
        else:
            found[name] = "same" if values[0][name] == values[1][name] else "differs"
    return found


def _fronts(a: Sequence[Vector], b: Sequence[Vector]) -> Fronts:
    there = set(a)
    return Fronts(
        a_points=len(a),
        b_points=len(b),
        equal_points=sum(point in there for point in b),
        a_dominated_by_b=_dominated(a, b),
        b_dominated_by_a=_dominated(b, a),
    )


def _dominated(points: Sequence[Vector], others: Sequence[Vector]) -> float | None:
    """The share of points that another front has a better one for."""
    if not points:
        return None
    if not others:
        return 0.0
    import numpy as np

    against = np.array(others)
    count = 0
    for point in np.array(points):
        nowhere_worse = (against <= point).all(axis=1)
        count += bool((nowhere_worse & (against < point).any(axis=1)).any())
    return count / len(points)


def _no_hypervolume(
    a: StudyDocument,
    b: StudyDocument,
    common: Sequence[ObjectiveEntry],
    points: Sequence[Sequence[Vector]],
) -> str:
    if not len(a.objectives) == len(b.objectives) == len(common):
        return "the objectives are not the same"
    if not all(points):
        return "a front is empty"
    most, found = _MOST_POINTS.get(len(common), 0), max(map(len, points))
    if found > most:
        return f"a front has {found:,} points, with {len(common)} objectives at most {most:,}"
    return ""


def _hypervolume(
    objectives: Sequence[ObjectiveEntry], a: Sequence[Vector], b: Sequence[Vector]
) -> Hypervolume:
    """Of both, in one box; Optuna's (WFG: While, Bradstreet, Barone, IEEE TEVC 2012)."""
    require_importance_packages()
    import numpy as np
    from optuna._hypervolume import compute_hypervolume  # It has no public name for it.

    both = np.array([*a, *b])
    ideal, worst = both.min(axis=0), both.max(axis=0)
    spread = worst - ideal
    # Where all figures are the same, what is beyond them must still be somewhere.
    width = np.where(spread > 0, spread, np.where(ideal == 0, 1.0, np.abs(ideal)))
    reference = worst + _MARGIN * width
    box = reference - ideal
    ones = np.ones(len(objectives))
    # Rounding must not put a point outside of the box.
    volumes = [
        compute_hypervolume(np.clip((np.array(side) - ideal) / box, 0, 1), ones) for side in (a, b)
    ]
    signs = [_sign(each) for each in objectives]
    corners = [
        {
            each.name: float(sign * value)
            for each, sign, value in zip(objectives, signs, corner, strict=True)
        }
        for corner in (reference, ideal)
    ]
    return Hypervolume(corners[0], corners[1], float(volumes[0]), float(volumes[1]))
