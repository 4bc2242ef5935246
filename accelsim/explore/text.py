"""A study as text: how many points, and the front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accelsim.report.text import text_table

__all__ = ["study_text"]

_MOST_ROWS = 30


def study_text(data: Mapping[str, Any], *, seconds: float, reused: int) -> str:
    """Summary and front.

    Args:
        data: the document of the study.
        seconds: that it took.
        reused: points that were known before.
    """
    rate = data["evaluated"] / seconds if seconds else 0.0
    known = f", {reused:,} known from before" if reused else ""
    kinds = {"excluded": "left out by constraints on parameters", "infeasible": "miss a constraint"}
    others = [f"{data[key]:,} {text}" for key, text in kinds.items() if data[key]]
    others += [f"{data['failed']:,} failed"] if data["failed"] else []
    points = f"{data['evaluated']:,} of {data['space_points']:,} by {data['method']}{known}"
    lines = [
        f"study    {data['name']}: {data['title']}",
        f"points   {'; '.join([points, *others])}",
        f"time     {seconds:.1f} s, {rate:,.0f} points a second",
        "",
        *_front(data),
    ]
    if "build" in data:
        lines += ["", *_build(data["build"])]
    return "\n".join(lines)


def _front(data: Mapping[str, Any]) -> list[str]:
    front = data["front"]
    if not front:
        return ["no point is on the front"]
    names = [each["name"] for each in data["parameters"]]
    varied = [name for name in names if len({str(p["parameters"].get(name)) for p in front}) > 1]
    objectives = [each["name"] for each in data["objectives"]]
    # Figures that time does not change are not said twice.
    played = [
        name
        for name in objectives
        if any(p["event"] and p["event"][name] != p["objectives"][name] for p in front)
    ]
    head = ["point", *varied, *objectives, *(f"{name}, event" for name in played)]
    rows = [head]
    for point in front[:_MOST_ROWS]:
        cells = [str(point["parameters"].get(name, "-")) for name in varied]
        figures = [f"{point['objectives'][name]:.6g}" for name in objectives]
        event = point["event"] or {}
        figures += [f"{event[name]:.6g}" if name in event else "-" for name in played]
        rows.append([str(point["number"]), *cells, *figures])
    fixed = {name: front[0]["parameters"].get(name) for name in names if name not in varied}
    said = [f"on all of the front: {', '.join(f'{k}={v}' for k, v in fixed.items())}"]
    more = len(front) - _MOST_ROWS
    rest = [f"and {more:,} more; --json or --report has all"] if more > 0 else []
    return [f"front: {len(front):,} points", text_table(rows), *rest, *(said if fixed else [])]


def _build(built: Mapping[str, Any]) -> list[str]:
    checked = built["verification"]
    words = "no value or cycle wrong" if built["verified"] else "WRONG"
    synthesis = built["synthesis"]
    kinds = {"luts": "LUTs", "ffs": "flip-flops", "block_rams": "block RAMs", "dsps": "DSPs"}
    cells = ", ".join(f"{synthesis[key]:,} {kind}" for key, kind in kinds.items())
    fmax_hz = synthesis["fmax_hz"]
    clock = f"{fmax_hz / 1e6:.1f} MHz" if fmax_hz else f"clock unknown: {synthesis['fmax_missing']}"
    return [
        f"hardware of point {built['number']}: {built['accelerator']} {built['parameters']}",
        f"verified: {checked['trials']:,} trials, {words}",
        f"on {synthesis['part']}: {cells}; {clock}",
    ]
