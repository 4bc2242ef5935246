"""How a tensor is stored: a number type, scales of groups, sparsity; hence bits an element."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from accelsim.errors import InputError, unknown_name
from accelsim.formats.number import NUMBERS, NumberFormat

__all__ = ["FORMATS", "Bits", "StorageFormat", "machine_number", "storage_format"]

Bits = Callable[[str], int | Fraction]
"""Tensor -> bits of an element on average."""

_LARGEST_GROUP = 2**20
_LARGEST_BLOCK = 64


@dataclass(frozen=True)
class StorageFormat:
    """How the elements of a tensor are stored."""

    name: str
    number: NumberFormat
    description: str = ""
    group: int | None = None
    """Elements that share a scale, along the contracted rank; None without scales."""
    scale_bits: int = 0
    """Of a group's scale."""
    zero_bits: int = 0
    """Of a group's zero point; 0 where it has none."""
    kept: int = 1
    """Of every ``block`` elements, how many are stored; the others are 0."""
    block: int = 1

    @property
    def bits(self) -> int | Fraction:
        """Of an element on average, scales, zero points and positions included.

        Example:
            >>> storage_format("int4-g128").bits
            Fraction(133, 32)
            >>> storage_format("fp16-2:4").bits
            9
        """
        positions = (self.block - 1).bit_length()
        bits = (self.number.bits + positions) * Fraction(self.kept, self.block)
        if self.group:
            bits += Fraction(self.scale_bits + self.zero_bits, self.group)
        return bits.numerator if bits.denominator == 1 else bits

    @property
    def sparse(self) -> bool:
        """Whether elements are left out."""
        return self.kept < self.block


_FP8, _FP4 = NUMBERS["fp8_e4m3"], NUMBERS["fp4_e2m1"]
_MX = "OCP Microscaling formats, rev. 1.0 (2023): 32 share a scale of 8 bits"

FORMATS: dict[str, StorageFormat] = {
    **{name: StorageFormat(name, each, each.description) for name, each in NUMBERS.items()},
    **{
        each.name: each
        for each in (
            StorageFormat("fp8", _FP8, "fp8_e4m3"),
            StorageFormat("mxfp8", _FP8, _MX, 32, 8),
            StorageFormat("mxfp6", NUMBERS["fp6_e2m3"], _MX, 32, 8),
            StorageFormat("mxfp4", _FP4, _MX, 32, 8),
            StorageFormat("mxint8", NUMBERS["int8"], _MX, 32, 8),
            StorageFormat("nvfp4", _FP4, "NVIDIA, 2024: 16 share an FP8 scale", 16, 8),
        )
    },
}
"""Formats that have a name of their own; ``-gN`` and ``-N:M`` behind it make others."""


def machine_number(bits: int | Fraction) -> int | float:
    """Bits for arithmetic on arrays: whole where they are, else the nearest float.

    Example:
        >>> machine_number(storage_format("int4-g128").bits)
        4.15625
    """
    return bits if isinstance(bits, int) else float(bits)


_SUFFIXES = re.compile(r"(?P<base>.*?)(?:-g(?P<group>\d+))?(?:-(?P<kept>\d+):(?P<block>\d+))?")


@lru_cache(maxsize=256)
def storage_format(name: str) -> StorageFormat:
    """The format of that name: a base, with ``-gN`` and ``-N:M`` behind it or not.

    ``int4-g128`` has a scale of 16 bits for each 128 elements, and for integers a zero point as
    wide as an element (as GPTQ and AWQ store weights). ``fp16-2:4`` keeps 2 of 4 elements, with
    the position of each.

    Raises:
        InputError: where there is none; the closest is named.
    """
    if name in FORMATS:
        return FORMATS[name]
    found = _SUFFIXES.fullmatch(name)
    base = found["base"] if found else name
    if not found or base not in FORMATS:
        raise InputError(
            f"{unknown_name('format', base[:60], FORMATS)}; behind it -gN for groups with scales, "
            "-N:M for N stored of M: int4-g128, int8-2:4"
        )
    made = replace(FORMATS[base], name=name)
    if found["group"]:
        made = _grouped(made, found["group"])
    if found["kept"]:
        made = _sparse(made, found["kept"], found["block"])
    return made


def _grouped(base: StorageFormat, group: str) -> StorageFormat:
    if base.group:
        raise InputError(f"format '{base.name}' has scales of its own; drop -gN")
    size = int(group) if len(group) < 9 else 0
    if not 2 <= size <= _LARGEST_GROUP:
        raise InputError(
            f"format '{base.name}': group is {group[:20]}, must be 2 to {_LARGEST_GROUP:,}"
        )
    number = base.number
    zero = 0 if number.is_float or number.symmetric else int(number.bits)
    return replace(
        base,
        description=f"{base.description}; {size} share a scale of 16 bits"
        + (f" and a zero point of {zero}" if zero else ""),
        group=size,
        scale_bits=16,
        zero_bits=zero,
    )


def _sparse(base: StorageFormat, kept: str, block: str) -> StorageFormat:
    n, m = (int(text) if len(text) < 9 else 0 for text in (kept, block))
    if not 1 <= n < m <= _LARGEST_BLOCK:
        raise InputError(
            f"format '{base.name}': {kept[:20]}:{block[:20]} must be N:M with 1 <= N < M <= "
            f"{_LARGEST_BLOCK}"
        )
    return replace(base, kept=n, block=m, description=f"{base.description}; {n} of {m} are stored")
