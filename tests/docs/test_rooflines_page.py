"""Are the figures of the page on rooflines those that come out, and those that others published?"""

import json
import re
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from accelsim.formats import storage_format
from accelsim.roofline import Roofline, roofline
from accelsim.workload.models import kv_bytes_per_token, load_model, parameters
from accelsim.workload.models.families import FAMILIES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/rooflines.md").read_text("utf-8")

Rows = list[dict[str, str]]


def helper(path: Path) -> Any:
    """A module beside tests, which are no package."""
    spec = spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


published = helper(ROOT / "tests/workload/models/published.py")


def section(heading: str, page: str = PAGE) -> str:
    return page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def cells(heading: str, page: str = PAGE) -> Rows:
    """Rows of the last table of a section: column -> text; two columns of a name get a number."""
    lines = re.findall(r"^\|(.*)\|$", section(heading, page), re.M)
    rule = max(i for i, line in enumerate(lines) if re.fullmatch(r"[-:|]+", line))
    names = [name.strip() for name in lines[rule - 1].split("|")]
    names = [name if name not in names[:i] else f"{name} 2" for i, name in enumerate(names)]
    rows = ([cell.strip() for cell in line.split("|")] for line in lines[rule + 1 :])
    return [dict(zip(names, row, strict=True)) for row in rows]


def keys(heading: str) -> list[str]:
    page = (ROOT / "docs/json.md").read_text("utf-8")
    return [row["key"].strip("`") for row in cells(heading, page)]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(roofline("gpt2", on="t4", context=64).as_json()))
    return found


def test_json_page_lists_the_keys_of_a_roofline(document: dict[str, Any]) -> None:
    assert keys("Roofline") == list(document)
    assert keys("`total` of a roofline") == list(document["total"])
    assert keys("`layers[]` of a roofline") == list(document["layers"][0])


def test_json_page_names_what_is_within_those_keys(document: dict[str, Any]) -> None:
    page = (ROOT / "docs/json.md").read_text("utf-8").split("\n## Roofline\n")[1]
    segment = document["layers"][0]["segments"][0]
    inner = (document["roofs"], document["total"]["memory_bytes"], segment, segment["first"])
    assert [key for each in inner for key in each if f"`{key}`" not in page] == []


def test_every_kind_of_layer_is_on_the_json_page() -> None:
    page = (ROOT / "docs/json.md").read_text("utf-8").split("\n## Roofline\n")[1]
    models = ("gpt2", "bert-base-uncased", "vit-b-16", "llama-2-7b")
    kinds = {row.kind for name in models for row in roofline(name, on="t4", stage="prefill").rows}
    assert [kind for kind in kinds if f"`{kind}`" not in page] == []


def test_every_family_is_named() -> None:
    named = section("Models").split("Families (`model_type`):")[1].split(". ")[0]
    assert re.findall(r"`(\w+)`", named) == list(FAMILIES)


@pytest.mark.parametrize("row", cells("Models"), ids=lambda row: row["model"])
def test_published_counts_are_ours(row: dict[str, str]) -> None:
    name = row["model"].strip("`")
    assert row["parameters"] or row["cache, bytes a token in 16 bits"]
    if row["parameters"]:
        count = int(row["parameters"].replace(",", ""))
        assert parameters(load_model(name)) == count
        assert count in [each.parameters for each in published.COUNTS if each.model == name]
    if cache := row["cache, bytes a token in 16 bits"]:
        count = int(cache.replace(",", ""))
        assert kv_bytes_per_token(load_model(name)) == count
        assert [each.bytes_per_token for each in published.CACHES if each.model == name] == [count]


def test_language_page_gives_the_bits_of_formats() -> None:
    table = section("Formats", (ROOT / "docs/language.md").read_text("utf-8"))
    shown = re.findall(r"`([a-z0-9_:-]*\d[a-z0-9_:-]*)` (\d[\d.]*)", table)
    assert len(shown) == 5
    assert {name: float(bits) for name, bits in shown} == {
        name: float(storage_format(name).bits) for name, _ in shown
    }
    assert "4.25, 4.5" in table
    assert [float(storage_format(name).bits) for name in ("mxfp4", "nvfp4")] == [4.25, 4.5]
    assert f"`ternary-packed` {storage_format('ternary-packed').bits}" in table


# ---- agreement with another tool ------------------------------------------------------------

