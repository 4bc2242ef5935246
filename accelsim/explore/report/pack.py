"""The document of a study as the page takes it: points as columns, short numbers, no repetition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accelsim.explore.report.axes import colour_parameter, figures_of, value_of

__all__ = ["pack"]

_DIGITS = 6
_KEPT = (
    "version", "name", "title", "description", "method", "seed", "fidelity", "evaluated",
    "infeasible", "failed", "space_points", "points_shown", "parameters", "constraints",
    "failures", "importance", "command",
)  # fmt: skip
_STATUS = ("ok", "infeasible", "failed")
_RESULT = (
    "workload", "architecture", "mapper", "fidelity", "cycles", "seconds", "energy_pj",
    "area_um2", "clock_hz", "utilization", "peak_operations_per_s", "bandwidth_bytes_per_s",
    "outermost_memory", "operations", "energy_missing", "area_missing",
)  # fmt: skip
_EINSUM = ("name", "unit", "cycles", "energy_pj", "operations", "bound", "limiting", "dram_bytes")
_LAYER = ("name", "repeat", "cycles", "energy_pj", "dram_bytes")


def pack(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of the page.

    Args:
        data: the document of a study.

    Returns:
        What the page's ``model.js`` reads: figures in columns of numbers of six digits, parameters
        of points as places among their values (-1: absent).
    """
    points = data["points"]
    front = {design["number"]: design for design in data["front"]}
    figures = figures_of(data)
    return {
        **{key: data[key] for key in _KEPT},
        "excluded": data.get("excluded", 0),
        "colour": colour_parameter(data),
        "figures": [
            {
                "name": each.name,
                "label": each.label,
                "unit": each.unit,
                "goal": each.goal,
                "values": [_short(value_of(point, each.name)) for point in points],
            }
            for each in figures
        ],
        "numbers": [point["number"] for point in points],
        "status": [_STATUS.index(point["status"]) for point in points],
        "chosen": [_places(each, points) for each in data["parameters"]],
        "reasons": {
            point["number"]: point["reason"]
            for point in points
            if point["reason"] and point["status"] != "ok"
        },
        "front": [
            {key: design[key] for key in ("number", "commands", "event", "event_reason")}
            for design in front.values()
        ],
        "best": _best(data["best"]) if data["best"] else None,
        "sources": data["sources"],
    }


def _short(value: float | None) -> float | int | None:
    if value is None:
        return None
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def _places(parameter: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> list[int]:
    name = parameter["name"]
    places = {value: i for i, value in enumerate(parameter["values"])}
    return [
        places[point["parameters"][name]] if name in point["parameters"] else -1 for point in points
    ]


def _best(best: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": best["number"],
        "why": best["why"],
        "runs": [
            {
                "name": name,
                "command": run["command"],
                "result": _result(run["result"]),
                "timeline": run["timeline"],
            }
            for name, run in best["runs"].items()
        ],
    }


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of a result: no sources, no tiles."""
    return {
        **{key: result[key] for key in _RESULT},
        "einsums": [{key: einsum[key] for key in _EINSUM} for einsum in result["einsums"]],
        "layers": [_layer(layer, result) for layer in result["layers"]],
    }


def _layer(layer: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """A layer with the component that limits most of its time, and its actions.

    Actions, not what was asked for: peaks are in actions too.
    """
    limits: dict[str, float] = {}
    for block in layer["blocks"]:
        limits[block["limiting"]] = limits.get(block["limiting"], 0.0) + block["cycles"]
    mine = [
        einsum["operations"]
        for einsum in result["einsums"]
        if len(result["layers"]) == 1 or einsum["name"].startswith(f"{layer['name']}.")
    ]
    return {
        **{key: layer[key] for key in _LAYER},
        "limiting": max(limits, key=limits.__getitem__) if limits else "",
        "operations": sum(mine),
    }
