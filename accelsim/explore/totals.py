"""Metrics of a point's runs -> metrics of the point: sums over runs, ratios, the price of a die."""

from __future__ import annotations

import math
from collections.abc import Mapping

from accelsim.explore.evaluate import WHOLE, Metrics
from accelsim.study import Study
from accelsim.study.schema import CostFile

__all__ = ["die_cost_usd", "point_metrics"]

Figures = Mapping[str, float | None]


def point_metrics(study: Study, found: Metrics) -> dict[str, float | None]:
    """Every metric of a point by its name, ``RUN.METRIC`` for those of single runs.

    Latencies, energies, traffic and tokens of several runs are added up by their weights; areas and
    buffers are those of the largest, for one chip does them all.
    """
    runs = {name: each for name, each in found.items() if name != WHOLE}
    weights = {name: study.file.runs[name].weight for name in runs if name}
    whole = next(iter(runs.values())) if "" in runs else _over_runs(runs, weights)
    metrics = {**_with_ratios(whole), **found.get(WHOLE, {})}
    area = metrics["area_mm2"]
    if study.file.cost is not None and area is not None:
        metrics["cost_usd"] = die_cost_usd(area, study.file.cost)
    if "" not in runs:
        for name, each in runs.items():
            metrics |= {f"{name}.{key}": value for key, value in _with_ratios(each).items()}
    # What is beyond floating point is as good as unknown.
    return {
        name: None if value is None or not math.isfinite(value) else value
        for name, value in metrics.items()
    }


def _over_runs(runs: Mapping[str, Figures], weights: Mapping[str, float]) -> Figures:
    whole: dict[str, float | None] = {
        key: _sum([(weights[name], each.get(key)) for name, each in runs.items()])
        for key in ("cycles", "latency_s", "energy_j", "dram_bytes", "tokens")
    }
    for key in ("area_mm2", "buffer_bytes"):
        values = [each.get(key) for each in runs.values()]
        known = [value for value in values if value is not None]
        whole[key] = max(known) if len(known) == len(values) else None
    # What single arrays and kinds of cells do is the same question for one run alone.
    return {**next(iter(runs.values())), **whole} if len(runs) == 1 else whole


def _sum(weighed: list[tuple[float, float | None]]) -> float | None:
    total = 0.0
    for weight, value in weighed:
        if not weight:
            continue  # It takes no part, whatever it lacks.
        if value is None:
            return None
        total += weight * value
    return total


def _with_ratios(found: Figures) -> dict[str, float | None]:
    energy, latency, tokens = found["energy_j"], found["latency_s"], found["tokens"]
    return {
        **found,
        "edp_js": None if energy is None or latency is None else energy * latency,
        "power_w": _ratio(energy, latency),
        "tokens_per_s": _ratio(tokens, latency),
        "tokens_per_joule": _ratio(tokens, energy),
    }


def _ratio(of: float | None, over: float | None) -> float | None:
    return None if of is None or not over else of / over


def die_cost_usd(area_mm2: float, cost: CostFile) -> float | None:
    """A die's share of a wafer over the yield; None where no die fits onto the wafer, or next to
    none is without a defect.

    Dies on a wafer: its area over that of a die, less what the rim cuts off (De Vries,
    "Investigation of gross die per wafer formulas", IEEE TSM 2005). Yield: negative binomial
    (Stapper, IBM J. Res. Dev. 1983).
    """
    if not area_mm2:
        return None
    diameter = cost.wafer_diameter_mm
    dies = math.pi * diameter * (diameter / (4 * area_mm2) - 1 / math.sqrt(2 * area_mm2))
    if dies < 1:
        return None
    hit = area_mm2 / 100 * cost.defects_per_cm2 / cost.clustering
    try:
        return cost.wafer_usd / int(dies) * math.exp(cost.clustering * math.log1p(hit))
    except OverflowError:
        return None
