"""What a workload file may say, as checked models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from accelsim.sizes import OpenSize, Size

__all__ = ["CascadeFile", "IncludeFile", "LayerFile", "NetworkFile"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class IncludeFile(_Strict):
    """Another cascade within this one, its ranks and tensors under names of this one."""

    include: str
    """A shipped name, or a path."""
    ranks: dict[str, str] = {}
    """Its rank, parameter or constant -> the name here; others keep their name."""
    tensors: dict[str, str] = {}
    """Its tensor -> the name here; others keep their name."""
    prefix: str = ""
    """In front of the names of the tensors that it computes and that ``tensors`` leaves out."""


def _kind(entry: object) -> str:
    return "IncludeFile" if isinstance(entry, dict | IncludeFile) else "Einsum"


Entry = Annotated[
    Annotated[str, Tag("Einsum")] | Annotated[IncludeFile, Tag("IncludeFile")],
    Discriminator(_kind),
]
"""One entry of a cascade: an Einsum as text, or a mapping that includes a cascade."""


class CascadeFile(_Strict):
    """A cascade of Einsums: ``workloads/matmul.yaml`` and its like."""

    name: str
    description: str = ""
    ranks: dict[str, OpenSize] = Field(min_length=1)
    """Rank -> default size, an expression of other names, or null: to be set from outside."""
    parameters: dict[str, OpenSize] = {}
    """The same for values that are no rank, such as a stride."""
    tensors: dict[str, list[str]] = Field(min_length=1)
    """Input tensor -> its ranks; every other tensor is inferred."""
    constants: dict[str, Size] = {}
    """Numbers, or expressions of sizes, that Einsums name: a small epsilon, a scale."""
    cascade: Annotated[list[Entry], Field(min_length=1)]
    """Einsums in order, each a text, and cascades that are included."""
    outputs: list[str] = []
    """Results to keep besides those that no Einsum reads."""
    formats: dict[str, str] = {}
    """Tensor (or ``default``) -> number format; else the machine's own word."""


class LayerFile(_Strict):
    """One layer of a network: a cascade at some size, some number of times."""

    name: str
    cascade: str
    set: dict[str, OpenSize] = {}
    repeat: Size = 1


class NetworkFile(_Strict):
    """Layers in the order in which they run: ``workloads/bert-base.yaml`` and its like."""

    name: str
    description: str = ""
    parameters: dict[str, OpenSize] = {}
    layers: Annotated[list[LayerFile], Field(min_length=1)]
