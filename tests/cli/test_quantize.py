"""`accelsim quantize`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from accelsim.cli.main import main
from accelsim.quantization import error_report, quantize
from accelsim.quantization.save import load_quantized

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A model of two layers in the working folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    tensors = {
        "embed_tokens.weight": rng.normal(size=(20, 32)),
        "layers.0.q.weight": rng.normal(size=(8, 64)),
        "layers.0.norm.weight": np.ones(64),
        "layers.1.q.weight": rng.standard_t(3, (8, 64)),
    }
    np.savez(tmp_path / "m.npz", **{k: v.astype(np.float32) for k, v in tensors.items()})
    return {name: each.astype(np.float32) for name, each in tensors.items()}


def test_one_format(accelsim_cli: Cli, file: Any) -> None:
    code, out, err = accelsim_cli("quantize", "m.npz", "--group", "32")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "file         m.npz: 1,024 weights in 2 tensors"
    assert lines[1] == "groups       32 weights, scales of 8 bits"
    assert lines[2] == (
        "left out     embedding: embed_tokens.weight; one axis: layers.0.norm.weight"
    )
    assert lines[4].split() == [
        *("tensor", "shape", "bits/weight", "SNR", "MSE", "max", "error"),
        *("ER+", "ER-", "EA+", "EA-"),
    ]
    weights = file["layers.0.q.weight"]
    report = error_report(weights, quantize(weights, group=32))
    assert lines[5].startswith("layers.0.q.weight  8 x 64 ")
    assert f"{report.snr_db:.2f} dB" in lines[5]
    assert f" {report.shares['EA-']:.1%}" in lines[5]
    assert lines[7].startswith("all ")
    assert len({len(line) for line in lines[4:]}) == 1


def test_formats_side_by_side(accelsim_cli: Cli, file: Any) -> None:
    formats = ("bitmod-fp4", "int6", "ant3", "olive8")
    code, out, _ = accelsim_cli(
        *("quantize", "m.npz", "--format", "bitmod-fp4,int6", "--format", "ant3, olive8,int6"),
        *("--group", "none", "--scale-bits", "none", "--no-search"),
    )
    assert code == 0
    head, one, two, total, bits = out.splitlines()[-5:]
    assert head.split()[-4:] == list(formats)
    for line, name in ((one, "layers.0.q.weight"), (two, "layers.1.q.weight")):
        expected = [
            error_report(
                file[name],
                quantize(file[name], each, group=None, scale_bits=None, clips=(1.0,)),
            )
            for each in formats
        ]
        assert line.split() == [name, "8", "x", "64", *(f"{each.snr_db:.2f}" for each in expected)]
    assert total.startswith("all ")
    assert bits.split() == ["bits/weight", "4.531", "6.5", "3.516", "8.5"]


def test_search_is_the_default(accelsim_cli: Cli, file: Any) -> None:
    figures = []
    for option in ((), ("--no-search",)):
        command = ("quantize", "m.npz", "--format", "olive4", "--json", "-", *option)
        found = json.loads(accelsim_cli(*command)[1])
        figures.append(found["total"][0]["snr_db"])
    assert figures[0] > figures[1] + 0.5


def test_json(accelsim_cli: Cli, file: Any) -> None:
    code, out, _ = accelsim_cli("quantize", "m.npz", "--format", "int4,bitmod-fp3", "--json", "-")
    found = json.loads(out)
    assert (code, found["file"], found["group"], found["scale_bits"]) == (0, "m.npz", 128, 8)
    assert [each["format"] for each in found["total"]] == ["int4", "bitmod-fp3"]
    assert [each["name"] for each in found["tensors"]] == ["layers.0.q.weight", "layers.1.q.weight"]
    assert found["left_out"] == [
        {"name": "embed_tokens.weight", "reason": "embedding"},
        {"name": "layers.0.norm.weight", "reason": "one axis"},
    ]
    weights = file["layers.1.q.weight"]
    report = error_report(weights, quantize(weights, "int4"))
    assert found["tensors"][1]["formats"][0] == report.as_json()
    assert found["total"][0]["weights"] == 1024
    path = Path("found.json")
    assert accelsim_cli("quantize", "m.npz", "--json", str(path))[1].startswith("file ")
    assert json.loads(path.read_text())["total"][0]["format"] == "bitmod-fp4"


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_output(accelsim_cli: Cli, file: Any, suffix: str) -> None:
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    code, _, err = accelsim_cli("quantize", "m.npz", "--match", "*q*", "-o", f"out.{suffix}")
    assert (code, err) == (0, "")
    found = load_quantized(Path(f"out.{suffix}"))
    assert list(found) == ["layers.0.q.weight", "layers.1.q.weight"]
    for name, each in found.items():
        np.testing.assert_array_equal(each.dequantize(), quantize(file[name]).dequantize())


def test_match_takes_embeddings(accelsim_cli: Cli, file: Any) -> None:
    out = accelsim_cli("quantize", "m.npz", "--match", "*embed*", "--json", "-")[1]
    assert [each["name"] for each in json.loads(out)["tensors"]] == ["embed_tokens.weight"]


def test_report(accelsim_cli: Cli, file: Any) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    code, _, err = accelsim_cli("quantize", "m.npz", "--format", "bitmod-fp4,int4", "--report", "r")
    assert (code, err[:9]) == (0, "written: ")
    assert sorted(each.name for each in Path("r").iterdir()) == [
        *("choices.png", "choices.svg", "errors.csv", "report.md", "snr.png", "snr.svg"),
    ]
    rows = list(csv.DictReader(Path("r/errors.csv").read_text().splitlines()))
    assert len(rows) == 2 * (4 + 1)
    assert sum(float(row["share"]) for row in rows) == pytest.approx(4)
    page = Path("r/report.md").read_text()
    assert "| layers.0.q.weight | 8 x 64 |" in page
    assert "- embed_tokens.weight: embedding" in page


@pytest.mark.slow
@pytest.mark.parametrize("formats", ["int4", "bitmod-fp3,ant4,olive4"])
def test_reports_repeat(accelsim_cli: Cli, file: Any, formats: str) -> None:
    """One has no choice to show."""
    np.savez("zero.npz", **{f"$w{i}_{'n' * i}": np.zeros((2, 4)) for i in range(60)}, **file)
    contents = []
    for folder in "ab":
        command = ("quantize", "zero.npz", "--no-search", "--format", formats, "--report", folder)
        assert accelsim_cli(*command)[0] == 0
        contents.append({each.name: each.read_bytes() for each in Path(folder).iterdir()})
    assert contents[0] == contents[1]


def test_names_cannot_steer_the_terminal(accelsim_cli: Cli, file: Any) -> None:
    np.savez("odd.npz", **{"a\x1b[31m\nb": np.ones((2, 4)), "\x07": np.ones(2)})
    for formats in ("int4", "int4,int3"):
        code, out, _ = accelsim_cli("quantize", "odd.npz", "--format", formats)
        assert code == 0
        assert out.replace("\n", "").isprintable()
        assert "a\\x1b[31m\\nb" in out


def test_many_tensors_are_cut(
    accelsim_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tensors = {f"w{i:02}": np.ones((2, 4), np.float32) for i in range(43)}
    np.savez("m.npz", **tensors)
    out = accelsim_cli("quantize", "m.npz")[1].splitlines()
    assert out[-3].startswith("w39 ")
    assert out[-2].startswith("all ")
    assert out[-1] == "... and 3 more; --json has them all"
    out = accelsim_cli("quantize", "m.npz", "--format", "int4,int3")[1].splitlines()
    assert (out[-4][:4], out[-3][:4], out[-2][:4]) == ("w39 ", "all ", "bits")


def test_bfloat16_from_safetensors(
    accelsim_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    safetensors = pytest.importorskip("safetensors.numpy")
    weights = np.random.default_rng(0).normal(size=(4, 32)).astype(ml_dtypes.bfloat16)
    safetensors.save_file({"w": weights}, "m.safetensors")
    found = json.loads(accelsim_cli("quantize", "m.safetensors", "--json", "-")[1])
    expected = error_report(weights.astype(np.float32), quantize(weights.astype(np.float32)))
    assert found["total"][0] == expected.as_json()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("no.npz", "tensor file 'no.npz' does not exist; give .npy"),
        (
            "m.npz --format bitmod4",
            "quantisation format 'bitmod4' is unknown; did you mean 'bitmod-fp4'?",
        ),
        ("m.npz --format int4,", "--format: a value is empty; write formats with commas"),
        ("m.npz --group 1", "--group is '1', must be a whole number from 2 to 1,048,576"),
        ("m.npz --group x", "--group is 'x', must be a whole number"),
        ("m.npz --scale-bits 9", "--scale-bits is '9', must be a whole number from 2 to 8"),
        ("m.npz --match x*", "'m.npz' holds nothing to quantise: embed_tokens.weight (no match)"),
        ("m.npz --format olive4 --group 3", "group is 3, must be even; OliVe takes weights in"),
        ("m.npz -o out.bin", "output 'out.bin' must end in .npz or .safetensors"),
        ("m.npz -o no/out.npz", "output 'no/out.npz' lies in a folder that does not exist"),
        ("m.npz -o m.npz", "-o 'm.npz' is the input; name another file"),
        ("m.npz -o o.npz --json o.npz", "--json 'o.npz' is a file of -o 'o.npz'; name another"),
        ("m.npz -o o.npz --format int4,int3", "-o takes one format, but --format names int4, int3"),
        ("m.npz --json no/x.json", "--json 'no/x.json' lies in a folder that does not exist"),
        ("bad.npz", "tensor 'w': weights: weight 1 of channel 0 is nan, must be a number below"),
        ("odd.npz --format olive4", "tensor 'w': a channel has 3 weights, must be an even number"),
    ],
)
def test_refusals(accelsim_cli: Cli, file: Any, arguments: str, message: str) -> None:
    np.savez("bad.npz", w=np.array([[1.0, np.nan]]))
    np.savez("odd.npz", w=np.ones((2, 3)))
    before = sorted(Path().iterdir())
    code, out, err = accelsim_cli("quantize", *arguments.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"accelsim: {message}")
    assert err.count("\n") == 1
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("option", ["-o", "--json"])
def test_an_empty_value_is_refused(accelsim_cli: Cli, file: Any, option: str) -> None:
    code, _, err = accelsim_cli("quantize", "m.npz", option, "")
    assert (code, err) == (2, f"accelsim: {option} is empty; name one, or leave it out\n")


def test_a_fault_leaves_no_output(accelsim_cli: Cli, file: Any) -> None:
    np.savez("late.npz", a=np.ones((2, 4)), b=np.array([[1.0, np.inf]]))
    assert accelsim_cli("quantize", "late.npz", "-o", "out.npz")[0] == 2
    assert sorted(each.name for each in Path().iterdir()) == ["late.npz", "m.npz"]


def test_start_up_needs_no_numpy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from accelsim.cli.main import _parser; _parser(); "
        "sys.exit(any(each in sys.modules for each in ('numpy', 'accelsim.quantization')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_formats_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "formats"]) == 0
    out = capsys.readouterr().out
    for name in ("bitmod-fp4", "bitmod-fp3", "int6-sym", "ant4", "olive4"):
        assert f"\n{name} " in f"\n{out}"
