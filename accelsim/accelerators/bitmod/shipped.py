"""The reference configurations: machines and mappers that ship, and folders of Verilog."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from accelsim.accelerators.bitmod import hardware, model
from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.accelerators.shipping import configuration_files

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
    return configuration_files(
        MACHINES, CONFIGURATIONS, model=model, hardware=hardware, folders=folders
    )
