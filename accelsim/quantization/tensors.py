"""Tensors of a file, read one by one: NumPy's files and safetensors, never a pickle."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["INDEX", "Tensor", "open_tensors", "why_left_out"]

INDEX = "model.safetensors.index.json"
"""What lists the parts of a model in several files (Hugging Face)."""

_KINDS = ".npy, .npz, .safetensors, a folder of .safetensors, or its index.json"
_LARGEST_INDEX = 1 << 26
_FLOATS = {"float16", "float32", "float64", "bfloat16", "F16", "F32", "F64", "BF16"}


@dataclass(frozen=True)
class Tensor:
    """A tensor that is not read yet."""

    name: str
    shape: tuple[int, ...]
    data_type: str
    """As its file has it."""
    file: Path
    read: Callable[[], NDArray[np.generic]]
    """Raises ``InputError`` where the file is broken."""

    @property
    def is_float(self) -> bool:
        """Whether it can be quantised."""
        return self.data_type in _FLOATS


def open_tensors(path: Path) -> list[Tensor]:
    """The tensors of a file or folder, in its order; none is read.

    Raises:
        InputError: where it is none that can be read.
        UnsupportedError: where the packages for safetensors are not installed.
    """
    if path.is_dir():
        found = _folder(path)
    elif not path.exists():
        raise InputError(f"tensor file '{path}' does not exist; give {_KINDS}")
    elif path.suffix == ".npy":
        found = [_npy(path)]
    elif path.suffix == ".npz":
        found = _npz(path)
    elif path.suffix == ".safetensors":
        found = _safetensors(path)
    elif path.name.endswith(".index.json"):
        found = _index(path)
    else:
        raise InputError(f"tensor file '{path}' is of an unknown kind, must be {_KINDS}")
    if not found:
        raise InputError(f"tensor file '{path}' holds no tensor")
    return found


_TABLES = ("embed", "wte", "wpe")
"""Parts of names of tables of tokens and positions in published models."""


def why_left_out(tensor: Tensor, match: str | None) -> str:
    """Why a tensor is not quantised; empty where it is.

    Args:
        tensor: what it is.
        match: a pattern of names; what it matches is quantised though it be an embedding.
    """
    if match is not None and not fnmatchcase(tensor.name, match):
        return "no match"
    if not tensor.is_float:
        return f"no floats ({tensor.data_type})"
    if len(tensor.shape) < 2:
        return "one axis" if tensor.shape else "one number"
    if not prod(tensor.shape):
        return "empty"
    if match is None and any(part in tensor.name.lower() for part in _TABLES):
        return "embedding"
    return ""


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say of which file a fault is."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"tensor file '{path}' cannot be read: {error.strerror or error}"
        ) from None
    except MemoryError:
        raise InputError(f"tensor file '{path}' has a tensor that does not fit in memory") from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, RecursionError) as error:
        # NumPy would tell how to load objects all the same.
        objects = any(word in str(error) for word in ("pickle", "Python objects"))
        why = "it has no numbers, or Python objects, which are never loaded" if objects else error
        raise InputError(f"tensor file '{path}' is broken or of another kind: {why}") from None


def _npy(path: Path) -> Tensor:
    import numpy as np

    def read() -> NDArray[np.generic]:
        with _reading(path):
            found: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
            return found

    whole = read()
    return Tensor(path.stem, whole.shape, whole.dtype.name, path, read)


def _npz(path: Path) -> list[Tensor]:
    import numpy as np

    def reader(name: str) -> Callable[[], NDArray[np.generic]]:
        def read() -> NDArray[np.generic]:
            with _reading(path), np.load(path, allow_pickle=False) as archive:
                found: NDArray[np.generic] = archive[name]
                return found

        return read

    found = []
    with _reading(path), zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if not member.endswith(".npy"):
                continue
            shape, kind = _header(archive, member)
            name = member.removesuffix(".npy")
            found.append(Tensor(name, shape, kind, path, reader(name)))
    return found


def _header(archive: zipfile.ZipFile, member: str) -> tuple[tuple[int, ...], str]:
    """Shape and type of an array in an archive."""
    from numpy.lib import format as npy

    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, kind = read(stream)
    return tuple(map(int, shape)), kind.name


def _safetensors(path: Path) -> list[Tensor]:
    with _opened(path) as archive:
        found = []
        for name in sorted(archive.keys(), key=_natural):
            part = archive.get_slice(name)
            shape = tuple(map(int, part.get_shape()))
            found.append(Tensor(name, shape, str(part.get_dtype()), path, _reader(path, name)))
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    """Layer 2 before layer 10."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+|[0-9]", name)
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def _reader(path: Path, name: str) -> Callable[[], NDArray[np.generic]]:
    def read() -> NDArray[np.generic]:
        with _opened(path) as archive:
            found: NDArray[np.generic] = archive.get_tensor(name)
            return found

    return read


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A file of safetensors; the package has no types for what it gives."""
    try:
        # Without the second, bfloat16 cannot be read.
        import ml_dtypes  # noqa: F401
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise UnsupportedError(
            f"safetensors need the package '{error.name}'; install it with "
            "pip install 'accelsim[quantize]'"
        ) from None
    try:
        with _reading(path), safe_open(str(path), framework="np") as archive:
            yield archive
    except SafetensorError as error:
        raise InputError(f"tensor file '{path}' is broken or of another kind: {error}") from None


def _folder(path: Path) -> list[Tensor]:
    if (path / INDEX).is_file():
        return _index(path / INDEX)
    parts = sorted(path.glob("*.safetensors"))
    if not parts:
        raise InputError(f"folder '{path}' holds no .safetensors and no {INDEX}; give {_KINDS}")
    return _joined(parts)


def _index(path: Path) -> list[Tensor]:
    """The tensors of the files that an index names, which lie beside it."""
    with _reading(path):
        if path.stat().st_size > _LARGEST_INDEX:
            raise InputError(f"index '{path}' has more than {_LARGEST_INDEX >> 20} MiB")
        index = json.loads(path.read_bytes())
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict) or not places:
        raise InputError(f"index '{path}': 'weight_map' is not there, must map tensors to files")
    for name, file in places.items():
        if not isinstance(file, str) or Path(file).name != file or not file:
            raise InputError(
                f"index '{path}': file of tensor '{name}' is {file!r}, must be the name of a file "
                "beside the index"
            )
    found = {each.name: each for each in _joined([path.parent / f for f in _unique(places)])}
    if missing := [name for name in places if name not in found]:
        raise InputError(f"index '{path}': tensor '{missing[0]}' is not in '{places[missing[0]]}'")
    return [found[name] for name in places]


def _unique(places: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(places.values()))


def _joined(files: Sequence[Path]) -> list[Tensor]:
    """The tensors of several files; each has one place."""
    found: dict[str, Tensor] = {}
    for file in files:
        if not file.is_file():
            raise InputError(f"tensor file '{file}' does not exist; it is a part of a model")
        for each in _safetensors(file):
            if each.name in found:
                raise InputError(
                    f"tensor '{each.name}' is in '{found[each.name].file}' and in '{file}'; "
                    "must be in one"
                )
            found[each.name] = each
    return list(found.values())
