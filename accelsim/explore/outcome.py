"""What became of a point, judged by its study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accelsim.errors import InputError
from accelsim.explore.store import Row
from accelsim.explore.totals import point_metrics
from accelsim.study import Parameters, Study

__all__ = ["Outcome", "judged"]


@dataclass(frozen=True)
class Outcome:
    """A point with its figures."""

    number: int
    parameters: Parameters
    status: str
    """``ok``; ``infeasible``: it misses a constraint; ``failed``: it could not be simulated."""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    objectives: Mapping[str, float] = field(default_factory=dict)
    violation: float = 0.0
    reason: str = ""
    """Why it failed, or which constraints it misses."""

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "parameters": dict(self.parameters),
            "status": self.status,
            "objectives": dict(self.objectives),
            "metrics": dict(self.metrics),
            "reason": self.reason,
        }


def judged(study: Study, row: Row) -> Outcome:
    """A stored point by the objectives and constraints of its study."""
    if row.metrics is None:
        return Outcome(row.number, row.parameters, "failed", reason=row.reason)
    metrics = point_metrics(study, row.metrics)
    try:
        objectives = study.values(metrics)
        names = study.plan(row.parameters).names if study.constraints else {}
        violation, missed = study.violation(names, metrics)
    except InputError as error:
        reason = "; ".join(error.problems)
        return Outcome(row.number, row.parameters, "failed", metrics, reason=reason)
    status = "infeasible" if missed else "ok"
    return Outcome(row.number, row.parameters, status, metrics, objectives, violation, missed)
