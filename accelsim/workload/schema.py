"""What a workload file may say, as checked models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["CascadeFile", "LayerFile", "NetworkFile"]


def _number_or_text(value: object) -> object:
    """Refuse `yes` and `true`, which would count as 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | None):
        raise ValueError("must be a number, or an expression such as ceil(M / M0)")
    return value


Size = Annotated[int | float | str | None, BeforeValidator(_number_or_text)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CascadeFile(_Strict):
    """A cascade of Einsums: ``workloads/matmul.yaml`` and its like."""

    name: str
    description: str = ""
    ranks: dict[str, Size] = Field(min_length=1)
    """Rank -> default size, an expression of other names, or null: to be set from outside."""
    parameters: dict[str, Size] = {}
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
    set: dict[str, Size] = {}
    repeat: Annotated[int | str, BeforeValidator(_number_or_text)] = 1


class NetworkFile(_Strict):
    """Layers in the order in which they run: ``workloads/bert-base.yaml`` and its like."""

    name: str
    description: str = ""
    parameters: dict[str, Size] = Field(min_length=1)
    layers: Annotated[list[LayerFile], Field(min_length=1)]
