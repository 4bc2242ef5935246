"""A shipped model, or a user's ``config.json``, by name."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path

from accelsim.errors import InputError, printable, unknown_name
from accelsim.library import MODELS, WORKLOADS, find, shipped
from accelsim.workload.models.build import build_workload
from accelsim.workload.models.config import read_config
from accelsim.workload.models.families import model_of
from accelsim.workload.models.scenario import scenario_of
from accelsim.workload.models.transformer import Transformer
from accelsim.workload.workload import Workload

__all__ = ["is_model", "load_model", "model_workload"]


def is_model(name: str) -> bool:
    """Whether a name stands for a model: a shipped one, a JSON file, or a folder that holds one.

    A folder of the name of a shipped workload does not.
    """
    if name in shipped(WORKLOADS):
        return False
    if name in shipped(MODELS) or name.endswith(".json"):
        return True
    try:
        return (Path(name) / "config.json").is_file()
    except (OSError, ValueError):
        return False


def load_model(name: str | PathLike[str]) -> Transformer:
    """A model's sizes, from its configuration; weights are not needed.

    Args:
        name: a shipped name (``"llama-2-7b"``), a Hugging Face ``config.json``, or its folder.

    Raises:
        InputError: where the name is unknown, or every problem of the file.

    Example:
        >>> load_model("llama-2-70b").group
        8
    """
    name = fspath(name)
    if name in shipped(MODELS):
        path, shown = find(MODELS, name)
    elif name.endswith(".json"):
        path = Path(name)
        shown = name
    elif is_model(name):
        path = Path(name) / "config.json"
        shown = str(path)
    else:
        message = unknown_name("model", name[:100], shipped(MODELS))
        raise InputError(f"{message}; or the path of a config.json or of its folder")
    return model_of(read_config(path, name=shown), name=printable(name))


def model_workload(name: str, settings: Mapping[str, int | str] | None = None) -> Workload:
    """What a model computes, with the settings of a scenario.

    Args:
        name: as for ``load_model``.
        settings: fields of ``Scenario`` -> value, numbers as text too.

    Raises:
        InputError: every problem of the file or the settings.
    """
    scenario = scenario_of(settings or {}, where=f"model '{name}'")
    return build_workload(load_model(name), scenario)
