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
    scheme = config.data.get("quantization_config")
    if scheme is None:
        return keys
    if not isinstance(scheme, dict):
        config.wrong("quantization_config", "must be an object")
        return keys
    found = _weights(scheme)
    if found is None:
        method = str(scheme.get("quant_method"))[:40]
        keys["notes"] = (
            f"quantization_config of method {method!r} is not known, {plain} is taken; "
            "say --weights",
        )
        return keys
    return {**keys, "weights": found}


def _weights(scheme: Mapping[str, object]) -> str | None:
    """The format of matrices by a quantisation scheme, where it is one that is known."""
    method, bits, group = (scheme.get(key) for key in ("quant_method", "bits", "group_size"))
    if method in ("gptq", "awq") and bits in _INTEGERS and isinstance(group, int):
        return f"int{bits}-g{group}" if 2 <= group <= 2**20 else f"int{bits}"
    if method == "fp8":
        return "fp8"
    if method == "mxfp4":
        return "mxfp4"
    return None
