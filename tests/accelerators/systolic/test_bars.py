"""What the hardware must reach, in long runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.systolic.bench.layers import layer_trial, random_layer_trial
from accelsim.accelerators.systolic.gateware import Systolic
from accelsim.accelerators.systolic.parameters import DATAFLOWS, SystolicParameters
from accelsim.accelerators.systolic.verify import LAYER_TOLERANCE, verify

pytestmark = pytest.mark.slow


def runner(parameters: SystolicParameters) -> Runner:
    return Runner(lambda: Systolic(parameters), "cxxrtl").prepare()


def test_a_thousand_random_trials_of_each_skeleton() -> None:
    found = verify({}, trials=1000, seed=20)
    wrong = [each.first_failure for each in found.checks if each.first_failure]
    assert wrong == []
    data = found.as_json()
    assert (data["value_mismatches"], data["cycle_mismatches"]) == (0, 0)
    assert data["layer_cycle_deviation"] < LAYER_TOLERANCE
    tiles = [each.trials for each in found.checks if each.name.startswith("tiles")]
    assert sum(tiles) >= 2000
    assert sum(each.trials for each in found.checks if each.name.startswith("layers")) == 200


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_hundred_random_layers_on_another_array(dataflow: str) -> None:
    parameters = SystolicParameters(dataflow, 6, 10, weights="int4", tile=48, folds=3)
    simulator = runner(parameters)
    deviations = []
    for seed in range(100):
        trial = random_layer_trial(parameters, np.random.default_rng(seed), stalled=False)
        run = trial.run(simulator)
        assert trial.wrong_values(run) == ""
        deviations.append(trial.measured_cycles(run) / trial.cycles - 1)
    assert max(map(abs, deviations)) < LAYER_TOLERANCE
    assert deviations.count(0) >= 60


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_projections_of_bert_base_at_128_tokens(dataflow: str) -> None:
    parameters = SystolicParameters(dataflow, 16, 16)
    simulator = runner(parameters)
    for n, k in ((768, 768), (3072, 768), (768, 3072)):
        trial: Any = layer_trial(parameters, (128, n, k), np.random.default_rng(n))
        run = trial.run(simulator)
        assert trial.wrong_values(run) == ""
        assert trial.measured_cycles(run) == pytest.approx(trial.cycles, rel=LAYER_TOLERANCE)
