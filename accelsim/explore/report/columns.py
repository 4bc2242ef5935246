"""What a point of a study is as a row of a table: the columns, and what their units are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from accelsim.errors import InputError

__all__ = ["Column", "columns_of", "metric_names", "row_of", "unit_ending", "unit_of"]

Kind = Literal["whole", "number", "text"]
Cell = int | float | str | None

_FIXED = ("number", "status", "reason")
_MOST_WHOLE = 2**63

# Endings of the names of metrics, the longest first; whatever a name ends in is its unit.
_UNITS: tuple[tuple[str, str], ...] = (
    ("_bytes_per_s", "B/s"),
    ("_per_mm2", "/mm2"),
    ("_per_joule", "/J"),
    ("_per_j", "/J"),
    ("_per_w", "/W"),
    ("_per_s", "/s"),
    ("_per_usd", "/USD"),
    ("_j_s", "J s"),
    ("_cycles", "cycles"),
    ("_bytes", "B"),
    ("_mm2", "mm2"),
    ("_um2", "um2"),
    ("_usd", "USD"),
    ("_hz", "Hz"),
    ("_pj", "pJ"),
    ("_w", "W"),
    ("_j", "J"),
    ("_s", "s"),
)


@dataclass(frozen=True)
class Column:
    """One column."""

    name: str
    kind: Kind
    group: Literal["point", "parameter", "metric"]
    key: str
    """Of the point, its parameters or its figures."""


def unit_of(metric: str) -> str:
    """The unit that the name of a metric ends in; nothing where it is a plain number.

    Example:
        >>> unit_of("prefill.latency_s"), unit_of("tokens_per_s"), unit_of("utilization")
        ('s', '/s', '')
    """
    return dict(_UNITS).get(unit_ending(metric), "")


def unit_ending(metric: str) -> str:
    """The part of a metric's name that is its unit: ``_per_s`` of ``tokens_per_s``."""
    return next((end for end, _ in _UNITS if metric.endswith(end)), "")


def metric_names(data: Mapping[str, Any]) -> list[str]:
    """Names of all figures of points: the objectives, then metrics in the order of the points."""
    names = dict.fromkeys(each["name"] for each in data["objectives"])
    for point in data["points"]:
        names |= dict.fromkeys(point["metrics"])
    return list(names)


def columns_of(data: Mapping[str, Any], metrics: Iterable[str]) -> tuple[Column, ...]:
    """Columns of a table of points: number, status, parameters, figures, reason.

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

    Raises:
        InputError: where it has a figure that no column is for.
    """
    figures = {**point["objectives"], **point["metrics"]}
    parts = {"point": point, "parameter": point["parameters"], "metric": figures}
    row = [_cell(parts[column.group].get(column.key), column.kind) for column in columns]
    known = {column.key for column in columns if column.group == "metric"}
    if not figures.keys() <= known:
        name = next(name for name in figures if name not in known)
        raise InputError(
            f"point {point['number']}: metric '{name}' has no column; name all metrics of the study"
        )
    return row


def _cell(value: Cell, kind: Kind) -> Cell:
    if value is None:
        return None
    if kind == "text":
        return str(value)
    return float(value) if kind == "number" else value
