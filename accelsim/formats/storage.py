"""How a tensor is stored: a number type, scales of groups, sparsity; hence bits an element."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from accelsim.errors import InputError, unknown_name
from accelsim.formats.ant import ANT_TYPES
from accelsim.formats.bitmod import MAGNITUDES, SELECTOR_BITS
from accelsim.formats.number import NUMBERS, NumberFormat
from accelsim.formats.olive import OLIVE_TYPES

__all__ = ["FORMATS", "Bits", "StorageFormat", "machine_number", "storage_format"]

Bits = Callable[[str], int | Fraction]
"""Tensor -> bits of an element on average."""

_LARGEST_GROUP = 2**20
_PLAIN_SCALE_BITS = 16
SCALES: dict[str, tuple[int, int]] = {
    **{f"int{bits}-sym": (8, 0) for bits in (8, 6, 4, 3)},
    **{f"bitmod-fp{bits}": (8, SELECTOR_BITS) for bits in MAGNITUDES},
    **{f"ant{bits}": (8, (len(kinds) - 1).bit_length()) for bits, kinds in ANT_TYPES.items()},
    **{f"olive{bits}": (8, (len(kinds) - 1).bit_length()) for bits, kinds in OLIVE_TYPES.items()},
}
"""Number type -> bits of a group's scale and of its selector. That scales are 8 bits wide is
BitMoD's (HPCA 2025); the others get the same, so that they can be compared."""
_LARGEST_BLOCK = 64
_MOST_BITS = 4096


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
    selector_bits: int = 0
    """Of what tells which values a group has; 0 where all have the same."""
    kept: int = 1
    """Of every ``block`` elements, how many are stored; the others are 0."""
    block: int = 1
    average_bits: Fraction | None = None
    """Of an element, where a publication says so; None: what follows from the other figures."""

    @property
    def bits(self) -> int | Fraction:
        """Of an element on average, scales, zero points and positions included.

        Example:
            >>> storage_format("int4-g128").bits
            Fraction(133, 32)
            >>> storage_format("fp16-2:4").bits
            9
            >>> storage_format("bitmod-fp4-g128").bits
            Fraction(261, 64)
        """
        positions = (self.block - 1).bit_length()
        if self.average_bits is not None:
            return _whole(self.average_bits)
        bits = (self.number.bits + positions) * Fraction(self.kept, self.block)
        if self.group:
            bits += Fraction(self.scale_bits + self.zero_bits + self.selector_bits, self.group)
        return _whole(bits)

    @property
    def sparse(self) -> bool:
        """Whether elements are left out."""
        return self.kept < self.block


def _whole(bits: int | Fraction) -> int | Fraction:
    return bits.numerator if isinstance(bits, Fraction) and bits.denominator == 1 else bits


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


_SUFFIXES = re.compile(
    r"(?P<base>.*?)(?:-g(?P<group>\d+))?(?:-(?P<kept>\d+):(?P<block>\d+))?"
    r"(?:~(?P<average>\d{1,4}(?:\.\d{1,9})?))?"
)


@lru_cache(maxsize=256)
def storage_format(name: str) -> StorageFormat:
    """The format of that name: a base, with ``-gN`` and ``-N:M`` behind it or not.

    ``int4-g128`` has a scale of 16 bits for each 128 elements, and for integers a zero point as
    wide as an element (as GPTQ and AWQ store weights). ``bitmod-fp4-g128`` and others of which
    ``SCALES`` tells have no zero point. ``fp16-2:4`` keeps 2 of 4 elements, with the position of
    each. ``int4~4.25`` holds numbers of ``int4`` and takes 4.25 bits an element on average: what a
    publication says of layers that differ, or of scales of other sizes.

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
            "-N:M for N stored of M, ~BITS for bits on average: int4-g128, int8-2:4, int4~4.25"
        )
    made = replace(FORMATS[base], name=name)
    if found["group"]:
        made = _grouped(made, found["group"])
    if found["kept"]:
        made = _sparse(made, found["kept"], found["block"])
    if found["average"]:
        made = _averaged(made, Fraction(found["average"]))
    return made


def _averaged(base: StorageFormat, bits: Fraction) -> StorageFormat:
    if not 0 < bits <= _MOST_BITS:
        raise InputError(
            f"format '{base.name}': {float(bits):g} bits on average, must be above 0 and at most "
            f"{_MOST_BITS}"
        )
    text = f"{base.description}; {float(bits):g} bits on average"
    return replace(base, average_bits=bits, description=text)


def _grouped(base: StorageFormat, group: str) -> StorageFormat:
    if base.group:
        raise InputError(f"format '{base.name}' has scales of its own; drop -gN")
    size = int(group) if len(group) < 9 else 0
    if not 2 <= size <= _LARGEST_GROUP:
        raise InputError(
            f"format '{base.name}': group is {group[:20]}, must be 2 to {_LARGEST_GROUP:,}"
        )
    number = base.number
    scale, selector, zero = _PLAIN_SCALE_BITS, 0, 0
    if number.name in SCALES:
        scale, selector = SCALES[number.name]
    elif not (number.is_float or number.symmetric or number.values):
        zero = int(number.bits)
    return replace(
        base,
        description=f"{base.description}; {size} share a scale of {scale} bits"
        + (f" and a zero point of {zero}" if zero else "")
        + (f" and a selector of {selector}" if selector else ""),
        group=size,
        scale_bits=scale,
        zero_bits=zero,
        selector_bits=selector,
    )


def _sparse(base: StorageFormat, kept: str, block: str) -> StorageFormat:
    n, m = (int(text) if len(text) < 9 else 0 for text in (kept, block))
    if not 1 <= n < m <= _LARGEST_BLOCK:
        raise InputError(
            f"format '{base.name}': {kept[:20]}:{block[:20]} must be N:M with 1 <= N < M <= "
            f"{_LARGEST_BLOCK}"
        )
    return replace(base, kept=n, block=m, description=f"{base.description}; {n} of {m} are stored")
