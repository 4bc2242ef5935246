"""Points of the fronts of studies that ship, simulated again by the commands that they carry."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from accelsim.cli.main import main
from accelsim.library import shipped
from accelsim.study import STUDIES, load_study

ROOT = Path(__file__).parents[2]
REPORTED = {"llama-and-attention": ROOT / "reports" / "llama-and-attention" / "study.json"}
"""Studies whose fronts lie in the repository, made by a script."""
RUN = sorted(set(shipped(STUDIES)) - set(REPORTED))
DERIVED = {
    "latency_s": "seconds",
    "cycles": "cycles",
    "area_mm2": "area_um2",
    "energy_j": "energy_pj",
}
"""Metric -> key of a result."""
SCALES = {"area_mm2": 1e-6, "energy_j": 1e-12}


def simulated(command: str, folder: Path) -> dict[str, Any]:
    program, verb, *arguments = shlex.split(command)
    assert (program, verb) == ("accelsim", "simulate")
    target = folder / "result.json"
    assert main([verb, *arguments, "--json", str(target)]) == 0
    found: dict[str, Any] = json.loads(target.read_text())
    return found


def check_front(study: dict[str, Any], folder: Path) -> int:
    """Compare every figure of every point that a result has too; how many there were."""
    runs = list(load_study(study["name"]).runs)
    compared = 0
    for point in study["front"]:
        assert len(point["commands"]) == len(runs)
        for run, command in zip(runs, point["commands"], strict=True):
            result = simulated(command, folder)
            for metric, key in DERIVED.items():
                value = point["metrics"][f"{run}.{metric}" if run else metric]
                if value is None:
                    assert result[key] is None, (point["number"], metric)
                    continue
                expected = result[key] * SCALES.get(metric, 1)
                assert value == pytest.approx(expected, rel=1e-12), (point["number"], metric)
                compared += 1
    return compared


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_points_of_the_front_come_out_again(name: str, tmp_path: Path) -> None:
    target = tmp_path / "study.json"
    arguments = ["--store", str(tmp_path / "points.sqlite"), "--json", str(target)]
    assert main(["explore", name, *arguments]) == 0
    study = json.loads(target.read_text())
    assert study["failed"] == 0
    assert check_front(study, tmp_path) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REPORTED))
def test_points_of_a_front_in_the_repository_come_out_again(name: str, tmp_path: Path) -> None:
    assert check_front(json.loads(REPORTED[name].read_text()), tmp_path) >= 10


@pytest.mark.parametrize("name", sorted(REPORTED))
def test_reports_in_the_repository_are_of_studies_as_they_are_now(name: str) -> None:
    study, written = load_study(name), json.loads(REPORTED[name].read_text())
    assert written["title"] == study.file.name
    assert written["constraints"] == study.file.constraints
    assert written["objectives"] == [each.as_json() for each in study.objectives]
    assert [each["name"] for each in written["parameters"]] == list(study.file.parameters)
    assert written["space_points"] == study.space.points
    for point in written["front"]:
        tasks = study.plan(point["parameters"]).tasks.values()
        assert [task.command for task in tasks] == point["commands"]


@pytest.mark.parametrize("name", sorted(shipped(STUDIES)))
def test_every_study_has_what_lists_and_reports_show(name: str) -> None:
    study = load_study(name)
    assert study.file.description
    assert study.file.source
    assert study.space.points >= 20
