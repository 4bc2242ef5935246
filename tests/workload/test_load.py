"""Shipped workloads and files at their default sizes and at others."""

from pathlib import Path

import pytest

from accelsim.library import WORKLOADS, shipped
from accelsim.workload import (
    Workload,
    cascade_from_text,
    load_cascade,
    load_template,
    load_workload,
)

ATTENTION = ["three-pass", "three-pass-deferred", "two-pass", "two-pass-deferred", "one-pass"]
MASKED = ["causal", "causal-one-pass", "sliding-window"]
GROUPED = ["grouped-causal", "grouped-sliding-window"]
PRODUCTS = ["products", "scores", "softmax", "values"]
STEPS = [
    *("embedding-add", "linear-bias", "residual", "rms-norm"),
    *("gelu", "relu", "silu", "tanh", "gated-gelu", "gated-relu", "gated-silu"),
]
OTHERS = ["embedding", "encoder-block", "expert-routing", "layer-norm", "matmul"]
OTHERS += ["attention/three-pass-int8-kv", "conv2d", "matmul-int8"]
NETWORKS = ["resnet-50"]
# Model width, heads, depth of a head, width of the feed-forward layer, as in the FuseMax
# evaluation (MICRO 2024, section 6).
ENCODERS = {
    "bert-base": (768, 12, 64, 3072),
    "trxl-wt103": (1024, 16, 64, 4096),
    "t5-small": (512, 8, 64, 2048),
    "xlm": (2048, 16, 128, 8192),
}


def sizes(workload: Workload) -> dict[str, tuple[int, ...]]:
    """Layer -> its free sizes, as (M, K, N) for products and (B, H, E, F, M, P) for attention."""
    ranks = {"matmul": "MKN", "attention/three-pass": "BHEFMP"}
    return {
        layer.name: tuple(layer.cascade.sizes[rank] for rank in ranks[layer.template.name])
        for layer in workload.layers
    }


def test_everything_shipped_is_tested_here() -> None:
    attention = {f"attention/{name}" for name in ATTENTION + MASKED + GROUPED + PRODUCTS}
    steps = {f"transformer/{name}" for name in STEPS}
    assert set(shipped(WORKLOADS)) == {*ENCODERS, *attention, *steps, *OTHERS, *NETWORKS}


@pytest.mark.parametrize("name", shipped(WORKLOADS))
def test_loads_at_default_sizes(name: str) -> None:
    workload = load_workload(name)
    assert workload.name == name
    assert workload.title
    for layer in workload.layers:
        assert layer.cascade.outputs
        assert all(einsum.points > 0 for einsum in layer.cascade.einsums)


@pytest.mark.parametrize("name", ENCODERS)
def test_encoder_layers(name: str) -> None:
    d, h, e, s = ENCODERS[name]
    tokens = 64 * 1024
    workload = load_workload(name)
    assert sizes(workload) == {
        "query": (tokens, d, h * e),
        "key": (tokens, d, h * e),
        "value": (tokens, d, h * e),
        "attention": (64, h, e, e, 1024, 1024),
        "projection": (tokens, h * e, d),
        "feed-forward-1": (tokens, d, s),
        "feed-forward-2": (tokens, s, d),
    }
    assert {layer.repeat for layer in workload.layers} == {1}
    assert h * e == d


def test_keys_follow_queries_unless_they_are_set() -> None:
    follows = sizes(load_workload("bert-base", {"P": 65536, "B": 2}))
    assert follows["attention"] == (2, 12, 64, 64, 65536, 65536)
    assert follows["key"] == follows["query"] == (2 * 65536, 768, 768)
    apart = sizes(load_workload("bert-base", {"P": 128, "M": "2 * P", "B": 1}))
    assert apart["attention"] == (1, 12, 64, 64, 256, 128)
    assert (apart["key"][0], apart["value"][0], apart["query"][0]) == (256, 256, 128)


def test_number_of_layers() -> None:
    assert {layer.repeat for layer in load_workload("bert-base", {"layers": 12}).layers} == {12}


