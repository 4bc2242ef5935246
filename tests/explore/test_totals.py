"""Metrics of a point from those of its runs, and the price of a die, by hand."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accelsim.explore.evaluate import WHOLE
from accelsim.explore.totals import die_cost_usd, point_metrics
from accelsim.study import Study, load_study
from accelsim.study.schema import CostFile


@pytest.fixture
def study(tmp_path: Path) -> Callable[[str], Study]:
    def load(more: str) -> Study:
        path = tmp_path / "study.yaml"
        path.write_text(
            f"name: s\nparameters: {{a: [1]}}\non: x\nworkload: y\nminimize: [cycles]\n{more}"
        )
        return load_study(str(path))

    return load


def figures(**changed: float | None) -> dict[str, float | None]:
    plain: dict[str, float | None] = {
        **{"cycles": 100, "latency_s": 2.0, "energy_j": 3.0, "area_mm2": 4.0},
        **{"buffer_bytes": 50.0, "dram_bytes": 7.0, "tokens": 10.0, "utilization.PEs": 0.5},
    }
    return {**plain, **changed}


def test_one_run(study: Callable[[str], Study]) -> None:
    found = point_metrics(study(""), {"": figures(), WHOLE: {"quantization_error": 0.25}})
    assert found == {
        **figures(),
        **{"edp_js": 6.0, "power_w": 1.5, "tokens_per_s": 5.0, "tokens_per_joule": 10 / 3},
        "quantization_error": 0.25,
    }


def test_runs_are_weighed(study: Callable[[str], Study]) -> None:
    found = point_metrics(
        study("runs: {prefill: {}, decode: {weight: 10}}\n"),
        {
            "prefill": figures(),
            "decode": figures(cycles=1, latency_s=0.1, energy_j=0.5, area_mm2=9.0, tokens=1.0),
        },
    )
    totals = {"cycles": 110.0, "latency_s": 3.0, "energy_j": 8.0, "dram_bytes": 77.0}
    assert found | totals == found
    assert (found["tokens"], found["area_mm2"], found["buffer_bytes"]) == (20.0, 9.0, 50.0)
    # Of sums, not sums of ratios.
    assert found["edp_js"] == pytest.approx(24.0)
    assert found["power_w"] == pytest.approx(8 / 3)
    assert found["tokens_per_s"] == pytest.approx(20 / 3)
    assert found["tokens_per_joule"] == pytest.approx(2.5)
    assert found["decode.power_w"] == pytest.approx(5.0)
    assert found["prefill.utilization.PEs"] == 0.5
    assert "utilization.PEs" not in found


@pytest.mark.parametrize("weight", [0, 2.5])
def test_a_run_that_does_not_count(weight: float, study: Callable[[str], Study]) -> None:
    one = study(f"runs: {{only: {{weight: {weight}}}}}\n")
    found = point_metrics(one, {"only": figures()})
    assert found["latency_s"] == 2.0 * weight
    assert found["power_w"] == (None if weight == 0 else 1.5)
    assert found["only.latency_s"] == 2.0


def test_what_is_unknown(study: Callable[[str], Study]) -> None:
    runs = study("runs: {a: {}, b: {}}\n")
    found = point_metrics(
        runs, {"a": figures(energy_j=None, area_mm2=None), "b": figures(tokens=None)}
    )
    unknown = ("energy_j", "edp_js", "power_w", "area_mm2", "tokens", "tokens_per_s")
    assert [found[name] for name in unknown] == [None] * len(unknown)
    assert found["b.energy_j"] == 3.0
    assert found["b.tokens_per_s"] is None


def cost(**changed: Any) -> CostFile:
    plain = {"wafer_usd": 10_000, "defects_per_cm2": 0.1, "clustering": 3, "source": "assumed"}
    return CostFile.model_validate({**plain, **changed})


def test_a_die() -> None:
    # 100 mm2 on 300 mm: 225 pi - 300 pi / sqrt(200) = 640.2 dies;
    # yield (1 + 0.1 / 3)^-3 = 0.9063.
    assert die_cost_usd(100.0, cost()) == pytest.approx(10_000 / 640 / 0.906314, rel=1e-6)
    assert die_cost_usd(100.0, cost(wafer_diameter_mm=200)) == pytest.approx(
        10_000 / 269 / 0.906314, rel=1e-6
    )


def test_limits_of_a_die() -> None:
    assert die_cost_usd(100.0, cost(defects_per_cm2=0)) == 10_000 / 640
    # With much clustering the yield becomes that of Poisson.
    poisson = 10_000 / 640 * math.exp(0.1)
    assert die_cost_usd(100.0, cost(clustering=1e6)) == pytest.approx(poisson, rel=1e-6)
    assert die_cost_usd(60_000.0, cost()) is None  # One would fit in area, none does at its rim.
    assert die_cost_usd(80_000.0, cost()) is None
    assert die_cost_usd(1e9, cost()) is None
    prices = [die_cost_usd(float(area), cost()) or math.inf for area in range(1, 1000, 7)]
    assert prices == sorted(prices)


def test_dies_without_area_or_beyond_number() -> None:
    assert die_cost_usd(0.0, cost()) is None
    assert die_cost_usd(1e-9, cost()) == pytest.approx(10_000 * 1e-9 / (math.pi * 150**2), rel=1e-3)
    assert die_cost_usd(30_000.0, cost(defects_per_cm2=1e6, clustering=1e6)) is None


def test_beyond_floating_point(study: Callable[[str], Study]) -> None:
    found = point_metrics(study(""), {"": figures(latency_s=1e200, energy_j=1e200)})
    assert (found["edp_js"], found["power_w"]) == (None, 1.0)


def test_cost_is_a_metric(study: Callable[[str], Study]) -> None:
    priced = study("cost: {wafer_usd: 10000, defects_per_cm2: 0, source: assumed}\n")
    assert point_metrics(priced, {"": figures(area_mm2=100.0)})["cost_usd"] == 10_000 / 640
    for area in (None, 1e9):
        assert point_metrics(priced, {"": figures(area_mm2=area)}).get("cost_usd") is None
