"""Number formats: names and bits per element."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.errors import InputError, unknown_name

__all__ = ["FORMATS", "NumberFormat", "number_format"]


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A plain number type."""

    name: str
    bits: int
    description: str
    """What it is, with its source."""


FORMATS: dict[str, NumberFormat] = {
    each.name: each
    for each in (
        NumberFormat("fp64", 64, "binary64 (IEEE 754-2019)"),
        NumberFormat("fp32", 32, "binary32 (IEEE 754-2019)"),
        NumberFormat("fp16", 16, "binary16 (IEEE 754-2019)"),
        NumberFormat("bf16", 16, "8-bit exponent, 7-bit mantissa (Intel, BFLOAT16, 2018)"),
        NumberFormat("fp8_e4m3", 8, "OCP 8-bit floating point, rev. 1.0 (2023)"),
        NumberFormat("fp8_e5m2", 8, "OCP 8-bit floating point, rev. 1.0 (2023)"),
        NumberFormat("int32", 32, "two's complement"),
        NumberFormat("int16", 16, "two's complement"),
        NumberFormat("int8", 8, "two's complement"),
        NumberFormat("int4", 4, "two's complement, two to a byte"),
    )
}


def number_format(name: str) -> NumberFormat:
    """The format of that name.

    Raises:
        InputError: where there is none; the closest is named.
    """
    if name not in FORMATS:
        raise InputError(unknown_name("format", name, FORMATS))
    return FORMATS[name]
