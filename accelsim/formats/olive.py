"""OliVe's data types: an outlier has its neighbour's place, so that it may be large.

Guo et al., "OliVe: Accelerating Large Language Models via Hardware-friendly Outlier-Victim Pair
Quantization", ISCA 2023; values as in the authors' code (clevercool/ANT-Quantization). Of a pair of
weights one may be an outlier; the other one, its victim, is 0 and has the code that says so.
"""

from __future__ import annotations

from accelsim.errors import InputError
from accelsim.formats.ant import flint_magnitudes

__all__ = [
    "OLIVE_TYPES",
    "normal_values",
    "outlier_values",
    "victim_code",
]

OLIVE_TYPES: dict[int, tuple[str, ...]] = {4: ("int", "flint"), 8: ("int",)}
"""Bits -> types of what is no outlier, in the order in which they are tried."""

_NORMAL_END = 32.0
"""Authors' unit: normal values end below or at 32 = 2^5, which is abfloat's least exponent."""
_EXPONENT, _EXPONENT_BITS = 5, 2


def victim_code(bits: int) -> int:
    """The code of a victim: the sign alone, in normal values the one without a use.

    Example:
        >>> victim_code(4)
        8
    """
    return 1 << (bits - 1)


def normal_values(bits: int, kind: str) -> tuple[float, ...]:
    """The value of each code of a weight without an outlier beside it; a victim's is 0.

    Integers are two's complement; flint has its sign on top.

    Example:
        >>> normal_values(4, "int")[:9]
        (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0)
    """
    _check(bits, kind)
    half = 1 << (bits - 1)
    if kind == "flint":
        magnitudes = flint_magnitudes(bits)
        return (*magnitudes, 0.0, *(-each for each in magnitudes[1:]))
    return (*map(float, range(half)), 0.0, *map(float, range(1 - half, 0)))


def outlier_values(bits: int, kind: str) -> tuple[float, ...]:
    """The value of each code whose neighbour is a victim; 0 for the two codes that have none.

    Sign, two bits of exponent, the rest mantissa, with a leading one: abfloat, "adaptive biased
    float", in units of the normal values.

    Example:
        >>> outlier_values(4, "int")[:8]
        (0.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0)
    """
    _check(bits, kind)
    unit = _NORMAL_END / (max(flint_magnitudes(bits)) if kind == "flint" else 1 << (bits - 1))
    mantissa = bits - 1 - _EXPONENT_BITS
    magnitudes = [
        2.0 ** (_EXPONENT + (code >> mantissa)) * (1 + (code % (1 << mantissa)) / (1 << mantissa))
        for code in range(1, 1 << (bits - 1))
    ]
    found = [each / unit for each in magnitudes]
    return (0.0, *found, 0.0, *(-each for each in found))


def _check(bits: int, kind: str) -> None:
    if bits not in OLIVE_TYPES or kind not in OLIVE_TYPES[bits]:
        raise InputError(f"OliVe: no type '{kind}' of {bits} bits; there are {OLIVE_TYPES}")
