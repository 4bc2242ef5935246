"""Shipped models from their files by plain arithmetic: every row, and its time on a device."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from accelsim.roofline import roofline

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("roofline_oracle", Path(__file__).with_name("oracle.py"))
assert _spec
assert _spec.loader
oracle: Any = module_from_spec(_spec)
sys.modules[_spec.name] = oracle
_spec.loader.exec_module(oracle)

FOLDER = Path(__file__).parents[2] / "workloads" / "models"
NAMES = (
    *("llama-2-7b", "llama-2-70b", "llama-3-8b", "llama-3.1-8b", "qwen2-7b", "phi-2"),
    *("gemma-2-9b", "opt-125m", "opt-350m", "opt-13b", "bert-base-uncased", "bert-large-uncased"),
)
# NVIDIA's data sheet of the A100 with 40 GB.
DEVICE = {"peak": 312e12, "vector": 19.5e12, "bandwidth": 1555e9}
FORMATS = ("fp16", "int4-g128")


def cases() -> list[tuple[str, str, bool, str]]:
    stages = ("prefill", "decode")
    return [
        case
        for case in product(NAMES, stages, (False, True), FORMATS)
        if not (case[0].startswith("bert") and case[1] == "decode")
    ]


@pytest.mark.parametrize(("name", "stage", "fused", "weights"), cases())
def test_rows(name: str, stage: str, fused: bool, weights: str) -> None:
    raw = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    spec, batch, context = oracle.spec_of(raw), 3, 512
    if name.startswith("gemma"):
        context = 5000  # Past its window.
    bits = oracle.BITS
    asked = oracle.Asked(stage, batch, context, weights=bits[weights], fused=fused)
    found = roofline(
        name,
        on="a100-40g",
        stage=stage,
        batch=batch,
        context=context,
        attention="fused" if fused else "unfused",
        weights=weights,
        activations="fp16",
        kv_cache="fp16" if spec.causal else "",
        embeddings="fp16",
    )
    lines = oracle.lines_of(spec, asked)
    assert [row.name for row in found.rows] == [line.name for line in lines]
    for row, line in zip(found.rows, lines, strict=True):
        assert (row.repeat, row.operations) == (line.repeat, line.operations), row.name
        assert row.bytes == pytest.approx(float(line.bytes), rel=1e-14), row.name
        # Of a weight with scales: widen, subtract the zero point, scale.
        elements = line.weights / bits[weights] if weights != "fp16" and row.kind == "linear" else 0
        widened = line._replace(other=line.other + 3 * int(elements))
        assert row.seconds == pytest.approx(oracle.seconds(widened, **DEVICE), rel=1e-12), row.name
    total = sum(oracle.seconds(line, **DEVICE) * line.repeat for line in lines)
    if weights == "fp16":
        assert found.seconds == pytest.approx(total, rel=1e-12)


def test_a_table_that_serves_twice_is_stored_once() -> None:
    """GPT-2 small: 124,439,808 numbers of 32 bits, as its file says."""
    found = roofline("gpt2", on="a100-40g", stage="decode", context=8)
    assert found.footprint
    assert found.footprint.weights == 124_439_808 * 4
