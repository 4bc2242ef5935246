"""Published figures of models, and their parameters counted by hand, without accelsim.

The arithmetic follows the layers that the modelling code of transformers 4.57.1 builds
(``modeling_llama.py`` and so on), with the defaults of its configuration classes where a key is
absent. It is written from the shapes of the weights: nothing here knows how accelsim counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Raw = Mapping[str, Any]
"""The keys of a ``config.json``."""


class Count(NamedTuple):
    """Parameters of a model as somebody else published them."""

    model: str
    parameters: int
    source: str


class Cache(NamedTuple):
    """Bytes of keys and values of one token, in 16 bits, as somebody else published them."""

    model: str
    bytes_per_token: int
    source: str


class Variant(NamedTuple):
    """A shipped file with some keys changed and some left out."""

    model: str
    parameters: int
    """Of the class of transformers 4.57.1 that ``architectures`` names, built on torch's meta
    device (torch 2.5.1) after ``tie_weights``."""
    changed: Mapping[str, object]
    dropped: tuple[str, ...] = ()


_KERAS = "KerasHub's preset metadata 'params'"
_INDEX = "metadata.total_size of model.safetensors.index.json, {:,} bytes, 2 a parameter"
_VISION = "torchvision, ViT_{}_16_Weights.IMAGENET1K_V1, meta 'num_params'"

COUNTS = (
    Count("llama-2-7b", 6_738_415_616, f"{_KERAS}, llama2_7b_en"),
    # The index says 13,476,839,424 bytes: 8,192 more, the rotary tables that old files held,
    # 64 frequencies of 4 bytes in each of 32 layers; no parameters.
    Count("llama-2-7b", (13_476_839_424 - 32 * 64 * 4) // 2, _INDEX.format(13_476_839_424)),
    Count("llama-2-13b", 13_015_864_320, "LoRAM (ICLR 2025), table of pruned parameters"),
    Count("llama-2-70b", 68_976_648_192, "LoRAM (ICLR 2025), table of pruned parameters"),
    Count("llama-3-8b", 8_030_261_248, f"{_KERAS}, llama3_8b_en"),
    Count("llama-3-8b", 16_060_522_496 // 2, _INDEX.format(16_060_522_496)),
    Count("llama-3-70b", 141_107_412_992 // 2, _INDEX.format(141_107_412_992)),
    Count("llama-3.1-8b", 8_030_261_248, f"{_KERAS}, llama3.1_8b"),
    Count("mistral-7b", 7_241_732_096, f"{_KERAS}, mistral_7b_en"),
    Count("mistral-7b", 14_483_464_192 // 2, _INDEX.format(14_483_464_192)),
    Count("qwen2-7b", 15_231_233_024 // 2, _INDEX.format(15_231_233_024)),
    Count("qwen3-8b", 8_190_735_360, f"{_KERAS}, qwen3_8b_en"),
    Count("qwen3-8b", 16_381_470_720 // 2, _INDEX.format(16_381_470_720)),
    Count("phi-2", 5_559_367_680 // 2, _INDEX.format(5_559_367_680)),
    Count("phi-3-mini", 3_821_079_552, f"{_KERAS}, phi3_mini_4k_instruct_en"),
    Count("gemma-7b", 8_537_680_896, f"{_KERAS}, gemma_7b_en"),
    Count("gemma-2-9b", 9_241_705_984, f"{_KERAS}, gemma2_9b_en"),
    # KerasHub's tables of positions lack OPT's two rows of offset: 2 x 768 and 2 x 2,048.
    Count("opt-125m", 125_237_760 + 2 * 768, f"{_KERAS}, opt_125m_en"),
    Count("opt-1.3b", 1_315_753_984 + 2 * 2048, f"{_KERAS}, opt_1.3b_en"),
    Count("gpt2", 124_439_808, f"{_KERAS}, gpt2_base_en"),
    Count("gpt2-xl", 1_557_611_200, f"{_KERAS}, gpt2_extra_large_en"),
    Count("yi-6b", 6_061_035_520, "safetensors metadata of 01-ai/Yi-6B, BF16"),
    Count("vit-b-16", 86_567_656, _VISION.format("B")),
    Count("vit-l-16", 304_326_632, _VISION.format("L")),
)
"""Exact counts. Of OPT-350M, OPT-13B and BERT as ``BertForMaskedLM`` none with an author to name
is public (BERT papers and KerasHub count ``BertModel``: see VARIANTS): those stand in BUILT."""

BUILT = {
    "bert-base-uncased": 109_514_298,
    "bert-large-uncased": 335_174_458,
    "opt-350m": 331_196_416,
    "opt-13b": 12_853_473_280,
}
"""Counted as VARIANTS are."""

CACHES = (
    Cache("opt-13b", 800 * 2**10, "Kwon et al., PagedAttention, SOSP 2023, section 3: 800 KB"),
    Cache(
        "llama-2-7b",
        2 * 2**30 // 4096,
        "NVIDIA, Mastering LLM Techniques: Inference Optimization (2023): 4,096 tokens are ~2 GB",
    ),
    Cache("llama-3-8b", 128 * 2**10, "Raschka, LLM Architecture Gallery: 128 KiB a token"),
    Cache("gpt2-xl", 300 * 2**10, "Raschka, LLM Architecture Gallery: 300 KiB a token"),
    Cache("llama-3-70b", 320 * 2**10, "runlocalai.co, KV cache: Llama 3.3 70B, 1K tokens, 320 MB"),
)

_GEMMA_3_1B = {
    "model_type": "gemma3_text",
    "architectures": ["Gemma3ForCausalLM"],
    "vocab_size": 262144,
    "hidden_size": 1152,
    "intermediate_size": 6912,
    "num_hidden_layers": 26,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
}

VARIANTS = (
    Variant("llama-3-8b", 8_030_588_928, {"attention_bias": True}),
    Variant("llama-3-8b", 8_031_309_824, {"mlp_bias": True}),
    Variant("llama-3-8b", 7_504_924_672, {"tie_word_embeddings": True}),
    Variant("llama-3-8b", 7_359_172_608, {"head_dim": 64}),
    Variant("llama-3-8b", 8_835_567_616, {"num_key_value_heads": None}),
    Variant("llama-3-8b", 7_504_924_672, {"architectures": ["LlamaModel"]}),
    Variant("llama-2-7b", 6_738_415_616, {}, ("num_key_value_heads", "tie_word_embeddings")),
    Variant("mistral-7b", 7_241_732_096, {}, ("num_key_value_heads",)),
    Variant("mistral-7b", 8_047_038_464, {"num_key_value_heads": None}),
    Variant("mistral-7b", 7_577_276_416, {"head_dim": 160}),
    Variant("qwen2-7b", 7_070_619_136, {"tie_word_embeddings": True}),
    Variant("qwen2-7b", 8_232_351_232, {"num_attention_heads": 32}, ("num_key_value_heads",)),
    Variant("qwen3-8b", 10_238_416_896, {"hidden_size": 5120}, ("head_dim",)),
    Variant("qwen3-8b", 8_191_104_000, {"attention_bias": True}),
    Variant("phi-2", 2_779_694_080, {"qk_layernorm": True}),
    Variant("phi-2", 2_648_611_840, {"tie_word_embeddings": True}),
    Variant("phi-2", 2_464_988_160, {"num_key_value_heads": 8}),
    Variant("phi-3-mini", 3_269_594_112, {"tie_word_embeddings": True, "num_key_value_heads": 8}),
    Variant(
        "gemma-7b", 7_877_293_056, {"num_key_value_heads": 1, "attention_bias": True}, ("head_dim",)
    ),
    Variant("gemma-7b", 9_324_112_896, {"tie_word_embeddings": False}),
    Variant("gemma-2-9b", 8_933_424_640, {}, ("head_dim", "num_key_value_heads")),
    Variant("gemma-2-9b", 999_885_952, _GEMMA_3_1B),
    Variant("opt-125m", 125_156_352, {"enable_bias": False}),
    Variant("opt-125m", 163_848_192, {"tie_word_embeddings": False}),
    Variant("opt-125m", 125_237_760, {"_remove_final_layer_norm": True}),
    Variant("opt-350m", 355_887_104, {}, ("word_embed_proj_dim",)),
    Variant("opt-350m", 331_196_416, {"architectures": ["OPTModel"]}),
    Variant("gpt2", 105_553_152, {"n_inner": 2048}),
    Variant("gpt2", 163_037_184, {"n_inner": None, "tie_word_embeddings": False}),
    Variant("gpt2", 124_439_808, {"architectures": ["GPT2Model"]}),
    # The usual figures of BERT-Base: 109,482,240 has the pooler and no head; the checkpoint
    # holds both heads and the pooler; the file's own class has one head and no pooler.
    Variant("bert-base-uncased", 109_482_240, {"architectures": ["BertModel"]}),
    Variant("bert-large-uncased", 335_141_888, {"architectures": ["BertModel"]}),
    Variant("bert-base-uncased", 132_955_194, {"tie_word_embeddings": False}),
    Variant("vit-b-16", 86_540_008, {"qkv_bias": False}),
    Variant("vit-b-16", 86_389_248, {"architectures": ["ViTModel"]}),
    Variant("vit-b-16", 85_800_194, {}, ("num_labels",)),
    Variant("vit-b-16", 86_724_328, {"image_size": 384, "patch_size": 32, "num_channels": 1}),
)


def linear(inputs: int, outputs: int, *, bias: bool) -> int:
    """Weights of a linear layer."""
    return inputs * outputs + bias * outputs


def untied(raw: Raw, *, width: int, tied: bool) -> int:
    """Weights of the language head that the token table does not lend."""
    name = raw["architectures"][0]
    bare = name.endswith("Model") and not name.endswith("LMHeadModel")
    if bare or raw.get("tie_word_embeddings", tied):
        return 0
    return int(raw["vocab_size"] * width)


def attention(
    raw: Raw, *, kv_heads: int, head_dim: int | None = None, qkv_bias: bool, output_bias: bool
) -> int:
    """Weights of four projections; ``kv_heads`` and ``head_dim`` hold where a key is absent."""
    width, heads = raw["hidden_size"], raw["num_attention_heads"]
    shared = raw.get("num_key_value_heads", kv_heads) or heads
    size = raw.get("head_dim", head_dim) or width // heads
    queries = linear(width, heads * size, bias=qkv_bias)
    keys_and_values = 2 * linear(width, shared * size, bias=qkv_bias)
    return queries + keys_and_values + linear(heads * size, width, bias=output_bias)


def decoder(raw: Raw, projections: int, *, tied: bool, norms: int = 2, per_layer: int = 0) -> int:
    """Gated layers with norms of one weight a channel, between a table and a head."""
    width, inner = raw["hidden_size"], raw["intermediate_size"]
    bias = raw["model_type"] == "llama" and raw.get("mlp_bias", False)
    gated = 2 * linear(width, inner, bias=bias) + linear(inner, width, bias=bias)
    layer = projections + gated + norms * width + per_layer
    table = raw["vocab_size"] * width
    return int(
        table + raw["num_hidden_layers"] * layer + width + untied(raw, width=width, tied=tied)
    )


def llama(raw: Raw) -> int:
    bias = raw.get("attention_bias", False)
    return decoder(raw, attention(raw, kv_heads=0, qkv_bias=bias, output_bias=bias), tied=False)


def mistral(raw: Raw) -> int:
    return decoder(raw, attention(raw, kv_heads=8, qkv_bias=False, output_bias=False), tied=False)


def qwen2(raw: Raw) -> int:
    return decoder(raw, attention(raw, kv_heads=32, qkv_bias=True, output_bias=False), tied=False)


def qwen3(raw: Raw) -> int:
    bias = raw.get("attention_bias", False)
    projections = attention(raw, kv_heads=32, head_dim=128, qkv_bias=bias, output_bias=bias)
    return decoder(raw, projections, tied=False, per_layer=2 * raw.get("head_dim", 128))


def phi3(raw: Raw) -> int:
    return decoder(raw, attention(raw, kv_heads=0, qkv_bias=False, output_bias=False), tied=False)


def gemma(raw: Raw) -> int:
    bias = raw.get("attention_bias", False)
    projections = attention(raw, kv_heads=16, head_dim=256, qkv_bias=bias, output_bias=bias)
    return decoder(raw, projections, tied=True)


def gemma2(raw: Raw) -> int:
    bias = raw.get("attention_bias", False)
    projections = attention(raw, kv_heads=4, head_dim=256, qkv_bias=bias, output_bias=bias)
    of_heads = 2 * raw.get("head_dim", 256) if raw["model_type"] == "gemma3_text" else 0
    return decoder(raw, projections, tied=True, norms=4, per_layer=of_heads)


def phi(raw: Raw) -> int:
    width, inner, vocabulary = raw["hidden_size"], raw["intermediate_size"], raw["vocab_size"]
    layer = attention(raw, kv_heads=0, qkv_bias=True, output_bias=True)
    layer += linear(width, inner, bias=True) + linear(inner, width, bias=True) + 2 * width
    layer += raw.get("qk_layernorm", False) * 4 * (width // raw["num_attention_heads"])
    head = untied(raw, width=width, tied=False) + vocabulary
    return int(vocabulary * width + raw["num_hidden_layers"] * layer + 2 * width + head)


def opt(raw: Raw) -> int:
    width, inner, bias = raw["hidden_size"], raw["ffn_dim"], raw.get("enable_bias", True)
    narrow = raw.get("word_embed_proj_dim") or width
    layer = 4 * linear(width, width, bias=bias) + 2 * 2 * width
    layer += linear(width, inner, bias=bias) + linear(inner, width, bias=bias)
    count = raw["vocab_size"] * narrow + (raw["max_position_embeddings"] + 2) * width
    count += (narrow != width) * 2 * narrow * width
    last = raw.get("do_layer_norm_before", True) and not raw.get("_remove_final_layer_norm", False)
    count += raw["num_hidden_layers"] * layer + last * 2 * width
    return int(count + untied(raw, width=narrow, tied=True))


def gpt2(raw: Raw) -> int:
    width = raw["n_embd"]
    inner = raw.get("n_inner") or 4 * width
    layer = linear(width, 3 * width, bias=True) + linear(width, width, bias=True)
    layer += linear(width, inner, bias=True) + linear(inner, width, bias=True) + 2 * 2 * width
    tables = (raw["vocab_size"] + raw["n_positions"]) * width
    head = untied(raw, width=width, tied=True)
    return int(tables + raw["n_layer"] * layer + 2 * width + head)


def encoder_layers(raw: Raw, *, qkv_bias: bool) -> int:
    width, inner = raw["hidden_size"], raw["intermediate_size"]
    layer = 3 * linear(width, width, bias=qkv_bias) + linear(width, width, bias=True)
    layer += linear(width, inner, bias=True) + linear(inner, width, bias=True) + 2 * 2 * width
    return int(raw["num_hidden_layers"] * layer)


def bert(raw: Raw) -> int:
    width, vocabulary = raw["hidden_size"], raw["vocab_size"]
    rows = vocabulary + raw["max_position_embeddings"] + raw["type_vocab_size"]
    count = rows * width + 2 * width + encoder_layers(raw, qkv_bias=True)
    if raw["architectures"] == ["BertModel"]:
        return int(count + linear(width, width, bias=True))
    transform = linear(width, width, bias=True) + 2 * width
    return int(count + transform + vocabulary + untied(raw, width=width, tied=True))


def vit(raw: Raw) -> int:
    width, patch = raw["hidden_size"], raw["patch_size"]
    positions = (raw["image_size"] // patch) ** 2 + 1
    count = linear(raw["num_channels"] * patch**2, width, bias=True) + width + positions * width
    count += encoder_layers(raw, qkv_bias=raw.get("qkv_bias", True)) + 2 * width
    if raw["architectures"] == ["ViTModel"]:
        return int(count + linear(width, width, bias=True))
    return int(count + linear(width, raw.get("num_labels", 2), bias=True))


FAMILIES: Mapping[str, Callable[[Raw], int]] = {
    "llama": llama,
    "mistral": mistral,
    "qwen2": qwen2,
    "qwen3": qwen3,
    "phi": phi,
    "phi3": phi3,
    "gemma": gemma,
    "gemma2": gemma2,
    "gemma3_text": gemma2,
    "opt": opt,
    "gpt2": gpt2,
    "bert": bert,
    "vit": vit,
}


def counted(raw: Raw) -> int:
    """Parameters of a model, by hand."""
    return FAMILIES[raw["model_type"]](raw)
