"""What is broken on purpose is found: the bench is no better than what it can see."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accelsim.accelerators import array_timing as timing
from accelsim.accelerators.systolic import model
from accelsim.accelerators.systolic import verify as bench
from accelsim.accelerators.systolic.bench.layers import layer_trial
from accelsim.accelerators.systolic.parameters import DATAFLOWS
from accelsim.accelerators.verification import Verification
from accelsim.cli.main import main
from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.floats import rounding
from accelsim.gateware.sequencer.accumulator import Accumulator

pytestmark = pytest.mark.slow


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Leaves the plans of one kind."""
    plans = bench._plans

    def keep(part: str) -> None:
        monkeypatch.setattr(
            bench, "_plans", lambda *given: (plan for plan in plans(*given) if part in plan.name)
        )

    return keep


def mutated(function: Any, right: str, wrong: str) -> Any:
    """A function with a part of its text replaced."""
    text = textwrap.dedent(inspect.getsource(function))
    assert text.count(right) == 1
    scope: dict[str, Any] = {}
    exec(compile(text.replace(right, wrong), "mutation", "exec"), function.__globals__, scope)
    return scope[function.__name__]


def verified(trials: int, **settings: str) -> Verification:
    """In Amaranth's simulator, which has nothing to compile."""
    return bench.verify(settings, trials=trials, seed=2, simulator="amaranth")


def failures(trials: int, **settings: str) -> list[tuple[int, int]]:
    """Wrong values and cycles of each check."""
    found = verified(trials, **settings)
    assert not found.ok
    return [(each.value_mismatches, each.cycle_mismatches) for each in found.checks]


@pytest.mark.parametrize("wrong", [3, 5])
def test_a_model_that_is_off_by_a_cycle(
    wrong: int, only: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("3x5")
    monkeypatch.setattr(timing, "PRODUCT_LATENCY_CYCLES", wrong)
    assert failures(8) == [(0, 1), (0, 1)]


SMALL = ("--set", "rows=4", "--set", "columns=2", "--trials", "40", "--seed", "3")


def test_a_pipeline_register_that_is_missing(
    only: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    only("tiles, weight-stationary, 4x2")
    command = ["verify", "systolic", *SMALL, "--waves", str(tmp_path)]
    assert main(command) == 0
    right = """    placed = Signal(self.product, reset_less=True)
    with m.If(enable):
        m.d.sync += placed.eq(part.product)
    return placed
"""
    wrong = mutated(DenseArithmetic.multiply, right, "    return part.product\n")
    monkeypatch.setattr(DenseArithmetic, "multiply", wrong)
    capsys.readouterr()
    # What was compiled before is another component, and must not be taken for this one.
    assert main(command) == 1
    captured = capsys.readouterr()
    assert "FAILED" in captured.out
    file = tmp_path / "systolic-tiles--weight-stationary--4x2.vcd"
    assert captured.err.splitlines()[-1].endswith(f"; waves: gtkwave {file}")
    assert "$enddefinitions" in file.read_text("utf-8")
    assert " must be " in captured.err


@pytest.mark.parametrize("kind", ["fp16 multiply", "fp16 add", "fp8_e4m3 add"])
@pytest.mark.parametrize("wrong", ["guard", "guard & (sticky | ~value[0])", "0"])
def test_another_rounding(
    kind: str, wrong: str, only: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(kind)
    changed = mutated(rounding.round_to, "guard & (sticky | value[0])", wrong)
    monkeypatch.setattr(rounding, "round_to", changed)
    assert failures(1) == [(1, 0)]


@pytest.mark.parametrize(
    ("dataflow", "right", "wrong"),
    [
        ("weight-stationary", "tile.begins & ", ""),
        ("output-stationary", "tile.begins & ", ""),
        ("weight-stationary", "(walk.middle_first | ", "(1 | "),
        ("output-stationary", "(1, 2)", "(1, 2, 3)"),
    ],
)
def test_sums_that_begin_wrongly_or_do_not_wait(
    dataflow: str, right: str, wrong: str, only: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("layers")
    # Of so few rows that sums come back at once, with several tiles along K.
    monkeypatch.setattr(
        bench, "random_layer_trial", lambda p, random, **_: layer_trial(p, (1, 2, 20), random)
    )
    sizes = {"rows": "4", "columns": "1", "tile": "8", "folds": "2"}
    monkeypatch.setattr(bench, "LAYER_TOLERANCE", 0.2)
    assert verified(1, dataflow=dataflow, **sizes).ok
    monkeypatch.setattr(Accumulator, "elaborate", mutated(Accumulator.elaborate, right, wrong))
    assert failures(1, dataflow=dataflow, **sizes) == [(1, 0)]


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_layer_model_that_is_off(
    dataflow: str, only: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("layers")
    monkeypatch.setattr(
        bench, "random_layer_trial", lambda p, random, **_: layer_trial(p, (9, 3, 12), random)
    )
    settings = {"dataflow": dataflow, "rows": "4", "columns": "2"}
    assert verified(1, **settings).ok
    wrong = {flow: cycles + 60 for flow, cycles in model.OUTPUT_CYCLES.items()}
    monkeypatch.setattr(model, "OUTPUT_CYCLES", wrong)
    found = verified(1, **settings)
    assert [(each.value_mismatches, each.cycle_mismatches) for each in found.checks] == [(0, 1)]
    assert found.as_json()["layer_cycle_deviation"] > 0.02
    assert "within 2 %" in found.checks[0].first_failure
