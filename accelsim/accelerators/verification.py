"""What a bench of hardware found: a row for each kind of trial, and all of it together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Check", "Verification", "verification_rows"]


@dataclass(frozen=True)
class Check:
    """Trials of one kind."""

    name: str
    against: str
    """What values and cycles were compared with."""
    trials: int
    value_mismatches: int
    """Trials in which a value was wrong, missing, or too much, or a stream broke its rule."""
    cycle_mismatches: int = 0
    """Trials whose cycles were not those of the model."""
    deviation: float | None = None
    """The largest of cycles from those of the model, relative; None where they must be equal."""
    first_failure: str = ""
    """What was wrong first, and how it can be seen."""

    @property
    def ok(self) -> bool:
        return not (self.value_mismatches or self.cycle_mismatches)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "against": self.against,
            "trials": self.trials,
            "value_mismatches": self.value_mismatches,
            "cycle_mismatches": self.cycle_mismatches,
            "deviation": self.deviation,
            "first_failure": self.first_failure or None,
        }


@dataclass(frozen=True)
class Verification:
    """All trials of an accelerator."""

    accelerator: str
    parameters: dict[str, Any]
    seed: int
    simulator: str
    checks: Sequence[Check]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        deviations = [check.deviation for check in self.checks if check.deviation is not None]
        return {
            "accelerator": self.accelerator,
            "parameters": self.parameters,
            "seed": self.seed,
            "trials": sum(check.trials for check in self.checks),
            "value_mismatches": sum(check.value_mismatches for check in self.checks),
            "cycle_mismatches": sum(check.cycle_mismatches for check in self.checks),
            "layer_cycle_deviation": max(deviations, default=None),
            "simulator": self.simulator,
            "checks": [check.as_json() for check in self.checks],
        }


def verification_rows(found: Verification) -> list[list[str]]:
    """Cells of a table: a head, and a row for each check."""
    rows = [["check", "against", "trials", "wrong values", "wrong cycles", "cycles", ""]]
    for each in found.checks:
        exact = "" if not each.deviation else f"within {each.deviation:.2%}"
        if each.deviation == 0:
            exact = "equal"
        rows.append(
            [
                each.name,
                each.against,
                f"{each.trials:,}",
                f"{each.value_mismatches:,}",
                f"{each.cycle_mismatches:,}",
                exact,
                _outcome(each),
            ]
        )
    return rows


def _outcome(check: Check) -> str:
    if not check.trials:
        return "not run"
    return "ok" if check.ok else "FAILED"
