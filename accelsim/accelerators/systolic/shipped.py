"""The reference configurations: machines and mappers that ship, and folders of Verilog."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from accelsim.accelerators.shipping import configuration_files
from accelsim.accelerators.systolic import hardware, model
from accelsim.accelerators.systolic.parameters import SystolicParameters

__all__ = ["CONFIGURATIONS", "MACHINES", "shipped_files"]

MACHINES: Mapping[str, SystolicParameters] = MappingProxyType(
    {
        "systolic-axi-ws": SystolicParameters(),
        "systolic-axi-os": SystolicParameters(dataflow="output-stationary"),
    }
)
"""Name of an architecture and its mapper -> the array."""

CONFIGURATIONS: Mapping[str, SystolicParameters] = MappingProxyType(
    {
        "systolic-ws-8x8": SystolicParameters(),
        "systolic-os-8x8": SystolicParameters(dataflow="output-stationary"),
        "systolic-ws-4x4-int4": SystolicParameters(rows=4, columns=4, weights="int4"),
    }
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
