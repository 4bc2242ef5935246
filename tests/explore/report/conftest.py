"""A study made up for the report.

Machines of two kinds and one with a hostile name; a parameter that applies to one kind alone; some
points fail a constraint, some cannot be simulated.
"""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import accelsim
from accelsim.explore.report.timeline import timeline_data

HOSTILE = "</script><img src=x onerror=alert(1)>\u2028{b}\"'&amp;$data|*"
Study = dict[str, Any]
Point = dict[str, Any]

PARAMETERS: list[dict[str, Any]] = [
    {"name": "machine", "values": ["dense", "serial", HOSTILE], "kind": "name"},
    {"name": "bits", "values": [3, 4, 6], "kind": "number"},
    {"name": "rows", "values": [8, 16, 32, 64, 128], "kind": "number"},
    {"name": "columns", "values": [8, 16, 32, 64, 128], "kind": "number"},
    {"name": "buffer_bytes", "values": [65536, 131072, 262144], "kind": "number"},
]
OBJECTIVES: list[dict[str, Any]] = [
    {"name": "latency_s", "goal": "minimize", "unit": "s", "label": "latency"},
    {"name": "energy_j", "goal": "minimize", "unit": "J", "label": "energy"},
    {"name": "accuracy", "goal": "maximize", "unit": "", "label": "accuracy"},
]


def _choices() -> Iterator[dict[str, Any]]:
    names = [each["name"] for each in PARAMETERS]
    for values in product(*(each["values"] for each in PARAMETERS)):
        chosen = dict(zip(names, values, strict=True))
        if chosen["machine"] == "serial":
            yield chosen
        elif chosen["bits"] == 3:
            yield {name: value for name, value in chosen.items() if name != "bits"}


def _point(number: int, chosen: dict[str, Any]) -> Point:
    rows, columns, size = chosen["rows"], chosen["columns"], chosen["buffer_bytes"]
    bits = chosen.get("bits", 16)
    other = chosen["machine"] not in ("dense", "serial")
    point: Point = {"number": number, "parameters": chosen, "reason": ""}
    if rows == columns == 128 and size == 65536:
        reason = f"tiles of {HOSTILE if other else 'A'} need 70000 bytes, the buffer holds 65536"
        return point | {"status": "failed", "objectives": {}, "metrics": {}, "reason": reason}
    pes = rows * columns
    latency = 0.4 / (pes * (16 / bits if bits < 16 else 1.6)) * (1.3 if other else 1) + 2e-6 * bits
    latency *= 1 + 0.2 * abs(rows - columns) / (rows + columns)
    energy = 0.02 * bits / 16 + 1.5e-6 * pes + 0.004 * (65536 / size)
    area = pes * (0.0004 + 0.00003 * bits) + size * 4e-6
    objectives = {"latency_s": latency, "energy_j": energy, "accuracy": 70 - 9 / (bits - 1)}
    metrics: dict[str, Any] = {
        **objectives,
        "area_mm2": area,
        "power_w": energy / latency,
        "prefill.latency_s": latency * 0.75,
        "decode.tokens_per_s": 1 / latency,
        "cost_usd": None,
    }
    fits = area <= 6
    return point | {
        "status": "ok" if fits else "infeasible",
        "objectives": objectives,
        "metrics": metrics,
        "reason": "" if fits else f"area_mm2 is {area:.3g}, must be <= 6",
    }


def _losses(point: Point) -> tuple[float, ...]:
    return tuple(
        (1 if each["goal"] == "minimize" else -1) * point["objectives"][each["name"]]
        for each in OBJECTIVES
    )


def _front(points: list[Point]) -> list[Point]:
    able = [(point, _losses(point)) for point in points if point["status"] == "ok"]
    return [
        point
        for point, mine in able
        if not any(
            other != mine and all(a <= b for a, b in zip(other, mine, strict=True))
            for _, other in able
        )
    ]


def _design(point: Point) -> dict[str, Any]:
    number, parameters = point["number"], point["parameters"]
    command = f"accelsim simulate matmul --on {parameters['machine']!r} --set M={number}"
    played = number % 2 == 0
    figures = point["objectives"]
    event = figures | {"latency_s": figures["latency_s"] * 1.07} if played else None
    return {
        "number": number,
        "parameters": parameters,
        "objectives": point["objectives"],
        "commands": [command, command.replace("matmul", "attention/three-pass")],
        "event": event,
        "event_reason": "" if played else "the event simulator cannot play halos",
    }


def made_up_study(**other: Any) -> Study:
    """The document of the study, without runs of the best design; ``other`` replaces keys."""
    points = [_point(number, chosen) for number, chosen in enumerate(_choices())]
    failures: dict[str, int] = {}
    for point in points:
        if point["status"] == "failed":
            failures[point["reason"]] = failures.get(point["reason"], 0) + 1
    front = _front(points)
    best = min(front, key=lambda point: point["objectives"]["latency_s"])
    status = [point["status"] for point in points]
    study: Study = {
        "schema_version": 1,
        "kind": "study",
        "version": "0.0",
        "name": "made-up",
        "title": f"Machines of two kinds, and {HOSTILE}",
        "description": "Which of them for a product.",
        "method": "exhaustive",
        "seed": 0,
        "fidelity": "analytic",
        "evaluated": len(points),
        "infeasible": status.count("infeasible"),
        "failed": status.count("failed"),
        "space_points": len(points),
        "parameters": [dict(each) for each in PARAMETERS],
        "objectives": [dict(each) for each in OBJECTIVES],
        "constraints": ["area_mm2 <= 6"],
        "points": points,
        "points_shown": len(points),
        "failures": failures,
        "front": [_design(point) for point in front],
        "importance": {
            "latency_s": {"rows": 0.41, "columns": 0.4, "bits": 0.05, "machine": 0.04},
            "energy_j": {"bits": 0.7, "machine": 0.2, "rows": 0.03, "columns": 0.03},
            "accuracy": {"bits": 0.8, "machine": 0.2},
        },
        "best": {"number": best["number"], "why": "least latency_s", "runs": {}},
        "command": "accelsim explore made-up --seed 0",
        "sources": {"array.area_um2": f"assumed, {HOSTILE}"},
    }
    return study | other


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    return made_up_study


@pytest.fixture(scope="session")
def study() -> Study:
    return made_up_study()


@pytest.fixture(scope="session")
def played() -> Any:
    """A small run, played out in time: what it needs of a design."""
    set_ = {"B": 1, "H": 1, "M": 4096, "P": 1024}
    return accelsim.map_workload("attention/three-pass", on="flat", set=set_, fidelity="event")


@pytest.fixture(scope="session")
def study_with_runs(study: Study, played: Any) -> Study:
    run = {
        "command": "accelsim simulate attention/three-pass --on flat --fidelity event",
        "result": played.result.as_json(),
        "timeline": timeline_data(played.timings),
    }
    runs = {"prefill": run, HOSTILE: {**run, "timeline": None, "command": HOSTILE}}
    return study | {"best": study["best"] | {"runs": runs}}


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens the page of a study in a browser without a network, and waits until it is drawn.

    At the end nothing may have been written to the console, raised or asked of a server.
    """
    from accelsim.explore.report.page import study_page

    faults: list[str] = []
    contexts: list[Any] = []

    def opened(data: Study, fragment: str = "", *, width: int = 1280, scheme: str = "light") -> Any:
        path = tmp_path / "index.html"
        path.write_text(study_page(data), encoding="utf-8")
        viewport = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=viewport, offline=True, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append("dialog"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: None if request.url.startswith("file:") else faults.append(request.url),
        )
        page.goto(path.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
