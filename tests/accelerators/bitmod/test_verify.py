"""The bench, and the array and whole layers of many shapes through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("amaranth")

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.bitmod import verify as bench
from accelsim.accelerators.bitmod.algorithm import Weights, product_of, reference
from accelsim.accelerators.bitmod.bench.arrays import random_activations, random_array_trial
from accelsim.accelerators.bitmod.bench.layers import LayerTrial, layer_trial, random_layer_trial
from accelsim.accelerators.bitmod.bench.pes import random_pe_trial
from accelsim.accelerators.bitmod.gateware import BitMod, array_of, registers_of
from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.accelerators.bitmod.pe.group import GroupPe
from accelsim.accelerators.bitmod.terms import TERM_FORMATS
from accelsim.errors import InputError
from accelsim.gateware.compiled import Run

TINY = BitModParameters(rows=1, columns=1, lanes=2, group=16, folds=1)
SHAPES = [
    BitModParameters(rows=1, columns=1),
    BitModParameters(rows=3, columns=2, lanes=2, weights="int8"),
    BitModParameters(rows=1, columns=4, lanes=2, weights="fp3", folds=2),
    BitModParameters(rows=2, columns=3, lanes=8, weights="int6"),
]
# Where streams take as long as the array, or longer, cycles are only near those of `event`.
LAYERS = [SHAPES[2], BitModParameters(rows=2, columns=2, lanes=2, weights="int4")]


def name_of(p: BitModParameters) -> str:
    return f"{p.rows}x{p.columns}-{p.weights}-{p.lanes}"


def changed(run: Run, stream: str, **fields: Any) -> Run:
    """A run with something else noted of a stream."""
    noted: Any = {name: {**getattr(run, name), stream: v} for name, v in fields.items()}
    return replace(run, **noted)


@pytest.mark.parametrize("simulator", ["cxxrtl", "amaranth"])
def test_plans_hold_every_kind_of_trial(simulator: str) -> None:
    plans = list(bench._plans(BitModParameters(), 1000, simulator, None))
    groups, array, few = ("1,000", "4x4", 100) if simulator == "cxxrtl" else ("4", "2x2", 1)
    expected = {f"PE, 4 lanes, {name}, {groups} groups": 200 for name in TERM_FORMATS}
    expected |= {f"array, {array}, fp4": few, f"layers, {array}, fp4": few}
    assert {plan.name: plan.trials for plan in plans} == expected
    assert [plan.tolerance for plan in plans if plan.tolerance] == [bench.LAYER_TOLERANCE]
    # Now and then nothing is held up, so that cycles can be compared.
    for plan in plans:
        held = {bool(plan.make(np.random.default_rng(at), at).stalls) for at in range(4)}
        assert held == {False, True}


def test_activations_are_finite_and_of_every_kind() -> None:
    random = np.random.default_rng(0)
    bits = np.concatenate([random_activations(random, (20, 50)) for _ in range(20)])
    values = bits.astype(np.uint16).view(np.float16)
    assert np.isfinite(values).all()
    assert 0.02 < (bits == 0).mean() < 0.2
    assert (abs(values[values != 0]) < 2.0**-14).any()
    assert (abs(values) > 2.0**14).any()


def test_a_small_array_agrees_and_what_does_not_is_told() -> None:
    trial = random_array_trial(TINY, np.random.default_rng(1), stalled=False)
    run = trial.run(Runner(partial(array_of, TINY), "amaranth"))
    assert (trial.wrong_values(run), trial.wrong_cycles(run)) == ("", "")
    count = len(trial.expected)
    assert trial.wrong_values(changed(run, "results", passed=count - 1))
    assert trial.wrong_values(changed(run, "results", broken=1))
    words = run.outputs["results"].copy()
    words[0, 0] ^= 1
    assert trial.wrong_values(changed(run, "results", outputs=words))
    late = changed(run, "results", stamps=run.stamps["results"] + 1)
    assert f"must be {trial.cycles}" in trial.wrong_cycles(late)


def test_a_small_pe_agrees_and_what_does_not_is_told() -> None:
    trial = random_pe_trial("fp4", 2, 2, np.random.default_rng(1), stalled=False)
    run = trial.run(Runner(partial(GroupPe, 2), "amaranth"))
    assert (trial.wrong_values(run), trial.wrong_cycles(run)) == ("", "")
    assert trial.wrong_values(changed(run, "o", passed=1)) == "1 results, must be 2"
    assert "in 3 cycles" in trial.wrong_values(changed(run, "o", broken=3))
    words = run.outputs["o"].copy()
    words[1, 0] ^= 1
    assert trial.wrong_values(changed(run, "o", outputs=words)).startswith("1 groups: result 1 is")
    late = changed(run, "o", stamps=run.stamps["o"] * 2)
    assert trial.wrong_cycles(late) == "groups take [256] cycles, must be 128"


def test_a_small_layer_agrees_and_what_does_not_is_told() -> None:
    trial = layer_trial(TINY, (1, 2, 17), np.random.default_rng(2))
    run = trial.run(Runner(partial(BitMod, TINY), "amaranth"))
    assert trial.wrong_values(run) == ""
    assert abs(trial.measured_cycles(run) - trial.cycles) <= 0.02 * trial.cycles
    name, count = "m_axis_results", trial.product.result_beats
    wrong = trial.wrong_values(changed(run, name, passed=count + 1))
    assert wrong == f"{count + 1} beats of results, must be {count}"
    words = run.outputs[name].copy()
    words[0, 0] ^= 1
    assert trial.wrong_values(changed(run, name, outputs=words)).startswith("result [0, 0] is ")


def test_parameters_and_simulators_are_checked_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def build(*arguments: Any, **options: Any) -> None:
        raise AssertionError("built")

    monkeypatch.setattr("accelsim.gateware.compiled.build.library_of", build)
    with pytest.raises(InputError, match="lanes is 3"):
        bench.verify({"lanes": "3"}, trials=1, seed=0)
    with pytest.raises(InputError, match="simulator 'cxxrtk' is unknown; did you mean 'cxxrtl'"):
        bench.verify({}, trials=1, seed=0, simulator="cxxrtk")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any, Any], Runner]:
    """Compiled components, each once."""
    folder = tmp_path_factory.mktemp("compiled")
    return lambda make, p: Runner(partial(make, p), "cxxrtl", folder).prepare()


@pytest.mark.slow
@pytest.mark.parametrize("p", SHAPES, ids=name_of)
def test_arrays_of_many_shapes(p: BitModParameters, compiled: Any) -> None:
    runner = compiled(array_of, p)
    for at in range(30):
        trial = random_array_trial(p, np.random.default_rng([1, at]), stalled=at % 3 > 0)
        run = trial.run(runner)
        assert (trial.wrong_values(run), trial.wrong_cycles(run)) == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("p", LAYERS, ids=name_of)
def test_layers_of_many_shapes(p: BitModParameters, compiled: Any) -> None:
    runner = compiled(BitMod, p)
    for at in range(30):
        random = np.random.default_rng([2, at])
        trial = random_layer_trial(p, random, stalled=at % 3 == 2)
        run = trial.run(runner)
        assert trial.wrong_values(run) == ""
        # Of tiles shorter than a group, `event` does not know all that streams wait for.
        if not trial.stalls and trial.product.k >= p.group:
            near(trial, run)


def near(trial: LayerTrial, run: Run) -> None:
    found = trial.measured_cycles(run)
    job = trial.product
    assert found == pytest.approx(trial.cycles, rel=bench.LAYER_TOLERANCE), (job.m, job.n, job.k)


@pytest.mark.slow
def test_layers_of_a_real_shape(compiled: Any) -> None:
    p = BitModParameters(weights="fp4")
    trial = layer_trial(p, (8, 64, 512), np.random.default_rng(3))
    run = trial.run(compiled(BitMod, p))
    assert trial.wrong_values(run) == ""
    near(trial, run)
    # Nothing but the beginning and the end is lost.
    ideal = 2 * 16 * (512 // 4) * p.format.steps
    assert ideal < trial.measured_cycles(run) < 1.06 * ideal


class Writing:
    """A runner that writes one more register first."""

    def __init__(self, runner: Runner, name: str, value: int) -> None:
        offsets = {each.name: each.offset for each in registers_of(BitModParameters())}
        self.runner, self.offset, self.value = runner, offsets[name], value

    def run(self, inputs: Any, outputs: Any, **options: Any) -> Run:
        address = np.array([[self.offset, 0]], np.uint32)
        data = np.array([[self.value, 0xF]], np.uint32)
        inputs = inputs | {
            "s_axi_aw": np.concatenate([address, inputs["s_axi_aw"]]),
            "s_axi_w": np.concatenate([data, inputs["s_axi_w"]]),
        }
        return self.runner.run(inputs, outputs | {"s_axi_b": outputs["s_axi_b"] + 1}, **options)


@pytest.mark.slow
def test_special_values_are_those_that_are_written(compiled: Any) -> None:
    p = BitModParameters(rows=2, columns=2)
    runner = compiled(BitMod, p)
    file = next(each.reset for each in registers_of(p) if each.name == "specials")
    trial = layer_trial(p, (3, 5, 300), np.random.default_rng(4))
    # The other way round: what selector 0 meant is what 3 means now.
    turned = int.from_bytes(file.to_bytes(4, "little"), "big")
    given = trial.weights
    other = Weights(given.codes, given.scales, 3 - given.selectors)
    run = trial.run(Writing(runner, "specials", turned))
    assert trial.wrong_values(run) != ""
    assert not np.array_equal(
        reference(p, trial.activations, other), reference(p, trial.activations, given)
    )
    # Sent with the selectors turned, too, all is as it was.
    again = LayerTrial(trial.product, trial.activations, other, {})
    run = again.run(Writing(runner, "specials", turned))
    assert trial.wrong_values(run) == ""


@pytest.mark.slow
def test_any_sum_of_two_terms_may_be_a_special_value(compiled: Any) -> None:
    p = BitModParameters(rows=2, columns=2)
    # 3.5 as 4 - 0.5, for selector 1: exponents 3 and 0 in halves.
    entry = (0 | 3 << 1 | 1 << 3) | (1 | 0 << 1 | 1 << 3) << 4
    one = np.full((1, 1), 0x3C00)
    weights = Weights(np.full((1, 1), 8), np.full((1, 1), 200), np.full((1, 1), 1))
    trial = LayerTrial(product_of(p, 1, 1, 1), one, weights, {})
    run = trial.run(Writing(compiled(BitMod, p), "specials", entry << 8))
    found = run.outputs["m_axis_results"][0, 0].view(np.float32)
    assert found * p.format.unit == 3.5 * 200


@pytest.mark.slow
def test_it_all_runs_in_amaranths_simulator() -> None:
    said: list[str] = []
    found = bench.verify({}, trials=5, seed=1, simulator="amaranth", progress=said.append)
    assert found.ok
    assert len(found.checks) == len(TERM_FORMATS) + 2 == len(said) - 1
    assert found.as_json()["layer_cycle_deviation"] <= bench.LAYER_TOLERANCE


@pytest.mark.slow
def test_a_wave_file_of_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = list(bench._plans(BitModParameters(), 1, "amaranth", None))[-2]
    monkeypatch.setattr(bench, "_plans", lambda *given: iter([array]))
    monkeypatch.setattr("accelsim.accelerators.bitmod.bench.arrays.PE_CYCLES", 13)
    found = bench.verify({}, trials=1, seed=1, simulator="amaranth", waves=tmp_path)
    assert [(each.value_mismatches, each.cycle_mismatches) for each in found.checks] == [(0, 1)]
    assert "$enddefinitions" in (tmp_path / "bitmod-array--2x2--fp4.vcd").read_text("utf-8")
