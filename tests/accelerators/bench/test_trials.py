"""Plans of trials: what is counted, what is told, and when there are waves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from accelsim.accelerators.bench.trials import Plan, run_plans
from accelsim.accelerators.verification import Check, Verification, verification_rows


class Idle:
    """A runner with nothing to build."""

    def prepare(self) -> None:
        pass


@dataclass
class FakeTrial:
    """A trial with an outcome."""

    value: str = ""
    cycle: str = ""
    measured: int = 100
    stalls: tuple[int, ...] = ()
    cycles: int = 100
    runs: list[dict[str, Any]] = field(default_factory=list)

    def run(self, runner: Any, **options: Any) -> Any:
        self.runs.append(options)
        return None

    def wrong_values(self, run: Any) -> str:
        return self.value

    def wrong_cycles(self, run: Any) -> str:
        return self.cycle

    def measured_cycles(self, run: Any) -> int:
        return self.measured


def check(trials: list[FakeTrial], tolerance: float | None, waves: Path | None = None) -> Check:
    runner: Any = Idle()
    name, count = "tiles, 2x2", len(trials)
    plan = Plan(name, "NumPy", count, runner, lambda random, at: trials[at], tolerance)
    (found,) = run_plans([plan], seed=0, waves=waves, progress=lambda text: None, prefix="some")
    return found


def test_wrong_values_and_cycles_are_counted_and_the_first_is_told(tmp_path: Path) -> None:
    trials = [FakeTrial(), FakeTrial("a", "b"), FakeTrial(cycle="c"), FakeTrial("d")]
    found = check(trials, None, tmp_path)
    assert (found.trials, found.value_mismatches, found.cycle_mismatches) == (4, 2, 1)
    assert not found.ok
    file = tmp_path / "some-tiles--2x2.vcd"
    assert found.first_failure == f"trial 1: a; waves: gtkwave {file}"
    # Run again with its waves, and no other.
    assert [len(each.runs) for each in trials] == [1, 2, 1, 1]
    assert trials[1].runs[1] == {"waves": file}
    assert check(trials[2:3], None).first_failure == "trial 0: c"
    assert found.deviation is None


def test_cycles_of_layers_have_a_tolerance() -> None:
    sound = check([FakeTrial(measured=each) for each in (98, 100, 102)], 0.02)
    assert sound.ok
    assert sound.deviation == pytest.approx(0.02)
    wrong = check([FakeTrial(measured=each) for each in (97, 103, 100)], 0.02)
    assert (wrong.value_mismatches, wrong.cycle_mismatches) == (0, 2)
    assert wrong.first_failure == "trial 0: 97 cycles, must be 100 within 2 %"
    # Cycles mean nothing where streams were held up, or values are wrong.
    held = [FakeTrial(measured=9, stalls=(1,)), FakeTrial("x", measured=9)]
    assert check(held, 0.02).deviation == 0
    assert check([], 0.02).ok


def test_a_verification_says_the_worst_of_its_checks() -> None:
    checks = [Check("a", "x", 10, 0, 2, None, "f"), Check("b", "x", 5, 1, 0, 0.01)]
    found = Verification("systolic", {"rows": 8}, 3, "cxxrtl", checks)
    assert not found.ok
    data = found.as_json()
    assert [data[key] for key in ("trials", "value_mismatches", "cycle_mismatches")] == [15, 1, 2]
    assert data["layer_cycle_deviation"] == 0.01
    assert [each["first_failure"] for each in data["checks"]] == ["f", None]
    tiles = Verification("systolic", {}, 0, "x", checks[:1])
    assert tiles.as_json()["layer_cycle_deviation"] is None
    checks.append(Check("c", "x", 1, 0, 0, 0.0))
    rows = verification_rows(Verification("systolic", {}, 0, "x", checks))[1:]
    assert [row[-2] for row in rows] == ["", "within 1.00%", "equal"]
    assert [row[-1] for row in rows] == ["FAILED", "FAILED", "ok"]
    none = Verification("systolic", {}, 0, "x", [Check("d", "x", 0, 0)])
    assert verification_rows(none)[1][-1] == "not run"
