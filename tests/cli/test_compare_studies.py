"""`accelsim compare` of two studies, and of a study with something else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import accelsim

Cli = Callable[..., tuple[int, str, str]]


def study(*designs: tuple[float, float], **other: Any) -> dict[str, Any]:
    """The document of a study without its points, with these figures on the front."""
    front = [
        {
            "number": i,
            "parameters": {"rows": 8},
            "objectives": {"latency_s": latency, "energy_j": energy},
            "commands": [],
            "event": None,
            "event_reason": "",
        }
        for i, (latency, energy) in enumerate(designs)
    ]
    return {
        "schema_version": 1,
        "kind": "study",
        "version": "0.1.0",
        "name": "demo",
        "method": "random",
        "seed": 0,
        "fidelity": "analytic",
        "evaluated": 400,
        "space_points": 900,
        "parameters": [{"name": "rows", "values": [8, 16], "kind": "number"}],
        "objectives": [
            {"name": "latency_s", "goal": "minimize", "unit": "s", "label": "latency"},
            {"name": "energy_j", "goal": "minimize", "unit": "J", "label": "energy"},
        ],
        "constraints": [],
        "front": front,
    } | other


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where a.json and b.json are studies and r.json is a result."""
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text(json.dumps(study((1e-3, 2.0), (2e-3, 1.0)), indent=2))
    Path("b.json").write_text(json.dumps(study((1e-3, 2.5), (5e-4, 9.0), seed=1)))
    found = accelsim.simulate("matmul", on="systolic-os")
    Path("r.json").write_text(json.dumps(found.as_json()))
    return tmp_path


def test_text(accelsim_cli: Cli, inside: Path) -> None:
    code, out, err = accelsim_cli("compare", "a.json", "b.json")
    assert (code, err) == (0, "")
    assert out.startswith("studies      a.json -> b.json\nname         demo\nversion      0.1.0\n")
    assert "seed         0 -> 1\n" in out
    assert "least latency_s  1 ms  500 us  0.5       B\n" in out
    assert "least energy_j    1 J   2.5 J  2.5       A\n" in out
    assert "front        A 2 designs, B 2\n" in out
    assert "0.0% of those of A are dominated by one of B\n" in out
    assert "50.0% of those of B are dominated by one of A\n" in out
    assert "hypervolume  A 0." in out


def test_json(accelsim_cli: Cli, inside: Path) -> None:
    code, out, err = accelsim_cli("compare", "a.json", "b.json", "--json", "-")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert list(found) == [
        "schema_version", "kind", "a", "b", "objectives", "objectives_only_a",
        "objectives_only_b", "parameters", "fronts", "hypervolume", "hypervolume_unknown",
    ]  # fmt: skip
    assert found["a"]["file"] == "a.json"
    assert found["fronts"]["b_dominated_by_a"] == 0.5
    assert accelsim_cli("compare", "a.json", "a.json", "--json", "out.json")[0] == 0
    same = json.loads(Path("out.json").read_text())
    assert [best["better"] for best in same["objectives"]] == ["same", "same"]


@pytest.mark.parametrize("order", [("a.json", "r.json"), ("r.json", "a.json")])
def test_a_study_and_a_result(accelsim_cli: Cli, inside: Path, order: tuple[str, str]) -> None:
    code, out, err = accelsim_cli("compare", *order)
    assert (code, out) == (2, "")
    assert "a.json: is a study and r.json is a result; compare two results of accelsim" in err


def test_a_study_and_nothing(accelsim_cli: Cli, inside: Path) -> None:
    code, _, err = accelsim_cli("compare", "a.json", "missing.json")
    assert code == 2
    assert "missing.json: cannot be read: No such file or directory" in err
    Path("broken.json").write_text('{"kind": "study", ')
    code, _, err = accelsim_cli("compare", "a.json", "broken.json")
    assert code == 2
    assert "broken.json:1:19: is not JSON: " in err
    assert "write it anew with accelsim explore --json" in err


def test_a_damaged_study(accelsim_cli: Cli, inside: Path) -> None:
    wrong = study((1.0, float("1e400")))
    Path("b.json").write_text(json.dumps(wrong).replace("Infinity", "null"))
    code, _, err = accelsim_cli("compare", "a.json", "b.json")
    assert code == 2
    assert "b.json: front[0].objectives.energy_j: must be a valid number; write it anew" in err


def test_results_are_compared_as_ever_though_they_hold_the_word(
    accelsim_cli: Cli, inside: Path
) -> None:
    data = json.loads(Path("r.json").read_text()) | {"workload": "study", "kind": "study of mine"}
    Path("r2.json").write_text(json.dumps(data))
    code, out, _ = accelsim_cli("compare", "r.json", "r2.json")
    assert code == 0
    assert "workload     matmul -> study" in out
