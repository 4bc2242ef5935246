"""A study that was run -> one document: what was asked, the front, how to get it again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from accelsim.errors import InputError, UnsupportedError
from accelsim.explore.outcome import Outcome
from accelsim.explore.run import Explored
from accelsim.explore.session import Session
from accelsim.study import Study, Task
from accelsim.version import __version__

__all__ = ["MOST_POINTS", "best_of", "front_data", "picked", "report_data", "summary_data"]

SCHEMA_VERSION = 1
MOST_POINTS = 20_000
"""That a page shows."""


def summary_data(
    explored: Explored, played: Mapping[int, Outcome], *, command: str
) -> dict[str, Any]:
    """What ``accelsim explore --json`` writes; keys may be added, never changed."""
    study = explored.study
    search = study.file.search
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "study",
        "version": __version__,
        "name": study.name,
        "title": study.file.name,
        "description": study.file.description,
        "method": search.method,
        "seed": search.seed,
        "fidelity": "analytic",
        "command": command,
        "space_points": study.space.points,
        "evaluated": explored.evaluated,
        "infeasible": explored.infeasible,
        "failed": explored.failed,
        "excluded": explored.excluded,
        "failures": dict(explored.failures),
        "parameters": [
            {
                "name": each.name,
                "values": list(each.values),
                "kind": "number" if each.is_number else "name",
            }
            for each in study.space.parameters
        ],
        "objectives": [each.as_json() for each in study.objectives],
        "constraints": list(study.file.constraints),
        "front": front_data(study, explored.front, played),
        "sources": {"study": study.file.source} if study.file.source else {},
    }


def front_data(
    study: Study, front: Sequence[Outcome], played: Mapping[int, Outcome]
) -> list[dict[str, Any]]:
    """Points of the front, those that are best for the first objective first."""
    ordered = sorted(front, key=lambda each: (study.losses(each.objectives), each.number))
    return [
        {
            "number": each.number,
            "parameters": dict(each.parameters),
            "objectives": dict(each.objectives),
            "metrics": dict(each.metrics),
            "commands": [t.command for t in study.plan(each.parameters).tasks.values()],
            **_played(played.get(each.number)),
        }
        for each in ordered
    ]


def _played(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"event": None, "event_reason": ""}
    return {"event": dict(outcome.objectives) or None, "event_reason": outcome.reason}


def best_of(study: Study, front: Sequence[Outcome]) -> tuple[Outcome, str]:
    """The point of the front that is closest to the best of every objective, and why.

    Objectives count from 0 (the best on the front) to 1 (the worst).
    """
    losses = [study.losses(each.objectives) for each in front]
    least = [min(column) for column in zip(*losses, strict=True)]
    most = [max(column) for column in zip(*losses, strict=True)]

    def distance(at: int) -> float:
        parts = zip(losses[at], least, most, strict=True)
        ways = [(loss - low) / (high - low) for loss, low, high in parts if high > low]
        return math.hypot(*ways)

    best = min(range(len(front)), key=lambda at: (distance(at), front[at].number))
    only = study.objectives[0]
    if len(study.objectives) == 1:
        return front[best], f"{'least' if only.sign > 0 else 'greatest'} {only.name}"
    return front[best], "closest to the best of every objective"


def report_data(
    session: Session,
    explored: Explored,
    played: Mapping[int, Outcome],
    *,
    command: str,
    chosen: int | None = None,
) -> dict[str, Any]:
    """The document behind the report: with points, importance, and the best point in full.

    Args:
        session: the study.
        explored: what came of it.
        played: points of the front, played out in time.
        command: that does it again.
        chosen: the point of the front that is shown in full; ``best_of`` where None.

    Raises:
        InputError: where the chosen point is not on the front.
        UnsupportedError: where a package is missing.
    """
    from accelsim.explore.importance import parameter_importance

    study = explored.study
    shown = _shown(session, explored)
    data = summary_data(explored, played, command=command)
    importance = parameter_importance(
        data["parameters"],
        data["objectives"],
        [each for each in shown if each["objectives"]],
        seed=study.file.search.seed,
    )
    best = _best(study, explored.front, chosen)
    return {**data, "points": shown, "points_shown": len(shown), "importance": importance, **best}


def _shown(session: Session, explored: Explored) -> list[dict[str, Any]]:
    """All points, or every so many of them, with the whole front."""
    every = -(-explored.evaluated // MOST_POINTS)
    front = {each.number for each in explored.front}
    return [
        outcome.as_json()
        for i, outcome in enumerate(session.outcomes(explored))
        if every <= 1 or i % every == 0 or outcome.number in front
    ][: MOST_POINTS + len(front)]


def _best(study: Study, front: Sequence[Outcome], chosen: int | None) -> dict[str, Any]:
    if not front:
        return {"best": None}
    outcome, why = picked(study, front, chosen)
    tasks = study.plan(outcome.parameters).tasks
    runs = {name or "simulation": _simulated(task) for name, task in tasks.items()}
    return {"best": {"number": outcome.number, "why": why, "runs": runs}}


def picked(study: Study, front: Sequence[Outcome], number: int | None) -> tuple[Outcome, str]:
    """The point of a number, ``best_of`` where there is none; and why it is this one.

    Raises:
        InputError: where it is not on the front.
    """
    if number is None:
        return best_of(study, front)
    found = next((each for each in front if each.number == number), None)
    if found is None:
        listed = ", ".join(str(each.number) for each in front[:50])
        raise InputError(f"--point {number} is not on the front, must be one of {listed}")
    return found, "chosen"


def _simulated(task: Task) -> dict[str, Any]:
    """A run of a point in full, played out in time where that can be done."""
    from accelsim.explore.report.timeline import timeline_data
    from accelsim.pipeline import map_workload

    def mapped(fidelity: str) -> Any:
        return map_workload(
            task.workload,
            on=task.on,
            set=task.sizes,
            arch=task.arch,
            mapper=task.mapper,
            objective=task.objective,
            at_most=task.at_most,
            fidelity=fidelity,
        )

    try:
        found = mapped("event")
        timeline = timeline_data(found.timings)
    except (InputError, UnsupportedError):
        # What cannot be played out is counted.
        found, timeline = mapped("analytic"), None
    return {"command": task.command, "result": found.result.as_json(), "timeline": timeline}
