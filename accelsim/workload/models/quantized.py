"""In which formats a published model is stored: ``torch_dtype`` and ``quantization_config``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accelsim.workload.models.config import Config

__all__ = ["stored"]

_TYPES = {"float16": "fp16", "bfloat16": "bf16", "float32": "fp32", "float64": "fp64"}
_INTEGERS = (2, 3, 4, 6, 8)


def stored(config: Config) -> dict[str, Any]:
    """Formats of matrices and of all else, with a note where the file's are not known."""
    key = "dtype" if config.given("dtype") else "torch_dtype"
    # Without the key, transformers load 32 bits.
    written = config.word(key, "float32").removeprefix("torch.")
    types = {**_TYPES, "auto": "fp32"}
    if written not in types:
        config.wrong(key, f"must be one of {', '.join(types)}")
        return {}
    plain = types[written]
    keys: dict[str, Any] = {"weights": plain, "data_type": plain}
    if plain == "fp32":
        keys["notes"] = ("published in 32 bits; say --weights, --activations, --kv-cache for less",)
    scheme = config.data.get("quantization_config")
    if scheme is None:
        return keys
    if not isinstance(scheme, dict):
        config.wrong("quantization_config", "must be an object")
        return keys
    found, notes = _weights(config, scheme, plain)
    return {**keys, "weights": found, "notes": notes}


def _weights(
    config: Config, scheme: Mapping[str, object], plain: str
) -> tuple[str, tuple[str, ...]]:
    """The format of matrices by a quantisation scheme, and what a reader should know of it."""
    method = scheme.get("quant_method")
    if method in ("gptq", "awq"):
        bits = scheme.get("bits", scheme.get("w_bit"))
        group = scheme.get("group_size", scheme.get("q_group_size"))
        if type(bits) is not int or bits not in _INTEGERS:
            config.wrong("quantization_config", f"must have bits, one of {_INTEGERS}")
        elif type(group) is not int or not (group == -1 or 2 <= group <= 2**20):
            config.wrong("quantization_config", "must have a group_size, or -1 for none")
        else:
            return (f"int{bits}-g{group}" if group > 0 else f"int{bits}"), ()
        return plain, ()
    if method in ("fp8", "mxfp4"):
        note = f"{method} weights, {plain} activations are taken; say --activations for others"
        return str(method), (note,)
    note = f"quantization_config of method {str(method)[:40]!r} is not known, {plain} is taken"
    return plain, (f"{note}; say --weights",)