MODELS = {"llama-2-7b": "meta-llama/Llama-2-7b-hf", "opt-125m": "facebook/opt-125m"}
HEADING = "Agreement with LLM-Viewer"
PLAIN = {"hardware": "nvidia_A6000", "w_bit": "16", "a_bit": "16", "kv_bit": "16"}


@pytest.fixture(scope="module")
def theirs() -> Callable[..., dict[str, str]]:
    """The row of a layer in the reference file; skips where that is not at hand."""
    conftest = helper(ROOT / "tests/reproduction/conftest.py")
    rows = conftest.reference.__wrapped__()("llmviewer_layers.csv")

    def find(model: str, stage: str, layer: str) -> dict[str, str]:
        wanted = {**PLAIN, "model": MODELS[model], "stage": stage, "layer": layer}
        wanted["flash"] = "1" if layer == "fused_attention" else "0"
        (found,) = [row for row in rows if wanted.items() <= row.items()]
        return dict(found)

    return find


def run_of(model: str, stage: str, layer: str) -> Roofline:
    attention = "fused" if layer == "fused_attention" else "unfused"
    return roofline(model, on="a6000", stage=stage, context=2048, attention=attention)


@pytest.mark.parametrize("row", cells(HEADING), ids=lambda row: f"{row['layers']}-{row['stage']}")
def test_the_table_of_differences_is_so(
    row: dict[str, str], theirs: Callable[..., dict[str, str]]
) -> None:
    stages = ("prefill", "decode") if row["stage"] == "both" else (row["stage"],)
    layers = re.findall(r"`(\w+)`", row["layers"])
    assert layers
    shown = [row[figure].split("; ") for figure in ("operations", "bytes")]
    for place, model in enumerate(MODELS):
        for stage in stages:
            for layer in layers:
                if (model, layer) == ("opt-125m", "gate_proj"):
                    continue
                found = ratios(model, stage, layer, theirs(model, stage, layer))
                for ratio, texts in zip(found, shown, strict=True):
                    assert matches(ratio, texts[place]), (model, stage, layer, ratio, texts)


def ratios(model: str, stage: str, layer: str, theirs: dict[str, str]) -> tuple[float, float]:
    """Operations and bytes of ours over theirs; a bias is a part of its layer here."""
    rows = {row.name: row for row in run_of(model, stage, layer).rows}
    moved = sum(rows[name].bytes for name in (layer, f"{layer}.bias") if name in rows)
    return rows[layer].operations / float(theirs["OPs"]), moved / float(theirs["memory_access"])


def matches(ratio: float, shown: str) -> bool:
    if shown.endswith(" or less"):
        return 1 <= ratio <= float(shown.removesuffix(" or less")) + 0.0005
    return f"{ratio:.4g}" == shown


def test_times_are_as_the_page_says(theirs: Callable[..., dict[str, str]]) -> None:
    for model in MODELS:
        for stage in ("prefill", "decode"):
            for row in run_of(model, stage, "").rows:
                if row.name.endswith("_proj") or row.name in ("qk_matmul", "softmax", "sv_matmul"):
                    time = float(theirs(model, stage, row.name)["inference_time"])
                    assert abs(row.seconds / time - 1) < 3e-4


def test_the_page_gives_our_totals() -> None:
    prefill, decode = (run_of("llama-2-7b", stage, "").seconds for stage in ("prefill", "decode"))
    assert f"decode {decode * 1e3:.3f} ms" in section(HEADING).replace("\n", " ")
    assert f"prefill {prefill * 1e3:.2f} ms" in section(HEADING).replace("\n", " ")


def test_the_page_gives_where_the_time_goes(theirs: Callable[..., dict[str, str]]) -> None:
    rows = {row.name: row for row in run_of("llama-2-7b", "prefill", "").rows}
    more = {
        name: row.repeat
        * (row.seconds - float(theirs("llama-2-7b", "prefill", name)["inference_time"]))
        for name, row in rows.items()
        if name in ("mlp_act", "lm_head", "attn_add", "mlp_add")
    }
    adds = more["attn_add"] + more["mlp_add"]
    text = (
        f"(activation {more['mlp_act'] * 1e3:.1f} ms, logits {more['lm_head'] * 1e3:.1f}, "
        f"residuals {adds * 1e3:.1f})"
    )
    assert text in section(HEADING).replace("\n", " ")
