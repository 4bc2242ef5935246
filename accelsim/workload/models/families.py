"""What the keys of a ``config.json`` mean, family by family.

Defaults of missing keys, biases, norms and windows are those of the modelling code of Hugging Face
transformers 4.57 (`modeling_*.py`, `configuration_*.py` of each family).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from accelsim.errors import InputError, unknown_name
from accelsim.workload.models.config import Config
from accelsim.workload.models.quantized import stored
from accelsim.workload.models.transformer import Image, Transformer

__all__ = ["FAMILIES", "model_of"]

Keys = dict[str, Any]

_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu",
    "gelu_fast": "gelu",
    "gelu_pytorch_tanh": "gelu",
    "quick_gelu": "gelu",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}
"""Names of activation functions -> the function; approximations of one are that one."""


def model_of(config: Config, *, name: str) -> Transformer:
    """The model that a file describes.

    Args:
        config: what was read.
        name: of the model.

    Raises:
        InputError: where the family is unknown (those that are known are named), or every key that
            is missing or wrong.
    """
    family = str(config.data["model_type"])
    where = config.place("model_type")
    if family in _NOT_MODELLED:
        raise InputError(f"{where}: model_type '{family}' is not modelled: {_NOT_MODELLED[family]}")
    if family not in FAMILIES:
        unknown = unknown_name("model_type", family[:60], FAMILIES, where=where)
        raise InputError(f"{unknown}; other models can be described with accelsim.Transformer")
    for key, rule in _REFUSED.items():
        config.refuse(key, rule, allowed=(None, False, 0, 1))
    keys = {**FAMILIES[family](config), **_head(config, family), **stored(config)}
    keys["notes"] = (*keys.get("notes", ()), *_ignored(config))
    if config.problems:
        raise InputError(list(dict.fromkeys(config.problems)))
    try:
        return Transformer(name, **keys)
    except InputError as error:
        place = f"{config.name}:1:1: model"
        problems = [each.removeprefix(f"model '{name}'") for each in error.problems]
        raise InputError([f"{place}{problem}" for problem in problems]) from None


def _sizes(
    config: Config,
    *,
    kv_heads: int | None = None,
    head_size: int | None = None,
    tied: bool = False,
    activation: str = "silu",
    activation_key: str = "hidden_act",
) -> Keys:
    """Sizes under the names that most families use.

    Args:
        config: the file.
        kv_heads: of a file without the key; as many as heads where None. A null always means that.
        head_size: the same; the hidden size over the heads where None.
        tied: of a file without the key.
        activation: the same.
        activation_key: where the activation function stands.
    """
    hidden, heads = _divided(config, "hidden_size", "num_attention_heads")
    kept = kv_heads if kv_heads and "num_key_value_heads" not in config else heads
    width = head_size if head_size and "head_dim" not in config else hidden // heads
    return {
        "layers": config.size("num_hidden_layers"),
        "hidden": hidden,
        "heads": heads,
        "ffn": config.size("intermediate_size"),
        "vocabulary": config.size("vocab_size"),
        "kv_heads": config.size("num_key_value_heads", kept),
        "head_size": config.size("head_dim", max(width, 1)),
        "tied": config.flag("tie_word_embeddings", tied),
        "activation": config.choice(activation_key, _ACTIVATIONS, activation),
    }


def _divided(config: Config, width: str, heads: str) -> tuple[int, int]:
    """Hidden size and heads; these divide it where the size of a head is not given."""
    hidden, count = config.size(width), config.size(heads)
    if not config.given("head_dim") and hidden % count and not config.problems:
        config.wrong(heads, f"must divide {width}, {hidden}")
    return hidden, count


def _llama(config: Config) -> Keys:
    bias = config.flag("attention_bias", False)
    return {
        **_sizes(config),
        "qkv_bias": bias,
        "output_bias": bias,
        "ffn_bias": config.flag("mlp_bias", False),
    }


def _mistral(config: Config) -> Keys:
    window = config.size("sliding_window", 0 if "sliding_window" in config else 4096)
    keys = _sizes(config, kv_heads=8)
    return {**keys, "windows": ((window or None, keys["layers"]),)}


def _qwen2(config: Config) -> Keys:
    keys = _sizes(config, kv_heads=32)
    return {**keys, "qkv_bias": True, "windows": _late_windows(config, keys["layers"])}


def _qwen3(config: Config) -> Keys:
    keys = _sizes(config, kv_heads=32, head_size=128)
    bias = config.flag("attention_bias", False)
    return {
        **keys,
        "qkv_bias": bias,
        "output_bias": bias,
        "head_norm": "rms",
        "windows": _late_windows(config, keys["layers"]),
    }


def _late_windows(config: Config, layers: int) -> tuple[tuple[int | None, int], ...]:
    """Windows from some layer on, where they are switched on."""
    if not config.flag("use_sliding_window", False):
        return ()
    first = config.size("max_window_layers", 28, least=0)
    return _by_layer(config, layers, lambda i: i >= first)


def _by_layer(
    config: Config, layers: int, slides: Callable[[int], bool]
) -> tuple[tuple[int | None, int], ...]:
    """Which layers see a window only: as ``layer_types`` says, else by a rule."""
    window = config.size("sliding_window", 0 if "sliding_window" in config else 4096) or None
    types = config.words("layer_types")
    if types is not None and len(types) != layers:
        config.wrong("layer_types", f"must have an entry for each of the {layers} layers")
        types = None
    # A file may claim any number of layers; what repeats is not listed.
    if types is None and layers > 10_000:
        config.wrong("num_hidden_layers", "must be at most 10,000 where layers have windows")
        return ((None, layers),)
    if types is not None and set(types) - {"full_attention", "sliding_attention"}:
        config.wrong("layer_types", "must hold full_attention and sliding_attention only")
    sliding = [slides(i) if types is None else "sliding" in types[i] for i in range(layers)]
    seen = Counter(window if slides_here else None for slides_here in sorted(sliding))
    return tuple(seen.items())


def _phi(config: Config) -> Keys:
    return {
        **_sizes(config, activation="gelu_new"),
        "gated": False,
        "norm": "layer",
        "order": "parallel",
        "head_norm": "layer" if config.flag("qk_layernorm", False) else "",
        **dict.fromkeys(("qkv_bias", "output_bias", "ffn_bias", "head_bias"), True),
    }


def _phi3(config: Config) -> Keys:
    keys = _sizes(config)
    window = config.size("sliding_window", 0) or None
    return {**keys, "windows": ((window, keys["layers"]),)}


def _gemma(config: Config, *, kv_heads: int = 16) -> Keys:
    bias = config.flag("attention_bias", False)
    # Early files say gelu where the tanh approximation is meant; both are gelu here.
    key = "hidden_activation" if config.given("hidden_activation") else "hidden_act"
    return {
        **_sizes(
            config,
            kv_heads=kv_heads,
            head_size=256,
            tied=True,
            activation="gelu",
            activation_key=key,
        ),
        "qkv_bias": bias,
        "output_bias": bias,
    }


def _gemma2(config: Config) -> Keys:
    keys = {**_gemma(config, kv_heads=4), "order": "sandwich"}
    return {**keys, "windows": _by_layer(config, keys["layers"], lambda i: i % 2 == 0)}


def _gemma3(config: Config) -> Keys:
    config.refuse("use_bidirectional_attention", "must be false; only causal models are known")
    keys = {**_gemma(config, kv_heads=4), "order": "sandwich", "head_norm": "rms"}
    every = config.size("sliding_window_pattern", 6)
    return {**keys, "windows": _by_layer(config, keys["layers"], lambda i: (i + 1) % every != 0)}


def _opt(config: Config) -> Keys:
    bias = config.flag("enable_bias", True)
    before = config.flag("do_layer_norm_before", True)
    config.refuse(
        "layer_norm_elementwise_affine", "must be true; norms have weights", allowed=(None, True)
    )
    hidden, heads = _divided(config, "hidden_size", "num_attention_heads")
    width = config.size("word_embed_proj_dim", hidden)
    return {
        "layers": config.size("num_hidden_layers"),
        "hidden": hidden,
        "heads": heads,
        "ffn": config.size("ffn_dim"),
        "vocabulary": config.size("vocab_size"),
        # The first two rows belong to padding.
        "positions": config.size("max_position_embeddings") + 2,
        "unused_positions": 2,
        "embedding_size": 0 if width == hidden else width,
        "activation": config.choice("activation_function", _ACTIVATIONS, "relu"),
        "gated": False,
        "norm": "layer",
        "order": "pre" if before else "post",
        "final_norm": before and not config.flag("_remove_final_layer_norm", False),
        "tied": config.flag("tie_word_embeddings", True),
        **dict.fromkeys(("qkv_bias", "output_bias", "ffn_bias"), bias),
    }


def _gpt2(config: Config) -> Keys:
    config.refuse("add_cross_attention", "must be false; encoder-decoders are not known")
    hidden, heads = _divided(config, "n_embd", "n_head")
    return {
        "layers": config.size("n_layer"),
        "hidden": hidden,
        "heads": heads,
        "ffn": config.size("n_inner", 4 * hidden),
        "vocabulary": config.size("vocab_size"),
        "positions": config.size("n_positions"),
        "activation": config.choice("activation_function", _ACTIVATIONS, "gelu_new"),
        "gated": False,
        "norm": "layer",
        "tied": config.flag("tie_word_embeddings", True),
        **dict.fromkeys(("qkv_bias", "output_bias", "ffn_bias"), True),
    }


def _bert(config: Config) -> Keys:
    for key in ("is_decoder", "add_cross_attention"):
        config.refuse(key, "must be false; BERT is an encoder here")
    allowed = (None, "absolute")
    config.refuse("position_embedding_type", 'must be "absolute"', allowed=allowed)
    keys = _sizes(config, tied=True, activation="gelu")
    return {
        **keys,
        # Keys of other families change nothing here.
        "kv_heads": keys["heads"],
        "head_size": keys["hidden"] // keys["heads"],
        "positions": config.size("max_position_embeddings"),
        "token_types": config.size("type_vocab_size", 2, least=0),
        "gated": False,
        "norm": "layer",
        "order": "post",
        "final_norm": False,
        "embedding_norm": True,
        "causal": False,
        **dict.fromkeys(("qkv_bias", "output_bias", "ffn_bias"), True),
    }


def _vit(config: Config) -> Keys:
    height, width = config.pair("image_size", 224)
    patch_height, patch_width = config.pair("patch_size", 16)
    channels = config.size("num_channels", 3)
    hidden, heads = _divided(config, "hidden_size", "num_attention_heads")
    return {
        "layers": config.size("num_hidden_layers"),
        "hidden": hidden,
        "heads": heads,
        "ffn": config.size("intermediate_size"),
        "activation": config.choice("hidden_act", _ACTIVATIONS, "gelu"),
        "image": Image(height, width, patch_height, patch_width, channels),
        "gated": False,
        "norm": "layer",
        "causal": False,
        "qkv_bias": config.flag("qkv_bias", True),
        **dict.fromkeys(("output_bias", "ffn_bias"), True),
    }


FAMILIES: Mapping[str, Callable[[Config], Keys]] = {
    "llama": _llama,
    "mistral": _mistral,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "phi": _phi,
    "phi3": _phi3,
    "gemma": _gemma,
    "gemma2": _gemma2,
    "gemma3_text": _gemma3,
    "opt": _opt,
    "gpt2": _gpt2,
    "bert": _bert,
    "vit": _vit,
}
"""``model_type`` -> what its keys mean."""

_EXPERTS = "it is a mixture of experts, and only dense models are known"
_NOT_MODELLED = {
    **dict.fromkeys(("mixtral", "qwen2_moe", "qwen3_moe", "deepseek_v2", "deepseek_v3"), _EXPERTS),
    **dict.fromkeys(("gpt_oss", "dbrx", "phimoe", "olmoe", "llama4"), _EXPERTS),
    **dict.fromkeys(("t5", "bart", "whisper", "mt5"), "it is an encoder with a decoder"),
    "gemma3": "it reads pictures too; give its text_config on its own, as gemma3_text",
}
"""``model_type`` -> why a family that is well known is refused."""

_REFUSED = {
    "num_local_experts": "must be missing; mixtures of experts are not known",
    "num_experts": "must be missing; mixtures of experts are not known",
    "is_encoder_decoder": "must be false; encoders with decoders are not known",
}
"""Keys that ask for more than a family has."""

_POOLED = ("BertModel", "BertForPreTraining", "BertForSequenceClassification")


def _head(config: Config, family: str) -> Keys:
    """What reads the last hidden state: the class that the file names first."""
    names = config.words("architectures") or ()
    name = names[0] if names else ""
    if family == "bert":
        return _bert_head(config, name)
    if family == "vit":
        classifies = name in ("", "ViTForImageClassification")
        return {
            "head": "classifier" if classifies else "none",
            "pooler": name == "ViTModel",
            "labels": _labels(config) if classifies else 0,
        }
    base = name.endswith("Model") and not name.endswith("LMHeadModel")
    if name and not base and not name.endswith(("ForCausalLM", "LMHeadModel")):
        config.wrong("architectures", "must begin with a language model or a model without a head")
    return {"head": "none" if base else "language"}


def _bert_head(config: Config, name: str) -> Keys:
    heads = {
        "": "none",
        "BertModel": "none",
        "BertForMaskedLM": "masked-language",
        "BertForSequenceClassification": "classifier",
    }
    if name not in heads:
        config.problems.append(
            unknown_name(
                "architecture", name[:60], filter(None, heads), where=config.place("architectures")
            )
        )
        return {}
    labels = _labels(config) if heads[name] == "classifier" else 0
    return {"head": heads[name], "pooler": name in ("", *_POOLED), "labels": labels}


def _labels(config: Config) -> int:
    names = config.data.get("id2label")
    if names is not None and not isinstance(names, dict):
        config.wrong("id2label", "must be an object, position -> label")
    return len(names) if isinstance(names, dict) and names else config.size("num_labels", 2)


_SOFTCAPS = ("attn_logit_softcapping", "final_logit_softcapping")


def _ignored(config: Config) -> tuple[str, ...]:
    """What the file asks for that is not counted."""
    caps = [key for key in _SOFTCAPS if config.given(key)]
    return (f"{', '.join(caps)}: a tanh a score, not counted",) if caps else ()
