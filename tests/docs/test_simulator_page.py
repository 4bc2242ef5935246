"""Are the figures of docs/simulator.md those that the simulator finds? Does its benchmark run?"""

import json
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import accelsim
from accelsim.architecture.dram import load_dram
from accelsim.pipeline import map_workload
from accelsim.report.stalls import stalls_text
from accelsim.simulator.books import _MOST_DRAWN
from accelsim.simulator.forward import _REMEMBERED
from accelsim.simulator.timing import stall_table

ROOT = Path(__file__).parents[2]
BENCHMARK = ROOT / "benchmarks" / "simulator.py"
PAGE = (ROOT / "docs" / "simulator.md").read_text("utf-8")
ROWS = {
    name: (int(cycles.replace(",", "")), float(ratio), int(events.replace(",", "")))
    for name, cycles, ratio, events in re.findall(
        r"^\| ([^|]+) \| ([\d,]+) \| ([\d.]+) \| ([\d,]+) \| [\d.]+ \| [\d.]+ \| \d+ \|$",
        PAGE,
        re.M,
    )
}
"""Problem -> cycles, cycles over those of the analytic model, events."""
SLOW = ("ResNet-50 on ref3, optimal",)


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark: a script, no package."""
    monkeypatch.syspath_prepend(str(BENCHMARK.parent))
    return import_module("simulator")


def check(benchmark: Any, name: str) -> None:
    (problem,) = (problem for problem in benchmark.PROBLEMS if problem.name == name)
    found = benchmark.played(problem, "event")
    ratio = round(found["cycles"] / found["analytic_cycles"], 4)
    assert (found["cycles"], ratio, found["events"]) == ROWS[name]
    assert found["peak_bytes"] > 10 * 2**20


def test_page_shows_every_problem(benchmark: Any) -> None:
    assert list(ROWS) == [problem.name for problem in benchmark.PROBLEMS]
    assert set(SLOW) < set(ROWS)


@pytest.mark.parametrize("name", sorted(set(ROWS) - set(SLOW)))
def test_page_shows_what_quick_problems_give(name: str, benchmark: Any) -> None:
    check(benchmark, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_page_shows_what_all_problems_give(name: str, benchmark: Any) -> None:
    check(benchmark, name)


def test_first_page_shows_what_the_table_does() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    (cycles,) = re.findall(r"BERT attention at a million tokens, ([\d.e]+) cycles", text)
    assert float(cycles) == pytest.approx(ROWS["BERT attention, 1,048,576"][0], rel=0.02)


@pytest.mark.slow
def test_benchmark_runs_in_processes_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    arguments = ["--runs", "1", "--only", "matmul 1024", "--json", str(path)]
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), *arguments], check=True, capture_output=True, text=True
    )
    found = json.loads(path.read_text("utf-8"))
    assert found["accelsim"] == accelsim.__version__
    (row,) = found["found"]
    assert (row["cycles"], row["events"]) == ROWS[row["name"]][::2]
    assert 0 < row["analytic_seconds"] < 60
    assert 0 < row["seconds"] < 60
    assert f"{row['cycles']:,}" in done.stdout


def test_lengths_are_drawn(tmp_path: Path, benchmark: Any) -> None:
    found = {
        1024: benchmark.Played(150, 100, {"array_2d": 0.5}, 9, 0.1, 0.2, 10),
        2**20: benchmark.Played(101, 100, {"array_2d": 0.9}, 9, 0.1, 0.2, 10),
    }
    paths = [tmp_path / "a.png", tmp_path / "a.svg"]
    benchmark.draw(found, paths)
    first = [path.read_bytes() for path in paths]
    benchmark.draw(found, paths)
    assert [path.read_bytes() for path in paths] == first
    for kind in ("png", "svg"):
        assert (ROOT / "docs" / f"{benchmark.PLOT}.{kind}").stat().st_size > 10_000
    assert f"({benchmark.PLOT}.png)" in PAGE


# ---- what the page says in words ------------------------------------------------------------


@cache
def head(fidelity: str) -> Any:
    sizes = {"B": 1, "H": 1, "M": 4096, "P": 4096}
    return map_workload("attention/one-pass", on="fusemax", set=sizes, fidelity=fidelity)


def test_work_traffic_and_energy_are_the_analytic_models() -> None:
    event, analytic = head("event").result, head("analytic").result
    assert event.cycles > analytic.cycles
    for figure in ("operations", "traffic_bytes", "energy_pj", "energy_breakdown_pj"):
        assert getattr(event, figure) == getattr(analytic, figure), figure
    played, counted = event.as_json()["layers"][0], analytic.as_json()["layers"][0]
    assert played["cycles"] > counted["cycles"]
    for key in ("busy_cycles", "limiting"):
        assert played["blocks"][0][key] == counted["blocks"][0][key]
    assert [e.cycles for e in event.einsums] == [e.cycles for e in analytic.einsums]


def test_page_explains_every_state() -> None:
    section = PAGE.split("| state | meaning |")[1].split("\n\n")[0]
    shown = re.findall(r"^\| ([a-z ]+) \| ", section, re.M)
    columns = stalls_text(stall_table(head("event").timings)).splitlines()[0]
    assert re.split(r" {2,}", columns)[1:] == shown


def test_limits_are_those_of_the_code() -> None:
    assert f"the first and the last {_MOST_DRAWN:,} spans are kept" in PAGE
    assert f"Periods of more than {_REMEMBERED} iterations" in PAGE


@pytest.mark.parametrize(
    ("changed", "rows_of_way"),
    [({}, 2), ({"drain": "false"}, 1)],
)
@pytest.mark.parametrize("overlap", ["true", "false"])
def test_systolic_folds_take_their_closed_form(
    changed: dict[str, str], rows_of_way: int, overlap: str
) -> None:
    figures = {"overlap_folds": overlap, **changed}
    result = accelsim.simulate(
        "matmul",
        on="systolic-ws",
        set={"M": 1024, "N": 64, "K": 96},
        arch={
            "DRAM.bandwidth_bytes_per_s": "null",
            **{f"array.systolic.{name}": value for name, value in figures.items()},
        },
        fidelity="event",
    )
    rows = columns = 32
    alone = rows_of_way * rows + columns + 1024 - 2
    assert result.cycles == (5 * 1024 + alone if overlap == "true" else 6 * alone)


def test_dram_parts_are_those_that_the_pages_name() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `dram:"))
    parts = re.findall(r"`(\w+)`", row.split("](dram.md)")[1].split(")")[0])
    assert len(parts) == 5
    for part in parts:
        assert load_dram(part).peak_bytes_per_s > 0


def test_ten_channels_are_as_fast_as_the_bandwidth_of_systolic_ws() -> None:
    machine = accelsim.load_architecture("systolic-ws")
    assert (
        10 * load_dram("lpddr4").peak_bytes_per_s == machine.memories["DRAM"].bandwidth_bytes_per_s
    )
