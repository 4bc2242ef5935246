"""What `accelsim roofline` refuses, and what it shows of hostile names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., tuple[int, str, str]]

WHOLE = "must be a whole number"
MOST = "must be a whole number from 1 to 2,147,483,648"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--on a100", "device 'a100' is unknown; did you mean 'v100'? valid: a100-40g"),
        ("--on t4,", "--on 't4,': a value is empty; write values with commas between"),
        ("--on none.yaml", "device file 'none.yaml' does not exist; give a path to a YAML file"),
        ("--on t4 --stage decoder", "stage 'decoder' is unknown; did you mean 'decode'? valid: "),
        ("--on t4 --batch 0", f"--batch is '0', {MOST}"),
        ("--on t4 --batch 1.5", f"--batch is '1.5', {WHOLE}"),
        ("--on t4 --batch -1", f"--batch is '-1', {WHOLE}"),
        ("--on t4 --batch 1,,2", "--batch '1,,2': a value is empty; write values with commas"),
        ("--on t4 --batch \N{ARABIC-INDIC DIGIT ONE}", "--batch is '\N{ARABIC-INDIC DIGIT ONE}', "),
        ("--on t4 --batch 99999999999", f"--batch is '99999999999', {MOST}"),
        (f"--on t4 --batch {'9' * 5000}", f"--batch is '{'9' * 40}', {WHOLE}"),
        ("--on t4 --context 1e3", f"--context is '1e3', {WHOLE}"),
        ("--on t4 --tokens 0", f"--tokens is '0', {MOST}"),
        ("--on t4 --tokens x", f"--tokens is 'x', {WHOLE}"),
        ("--on t4 --stage decode --tokens 3", "tokens is 3, but belongs to generate; leave it out"),
        ("--on t4 --attention flash", "attention 'flash' is unknown; valid: fused, unfused"),
        ("--on t4 --logits none", "logits 'none' is unknown; valid: all, last"),
        ("--on t4 --weights int5", "weights: format 'int5' is unknown; did you mean 'int8'?"),
        ("--on t4 --weights int4-g0", "weights: format 'int4-g0': group is 0, must be 2 to "),
        ("--on t4 --activations x", "activations: format 'x' is unknown; valid: ant3"),
        ("--on t4 --kv-cache fp16-4:2", "kv_cache: format 'fp16-4:2': 4:2 must be N:M with 1 <= N"),
        ("--on t4 --embeddings mxfp4-g3", "embeddings: format 'mxfp4-g3' has scales of its own"),
    ],
)
def test_wrong_options(accelsim_cli: Cli, tiny: str, arguments: str, message: str) -> None:
    code, out, err = accelsim_cli("roofline", tiny, *arguments.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"accelsim: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("option", ["--context", "--tokens", "--logits", "--json", "--report"])
def test_an_empty_value_is_refused(accelsim_cli: Cli, tiny: str, option: str) -> None:
    assert accelsim_cli("roofline", tiny, "--on", "t4", option, "")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "lama-2-7b --on t4",
            "model 'lama-2-7b' is unknown; did you mean 'llama-2-7b'? valid: ",
        ),
        ("none.json --on t4", "none.json: cannot be read: No such file or directory"),
        (
            "vit-b-16 --on t4 --stage decode",
            "model 'vit-b-16' is an encoder: it has no decode stage",
        ),
        (
            "vit-b-16 --on t4 --context 5",
            "model 'vit-b-16': context is 5, must be 197, the patches",
        ),
        (
            "opt-125m --on t4 --context 2049",
            "model 'opt-125m': a prompt of 2,049 and 128 tokens reach",
        ),
        (
            "opt-125m --on t4 --stage prefill --context 2049",
            "model 'opt-125m': context is 2,049, must",
        ),
        (
            "bert-base-uncased --on t4 --kv-cache int8",
            "model 'bert-base-uncased' is an encoder and",
        ),
        ("resnet-50 --on t4 --stage decode", "workload 'resnet-50' is no model: stage cannot be"),
        ("resnet-50 --on t4 --weights int8", "workload 'resnet-50' is no model: weights cannot be"),
        ("resnet-50 --on t4 --tokens 5", "workload 'resnet-50' is no model: tokens cannot be set"),
    ],
)
def test_wrong_requests(accelsim_cli: Cli, arguments: str, message: str) -> None:
    code, out, err = accelsim_cli("roofline", *arguments.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"accelsim: {message}")
    assert err.count("\n") == 1


def test_too_many_combinations(accelsim_cli: Cli, tiny: str) -> None:
    many = ",".join(map(str, range(1, 101)))
    code, _, err = accelsim_cli("roofline", tiny, "--on", "t4", "--batch", many, "--context", many)
    assert code == 2
    assert err == (
        "accelsim: 10,000 combinations are asked for, must be at most 5,000; give fewer values\n"
    )


def test_all_problems_of_a_file_at_once(
    accelsim_cli: Cli, tiny_keys: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**tiny_keys, "hidden_size": "64", "vocab_size": True}, indent=1))
    code, _, err = accelsim_cli("roofline", str(path), "--on", "t4")
    assert code == 2
    assert [line.split(" is ")[0] for line in err.splitlines()] == [
        f"accelsim: {path}:3:2: model: hidden_size",
        f"accelsim: {path}:7:2: model: vocab_size",
    ]


def test_no_device(accelsim_cli: Cli, tiny: str) -> None:
    code, _, err = accelsim_cli("roofline", tiny)
    assert code == 2
    assert "required: --on" in err


def test_json_may_not_replace_a_file_of_the_report(
    accelsim_cli: Cli, tiny: str, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    for target in (report, report / "report.md"):
        code, _, err = accelsim_cli(
            "roofline", tiny, "--on", "t4", "--report", str(report), "--json", str(target)
        )
        assert code == 2
        assert "is a file of --report" in err
        assert not report.exists()


DEVICE = """\
name: "{name}"
bandwidth_bytes_per_s: 1.0e+9
peak_operations_per_s: {{fp16: 1.0e+12}}
sources: {{bandwidth: "{source}"}}
"""


@pytest.mark.parametrize("text", ["a\\nb", "a\\eb", "a\\u202eb"])
def test_names_of_devices_are_one_line(
    accelsim_cli: Cli, tiny: str, tmp_path: Path, text: str
) -> None:
    for name, source in ((text, "data sheet"), ("npu", text)):
        path = tmp_path / "npu.yaml"
        path.write_text(DEVICE.format(name=name, source=source))
        code, out, err = accelsim_cli("roofline", tiny, "--on", str(path))
        assert (code, out) == (2, "")
        assert "must be one line of signs that can be shown" in err


def test_markup_in_names_stays_text(accelsim_cli: Cli, tiny: str, tmp_path: Path) -> None:
    path, report = tmp_path / "npu.yaml", tmp_path / "report"
    path.write_text(DEVICE.format(name="# <b>a|b", source="<img src=x> `c`"))
    code, _, _ = accelsim_cli("roofline", tiny, "--on", str(path), "--report", str(report))
    assert code == 0
    text = (report / "report.md").read_text()
    assert r"\# \<b>a\|b" in text
    assert r"\<img src=x> \`c\`" in text


def test_names_of_files_are_shown_escaped(accelsim_cli: Cli, tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "od\nd\udcff.json"
    path.write_bytes((Path(tiny) / "config.json").read_bytes())
    code, out, _ = accelsim_cli("roofline", str(path), "--on", "t4")
    assert code == 0
    assert r"od\nd\udcff.json on NVIDIA T4" in out


def test_a_device_slower_than_a_byte_a_second_is_refused(
    accelsim_cli: Cli, tiny: str, tmp_path: Path
) -> None:
    path = tmp_path / "npu.yaml"
    path.write_text(DEVICE.format(name="npu", source="none").replace("1.0e+9", "1.0e-300"))
    code, _, err = accelsim_cli("roofline", tiny, "--on", str(path))
    assert code == 2
    assert "must be greater than or equal to 1" in err
