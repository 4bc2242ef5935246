"""What a file of a device may say, as checked models."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from accelsim.architecture.devices.device import COMPUTE_FORMATS
from accelsim.sizes import no_truth_value

__all__ = ["DeviceFile", "DeviceSources"]


def _whole(value: float) -> float:
    if value != int(value):
        raise ValueError("must be a whole number of bytes; round it")
    return value


def _shown(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of signs that can be shown; remove the others")
    return text


_Plain = BeforeValidator(no_truth_value)
_Finite = Field(allow_inf_nan=False)
Rate = Annotated[float, _Finite, _Plain, Field(ge=1, le=1e30)]
# A float, so that 80e9 is one: YAML 1.1 reads that as text. It is exact up to 2^53.
Bytes = Annotated[float, _Finite, _Plain, Field(ge=1, le=2**53), AfterValidator(_whole)]
# Names are checked when the file is loaded, with better messages; editors learn them from here.
Peaks = Annotated[
    dict[str, Rate], Field(json_schema_extra={"propertyNames": {"enum": list(COMPUTE_FORMATS)}})
]
_PATTERN = {"propertyNames": {"pattern": r"^[1-9][0-9]?:[1-9][0-9]?$"}}
Shown = Annotated[str, Field(min_length=1), AfterValidator(_shown)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class DeviceSources(_Strict):
    """Where the figures are from: title and year of a data sheet."""

    memory: Shown | None = None
    """Of ``memory_bytes``."""
    bandwidth: Shown | None = None
    """Of ``bandwidth_bytes_per_s``."""
    peak: Shown | None = None
    """Of ``peak_operations_per_s``."""
    sparse: Shown | None = None
    """Of ``sparse_peak_operations_per_s``."""
    vector: Shown | None = None
    """Of ``vector_operations_per_s``."""
    on_chip: Shown | None = None
    """Of ``on_chip_bytes``."""


class DeviceFile(_Strict):
    """A chip with its memory: ``a100-40g.yaml`` and its like."""

    name: Shown
    """In words: maker, chip and variant."""
    description: str = ""
    """One line."""
    memory_bytes: Bytes | None = None
    """Capacity of the memory."""
    bandwidth_bytes_per_s: Rate
    """Peak of the memory."""
    peak_operations_per_s: Peaks | None
    """Number format -> dense peak of the matrix units; a multiply-add counts 2. Null: unknown."""
    sparse_peak_operations_per_s: Annotated[
        dict[str, Peaks] | None, Field(json_schema_extra=_PATTERN)
    ] = None
    """Pattern such as 2:4 -> format -> peak, with products with zeros counted as done."""
    vector_operations_per_s: Rate | None = None
    """Peak of the general units in fp32, for elementwise work; a multiply-add counts 2."""
    on_chip_bytes: Bytes | None = None
    """Capacity of the last memory on the chip."""
    sources: DeviceSources = DeviceSources()
    """Where each figure is from."""
