"""A study as a short page of Markdown, to lie in a repository beside its plot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any

from accelsim.explore.report.figures import figure_text, value_text
from accelsim.report.text import markdown_table

__all__ = ["study_markdown"]

_MOST_DESIGNS = 40
_MOST_REASONS = 10


def study_markdown(data: Mapping[str, Any]) -> str:
    """The summary, the front, what matters, the best design, and how to do it again."""
    parts = [
        f"# {_plain(data['title'] or data['name'])}",
        *([_plain(data["description"])] if data["description"] else []),
        _summary(data),
        _code(data["command"]),
        "![front](pareto.png)",
        "## Front",
        *_front(data),
        *_importance(data),
        *_best(data),
        *_failures(data),
        "`index.html` shows all of it, `points.csv` and `points.parquet` hold every point.",
    ]
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    """Text in which Markdown sees no table, heading, code, link or HTML."""
    return re.sub(r"[\\<|#`*_\[\]&]", r"\\\g<0>", " ".join(str(text).split()))


def _code(text: str) -> str:
    """A block of code that nothing in it can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    return markdown_table([[_plain(cell) for cell in row] for row in rows])


def _summary(data: Mapping[str, Any]) -> str:
    goals = ", ".join(
        f"{'least' if each['goal'] == 'minimize' else 'most'} {each['label']}"
        for each in data["objectives"]
    )
    lines = [
        f"accelsim {data['version']}, method {data['method']}, seed {data['seed']}, fidelity "
        f"{data['fidelity']}. {data['evaluated']:,} of {data['space_points']:,} points were "
        f"simulated: {data['infeasible']:,} fail a constraint, {data['failed']:,} cannot be "
        f"simulated, {len(data['front']):,} are on the front.",
        f"Wanted: {goals}.",
    ]
    if data.get("excluded"):
        lines.append(f"Constraints on parameters alone left out {data['excluded']:,} more.")
    if data["constraints"]:
        lines.append(f"Constraints: {'; '.join(data['constraints'])}.")
    return _plain(" ".join(lines))


def _front(data: Mapping[str, Any]) -> list[str]:
    front = data["front"]
    if not front:
        return ["No point meets the constraints."]
    parameters = [
        each["name"]
        for each in data["parameters"]
        if any(each["name"] in design["parameters"] for design in front)
    ]
    # Playing a design out changes its time, hardly ever more.
    played = {
        name
        for design in front
        for name, value in (design["event"] or {}).items()
        if not isclose(value, design["objectives"][name], rel_tol=1e-4)
    }
    head = ["point", *parameters]
    for each in data["objectives"]:
        head.append(each["label"])
        if each["name"] in played:
            head.append(f"{each['label']}, played out")
    rows = [head]
    first = data["objectives"][0]
    sign = 1 if first["goal"] == "minimize" else -1
    for design in sorted(front, key=lambda each: sign * each["objectives"][first["name"]])[
        :_MOST_DESIGNS
    ]:
        row = [str(design["number"])]
        row += [value_text(design["parameters"].get(name)) for name in parameters]
        for each in data["objectives"]:
            row.append(figure_text(design["objectives"][each["name"]], each["unit"]))
            if each["name"] in played:
                event = (design["event"] or {}).get(each["name"])
                row.append("" if event is None else figure_text(event, each["unit"]))
        rows.append(row)
    more = len(front) - _MOST_DESIGNS
    left = [f"{more:,} more designs are in `study.json`."] if more > 0 else []
    return [_table(rows), *left]


def _importance(data: Mapping[str, Any]) -> list[str]:
    found = data["importance"]
    if not found:
        return []
    labels = {each["name"]: each["label"] for each in data["objectives"]}
    names = [each["name"] for each in data["parameters"]]
    names.sort(key=lambda name: -sum(shares.get(name, 0.0) for shares in found.values()))
    rows = [["parameter", *(labels[name] for name in found)]]
    for name in names:
        rows.append([name, *(f"{shares.get(name, 0.0):.1%}" for shares in found.values())])
    left = [f"{max(1 - sum(shares.values()), 0.0):.1%}" for shares in found.values()]
    rows.append(["several together", *left])
    return [
        "## What matters",
        "Share of each parameter in the variance of each objective.",
        _table(rows),
    ]


def _best(data: Mapping[str, Any]) -> list[str]:
    best = data["best"]
    if not best:
        return []
    parts = [f"## Point {best['number']}: {_plain(best['why'])}"]
    rows = [["run", "time", "energy", "bound by"]]
    for name, run in best["runs"].items():
        result = run["result"]
        energy = result["energy_pj"]
        rows.append(
            [
                name,
                figure_text(result["seconds"], "s"),
                "unknown" if energy is None else figure_text(energy * 1e-12, "J"),
                _bound(result),
            ]
        )
    parts.append(_table(rows))
    parts.append(_code("\n".join(run["command"] for run in best["runs"].values())))
    return parts


def _bound(result: Mapping[str, Any]) -> str:
    """The component that limits most of the time."""
    share: dict[str, float] = {}
    for layer in result["layers"]:
        for block in layer["blocks"]:
            part = block["cycles"] * layer["repeat"]
            share[block["limiting"]] = share.get(block["limiting"], 0.0) + part
    total = sum(share.values())
    if not total:
        return ""
    worst = max(share, key=share.__getitem__)
    return f"{worst}, {share[worst] / total:.0%} of the time"


def _failures(data: Mapping[str, Any]) -> list[str]:
    found = sorted(data["failures"].items(), key=lambda pair: (-pair[1], pair[0]))
    if not found:
        return []
    rows = [["points", "reason"], *([f"{count:,}", text] for text, count in found[:_MOST_REASONS])]
    return ["## What cannot be simulated", _table(rows)]
