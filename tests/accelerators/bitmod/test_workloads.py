"""The products of a model in both versions of the artifact, shapes and bytes by hand."""

import json
from fractions import Fraction

import pytest

from accelsim.accelerators.bitmod.workloads import VERSIONS, Version, products_of
from accelsim.errors import InputError
from accelsim.workload.models import Transformer, load_model

# Four heads of 16, two of keys, three layers, with biases that count for nothing.
TINY = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 3,
    "vocab_size": 100,
    "attention_bias": True,
}
WEIGHTS = "bitmod-fp4~4.0625"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Transformer:
    path = tmp_path_factory.mktemp("tiny") / "config.json"
    path.write_text(json.dumps(TINY))
    return load_model(str(path))


def linear(tokens: int) -> dict[str, tuple[int, int, int]]:
    """Layer -> tokens, input channels, output channels."""
    return {
        "q_proj": (tokens, 64, 64),
        "k_proj": (tokens, 64, 32),
        "v_proj": (tokens, 64, 32),
        "out_proj": (tokens, 64, 64),
        "gate_proj": (tokens, 64, 96),
        "up_proj": (tokens, 64, 96),
        "down_proj": (tokens, 96, 64),
        "lm_head": (tokens, 64, 100),
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("stage", "tokens"), [("prefill", 8), ("decode", 1)])
def test_linear_layers_have_weights_in_bits_and_no_biases(
    tiny: Transformer, version: Version, stage: str, tokens: int
) -> None:
    found = products_of(tiny, stage=stage, context=8, weights=WEIGHTS, version=version)
    layers = {each.name: each for each in found.layers if each.kind != "attention"}
    shapes = {name: tuple(each.settings.values()) for name, each in layers.items()}
    assert shapes == linear(tokens)
    assert {name: each.repeat for name, each in layers.items()} == {
        **dict.fromkeys(linear(tokens), 3),
        "lm_head": 1,
    }
    for layer in layers.values():
        assert not layer.epilogues
        bits = [layer.bits(tensor, 16) for tensor in ("A", "B", "Z")]
        assert bits == [16, Fraction("4.0625"), 16]


# Pairs of (key head, its queries) in July 2025: of 2 heads, 2 queries a token share the keys.
@pytest.mark.parametrize(("stage", "queries"), [("prefill", 16), ("decode", 2)])
def test_attention_of_july_2025_is_of_each_head(
    tiny: Transformer, stage: str, queries: int
) -> None:
    found = products_of(tiny, stage=stage, context=8, weights=WEIGHTS, kv_cache="int8")
    qk, av = (each for each in found.layers if each.kind == "attention")
    assert qk.settings == {"B": 1, "H": 2, "M": 8, "P": queries, "E": 16}
    assert av.settings == {"B": 1, "H": 2, "M": 8, "P": queries, "F": 16}
    assert [qk.bits(each, 16) for each in ("Q", "K", "QK")] == [16, 8, 16]
    assert [av.bits(each, 16) for each in ("A", "V", "AV")] == [16, 8, 16]
    assert (qk.repeat, av.repeat) == (3, 3)


@pytest.mark.parametrize(
    ("stage", "scores", "values"),
    [("prefill", (32, 64, 8), (8, 8, 32)), ("decode", (4, 64, 1), (1, 8, 4))],
)
def test_attention_of_november_2024_is_one_product_of_all_heads(
    tiny: Transformer, stage: str, scores: tuple[int, ...], values: tuple[int, ...]
) -> None:
    """Four heads times as many tokens contract over the hidden size; keys are read at 16 bits."""
    found = products_of(
        tiny, stage=stage, context=8, weights=WEIGHTS, kv_cache="int8", version="november-2024"
    )
    qk, av = (each for each in found.layers if each.kind == "attention")
    assert tuple(qk.settings.values()) == scores
    assert tuple(av.settings.values()) == values
    # Rows of activations are as long as all keys of a token: 32 elements, whatever they contract.
    assert qk.bits("A", 16) * 64 == av.bits("A", 16) * 8 == 32 * 16
    assert (qk.bits("B", 16), av.bits("B", 16)) == (16, 16)
    assert (qk.repeat, av.repeat) == (3, 3)


def test_a_short_context_takes_more_than_999_bits_an_element(tiny: Transformer) -> None:
    wide = load_model("opt-1.3b")
    found = products_of(wide, stage="prefill", context=16, weights="int4", version="november-2024")
    assert found.layers[-1].bits("A", 16) == 2048 * 16 // 16


@pytest.mark.parametrize("name", ["phi-2", "opt-1.3b"])
def test_shipped_models_with_biases_have_none(name: str) -> None:
    """Phi-2 has some in every layer and in its head, OPT in all but the head."""
    found = products_of(load_model(name), stage="decode", context=8, weights="int4")
    assert not [layer.name for layer in found.layers if layer.epilogues]
    assert {layer.template.name for layer in found.layers if layer.kind != "attention"} == {
        "matmul"
    }


def test_wrong_input(tiny: Transformer) -> None:
    with pytest.raises(InputError, match="version 'july' is unknown; did you mean 'july-2025'"):
        products_of(tiny, stage="decode", context=8, weights="int4", version="july")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="format 'int5' is unknown"):
        products_of(tiny, stage="decode", context=8, weights="int5")
    with pytest.raises(InputError, match="stage 'generate' is unknown"):
        products_of(tiny, stage="generate", context=8, weights="int4")
    with pytest.raises(InputError, match="context is 0, must be a whole number from 1"):
        products_of(tiny, stage="decode", context=0, weights="int4")
