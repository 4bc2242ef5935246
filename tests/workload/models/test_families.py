"""What keys of each family mean, missing or null; quantised weights; sizes that cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.workload.models import Transformer, parameters

FOLDER = Path(__file__).parents[3] / "workloads" / "models"

Read = Callable[..., Transformer]


def shipped(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return raw


# A missing key takes the default of the family's class, a null what that class makes of None.
ABSENT, NULL = object(), None
FAMILIES_KEYS: list[tuple[str, str, object, str, object]] = [
    ("llama-3-8b", "num_key_value_heads", ABSENT, "kv_heads", 32),
    ("llama-3-8b", "num_key_value_heads", NULL, "kv_heads", 32),
    ("mistral-7b", "num_key_value_heads", ABSENT, "kv_heads", 8),
    ("mistral-7b", "num_key_value_heads", NULL, "kv_heads", 32),
    ("mistral-7b", "sliding_window", ABSENT, "windows", ((4096, 32),)),
    ("mistral-7b", "sliding_window", NULL, "windows", ((None, 32),)),
    ("mistral-7b", "head_dim", 64, "head_size", 64),
    ("qwen2-7b", "sliding_window", 9, "windows", ((None, 28),)),
    ("qwen3-8b", "num_key_value_heads", ABSENT, "kv_heads", 32),
    ("qwen3-8b", "head_dim", ABSENT, "head_size", 128),
    ("phi-2", "num_key_value_heads", ABSENT, "kv_heads", 32),
    ("phi-2", "hidden_act", ABSENT, "activation", "gelu"),
    ("phi-3-mini", "sliding_window", ABSENT, "windows", ((None, 32),)),
    ("phi-3-mini", "sliding_window", 2047, "windows", ((2047, 32),)),
    ("gemma-7b", "num_key_value_heads", ABSENT, "kv_heads", 16),
    ("gemma-7b", "head_dim", ABSENT, "head_size", 256),
    ("gemma-7b", "tie_word_embeddings", ABSENT, "tied", True),
    ("gemma-2-9b", "num_key_value_heads", ABSENT, "kv_heads", 4),
    ("gemma-2-9b", "num_key_value_heads", NULL, "kv_heads", 16),
    ("gemma-2-9b", "sliding_window", ABSENT, "windows", ((None, 21), (4096, 21))),
    ("gemma-2-9b", "sliding_window", 512, "windows", ((None, 21), (512, 21))),
    ("opt-125m", "enable_bias", ABSENT, "qkv_bias", True),
    ("opt-125m", "enable_bias", False, "ffn_bias", False),
    ("opt-125m", "word_embed_proj_dim", NULL, "embedding_size", 0),
    ("opt-125m", "word_embed_proj_dim", 512, "embedding_size", 512),
    ("opt-125m", "do_layer_norm_before", False, "order", "post"),
    ("opt-125m", "max_position_embeddings", 100, "most_positions", 100),
    ("gpt2", "n_inner", ABSENT, "ffn", 3072),
    ("gpt2", "n_inner", NULL, "ffn", 3072),
    ("gpt2", "n_inner", 99, "ffn", 99),
    ("gpt2", "tie_word_embeddings", ABSENT, "tied", True),
    ("bert-base-uncased", "type_vocab_size", ABSENT, "token_types", 2),
    ("bert-base-uncased", "position_embedding_type", ABSENT, "causal", False),
    ("vit-b-16", "num_labels", ABSENT, "labels", 2),
    ("vit-b-16", "num_channels", 1, "most_positions", 197),
    ("vit-b-16", "image_size", [32, 64], "most_positions", 9),
    ("vit-b-16", "patch_size", ABSENT, "most_positions", 197),
    ("vit-b-16", "qkv_bias", ABSENT, "qkv_bias", True),
    ("llama-2-7b", "torch_dtype", ABSENT, "data_type", "fp32"),
    ("llama-2-7b", "torch_dtype", "bfloat16", "weights", "bf16"),
    ("llama-2-7b", "torch_dtype", "torch.float16", "data_type", "fp16"),
    ("llama-2-7b", "dtype", "bfloat16", "data_type", "bf16"),
    ("llama-2-7b", "dtype", NULL, "data_type", "fp16"),
    ("llama-2-7b", "torch_dtype", "auto", "data_type", "fp32"),
]


@pytest.mark.parametrize(("model", "key", "value", "field", "expected"), FAMILIES_KEYS)
def test_keys_of_families(
    read: Read, model: str, key: str, value: object, field: str, expected: object
) -> None:
    raw = shipped(model)
    raw.pop(key, None)
    if value is not ABSENT:
        raw[key] = value
    assert getattr(read(raw), field) == expected


def test_labels_are_counted_by_their_names(read: Read) -> None:
    names = {str(i): f"class {i}" for i in range(37)}
    assert read(shipped("vit-b-16"), id2label=names, num_labels=5).labels == 37
    assert read(shipped("vit-b-16"), id2label={}, num_labels=5).labels == 5


@pytest.mark.parametrize(
    ("changed", "windows"),
    [
        ({"use_sliding_window": True, "max_window_layers": 20}, ((None, 20), (131072, 8))),
        ({"use_sliding_window": True}, ((None, 28),)),
        ({"use_sliding_window": True, "max_window_layers": 0}, ((131072, 28),)),
        (
            {
                "use_sliding_window": True,
                "sliding_window": 7,
                "layer_types": ["sliding_attention"] * 3 + ["full_attention"] * 25,
            },
            ((None, 25), (7, 3)),
        ),
        ({"layer_types": ["sliding_attention"] * 28}, ((None, 28),)),
    ],
)
def test_windows_of_qwen2(
    read: Read, changed: dict[str, object], windows: tuple[tuple[int | None, int], ...]
) -> None:
    assert read(shipped("qwen2-7b"), **changed).windows == windows


def test_no_window_of_qwen2_where_it_is_null(read: Read) -> None:
    """transformers 4.57.1: without a size no layer slides."""
    changed = {"use_sliding_window": True, "max_window_layers": 2, "sliding_window": None}
    assert read(shipped("qwen2-7b"), **changed).windows == ((None, 28),)


def test_windows_of_gemma2(read: Read) -> None:
    """Even layers slide: one more of an odd number."""
    assert read(shipped("gemma-2-9b"), num_hidden_layers=5).windows == ((None, 2), (4096, 3))


def test_windows_of_gemma3(read: Read) -> None:
    """Every sixth layer sees all."""
    raw = {**shipped("gemma-2-9b"), "model_type": "gemma3_text", "num_hidden_layers": 26}
    assert read(raw, sliding_window=512).windows == ((None, 4), (512, 22))
    assert read(raw, sliding_window=512, sliding_window_pattern=2).windows == (
        (None, 13),
        (512, 13),
    )
    assert read(raw).head_norm == "rms"


@pytest.mark.parametrize(
    ("scheme", "weights"),
    [
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, "int4-g128"),
        ({"quant_method": "awq", "bits": 4, "group_size": 64, "zero_point": True}, "int4-g64"),
        ({"quant_method": "gptq", "bits": 3, "group_size": 32}, "int3-g32"),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, "int8"),
        ({"quant_method": "gptq", "bits": 4, "group_size": 2**20}, "int4-g1048576"),
    ],
)
def test_quantised_weights(read: Read, scheme: dict[str, object], weights: str) -> None:
    found = read(quantization_config=scheme)
    assert (found.weights, found.data_type, found.notes) == (weights, "fp16", ())


@pytest.mark.parametrize("method", ["fp8", "mxfp4"])
def test_activations_stay_wide_and_that_is_told(read: Read, method: str) -> None:
    found = read(quantization_config={"quant_method": method, "activation_scheme": "static"})
    assert (found.weights, found.data_type) == (method, "fp16")
    assert found.notes == (
        f"{method} weights, fp16 activations are taken; say --activations for others",
    )


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"bits": 5}, "must have bits, one of (2, 3, 4, 6, 8)"),
        ({"bits": "4"}, "must have bits"),
        ({"bits": 4.0}, "must have bits"),
        ({"bits": True}, "must have bits"),
        ({"group_size": 1}, "must have a group_size, or -1 for none"),
        ({"group_size": 2**20 + 1}, "must have a group_size"),
        ({"group_size": None}, "must have a group_size"),
    ],
)
def test_a_wrong_scheme_is_refused(read: Read, changed: dict[str, object], rule: str) -> None:
    scheme = {"quant_method": "gptq", "bits": 4, "group_size": 128, **changed}
    with pytest.raises(InputError, match="quantization_config is") as caught:
        read(quantization_config=scheme)
    assert rule in caught.value.problems[0]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"num_attention_heads": 7}, "num_attention_heads is 7, must divide hidden_size, "),
        ({"num_local_experts": 8}, "num_local_experts is 8, must be missing; mixtures of experts"),
        ({"is_encoder_decoder": True}, "is_encoder_decoder is true, must be false"),
        ({"model_type": "mixtral"}, "model_type 'mixtral' is not modelled: it is a mixture of"),
        ({"model_type": "gemma3"}, "model_type 'gemma3' is not modelled: it reads pictures too"),
    ],
)
def test_what_is_not_modelled_is_refused(read: Read, changed: dict[str, object], rule: str) -> None:
    with pytest.raises(InputError) as caught:
        read(**changed)
    assert rule in caught.value.problems[0]


def test_layers_of_other_types_are_refused(read: Read) -> None:
    types = ["full_attention", "linear_attention"]
    with pytest.raises(InputError, match="must hold full_attention and sliding_attention only"):
        read(shipped("qwen3-8b"), use_sliding_window=True, num_hidden_layers=2, layer_types=types)


def test_bert_has_as_many_heads_of_keys(read: Read) -> None:
    """Its modelling code does not read the keys of other families."""
    found = read(shipped("bert-base-uncased"), num_key_value_heads=1, head_dim=128)
    assert (found.kv_heads, found.head_size) == (12, 64)


@pytest.mark.parametrize(
    ("scheme", "method"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes"),
        ({"quant_method": ["gptq"]}, "['gptq']"),
        ({}, "None"),
        ({"quant_method": "x" * 1000}, "x" * 40),
    ],
)
def test_an_unknown_scheme_is_told(read: Read, scheme: dict[str, object], method: str) -> None:
    found = read(quantization_config=scheme)
    assert (found.weights, found.data_type) == ("fp16", "fp16")
    assert found.notes == (
        f"quantization_config of method {method!r} is not known, fp16 is taken; say --weights",
    )


def test_what_is_not_counted_is_told(read: Read) -> None:
    wide, note = read(shipped("gemma-2-9b")).notes
    assert wide.startswith("published in 32 bits; say --weights")
    assert note == ("attn_logit_softcapping, final_logit_softcapping: a tanh a score, not counted")
    assert read(shipped("gemma-2-9b"), attn_logit_softcapping=None).notes[1].startswith("final")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kv_heads": 3}, "model 'own': kv_heads is 3, must divide the 4 heads"),
        ({"heads": 0, "kv_heads": 1}, "model 'own': heads is 0, must be a whole number from 1"),
        ({"hidden": True}, "model 'own': hidden is True, must be a whole number from 1 to"),
        ({"vocabulary": 0}, "model 'own': vocabulary is 0, must be at least 1 where no pictures"),
        ({"windows": ((4, 3),)}, "model 'own': windows are of other than 2 layers; mend them"),
        ({"windows": ((0, 2),)}, "model 'own': windows is ((0, 2),), must be pairs of positions"),
        (
            {"activation": "geglu"},
            "model 'own': activation 'geglu' is unknown; did you mean 'gelu'?",
        ),
        ({"norm": "batch"}, "model 'own': norm 'batch' is unknown; valid: layer, rms"),
        ({"order": "pree"}, "model 'own': order 'pree' is unknown; did you mean 'pre'?"),
        ({"weights": "int5"}, "model 'own': format 'int5' is unknown"),
        ({"heads": 65}, "model 'own': head_size is 0, must be a whole number from 1"),
    ],
)
def test_sizes_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    sizes: dict[str, Any] = {"layers": 2, "hidden": 64, "heads": 4, "ffn": 8, "vocabulary": 9}
    with pytest.raises(InputError) as caught:
        Transformer("own", **{**sizes, **changed})
    assert caught.value.problems[0].startswith(message)


def test_no_window_has_fewer_than_no_layers() -> None:
    with pytest.raises(InputError):
        Transformer(
            "own", layers=2, hidden=8, heads=2, ffn=8, vocabulary=9, windows=((4, -1), (None, 3))
        )


def test_parameters_of_a_tied_table_are_counted_once() -> None:
    sizes: dict[str, Any] = {"layers": 1, "hidden": 8, "heads": 2, "ffn": 16, "vocabulary": 10}
    apart, tied = (parameters(Transformer("own", **sizes, tied=flag)) for flag in (False, True))
    # Four projections, three of the FFN, two norms and the last one; a table, and a head.
    assert tied == 4 * 64 + 3 * 8 * 16 + 3 * 8 + 80
    assert apart == tied + 80
