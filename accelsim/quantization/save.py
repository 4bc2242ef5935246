"""Quantised tensors in a file: written one by one, whole or not at all, and read back."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from accelsim.errors import InputError
from accelsim.quantization.arrays import Arrays, npz_arrays, safetensors_arrays
from accelsim.quantization.packing import pack_codes, unpack_codes
from accelsim.quantization.quantized import Quantized
from accelsim.quantization.schemes import scheme_named
from accelsim.quantization.tensors import Tensor, open_tensors

__all__ = ["SUFFIXES", "QuantizedFile", "check_target", "load_quantized", "quantized_file"]

SUFFIXES = (".npz", ".safetensors")
"""Of files that can be written."""

_TABLE = "accelsim.quantized"
"""Name of the array that holds, as JSON text, what each tensor is."""
_VERSION = 1


class QuantizedFile:
    """A file that is being written."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._tensors: dict[str, dict[str, Any]] = {}

    def add(self, name: str, quantized: Quantized) -> None:
        """Write a tensor.

        Raises:
            InputError: where one of that name is written.
        """
        if name in self._tensors:
            raise InputError(f"tensor '{name}' is written twice; give each a name of its own")
        self._tensors[name] = {
            "format": quantized.scheme.name,
            "shape": list(quantized.shape),
            "group": quantized.group,
            "scale_bits": quantized.scale_bits,
            "choice": quantized.choice,
        }
        put = self._arrays.put
        put(f"{name}.codes", pack_codes(quantized.codes, quantized.scheme.bits))
        put(f"{name}.selectors", quantized.selectors)
        put(f"{name}.scales", quantized.group_scales)
        if quantized.channel_scales is not None:
            put(f"{name}.channel_scales", quantized.channel_scales)

    def finish(self) -> None:
        """Write what tells a reader what is there."""
        text = json.dumps({"schema_version": _VERSION, "tensors": self._tensors})
        self._arrays.put(_TABLE, np.frombuffer(text.encode(), np.uint8))


def check_target(path: Path) -> None:
    """Refuse a file that could not be written, before anything takes its time.

    Raises:
        InputError: with the reason.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"output '{path}' must end in {' or '.join(SUFFIXES)}")
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else "lies in a folder that does not exist"
        raise InputError(f"output '{path}' {what}; name a file")


@contextmanager
def quantized_file(path: Path) -> Iterator[QuantizedFile]:
    """Write quantised tensors: the file is there when all are, or it is as it was before.

    Args:
        path: ends in ``.npz`` or ``.safetensors``.

    Raises:
        InputError: where it cannot be written.

    Example:
        ``with quantized_file(Path("out.npz")) as out: out.add("w", quantize(weights))``
    """
    check_target(path)
    target = path.resolve()  # A link stays a link; what it points to is replaced.
    temporary = ""
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".accelsim.")
        with os.fdopen(handle, "wb") as stream:
            kind = path.suffix == ".npz"
            with (
                npz_arrays(stream) if kind else safetensors_arrays(stream, target.parent) as arrays
            ):
                made = QuantizedFile(arrays)
                yield made
                made.finish()
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {error.strerror}") from None
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def load_quantized(path: Path) -> dict[str, Quantized]:
    """Read what ``quantized_file`` wrote: name -> tensor.

    Raises:
        InputError: where it is no such file.
    """
    arrays = {each.name: each for each in open_tensors(path)}
    if _TABLE not in arrays:
        raise InputError(f"'{path}' holds no '{_TABLE}': accelsim quantize -o did not write it")
    try:
        table = json.loads(arrays[_TABLE].read().tobytes())
        version = table["schema_version"]
        if version != _VERSION:
            raise InputError(f"'{path}': schema_version is {version}, must be {_VERSION}")
        return {name: _read(arrays, name, each) for name, each in table["tensors"].items()}
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is broken: {error!r}") from None


def _read(arrays: dict[str, Tensor], name: str, entry: dict[str, Any]) -> Quantized:
    scheme, shape = scheme_named(entry["format"]), tuple(map(int, entry["shape"]))
    width = int(np.prod(shape[1:]))
    units = f"{name}.channel_scales"
    stored = arrays[f"{name}.scales"].read()
    plain = entry["scale_bits"] is None
    return Quantized(
        scheme,
        shape,
        int(entry["group"]),
        unpack_codes(arrays[f"{name}.codes"].read().astype(np.uint8), width, scheme.bits),
        arrays[f"{name}.selectors"].read().astype(np.uint8),
        stored.astype(np.float32) if plain else stored.astype(np.uint8),
        entry["scale_bits"],
        arrays[units].read().astype(np.float32) if units in arrays else None,
        str(entry["choice"]),
    )
