"""The reference configurations: machines and mappers that ship, and folders of Verilog."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from accelsim.accelerators.bitmod.hardware import files
from accelsim.accelerators.bitmod.model import architecture_text, mapper_text
from accelsim.accelerators.bitmod.parameters import BitModParameters

__all__ = ["CONFIGURATIONS", "MACHINES", "shipped_files"]

MACHINES: Mapping[str, BitModParameters] = MappingProxyType({"bitmod-axi": BitModParameters()})
"""Name of an architecture and its mapper -> the array."""

CONFIGURATIONS: Mapping[str, BitModParameters] = MappingProxyType(
    {"bitmod-4x4-fp4": BitModParameters()}
)
"""Folder in rtl/ -> the array."""


def shipped_files(*, folders: bool = True) -> dict[str, str]:
    """Path from the top of the repository -> text.

    Args:
        folders: whether those of ``CONFIGURATIONS`` are among them.
    """
    found = {}
    for name, parameters in MACHINES.items():
        text = architecture_text(parameters, name=name, mapper=name)
        found[f"accelsim/architecture/library/{name}.yaml"] = text
        found[f"mappers/{name}.yaml"] = mapper_text(parameters, name=name)
    for folder, parameters in CONFIGURATIONS.items() if folders else ():
        for name, text in files(parameters).items():
            found[f"rtl/{folder}/{name}"] = text
    return found