@pytest.mark.parametrize("name", ATTENTION)
def test_attention_at_set_sizes(name: str) -> None:
    settings: dict[str, int | str] = {"B": 1, "H": "2 * B", "P": 7, "M": "P * 100"}
    (layer,) = load_workload(f"attention/{name}", settings).layers
    assert layer.name == ""
    found = layer.cascade.sizes
    assert [found[rank] for rank in "BHEFMP"] == [1, 2, 64, 64, 700, 7]
    if "M0" in layer.template.ranks:
        assert (found["M0"], found["M1"]) == (256, 3)
        (layer,) = load_workload(f"attention/{name}", {**settings, "M0": 100}).layers
        assert layer.cascade.sizes["M1"] == 7
    assert layer.cascade.tensors["AV"].shape == (1, 2, 64, 7)


def test_one_pass_reads_each_key_once() -> None:
    cascade = load_cascade("attention/one-pass")
    assert cascade["BQK"].points == 64 * 12 * 64 * 1024 * 1024
    assert cascade.tensors["RNV"].shape == (64, 12, 4 + 1, 64, 1024)
    assert cascade.outputs == ("AV",)


def test_convolution_input_follows_stride_and_dilation() -> None:
    assert load_cascade("conv2d").tensors["I"].shape == (1, 64, 58, 58)
    strided = load_cascade("conv2d", {"stride": 2, "dilation": 3, "P": 10, "Q": 5})
    assert strided.tensors["I"].shape == (1, 64, 9 * 2 + 2 * 3 + 1, 4 * 2 + 2 * 3 + 1)
    assert strided["O"].points == 64 * 10 * 5 * 64 * 9


def test_a_rank_of_a_trillion_loads_at_once() -> None:
    cascade = load_cascade("attention/one-pass", {"M": 10**12, "P": 10**12})
    assert cascade["BQK"].points == 64 * 12 * 64 * 10**24


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: my own\n"
        "ranks: {M: null, T: ceil(M / width)}\n"
        "parameters: {width: 8}\n"
        "tensors: {A: [M]}\n"
        "formats: {A: int8, Y: fp32, default: fp16}\n"
        "cascade:\n"
        "  - Y[m] = exp(A[m])\n"
        "  - Z[] = Y[m]\n"
        "outputs: [Y]\n"
    )
    workload = load_workload(str(path), {"M": 20})
    (layer,) = workload.layers
    assert (workload.name, workload.title) == (str(path), "my own")
    assert layer.cascade.sizes == {"M": 20, "T": 3, "width": 8}
    assert layer.cascade.outputs == ("Y", "Z")
    assert layer.template.formats == {"A": "int8", "Y": "fp32", "default": "fp16"}
    assert load_template(str(path)).resolve({"M": 1}).sizes["T"] == 1


def test_sizes_fixed_later_leave_the_set_ones_alone() -> None:
    (layer,) = load_workload("matmul", {"M": 3}).layers
    fixed = layer.with_sizes({"M": 99, "N": 5})
    assert [fixed.cascade.sizes[rank] for rank in "MNK"] == [3, 5, 1024]
    assert layer.cascade.sizes["N"] == 1024


def test_rewriting_keeps_the_sizes_that_both_cascades_know() -> None:
    (layer,) = load_workload("attention/three-pass", {"B": 2, "M": 300}).layers
    rewritten = layer.rewritten(load_template("attention/one-pass"))
    found = rewritten.cascade.sizes
    assert (found["B"], found["M"], found["M0"], found["M1"]) == (2, 300, 256, 2)
    back = rewritten.rewritten(load_template("attention/three-pass"))
    assert "M0" not in back.cascade.sizes


def test_cascade_from_text_skips_comments_and_empty_lines() -> None:
    text = "\n  # squares\n  Y[m] = V[m] * V[m]\n\nZ[] = Y[m]\n"
    cascade = cascade_from_text(
        text, ranks={"M": "2 * width"}, tensors={"V": ["M"]}, parameters={"width": 3}, outputs=["Y"]
    )
    assert [einsum.name for einsum in cascade.einsums] == ["Y", "Z"]
    assert (cascade.sizes, cascade.outputs) == ({"M": 6, "width": 3}, ("Y", "Z"))
