"""Metrics that objectives and constraints may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accelsim.errors import unknown_name

__all__ = ["METRICS", "Metric", "metric_of", "metric_problem"]


@dataclass(frozen=True)
class Metric:
    """A figure of a point."""

    label: str
    unit: str
    description: str


METRICS: Mapping[str, Metric] = {
    "cycles": Metric("cycles", "", "clock cycles"),
    "latency_s": Metric("latency", "s", "time from the first to the last result"),
    "energy_j": Metric("energy", "J", "energy of all components"),
    "edp_js": Metric("energy-delay product", "J s", "energy times latency"),
    "power_w": Metric("power", "W", "energy over latency"),
    "area_mm2": Metric("area", "mm2", "arrays and memories on the chip"),
    "buffer_bytes": Metric("buffers", "bytes", "capacity of the memories on the chip"),
    "dram_bytes": Metric("DRAM traffic", "bytes", "read from and written to the outermost memory"),
    "tokens_per_s": Metric("throughput", "tokens/s", "tokens over latency"),
    "tokens_per_joule": Metric("efficiency", "tokens/J", "tokens over energy"),
    "quantization_error": Metric(
        "quantisation error", "", "root mean square of the weights' error over that of the weights"
    ),
    "cost_usd": Metric("cost of a die", "USD", "its share of a wafer over the yield"),
}
"""Name -> what it is. Of runs, ``RUN.NAME``; without a run, of all of them together."""

FAMILIES: Mapping[str, Metric] = {
    "utilization": Metric("utilisation", "", "busy PE-cycles over all: of an array"),
    "traffic_bytes": Metric("traffic", "bytes", "read from and written to a memory"),
    "occupancy_bytes": Metric("occupancy", "bytes", "the most that a memory holds"),
    "fpga": Metric("FPGA resources", "", "of a kind, such as LUT4"),
}
"""Families of metrics: ``utilization.ARRAY`` and its like."""


def _base(name: str, runs: Iterable[str]) -> str:
    head, _, rest = name.partition(".")
    return rest if rest and head in runs else name


def metric_of(name: str, runs: Iterable[str]) -> Metric | None:
    """What a name stands for; None where it is no metric."""
    base = _base(name, runs)
    if base in METRICS:
        return METRICS[base]
    family, _, member = base.partition(".")
    return FAMILIES.get(family) if member else None


def metric_problem(name: str, runs: Iterable[str], *, what: str) -> str | None:
    """What is wrong with a name, as text without a place; None where nothing is."""
    if metric_of(name, runs):
        return None
    named = [f"{run}.{metric}" for run in runs for metric in METRICS]
    return unknown_name(what, name, [*METRICS, *named, *(f"{f}.NAME" for f in FAMILIES)])
