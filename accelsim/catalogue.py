"""What ships with accelsim: every kind of thing that has a name."""

from __future__ import annotations

from accelsim.accelerators.registry import ACCELERATORS
from accelsim.architecture.devices import DEVICES
from accelsim.documents import read_document
from accelsim.errors import InputError, unknown_name
from accelsim.formats import FORMATS
from accelsim.library import ARCHITECTURES, MAPPERS, MODELS, WORKLOADS
from accelsim.library import shipped as files
from accelsim.study import STUDIES
from accelsim.workload.models import load_model, parameters

__all__ = ["KINDS", "shipped"]

_FOLDERS = {
    "workloads": WORKLOADS,
    "architectures": ARCHITECTURES,
    "mappers": MAPPERS,
    "devices": DEVICES,
    "studies": STUDIES,
}

KINDS = (*_FOLDERS, "models", "accelerators", "formats")
"""What can be asked for."""


def shipped(kind: str) -> dict[str, str]:
    """Name -> one line, of everything of a kind.

    Args:
        kind: one of ``KINDS``.

    Raises:
        InputError: where it is none of them.

    Example:
        >>> "fusemax" in shipped("architectures")
        True
    """
    if kind == "formats":
        return {f.name: f"{f.bits} bits, {f.description}" for f in FORMATS.values()}
    if kind == "accelerators":
        return {name: each.title for name, each in ACCELERATORS.items()}
    if kind == "models":
        return {name: _model_text(name) for name in files(MODELS)}
    if kind not in _FOLDERS:
        raise InputError(unknown_name("kind", kind, KINDS))
    entries = {}
    for name, path in files(_FOLDERS[kind]).items():
        data = read_document(path).data
        assert isinstance(data, dict)
        entries[name] = str(data.get("description") or data["name"])
    return entries


def _model_text(name: str) -> str:
    model = load_model(name)
    kind = "decoder" if model.causal else "encoder"
    return f"{parameters(model) / 1e9:.3g} G parameters, {kind} of {model.layers} layers"
