"""The verb ``roofline``: its options, its JSON, its files, its messages."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import accelsim
from accelsim.roofline import roofline
from accelsim.workload.models import load_model

Outcome = tuple[int, str, str]
Cli = Callable[..., Outcome]


def as_json(accelsim_cli: Cli, *arguments: str) -> Any:
    code, out, err = accelsim_cli("roofline", *arguments, "--json", "-")
    assert (code, err) == (0, "")
    return json.loads(out)


NUMBER = (int, float)
KEYS: dict[str, tuple[type, ...]] = {
    "schema_version": (int,),
    "version": (str,),
    "model": (str,),
    "device": (str,),
    "device_title": (str,),
    "stage": (str,),
    "batch": (int,),
    "context": (int,),
    "tokens": (int,),
    "attention": (str,),
    "weights": (str,),
    "activations": (str,),
    "kv_cache": (str,),
    "embeddings": (str,),
    "logits": (str,),
    "total": (dict,),
    "layers": (list,),
    "roofs": (dict,),
    "notes": (list,),
}
TOTAL: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("operations", "bytes", "intensity", "seconds", "tokens_per_s"), NUMBER),
    "bound": (str,),
    **dict.fromkeys(("time_to_first_token_s", "time_per_output_token_s"), NUMBER),
    "dequantize_operations": NUMBER,
    "memory_bytes": (dict,),
    "memory_capacity_bytes": (int,),
    "fits": (bool,),
}
LAYER: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "kind", "stage", "bound", "computes_in"), (str,)),
    "repeat": (int,),
    **dict.fromkeys(("operations", "bytes", "intensity", "seconds"), NUMBER),
    "bytes_by_class": (dict,),
    "dequantize_operations": NUMBER,
    "segments": (list,),
}


def check_keys(found: dict[str, Any], keys: dict[str, tuple[type, ...]]) -> None:
    assert set(found) == set(keys)
    for name, kinds in keys.items():
        assert isinstance(found[name], kinds), name
        assert bool in kinds or not isinstance(found[name], bool), name


def test_keys_and_types(accelsim_cli: Cli, tiny: str) -> None:
    found = as_json(accelsim_cli, tiny, "--on", "a6000", "--context", "9", "--weights", "int4-g32")
    check_keys(found, KEYS)
    check_keys(found["total"], TOTAL)
    assert {layer["stage"] for layer in found["layers"]} == {"prefill", "decode"}
    for layer in found["layers"]:
        check_keys(layer, LAYER)
        assert set(layer["bytes_by_class"]) == {"weights", "activations", "kv_cache"}
        assert sum(layer["bytes_by_class"].values()) == pytest.approx(layer["bytes"])
        assert layer["intensity"] == layer["operations"] / layer["bytes"]
        for segment in layer["segments"]:
            assert set(segment) == {"steps", "first", "last"}
            assert set(segment["first"]) == {"matrix_operations", "vector_operations", "bytes"}
    assert set(found["total"]["memory_bytes"]) == {"weights", "kv_cache", "activations", "total"}
    assert found["roofs"]["bandwidth_bytes_per_s"] == 768e9
    assert found["roofs"]["vector_operations_per_s"] == 38.7e12
    peaks = found["roofs"]["peak_operations_per_s"]
    assert peaks["fp16"] == 154.8e12
    assert (peaks["fp16 2:4"], peaks["fp32"]) == (309.6e12, 38.7e12)
    assert (found["stage"], found["tokens"], found["weights"]) == ("generate", 128, "int4-g32")


def test_figures_are_those_of_the_python_call(accelsim_cli: Cli, tiny: str) -> None:
    options = ("--stage", "decode", "--context", "77", "--batch", "3", "--kv-cache", "int8")
    more = ("--attention", "fused", "--activations", "int8", "--embeddings", "bf16")
    found = as_json(accelsim_cli, tiny, "--on", "t4", *options, *more)
    mine = roofline(
        tiny, on="t4", stage="decode", context=77, batch=3, kv_cache="int8", attention="fused",
        activations="int8", embeddings="bf16",
    )  # fmt: skip
    assert found == json.loads(json.dumps(mine.as_json()))
    for figure in ("operations", "bytes", "seconds"):
        layers = sum(layer[figure] * layer["repeat"] for layer in found["layers"])
        assert found["total"][figure] == pytest.approx(layers)


def test_one_run_is_an_object_and_several_are_a_list(accelsim_cli: Cli, tiny: str) -> None:
    found = as_json(
        accelsim_cli, tiny, "--on", "t4,v100", "--weights", "int8,fp16,int8", "--stage", "decode",
        "--batch", "1, 2",
    )  # fmt: skip
    assert set(found) == {"schema_version", "runs"}
    assert found["schema_version"] == 1
    order = [(run["device"], run["batch"], run["weights"]) for run in found["runs"]]
    assert order == [
        (device, batch, weights)
        for device in ("t4", "v100")
        for batch in (1, 2)
        for weights in ("int8", "fp16")
    ]


def test_several_stages(accelsim_cli: Cli, tiny: str) -> None:
    """Tokens belong to generate alone: the others run once."""
    stages = "decode,generate,prefill"
    found = as_json(accelsim_cli, tiny, "--on", "t4", "--stage", stages, "--tokens", "4,5")
    assert [(run["stage"], run["tokens"]) for run in found["runs"]] == [
        ("decode", None),
        ("generate", 4),
        ("generate", 5),
        ("prefill", None),
    ]
    for run in found["runs"]:
        first, each = (
            run["total"][f"time_{name}"] for name in ("to_first_token_s", "per_output_token_s")
        )
        assert (first is None) == (run["stage"] == "decode")
        assert (each is None) == (run["stage"] == "prefill")


def test_a_network_from_yaml(accelsim_cli: Cli) -> None:
    found = as_json(accelsim_cli, "resnet-50", "--on", "t4")
    assert (found["stage"], found["batch"], found["weights"]) == ("run", None, None)
    assert found["total"]["tokens_per_s"] is found["total"]["fits"] is None
    assert found["total"]["memory_bytes"] is None
    # The network's figure is 4.09 G multiply-adds at 224 x 224 (He et al., CVPR 2016: 3.8 G).
    assert found["total"]["operations"] == pytest.approx(2 * 4.09e9, rel=0.02)
    names = [layer["name"] for layer in found["layers"]]
    assert "conv1" in names
    code, out, _ = accelsim_cli("roofline", "matmul", "--on", "a100-40g")
    assert code == 0
    assert "matmul on NVIDIA A100" in out


def test_a_cascade_of_ones_own(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: own\nranks: {M: 64, K: 32, N: 16}\ntensors: {A: [M, K], B: [K, N]}\n"
        "formats: {A: int8, B: int4, default: fp32}\n"
        "cascade:\n  - Z[m,n] = A[m,k] * B[k,n]\n  - Y[m,n] = relu(Z[m,n])\n"
    )
    (layer,) = as_json(accelsim_cli, str(path), "--on", "t4")["layers"]
    assert layer["operations"] == 2 * 64 * 32 * 16 + 64 * 16
    assert layer["bytes"] == 64 * 32 + 32 * 16 / 2 + 64 * 16 * 4
    assert layer["computes_in"] == "int8"
    assert layer["dequantize_operations"] == 32 * 16


def test_a_device_of_ones_own(accelsim_cli: Cli, tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: My chip\nmemory_bytes: 1000\nbandwidth_bytes_per_s: 1.0e+9\n"
        "peak_operations_per_s: {fp16: 2.0e+12}\nvector_operations_per_s: 1.0e+11\n"
    )
    found = as_json(accelsim_cli, tiny, "--on", str(path), "--stage", "decode", "--context", "5")
    assert (found["device"], found["device_title"]) == (str(path), "My chip")
    assert found["total"]["bytes"] / 1e9 == pytest.approx(found["total"]["seconds"])
    assert found["total"]["fits"] is False
    _, out, _ = accelsim_cli("roofline", tiny, "--on", str(path), "--context", "5")
    assert "DOES NOT FIT" in out


def test_text_of_one_run(accelsim_cli: Cli, tiny: str) -> None:
    arguments = ("roofline", tiny, "--on", "a6000", "--context", "9", "--tokens", "3")
    code, out, err = accelsim_cli(*arguments)
    assert (code, err) == (0, "")
    for name in ("model", "stage", "formats", "time", "throughput", "bound by", "memory"):
        assert any(line.startswith(f"{name} ") for line in out.splitlines())
    assert "prompt of 9, then 3 tokens, batch 1, unfused attention" in out
    assert "q_proj" not in out
    _, layers, _ = accelsim_cli(*arguments, "--layers")
    assert layers.count(" q_proj ") + layers.count("q_proj ") >= 2
    assert "computes in" in layers


def test_what_helps_a_step_is_bandwidth(accelsim_cli: Cli) -> None:
    _, out, _ = accelsim_cli("roofline", "llama-2-7b", "--on", "a6000", "--stage", "decode")
    assert "twice the bandwidth 2.00x, twice the peaks 1.00x" in out
    _, out, _ = accelsim_cli(
        "roofline", "llama-2-7b", "--on", "a6000", "--stage", "prefill", "--attention", "fused"
    )
    (line,) = (line for line in out.splitlines() if line.startswith("what helps"))
    assert "twice the bandwidth 1.0" in line
    assert "twice the peaks 1.8" in line


def test_text_of_several_runs(accelsim_cli: Cli, tiny: str) -> None:
    _, out, _ = accelsim_cli("roofline", tiny, "--on", "t4,v100", "--batch", "1,500000")
    lines = out.splitlines()[:5]
    assert [line.split()[0] for line in lines if line] == ["device", "t4", "t4", "v100", "v100"]
    # A cache of half a million sequences is past 16 and 32 GiB; one of a sequence is not.
    assert ["(too much)" in line for line in lines if line] == [False, False, True, False, True]


REPORT = {"roofline.html", "roofline.png", "roofline.svg", "layers.csv", "report.md"}


def test_a_report(accelsim_cli: Cli, tiny: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    code, _, err = accelsim_cli(
        "roofline", tiny, "--on", "t4", "--context", "9", "--weights", "fp16,int8",
        "--report", str(folder),
    )  # fmt: skip
    assert code == 0
    assert err.startswith("written: ")
    assert {path.name for path in folder.iterdir()} == REPORT
    assert (folder / "roofline.png").read_bytes().startswith(b"\x89PNG")
    with (folder / "layers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    runs = [roofline(tiny, on="t4", context=9, weights=name) for name in ("fp16", "int8")]
    assert len(rows) == sum(len(run.rows) for run in runs)
    mine = [row for run in runs for row in run.rows]
    for row, own in zip(rows, mine, strict=True):
        assert (row["layer"], float(row["operations"])) == (own.name, own.operations)
        assert (float(row["bytes"]), float(row["seconds"])) == (own.bytes, own.seconds)
        assert float(row["kv_cache_bytes"]) == own.bytes_by_role["kv_cache"]
        assert float(row["dequantize_operations"]) == own.converting_operations
    text = (folder / "report.md").read_text()
    assert "# " in text
    assert "NVIDIA" in text


def test_a_report_that_cannot_be_written(accelsim_cli: Cli, tiny: str, tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("mine")
    folder = taken / "below"
    code, out, err = accelsim_cli("roofline", tiny, "--on", "t4", "--report", str(folder))
    assert (code, out) == (2, "")
    assert err.startswith(f"accelsim: folder '{folder}' cannot be made: ")
    assert taken.read_text() == "mine"
    # A folder stands where a file should: nothing half-written stays behind.
    folder = tmp_path / "report"
    (folder / "roofline.html").mkdir(parents=True)
    code, _, err = accelsim_cli("roofline", tiny, "--on", "t4", "--report", str(folder))
    assert code == 2
    assert err.startswith(f"accelsim: '{folder / 'roofline.html'}' cannot be written: ")
    assert [path.name for path in folder.iterdir()] == ["roofline.html"]


def test_json_that_cannot_be_written(accelsim_cli: Cli, tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "no" / "x.json"
    code, out, err = accelsim_cli("roofline", tiny, "--on", "t4", "--json", str(path))
    assert (code, out) == (2, "")
    assert err == (f"accelsim: --json '{path}' lies in a folder that does not exist; name a file\n")
    path = tmp_path / "x.json"
    path.write_text("old")
    code, out, _ = accelsim_cli("roofline", tiny, "--on", "t4", "--json", str(path))
    assert code == 0
    assert json.loads(path.read_text())["device"] == "t4"
    assert out


def outputs(tiny: str, seed: int, *more: str) -> bytes:
    command = [sys.executable, "-m", "accelsim.cli.main", "roofline", tiny, "--on", "t4,h100-sxm"]
    command += ["--context", "9", "--weights", "int4-g32", "--json", "-", *more]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def test_the_same_bytes_whatever_the_hash_seed(tiny: str) -> None:
    assert outputs(tiny, 0) == outputs(tiny, 1)


@pytest.mark.slow
def test_the_same_report_whatever_the_hash_seed(tiny: str, tmp_path: Path) -> None:
    found = []
    for seed in (0, 1, 1):
        outputs(tiny, seed, "--report", str(tmp_path / "report"))
        files = sorted((tmp_path / "report").iterdir())
        assert {path.name for path in files} == REPORT
        found.append([path.read_bytes() for path in files])
    assert found[0] == found[1] == found[2]


@pytest.mark.slow
def test_two_thousand_million_tokens(tiny: str) -> None:
    """As many as are allowed, in 4 GB."""
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (4 * 10**9,) * 2); "
        "from accelsim.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", limited, "roofline", tiny, "--on", "a100-40g"]
    command += ["--context", "1", "--tokens", str(2**31)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 2)


@pytest.mark.parametrize("weights", ["fp16", "int8", "int4-g128"])
@pytest.mark.parametrize(
    ("model", "stage"),
    [
        *((name, stage) for name in ("llama-2-7b", "opt-125m") for stage in ("prefill", "decode")),
        ("gemma-2-9b", "decode"),
        ("bert-base-uncased", "prefill"),
    ],
)
def test_a_simulation_counts_the_same(model: str, stage: str, weights: str) -> None:
    """Per layer and in total: the roofline's rows are what an accelerator has to do at least."""
    settings: dict[str, int | str] = {"stage": stage, "context": 48, "weights": weights}
    result = accelsim.simulate(model, on="tpu-v3-core", set=settings).as_json()
    mine = roofline(model, on="tpu-v4", stage=stage, context=48, weights=weights)
    assert result["elementary_operations"] == mine.total("operations")
    assert result["compulsory_bytes"] == pytest.approx(mine.total("bytes"), rel=1e-12)
    rows = {row.name: row for row in mine.rows}
    for layer in result["layers"]:
        name = layer["name"]
        parts = [rows[n] for n in (name, f"{name}.bias") if n in rows]
        operations = sum(row.operations * row.repeat for row in parts)
        moved = sum(row.bytes * row.repeat for row in parts)
        assert layer["elementary_operations"] == operations, name
        assert layer["compulsory_bytes"] == pytest.approx(moved, rel=1e-12), name
    assert sum(layer["repeat"] for layer in result["layers"]) >= load_model(model).layers


def test_rows_tell_what_differs(accelsim_cli: Cli, tiny: str) -> None:
    """Settings in which runs differ have a column; notes stand below."""
    _, out, _ = accelsim_cli(
        "roofline", tiny, "--on", "snapdragon-8-gen-3", "--stage", "decode",
        "--attention", "unfused,fused", "--embeddings", "int8,fp16", "--batch", "01,1", "--layers",
    )  # fmt: skip
    head, *rows = out.split("\n\n")[0].splitlines()
    assert "attention" in head
    assert "embeddings" in head
    ways = [next(cell for cell in row.split() if cell.endswith("fused")) for row in rows]
    assert ways == ["unfused", "unfused", "fused", "fused"]
    assert "Snapdragon 8 Gen 3, decode, attention fused, embeddings int8" in out
    assert "note: snapdragon-8-gen-3: no peak is known for " in out
