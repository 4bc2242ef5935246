"""What of a study is drawn: figures with their units, scales, and the parameter that colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from accelsim.explore.report.columns import metric_names
from accelsim.study.metrics import metric_of

__all__ = ["Figure", "colour_parameter", "figures_of", "is_log", "value_of"]

_MOST_COLOURS = 10
_DECADES = 30.0
"""Largest over least figure from which a scale is logarithmic; assumed: readable either way."""


@dataclass(frozen=True)
class Figure:
    """An objective or a metric."""

    name: str
    label: str
    unit: str
    goal: str | None
    """``minimize`` or ``maximize``; None where it is no objective."""


def figures_of(data: Mapping[str, Any]) -> list[Figure]:
    """The objectives, then all other metrics."""
    found = [
        Figure(each["name"], each["label"], each["unit"], each["goal"])
        for each in data["objectives"]
    ]
    named = {each.name for each in found}
    for name in metric_names(data):
        if name not in named:
            found.append(_figure(name))
    return found


def _figure(name: str) -> Figure:
    """A metric by its name: of the whole point, of a run (``prefill.latency_s``), of a family."""
    head, _, rest = name.partition(".")
    metric, run = metric_of(name, ()), ""
    if metric is None and rest:
        metric, run = metric_of(rest, ()), f"{head}: "
    if metric is None:
        return Figure(name, name, "", None)
    base = rest if run else name
    member = f" of {base.partition('.')[2]}" if "." in base else ""
    return Figure(name, f"{run}{metric.label}{member}", metric.unit, None)


def value_of(point: Mapping[str, Any], figure: str) -> float | None:
    """A figure of a point; None where it is not known."""
    value = point["objectives"].get(figure)
    if value is None:
        value = point["metrics"].get(figure)
    if value is None or not isfinite(value):
        return None
    return float(value)


def is_log(values: Sequence[float]) -> bool:
    """Whether figures are spread so widely that only their logarithms tell them apart."""
    return bool(values) and min(values) > 0 and max(values) > _DECADES * min(values)


def colour_parameter(data: Mapping[str, Any]) -> str | None:
    """The parameter that points are coloured by: the first of names, else the one that matters.

    None where none has between two values and as many as colours can be told apart.
    """
    few = [each for each in data["parameters"] if 2 <= len(each["values"]) <= _MOST_COLOURS]
    named = [each["name"] for each in few if each["kind"] == "name"]
    if named:
        return str(named[0])
    for shares in data["importance"].values():
        for name in shares:
            if any(each["name"] == name for each in few):
                return str(name)
    return str(few[0]["name"]) if few else None
