"""Are the figures of docs/mapper.md those that the mapper finds, and does its benchmark run?"""

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import accelsim

ROOT = Path(__file__).parents[2]
BENCHMARK = ROOT / "benchmarks" / "mapper.py"
PAGE = (ROOT / "docs" / "mapper.md").read_text("utf-8")
ROWS = {
    name: (float(energy.replace(",", "")), int(cycles.replace(",", "")), int(front))
    for name, energy, cycles, front in re.findall(
        r"^\| ([^|]+) \| ([\d,.]+) \| ([\d,]+) \| (\d+) \| [\d.]+ \| \d+ \|$", PAGE, re.M
    )
}
"""Problem -> energy of the cheapest mapping in uJ, its cycles, mappings on the front."""


def run(*arguments: str, folder: Path) -> dict[str, object]:
    """What the benchmark writes."""
    path = folder / "found.json"
    command = [sys.executable, str(BENCHMARK), "--runs", "1", *arguments, "--json", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    found = json.loads(path.read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def check(only: str, folder: Path) -> None:
    """The benchmark finds, of the problems with this in their names, what the page says."""
    found = run("--only", only, folder=folder)
    rows = found["found"]
    assert isinstance(rows, list)
    assert found["accelsim"] == accelsim.__version__
    assert [row["name"] for row in rows] == [name for name in ROWS if only in name]
    for row in rows:
        energy, cycles = row["front"][0]
        shown = (round(energy / 1e6, 3), cycles, len(row["front"]))
        assert shown == ROWS[row["name"]], row["name"]
        assert row["seconds"] > 0
        assert row["peak_bytes"] > 10 * 2**20


@pytest.mark.parametrize("only", ["matmul 4096", "conv 64->64"])
def test_page_shows_what_quick_problems_give(only: str, tmp_path: Path) -> None:
    check(only, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("only", ["matmul 1024,", "conv", "attention", "chained", "ResNet"])
def test_page_shows_what_all_problems_give(only: str, tmp_path: Path) -> None:
    check(only, tmp_path)


def test_page_is_no_dearer_than_other_tools() -> None:
    peers = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| ([\d,.]+) \| [\d,]+ \| [\d.]+ \| ([a-zA-Z][^|]+) \|$", PAGE, re.M
    )
    like = [(name, energy) for name, energy, remark in peers if "accounting" not in remark]
    assert len(like) == 6
    for name, energy in like:
        assert ROWS[name][0] <= float(energy.replace(",", ""))


def module(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A part of the benchmark: a folder of scripts, no package."""
    monkeypatch.syspath_prepend(str(BENCHMARK.parent))
    return import_module(name)


@pytest.mark.slow
def test_what_takes_too_long_or_too_much_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = module("mapper_run", monkeypatch)
    problems = module("mapper_problems", monkeypatch)
    slow = problems.product(2048, tiles="imperfect")
    found = runner.timed(slow, most_seconds=1)
    assert (found.seconds, found.stopped, found.front) == (None, "time", ())
    monkeypatch.setattr(runner, "MOST_BYTES", 400 * 2**20)
    found = runner.timed(slow, most_seconds=30)
    assert (found.seconds, found.stopped) == (None, "memory")


def test_growth_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    growth = module("mapper_growth", monkeypatch)
    timing = module("mapper_run", monkeypatch).Timing
    points = ((2, timing(0.5)), (3, timing(5.0)), (4, timing(None, stopped="memory")))
    paths = [tmp_path / "a.png", tmp_path / "a.svg"]
    growth.draw([growth.Line("ranks", "products", points)], paths)
    first = [path.read_bytes() for path in paths]
    growth.draw([growth.Line("ranks", "products", points)], paths)
    assert [path.read_bytes() for path in paths] == first


@pytest.mark.parametrize("levels", [2, 3, 4, 5])
def test_machines_of_the_growth_have_as_many_memories(
    levels: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growth = module("mapper_growth", monkeypatch)
    path = tmp_path / "machine.yaml"
    path.write_text(growth.machine(levels), "utf-8")
    assert len(accelsim.load_architecture(str(path)).memories) == levels


def test_machine_of_three_memories_is_ref3(monkeypatch: pytest.MonkeyPatch) -> None:
    growth, runner = module("mapper_growth", monkeypatch), module("mapper_run", monkeypatch)
    small = module("mapper_problems", monkeypatch).product(100, tiles="imperfect")
    found = runner.front_and_time(replace(small, machine=growth.machine(3)))["front"]
    assert len(found) > 1
    assert found == runner.front_and_time(small)["front"]
