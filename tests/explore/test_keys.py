"""What a point's figures depend on is in its key: all of it, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from accelsim.explore import keys
from accelsim.explore.keys import Keys
from accelsim.study import Plan, Task

TASK = Task("matmul", "fusemax", {"M": 64}, {"clock_hz": 1e9}, "auto", "edp", {"cycles": 5}, 8.0)
PLAN = Plan({"": TASK}, {"rows": 8}, "int4", 128, "systolic", {"rows": 8})


def with_task(**changed: object) -> Plan:
    return replace(PLAN, tasks={"": replace(TASK, **changed)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        with_task(workload="conv2d"),
        with_task(on="flat"),
        with_task(set={"M": 65}),
        with_task(arch={"clock_hz": 2e9}),
        with_task(mapper=None),
        with_task(objective="energy"),
        with_task(at_most={}),
        with_task(tokens=None),
        replace(PLAN, tasks={"run": TASK}),
        replace(PLAN, tasks={"a": TASK, "b": TASK}),
        replace(PLAN, quantizer="int6"),
        replace(PLAN, group=64),
    ],
)
def test_all_that_decides_makes_another_key(other: Plan) -> None:
    assert Keys("analytic").key(other) != Keys("analytic").key(PLAN)


def test_fidelity_makes_another_key() -> None:
    assert Keys("event").key(PLAN) != Keys("analytic").key(PLAN)


def test_names_and_hardware_do_not() -> None:
    other = replace(PLAN, names={}, accelerator=None, hardware={})
    assert Keys("analytic").key(other) == Keys("analytic").key(PLAN)


def test_files_count_with_what_they_hold_and_name(tmp_path: Path) -> None:
    machine, base = tmp_path / "machine.yaml", tmp_path / "base.yaml"
    machine.write_text("extends: base.yaml\n")
    base.write_text("extends: fusemax\n")
    plan = with_task(on=str(machine))

    def key() -> str:
        return Keys("analytic").key(plan)

    first = key()
    assert key() == first
    base.write_text("extends: flat\n")
    second = key()
    machine.write_text("extends: base.yaml\nname: mine\n")
    assert len({first, second, key()}) == 3


def test_another_state_of_the_program_makes_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Keys("analytic").key(PLAN)
    (tmp_path / "__init__.py").write_text("# another program\n")
    monkeypatch.setattr(keys.accelsim, "__file__", str(tmp_path / "__init__.py"))
    assert Keys("analytic").key(PLAN) != before
