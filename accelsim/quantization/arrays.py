"""Arrays written to a file one by one: NumPy's archive, or safetensors."""

from __future__ import annotations

import json
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Arrays", "npz_arrays", "safetensors_arrays"]

_SAFETENSORS_TYPES = {"uint8": "U8", "float32": "F32"}
_COPIED_BYTES = 1 << 22
_HEADER_STEP = 8
"""Headers of safetensors are filled up to a multiple of it."""


class Arrays(Protocol):
    """What takes arrays."""

    def put(self, name: str, values: NDArray[Any]) -> None:
        """Write an array under a name of its own."""


class _Npz:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def put(self, name: str, values: NDArray[Any]) -> None:
        # A fixed time: the same tensors give the same bytes.
        member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
        with self._archive.open(member, "w", force_zip64=True) as stream:
            np.lib.format.write_array(stream, np.ascontiguousarray(values), allow_pickle=False)


@contextmanager
def npz_arrays(stream: IO[bytes]) -> Iterator[Arrays]:
    """Write a NumPy archive, without compression."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        yield _Npz(archive)


class _Safetensors:
    def __init__(self, waiting: IO[bytes]) -> None:
        self._waiting = waiting
        self.header: dict[str, Any] = {"__metadata__": {"format": "np"}}

    def put(self, name: str, values: NDArray[Any]) -> None:
        content = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        begin = self._waiting.tell()
        self._waiting.write(content.tobytes())
        self.header[name] = {
            "dtype": _SAFETENSORS_TYPES[values.dtype.name],
            "shape": list(values.shape),
            "data_offsets": [begin, self._waiting.tell()],
        }


@contextmanager
def safetensors_arrays(stream: IO[bytes], folder: Path) -> Iterator[Arrays]:
    """Write a file of safetensors: its header comes first and is known last.

    Args:
        stream: the file.
        folder: where arrays wait, in a file without a name.
    """
    with tempfile.TemporaryFile(dir=folder) as waiting:
        arrays = _Safetensors(waiting)
        yield arrays
        text = json.dumps(arrays.header).encode()
        text += b" " * (-len(text) % _HEADER_STEP)
        stream.write(struct.pack("<Q", len(text)) + text)
        waiting.seek(0)
        while part := waiting.read(_COPIED_BYTES):
            stream.write(part)
