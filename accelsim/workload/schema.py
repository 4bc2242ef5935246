"""What a workload file may say, as checked models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from accelsim.sizes import OpenSize, Size

__all__ = ["CascadeFile", "LayerFile", "NetworkFile"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
    cascade: Annotated[list[str], Field(min_length=1)]
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
