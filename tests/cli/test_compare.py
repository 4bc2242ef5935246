"""`accelsim compare`: text, JSON, and files that are no results."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import accelsim

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds fusemax.json, flat.json and matmul.json."""
    folder = tmp_path_factory.mktemp("results")
    sizes = {"B": 1, "H": 1}
    for on in ("fusemax", "flat"):
        found = accelsim.simulate("attention/three-pass", on=on, set=sizes)
        (folder / f"{on}.json").write_text(json.dumps(found.as_json()))
    found = accelsim.simulate("matmul", on="systolic-os")
    (folder / "matmul.json").write_text(json.dumps(found.as_json()))
    return folder


@pytest.fixture
def inside(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, where a.json is sound."""
    (tmp_path / "a.json").write_text((folder / "fusemax.json").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sound(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "fusemax.json").read_text())


def test_text_says_what_changed_and_why(accelsim_cli: Cli, folder: Path) -> None:
    a, b = str(folder / "fusemax.json"), str(folder / "flat.json")
    code, out, err = accelsim_cli("compare", a, b)
    assert (code, err) == (0, "")
    assert f"compared     {a} -> {b}\nworkload     attention/three-pass\n" in out
    assert "\narchitecture fusemax -> flat\nmapper       fusemax -> flat\n" in out
    assert "% of the change): limited by array_1d in both, busy " in out
    assert "\nBQK (only in A)" in out
    assert "\nQK (only in B)" in out
    assert "\nAV  " in out
    assert "the cascades differ" in out


def test_json_holds_the_same_and_nothing_else_is_printed(accelsim_cli: Cli, folder: Path) -> None:
    a, b = str(folder / "fusemax.json"), str(folder / "flat.json")
    code, out, err = accelsim_cli("compare", a, b, "--json", "-")
    found = json.loads(out)
    assert (code, err, found["schema_version"]) == (0, "", 1)
    assert list(found) == [
        "schema_version", "a", "b", "same", "totals", "layers", "unassigned_cycles",
        "components", "einsums", "fpga", "why",
    ]  # fmt: skip
    assert found["a"]["file"] == a
    assert [entry["name"] for entry in found["einsums"] if entry["a"] and entry["b"]] == ["AV"]
    cycles = found["totals"]["cycles"]
    assert cycles["change"] == cycles["b"] - cycles["a"] == found["layers"][0]["cycles"]["change"]


def test_json_to_a_file(accelsim_cli: Cli, folder: Path, tmp_path: Path) -> None:
    a, target = str(folder / "flat.json"), tmp_path / "out.json"
    code, out, _ = accelsim_cli("compare", a, a, "--json", str(target))
    assert code == 0
    assert out.endswith("\nno difference\n")
    assert json.loads(target.read_text())["same"] is True
    assert json.loads(target.read_text())["why"] == []


def test_different_workloads_and_unknown_energy(accelsim_cli: Cli, folder: Path) -> None:
    code, out, _ = accelsim_cli("compare", str(folder / "flat.json"), str(folder / "matmul.json"))
    assert code == 0
    assert "the workloads differ (attention/three-pass, matmul)" in out
    assert "energy in B is unknown: no figure for buffer.energy_pj" in out


def test_keys_of_later_versions_are_let_through(
    accelsim_cli: Cli, folder: Path, inside: Path
) -> None:
    data = sound(folder) | {"new": {"deep": [None]}}
    data["layers"][0]["new"] = data["einsums"][0]["new"] = 1
    Path("b.json").write_text(json.dumps(data))
    assert accelsim_cli("compare", "a.json", "b.json")[0] == 0


def test_keys_that_are_no_text(accelsim_cli: Cli, folder: Path, inside: Path) -> None:
    data = sound(folder)
    data["\ud800"] = data["tiles"] = 1
    data["layers"][0]["tiles"]["\ud800"] = 1
    Path("b.json").write_text(json.dumps(data))
    code, _, err = accelsim_cli("compare", "a.json", "b.json")
    assert code == 2
    assert '"\\ud800", must be text in Unicode' in err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "b.json:1:1: is not JSON: expecting value"),
        (b'{\n "a": x\n}', "b.json:2:7: is not JSON: expecting value; write it anew with"),
        (b'{"a": "\xff"}', "b.json: is not UTF-8 text (byte 7)"),
        (b'{"cycles": NaN}', "b.json: holds NaN, which is not JSON, must be a number or null"),
        (b'{"cycles": -Infinity}', "b.json: holds -Infinity, which is not JSON"),
        (b'{"layers": [{"a": 1, "\\u001b": 1, "a": 2}]}', 'b.json: key "a" is written twice'),
        (b"[" * 200_000, "b.json: is nested too deeply"),
        (b'{"a": ' * 100_000 + b"1", "b.json: is nested too deeply"),
        (b'{"cycles": ' + b"9" * 5000 + b"}", "b.json: holds a number of too many digits"),
        (b"[1]", "b.json: result is a list, must be an object"),
        (b"null", "b.json: result is null, must be an object"),
        (b'{"schema_version": 2}', "b.json: schema_version is 2, must be 1; write it anew with"),
        (b'{"schema_version": true}', "b.json: schema_version is true, must be 1"),
        (b"{}", "b.json: result: keys schema_version, version, workload, "),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_files_that_hold_no_result(
    accelsim_cli: Cli, inside: Path, content: bytes, message: str
) -> None:
    Path("b.json").write_bytes(content)
    for order in (("a.json", "b.json"), ("b.json", "a.json")):
        code, out, err = accelsim_cli("compare", *order)
        assert (code, out) == (2, "")
        assert err.startswith(f"accelsim: {message}")
        assert err.count("\n") == 1


def test_a_byte_order_mark_does_no_harm(accelsim_cli: Cli, inside: Path) -> None:
    Path("b.json").write_bytes(b"\xef\xbb\xbf" + Path("a.json").read_bytes())
    assert accelsim_cli("compare", "a.json", "b.json")[1].endswith("\nno difference\n")


def test_all_problems_at_once_each_with_its_path(
    accelsim_cli: Cli, folder: Path, inside: Path
) -> None:
    data = sound(folder)
    data["cycles"] = "many"
    data["seconds"] = -1
    data["energy_pj"] = 1e151
    data["operations"] = 1.5
    data["mapper"] = "\x1b[2J"
    data["workload"] = "\ud800"
    data["clock_hz"] = 0
    data["energy_breakdown_pj"]["DRAM"]["read"] = None
    data["layers"][0]["blocks"][0]["busy_cycles"] = []
    data["einsums"][2] = 7
    del data["layers"][0]["repeat"], data["layers"][0]["tiles"]
    text = json.dumps(data).replace('"area_um2": ', '"area_um2": 1e999, "was": ')
    Path("b.json").write_text(text)
    code, _, err = accelsim_cli("compare", "a.json", "b.json")
    assert code == 2
    again = "; write it anew with accelsim simulate --json"
    assert sorted(err.splitlines()) == sorted(
        f"accelsim: b.json: {line}{again}"
        for line in (
            "layers[0]: keys repeat, tiles are missing",
            'cycles is "many", must be a whole number',
            "seconds is -1, must be at least 0",
            "energy_pj is 1e+151, must be at most 1e150",
            "operations is 1.5, must be a whole number",
            'mapper is "\\u001b[2J", must be text without control characters',
            'workload is "\\ud800", must be text in Unicode',
            "clock_hz is 0, must be above 0",
            "energy_breakdown_pj.DRAM.read is null, must be a number",
            "layers[0].blocks[0].busy_cycles is a list, must be an object",
            "einsums[2] is 7, must be an object",
            "area_um2 is Infinity, must be a finite number",
        )
    )


def test_very_many_problems_are_cut_short(accelsim_cli: Cli, folder: Path, inside: Path) -> None:
    data = sound(folder)
    data["einsums"] = [7] * 150
    Path("b.json").write_text(json.dumps(data))
    _, _, err = accelsim_cli("compare", "a.json", "b.json")
    assert err.count("\n") == 101
    assert err.endswith("b.json: 50 more problems\n")


def test_no_such_file_a_folder_a_pipe_and_a_large_one(accelsim_cli: Cli, inside: Path) -> None:
    os.mkfifo("pipe")
    with open("large.json", "wb") as file:
        file.truncate(64 * 2**20 + 1)
    for name, message in (
        ("none.json", "none.json: cannot be read: No such file or directory"),
        (".", ".: is a folder; give a file"),
        ("pipe", "pipe: is no regular file; give a file"),
        ("large.json", "large.json: holds 67108865 bytes, must be at most 64 MiB"),
        ("x\0y", "cannot be read: embedded null byte"),
    ):
        code, out, err = accelsim_cli("compare", "a.json", name)
        assert (code, out) == (2, "")
        assert message in err


def test_problems_of_both_files_are_told(accelsim_cli: Cli, inside: Path) -> None:
    Path("b.json").write_text("[]")
    code, _, err = accelsim_cli("compare", "b.json", "none.json")
    assert code == 2
    assert [line.split(":")[1].strip() for line in err.splitlines()] == ["b.json", "none.json"]


def test_a_file_that_was_edited_is_compared_and_told(
    accelsim_cli: Cli, folder: Path, inside: Path
) -> None:
    data = sound(folder)
    data["cycles"] += 1000
    Path("b.json").write_text(json.dumps(data))
    code, out, _ = accelsim_cli("compare", "a.json", "b.json")
    assert code == 0
    assert "in no block: +1,000 cycles (100% of the change); a file does not add up" in out


def test_figures_at_their_limits_stay_numbers(
    accelsim_cli: Cli, folder: Path, inside: Path
) -> None:
    data = sound(folder)
    layer = data["layers"][0]
    layer["cycles"], layer["repeat"], data["cycles"] = 1e150, 10**150, 10**150
    for part in layer["blocks"]:
        part["cycles"] = 1e150
        part["busy_cycles"] = dict.fromkeys(part["busy_cycles"], 1e150)
    Path("b.json").write_text(json.dumps(data))
    code, out, _ = accelsim_cli("compare", "a.json", "b.json", "--json", "-")
    assert code == 0
    assert json.loads(out)["layers"][0]["unassigned_cycles"] != 0
    assert accelsim_cli("compare", "b.json", "a.json")[0] == 0
