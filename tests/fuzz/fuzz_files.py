"""Files of every kind: what ships, damaged as text, bytes and trees; JSON of results and models."""

from __future__ import annotations

import json
import re
from functools import cache
from random import Random
from typing import Any

import fuzz_einsums
from fuzz_texts import HIDDEN, ODD_SCALARS, any_bytes
from fuzz_trees import changed, tree_of, written

from accelsim.architecture.devices import DEVICES
from accelsim.library import ARCHITECTURES, MAPPERS, MODELS, WORKLOADS, shipped
from accelsim.workload.models.families import FAMILIES

KINDS = {
    "workload": WORKLOADS,
    "architecture": ARCHITECTURES,
    "mapper": MAPPERS,
    "device": DEVICES,
    "model": MODELS,
}


@cache
def shipped_texts(kind: str) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in shipped(KINDS[kind]).values())


def damaged_file(rng: Random, kind: str) -> bytes:
    """A shipped file of a kind, changed in a few places."""
    how = rng.random()
    if how < 0.05:
        return any_bytes(rng)
    text = rng.choice(shipped_texts(kind))
    if how < 0.7:
        tree, others = tree_of(text), [tree_of(each) for each in shipped_texts(kind)]
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            tree = changed(rng, tree, others)
        text = written(rng, tree)
    elif how < 0.85:
        text = damaged_lines(rng, text)
    else:
        text = damaged_text(rng, text)
    return encoded(rng, text)


def damaged_lines(rng: Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(rng.choice([1, 2, 3])):
        at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[at] = rng.choice(["", lines[at] * 2, lines[to], f"  {lines[at]}", "# why\n", "- a\n"])
    return "".join(lines)


def damaged_text(rng: Random, text: str) -> str:
    for _ in range(rng.choice([1, 2, 3])):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.randrange(8))
        text = text[:at] + rng.choice([*ODD_SCALARS, *HIDDEN, "\t", "{", "["]) + text[to:]
    return text


def encoded(rng: Random, text: str) -> bytes:
    how = rng.random()
    if how < 0.9:
        return text.encode("utf-8", "surrogatepass")
    if how < 0.94:
        return text.replace("\n", rng.choice(["\r\n", "\r"])).encode("utf-8", "replace")
    return text.encode(rng.choice(["utf-16", "utf-8-sig", "latin-1"]), "replace")


def cascade_file(rng: Random) -> bytes:
    return fuzz_einsums.cascade(rng).encode("utf-8", "replace")


@cache
def _result() -> str:
    import accelsim

    sizes = {"M": 64, "N": 64, "K": 64}
    return json.dumps(accelsim.simulate("matmul", on="systolic-os", set=sizes).as_json())


_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1.5, 1e308, -0.0, 10**400, "", "a\nb", "\x1b[31m", "\u202e", "\ud800"),
    *([], {}, [[]], {"a": {}}, "x" * 5000, float("nan"), float("inf"), "1", ["a"], "\u2028"),
)


def result_file(rng: Random) -> bytes:
    """A result as `simulate --json` writes it, changed in a few places."""
    data = json.loads(_result())
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        _change_value(rng, data)
    text = json.dumps(data, ensure_ascii=rng.random() < 0.7)
    if rng.random() < 0.2:
        text = damaged_text(rng, text)
    return encoded(rng, text)


def _change_value(rng: Random, data: Any) -> None:
    while True:
        keys = list(data) if isinstance(data, dict) else list(range(len(data)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(data[key], dict | list) and rng.random() < 0.8:
            data = data[key]
            continue
        how = rng.random()
        if how < 0.2:
            del data[key]
        elif how < 0.3 and isinstance(data, dict):
            data[rng.choice(["", "a", "a\nb", "x" * 3000, "\u202e", "\ud800"])] = data.pop(key)
        else:
            data[key] = rng.choice(_ODD_VALUES)
        return


_RATES = ("0", "-1.0e+12", "1.0e-308", "1.0e-5", "1", "1.0e+30", "1.1e+30", "1e12", ".nan", "true")
_FIGURE = re.compile(r"(?<=: )[0-9][0-9.e]*(?=[,}\n])")


def device_file(rng: Random) -> bytes:
    """A shipped device with odd figures, or damaged like any other file."""
    if rng.random() < 0.4:
        return damaged_file(rng, "device")
    text = rng.choice(shipped_texts("device"))
    for _ in range(rng.choice([1, 1, 3])):
        places = [*_FIGURE.finditer(text)]
        if not places:  # A small file whose few figures are odd by now.
            break
        place = rng.choice(places)
        text = text[: place.start()] + rng.choice(_RATES) + text[place.end() :]
    return text.encode()


_SIZES = (0, 1, 2, 3, 7, 64, 128, 10_000, 10_001, 10**9, 2**31, 2**31 + 1, -1, 32.0, True, "32")
_KEYS = """
    head_dim num_key_value_heads sliding_window use_sliding_window max_window_layers layer_types
    sliding_window_pattern n_inner word_embed_proj_dim do_layer_norm_before enable_bias qk_layernorm
    attention_bias mlp_bias tie_word_embeddings id2label num_labels image_size patch_size dtype
    quantization_config hidden_activation is_decoder _remove_final_layer_norm
    position_embedding_type
"""
_MORE_KEYS = tuple(_KEYS.split())
_BITS: tuple[Any, ...] = (4, 5, 4.0, "4", {})
_GROUPS: tuple[Any, ...] = (-1, 1, 2**40, "128")
_SCHEMES = (
    *({"quant_method": name} for name in ("fp8", "mxfp4", "bitsandbytes", None, ["gptq"])),
    *({"quant_method": "gptq", "bits": bits, "group_size": 128} for bits in _BITS),
    *({"quant_method": "awq", "bits": 4, "group_size": size} for size in _GROUPS),
)
_LISTS = (["sliding_attention"], ["full_attention"] * 32, ["x"] * 42, [224, 224], [16, 0], [2**31])
_NAMES = ("auto", "bfloat16", "torch.float16", "gelu", "swish", "absolute", *FAMILIES)


def model_file(rng: Random) -> bytes:
    """A shipped model's configuration, changed in a few places, keys of other families among them.

    Most changes are of values on the top level: there is little below.
    """
    data = json.loads(rng.choice(shipped_texts("model")))
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        if rng.random() < 0.3:
            _change_value(rng, data)
        else:
            values = rng.choice([_SIZES, _SIZES, _SCHEMES, _LISTS, _NAMES, _ODD_VALUES])
            data[rng.choice([*data, *_MORE_KEYS])] = rng.choice(values)
    text = json.dumps(data, ensure_ascii=rng.random() < 0.7)
    if rng.random() < 0.1:
        text = damaged_text(rng, text)
    return encoded(rng, text)
