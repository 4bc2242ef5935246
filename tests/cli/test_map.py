"""`accelsim map`: the report, the front, the written mapper, pictures, JSON, bad input."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import accelsim
from accelsim.model.result_file import load_result

Cli = Callable[..., tuple[int, str, str]]

SMALL = ("--set", "M=64", "--set", "N=48", "--set", "K=32")
NETWORK = """
name: net
layers:
  - {name: first, cascade: matmul, set: {M: 64, N: 48, K: 32}, repeat: 2}
  - {name: products, cascade: attention/products, set: {E: 16, F: 16, M: 64, P: 64}}
  - {name: last, cascade: matmul, set: {M: 64, N: 48, K: 32}}
"""


@pytest.fixture(autouse=True, scope="module")
def _one_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What one test searched the next one knows: figures are counted anew in any case."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCELSIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def network(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(NETWORK)
    return str(path)


def test_the_report_says_what_was_found_and_what_proves_it(accelsim_cli: Cli) -> None:
    code, out, err = accelsim_cli("map", "matmul", "--on", "ref3", "--objective", "edp")
    assert (code, err) == (0, "")
    head = {line[:12].strip(): line[13:] for line in out.split("\n\n")[0].splitlines()}
    assert head["workload"] == "matmul on ref3, mapper optimal, for edp"
    assert head["time"].startswith("4,194,304 cycles")
    assert head["energy"] == "1.372 mJ"
    assert head["EDP"] == "5.754e-06 J s"
    assert head["search"].startswith("exact: proven best of 2.51e+14 choices of tiles that divide")
    nest = out.split("block Z\n")[1]
    assert "RF in each PE keeps" in nest
    assert "Z on PEs:" in nest


def test_the_enumerated_set_proves_nothing(accelsim_cli: Cli) -> None:
    _, out, _ = accelsim_cli("map", "matmul", "--on", "ref3", "--mapper", "auto")
    assert "enumerate: best of an enumerated set for Z" in out
    assert "proven" not in out
    _, out, _ = accelsim_cli("map", "attention/one-pass", "--on", "fusemax", "--mapper", "fusemax")
    assert "none: 12 Einsums are mapped as the mapper's case says" in out


def test_the_written_mapper_gives_the_same_figures(
    accelsim_cli: Cli, network: str, tmp_path: Path
) -> None:
    path = tmp_path / "mapping.yaml"
    code, out, err = accelsim_cli(
        "map", network, "--on", "ref3", "--objective", "edp", "-o", str(path), "--json", "-"
    )
    assert (code, err) == (0, f"written: {path}\n")
    found = json.loads(out)
    again = accelsim.simulate(network, on="ref3", mapper=str(path))
    assert (again.cycles, again.energy_pj) == (found["cycles"], found["energy_pj"])
    assert all(layer.search == {} for layer in again.layers)
    assert accelsim_cli("check", "--format", "--diff", str(path))[0] == 0
    assert "proven best of" in path.read_text()


def test_json_has_what_the_report_says(accelsim_cli: Cli, network: str, tmp_path: Path) -> None:
    _, out, _ = accelsim_cli(
        "map", network, "--on", "ref3", "--objective", "edp", "--at-most", "cycles=1e9", "--json",
        "-",
    )  # fmt: skip
    found = json.loads(out)
    assert found["at_most"] == {"cycles": 1e9}
    assert found["schema_version"] == 1
    result = found["result"]
    assert (found["cycles"], found["energy_pj"]) == (result["cycles"], result["energy_pj"])
    assert found["edp_j_s"] == pytest.approx(result["energy_pj"] * 1e-12 * result["seconds"])
    searched = [name for entry in found["search"] for name in entry["einsums"]]
    assert searched == ["Z", "QK", "AV"]
    assert all(entry["proven"] and entry["choices"] > 1e6 for entry in found["search"])
    assert result["layers"][0]["search"] == {"Z": "exact"}
    path = tmp_path / "mapping.yaml"
    path.write_text(json.dumps(found["mapping"]))  # JSON is YAML.
    again = accelsim.simulate(network, on="ref3", mapper=str(path))
    assert again.cycles == found["cycles"]
    (tmp_path / "result.json").write_text(json.dumps(result))
    assert load_result(tmp_path / "result.json").layers[0].search == {"Z": "exact"}
    least = min(point["cycles"] * point["energy_pj"] for point in found["front"])
    assert found["cycles"] * found["energy_pj"] == pytest.approx(least)


def test_the_json_page_lists_the_keys(accelsim_cli: Cli) -> None:
    _, out, _ = accelsim_cli("map", "matmul", "--on", "ref3", *SMALL, "--json", "-")
    page = (Path(__file__).parents[2] / "docs/json.md").read_text("utf-8")
    section = page.split("\n## Mapping\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `([^`]+)` \|", section, re.M) == list(json.loads(out))


def test_the_front_is_listed(accelsim_cli: Cli) -> None:
    arguments = ("map", "conv2d", "--on", "ref3", "--set", "K=256", "--set", "R=1", "--set", "S=1")
    _, out, _ = accelsim_cli(*arguments, "--front", "--objective", "energy")
    table = out.split("\n\n")[1].splitlines()
    assert table[0].split() == ["front", "cycles", "energy", "over", "the", "least", "EDP", "in",
                                "J", "s"]  # fmt: skip
    rows = [re.match(r"(chosen)? +([\d,]+) ", row) for row in table[1:]]
    cycles = [int(row[2].replace(",", "")) for row in rows if row]
    assert len(cycles) == len(table) - 1 > 1
    assert cycles == sorted(cycles, reverse=True)
    assert [bool(row and row[1]) for row in rows] == [True] + [False] * (len(rows) - 1)
    _, out, _ = accelsim_cli(
        *arguments, "--objective", "energy", "--at-most", f"cycles={cycles[1]}"
    )
    assert f"time         {cycles[1]:,} cycles" in out


def test_equal_layers_are_shown_once(accelsim_cli: Cli, network: str) -> None:
    _, out, _ = accelsim_cli("map", network, "--on", "ref3")
    assert "layer first, 2 times\nblock Z\n" in out
    assert "layer last\n  runs as layer first does" in out


def test_explain_says_what_to_change(accelsim_cli: Cli) -> None:
    code, out, _ = accelsim_cli("map", "matmul", "--on", "ref3", *SMALL, "--explain")
    assert code == 0
    assert "energy and traffic" in out
    assert "PEs.rows 16 -> 32: cycles 192 (-50.0%)" in out


@pytest.mark.parametrize("name", ["nest.dot", "nest.svg", "nest.png"])
def test_pictures(accelsim_cli: Cli, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    code, _, err = accelsim_cli("map", "matmul", "--on", "ref3", *SMALL, "--graph", str(path))
    assert (code, err) == (0, f"written: {path}\n")
    start = path.read_bytes()[:8]
    assert start.startswith((b"digraph", b"<?xml", b"\x89PNG"))


def test_simulate_takes_bounds_too(accelsim_cli: Cli) -> None:
    arguments = ("simulate", "matmul", "--on", "ref3", *SMALL, "--mapper", "optimal")
    assert accelsim_cli(*arguments, "--at-most", "cycles=384")[0] == 0
    code, out, err = accelsim_cli(*arguments, "--at-most", "cycles=383")
    assert (code, out) == (2, "")
    assert err == (
        "accelsim: mapper 'optimal': at most cycles=383 is out of reach, must be at least 384, "
        "the least of all its mappings; raise the bound\n"
    )


BAD = [
    (["--at-most", "cycle=5"], "at most: figure 'cycle' is unknown; did you mean 'cycles'?"),
    (["--at-most", "cycles=fast"], "at most: cycles is 'fast', must be a number above 0"),
    (["--at-most", "cycles"], "--at-most cycles: must be NAME=VALUE"),
    (["--workers", "0"], "--workers is 0, must be a whole number from 1 to 1024"),
    (["--workers", "two"], "--workers is two, must be a whole number"),
    (["--mapper", "optimol"], "mapper 'optimol' is unknown; did you mean 'optimal'?"),
    (["--objective", "speed"], "objective 'speed' is unknown; "),
    (["-o", "no/such/folder.yaml"], "must lie in a folder that exists"),
    (["-o", "mapping.json"], "must end in .yaml or .yml"),
    (["--graph", "nest.pdf"], "must end in .dot or .png or .svg"),
    (["--arch", "RF.size_bytes=1"], "Einsum 'Z': no mapping is left; candidates were excluded by"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda value: str(value)[:30])
def test_bad_input_is_one_message(
    accelsim_cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = accelsim_cli("map", "matmul", "--on", "ref3", *SMALL, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("accelsim: ") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_rule_that_leaves_no_mapping_is_named(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nsearch: {method: exact, whole: {RF: [K, M]}}\n")
    code, _, err = accelsim_cli("map", "matmul", "--on", "ref3", "--mapper", str(path))
    assert code == 2
    assert re.search(r"excluded by: .*(capacity of RF|whole ranks) [\d,]+", err)


def test_a_file_that_cannot_be_written_leaves_nothing(
    accelsim_cli: Cli, network: str, tmp_path: Path
) -> None:
    folder = tmp_path / "taken.yaml"
    folder.mkdir()
    code, out, err = accelsim_cli("map", "matmul", "--on", "ref3", "-o", str(folder))
    assert (code, out) == (2, "")
    assert "which is a folder" in err
    graph = tmp_path / "nest.dot"
    mapping = tmp_path / "mapping.yaml"
    code, out, err = accelsim_cli(
        "map", network, "--on", "ref3", "--graph", str(graph), "-o", str(mapping)
    )
    assert (code, out) == (2, "")
    assert "--graph draws one layer, but" in err
    assert not graph.exists()
    assert not mapping.exists()


def test_ctrl_c_ends_with_one_line(accelsim_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("accelsim.pipeline.plan_layers", interrupted)
    code, out, err = accelsim_cli("map", "matmul", "--on", "ref3")
    assert (code, out) == (130, "")
    assert err == "accelsim: interrupted; searches that were done are kept\n"
    _, _, err = accelsim_cli("map", "matmul", "--on", "ref3", "--no-cache")
    assert err == "accelsim: interrupted\n"


def test_ctrl_c_promises_nothing_where_nothing_is_searched(
    accelsim_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("accelsim.roofline.sweep.rooflines", interrupted)
    code, out, err = accelsim_cli("roofline", "llama-2-7b", "--on", "t4")
    assert (code, out, err) == (130, "", "accelsim: interrupted\n")


def test_resnet_50_has_53_convolutions() -> None:
    layers = accelsim.load_workload("resnet-50").layers
    assert sum(layer.repeat for layer in layers) == 53
    weights = sum(layer.repeat * layer.cascade.tensors["W"].size for layer in layers)
    # 25,557,032 parameters less those of batch norm and of the classifier (torchvision).
    assert weights == 25_557_032 - 53_120 - (2048 * 1000 + 1000)
    points = sum(layer.repeat * layer.cascade["O"].points for layer in layers)
    # 4.09 GFLOPS (multiply-adds) of torchvision's resnet50, less the classifier.
    assert points == pytest.approx(4.089e9 - 2.048e6, rel=1e-3)


def test_mappers_that_do_not_fit_the_ranks_say_so(accelsim_cli: Cli) -> None:
    code, _, err = accelsim_cli("map", "matmul", "--on", "ref3", "--mapper", "row-stationary")
    assert code == 2
    assert "search: rank for rows 'R' is unknown;" in err
    assert "search: whole: registers: rank 'S' is unknown;" in err
