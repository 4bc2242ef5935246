"""Files of reference configurations, as they lie in the repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["configuration_files"]


def configuration_files(
    machines: Mapping[str, Any],
    configurations: Mapping[str, Any],
    *,
    model: Any,
    hardware: Any,
    folders: bool,
) -> dict[str, str]:
    """Path from the top of the repository -> text.

    Args:
        machines: name of an architecture and its mapper -> parameters.
        configurations: folder in rtl/ -> parameters.
        model: the accelerator's module with ``architecture_text`` and ``mapper_text``.
        hardware: the one with ``files``.
        folders: whether those of ``configurations`` are among them.
    """
    found = {}
    for name, parameters in machines.items():
        text = model.architecture_text(parameters, name=name, mapper=name)
        found[f"accelsim/architecture/library/{name}.yaml"] = text
        found[f"mappers/{name}.yaml"] = model.mapper_text(parameters, name=name)
    for folder, parameters in configurations.items() if folders else ():
        for name, text in hardware.files(parameters).items():
            found[f"rtl/{folder}/{name}"] = text
    return found
