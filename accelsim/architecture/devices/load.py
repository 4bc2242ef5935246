"""Files of devices -> devices, with every rule checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from os import PathLike, fspath
from types import MappingProxyType
from typing import TYPE_CHECKING

from accelsim.architecture.devices.device import COMPUTE_FORMATS, Device
from accelsim.documents import Document, check_model, read_document
from accelsim.errors import InputError, printable, unknown_name
from accelsim.library import Folder, find

if TYPE_CHECKING:
    from accelsim.architecture.devices.schema import DeviceFile

__all__ = ["DEVICES", "load_device"]

DEVICES = Folder("device", ("architecture", "devices"))

_PATTERN = re.compile(r"([1-9]\d?):([1-9]\d?)", re.ASCII)
_LARGEST_BLOCK = 64


def load_device(name: str | PathLike[str]) -> Device:
    """A shipped device, or one from a file.

    Args:
        name: a shipped name (``"a100-40g"``) or a path to a YAML file.

    Raises:
        InputError: where the name is unknown (the closest is given), or every problem of the file.

    Example:
        >>> load_device("a100-40g").peak_operations_per_s["fp16"]
        312000000000000.0
    """
    name = fspath(name)
    path, shown = find(DEVICES, name)
    if shown == name:  # A user's file may change between two calls.
        return _build(name, read_document(path, name=shown))
    return _shipped(name)


@cache
def _shipped(name: str) -> Device:
    path, shown = find(DEVICES, name)
    return _build(name, read_document(path, name=shown))


def _build(name: str, document: Document) -> Device:
    from accelsim.architecture.devices.schema import DeviceFile

    file = check_model(DeviceFile, document, what="device")
    if problems := _problems(file, document):
        raise InputError(problems)
    sparse = file.sparse_peak_operations_per_s or {}
    return Device(
        name=printable(name),
        title=file.name,
        memory_bytes=_bytes(file.memory_bytes),
        bandwidth_bytes_per_s=file.bandwidth_bytes_per_s,
        peak_operations_per_s=MappingProxyType(dict(file.peak_operations_per_s or {})),
        sparse_peak_operations_per_s=MappingProxyType(
            {pattern: MappingProxyType(dict(peaks)) for pattern, peaks in sparse.items()}
        ),
        vector_operations_per_s=file.vector_operations_per_s,
        on_chip_bytes=_bytes(file.on_chip_bytes),
        sources=MappingProxyType(file.sources.model_dump(exclude_none=True)),
    )


def _bytes(value: float | None) -> int | None:
    return None if value is None else int(value)


def _problems(file: DeviceFile, document: Document) -> list[str]:
    """What is wrong between the figures, and with names of formats and patterns."""
    dense = file.peak_operations_per_s or {}
    found = _unknown_formats(dense, document, ("peak_operations_per_s",))
    for pattern, peaks in (file.sparse_peak_operations_per_s or {}).items():
        path = ("sparse_peak_operations_per_s", pattern)
        if not _is_pattern(pattern):
            found.append(
                f"{document.place(path, key=True)}: device '{file.name}': pattern is '{pattern}', "
                f"must be N:M with 1 <= N < M <= {_LARGEST_BLOCK}; write such as 2:4"
            )
        found += _unknown_formats(peaks, document, path)
        for name, peak in peaks.items():
            if name in COMPUTE_FORMATS and (rule := _sparse_rule(name, peak, dense)):
                place = document.place((*path, name))
                found.append(
                    f"{place}: device '{file.name}': {'.'.join((*path, name))} is {peak:g}, {rule}"
                )
    return found


def _is_pattern(text: str) -> bool:
    found = _PATTERN.fullmatch(text)
    return found is not None and int(found[1]) < int(found[2]) <= _LARGEST_BLOCK


def _unknown_formats(
    peaks: Mapping[str, float], document: Document, path: tuple[str, ...]
) -> list[str]:
    return [
        unknown_name("format", name, COMPUTE_FORMATS, where=document.place((*path, name), key=True))
        for name in peaks
        if name not in COMPUTE_FORMATS
    ]


def _sparse_rule(name: str, peak: float, dense: Mapping[str, float]) -> str | None:
    """What a sparse peak breaks. It counts products with zeros, so it is never below the dense."""
    if name not in dense:
        return f"must be of a format with a dense peak; add peak_operations_per_s.{name}"
    if peak < dense[name]:
        return f"must be at least the dense peak, {dense[name]:g}; mend one of them"
    return None
