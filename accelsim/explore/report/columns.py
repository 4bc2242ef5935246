"""What a point of a study is as a row of a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["OTHER_METRICS", "Column", "columns_of", "metric_names", "row_of"]

Kind = Literal["whole", "number", "text"]
Cell = int | float | str | None

OTHER_METRICS = "other_metrics"
"""The column of figures that have none: a JSON object."""
_FIXED = ("number", "status", "reason", OTHER_METRICS)
_MOST_WHOLE = 2**63


@dataclass(frozen=True)
class Column:
    """One column."""

    name: str
    kind: Kind
    group: Literal["point", "parameter", "metric", "other"]
    key: str
    """Of the point, its parameters or its figures."""


def metric_names(data: Mapping[str, Any]) -> list[str]:
    """Names of all figures of points: the objectives, then metrics in the order of the points."""
    names = dict.fromkeys(each["name"] for each in data["objectives"])
    for point in data["points"]:
        names |= dict.fromkeys(point["metrics"])
    return list(names)


def columns_of(data: Mapping[str, Any], metrics: Iterable[str]) -> tuple[Column, ...]:
    """Columns of a table of points: number, status, parameters, figures, reason, all other figures.

    A parameter that is named as another column is ``parameter.NAME``.

    Args:
        data: the document of a study.
        metrics: names of the figures.
    """
    figures = list(dict.fromkeys(metrics))
    taken = {*_FIXED, *figures}
    parameters = [
        Column(_free(each["name"], taken), _kind(each["values"]), "parameter", each["name"])
        for each in data["parameters"]
    ]
    return (
        Column("number", "whole", "point", "number"),
        Column("status", "text", "point", "status"),
        *parameters,
        *(Column(name, "number", "metric", name) for name in figures),
        Column("reason", "text", "point", "reason"),
        Column(OTHER_METRICS, "text", "other", OTHER_METRICS),
    )


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"parameter.{name}"
    taken.add(name)
    return name


def _kind(values: Sequence[Cell]) -> Kind:
    if any(isinstance(value, str) for value in values):
        return "text"
    whole = all(isinstance(value, int) and abs(value) < _MOST_WHOLE for value in values)
    return "whole" if whole else "number"


def row_of(point: Mapping[str, Any], columns: Sequence[Column]) -> list[Cell]:
    """Cells of a point; None where it has no such parameter or figure.

    Figures for which there is no column stand in the last one: which there are may depend on the
    machine, and is known for sure only once all points were seen.
    """
    figures = {**point["objectives"], **point["metrics"]}
    named = {column.key for column in columns if column.group == "metric"}
    rest = {name: figures[name] for name in figures if name not in named}
    other = {OTHER_METRICS: json.dumps(rest) if rest else None}
    parts = {
        "point": point,
        "parameter": point["parameters"],
        "metric": figures,
        "other": other,
    }
    return [_cell(parts[column.group].get(column.key), column.kind) for column in columns]


def _cell(value: Cell, kind: Kind) -> Cell:
    if value is None:
        return None
    if kind == "text":
        return str(value)
    return float(value) if kind == "number" else value
