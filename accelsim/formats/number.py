"""Number types: how many bits a value has, and which values there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from accelsim.errors import InputError, unknown_name
from accelsim.formats.ant import ANT_TYPES, ant_values
from accelsim.formats.bitmod import MAGNITUDES, SPECIAL_MAGNITUDES
from accelsim.formats.olive import OLIVE_TYPES, normal_values, outlier_values

__all__ = ["NUMBERS", "NumberFormat", "number_format"]


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A plain number type."""

    name: str
    bits: int | Fraction
    """Of a value as it is stored."""
    description: str
    """What it is, with its source."""
    exponent: int = 0
    """Bits of the exponent; 0 for integers."""
    mantissa: int = 0
    """Bits behind the leading one; of an integer, bits of its magnitude."""
    specials: str = "ieee"
    """Of floats: ``ieee`` has infinities and NaNs in the top exponent, ``nan`` one NaN (all ones)
    and no infinity, ``none`` finite values only."""

    symmetric: bool = False
    """Of integers: whether the one without a positive counterpart is left out."""

    values: tuple[float, ...] = ()
    """Of types that a table gives, neither floats nor integers: every value that an element may
    have."""
    always: tuple[float, ...] = ()
    """Of these the ones that every group of elements can have."""

    @property
    def is_float(self) -> bool:
        """Whether it is a floating-point type."""
        return self.exponent > 0

    @property
    def bias(self) -> int:
        """What is added to the exponent of a float where it is stored."""
        return (1 << (self.exponent - 1)) - 1

    @property
    def precision(self) -> int:
        """Bits of a float's significand, the leading one included."""
        return self.mantissa + 1

    def within(self, other: NumberFormat) -> bool:
        """Whether every finite value of this type is a value of the other, so none is rounded.

        Example:
            >>> number_format("int8").within(number_format("fp16"))
            True
            >>> number_format("fp16").within(number_format("bf16"))
            False
            >>> number_format("bitmod-fp4").within(number_format("fp8_e4m3"))
            True
        """
        if self is other:
            return True
        if self.values:
            return all(other.holds(value) for value in self.values)
        if other.values:
            # The smaller type is enumerated; wider ones have more values than any table.
            return self.bits <= _ENUMERATED_BITS and all(map(other.holds, _enumerated(self)))
        if self.is_float:
            return self.exponent <= other.exponent and self.mantissa <= other.mantissa
        if not other.is_float:
            room = self.mantissa < other.mantissa or not other.symmetric or self.symmetric
            return self.mantissa <= other.mantissa and room
        # -2^m is a power of two: a significand of m bits holds the rest.
        largest = self.mantissa - 1 if self.symmetric else self.mantissa
        return self.mantissa <= other.precision and largest <= other.largest_exponent

    def holds(self, value: float) -> bool:
        """Whether a finite value is one of this type, of a table in every group.

        Example:
            >>> number_format("bitmod-fp4").holds(6.0), number_format("bitmod-fp4").holds(5.0)
            (True, False)
        """
        if self.values:
            return value in self.always
        if not self.is_float:
            least = -(1 << self.mantissa) + self.symmetric
            return value == int(value) and least <= value < 1 << self.mantissa
        from accelsim.formats.floating import decode_float, encode_float

        return decode_float(encode_float(value, self), self) == value

    @property
    def largest_exponent(self) -> int:
        """Of a float's largest power of two."""
        return (1 << self.exponent) - 1 - self.bias - (self.specials == "ieee")


_ENUMERATED_BITS = 8


def _enumerated(number: NumberFormat) -> list[float]:
    """Every finite value of a small type that is no table."""
    if not number.is_float:
        reach = 1 << number.mantissa
        return [float(each) for each in range(-reach + number.symmetric, reach)]
    from accelsim.formats.floating import decode_float

    found = (float(decode_float(bits, number)) for bits in range(1 << int(number.bits)))
    return [each for each in found if isfinite(each)]


def _symmetric_integer(bits: int) -> NumberFormat:
    text = f"two's complement without -2^{bits - 1}; groups have scales of 8 bits, no zero point"
    return NumberFormat(f"int{bits}-sym", bits, text, 0, bits - 1, symmetric=True)


def _table(name: str, bits: int, text: str, types: Iterable[Iterable[float]]) -> NumberFormat:
    """A type of which a group has one of several sets of values."""
    sets = [frozenset(values) for values in types]
    every, always = frozenset.union(*sets), frozenset.intersection(*sets)
    return NumberFormat(name, bits, text, values=tuple(sorted(every)), always=tuple(sorted(always)))


def _bitmod(bits: int) -> NumberFormat:
    resolution, asymmetry = SPECIAL_MAGNITUDES[bits]
    text = f"one of ±{resolution:g} and ±{asymmetry:g} in place of -0 (BitMoD, HPCA 2025, table IV)"
    plain = {sign * each for each in MAGNITUDES[bits] for sign in (1.0, -1.0)}
    specials = (resolution, -resolution, asymmetry, -asymmetry)
    return _table(f"bitmod-fp{bits}", bits, text, [plain | {special} for special in specials])


def _ant(bits: int) -> NumberFormat:
    text = f"a group is {' or '.join(ANT_TYPES[bits])} (ANT, MICRO 2022)"
    return _table(f"ant{bits}", bits, text, [ant_values(bits, kind) for kind in ANT_TYPES[bits]])


def _olive(bits: int) -> NumberFormat:
    kinds = OLIVE_TYPES[bits]
    text = f"{' or '.join(kinds)}, in place of two an outlier (OliVe, ISCA 2023)"
    sets = [(*normal_values(bits, kind), *outlier_values(bits, kind)) for kind in kinds]
    return _table(f"olive{bits}", bits, text, sets)


NUMBERS: dict[str, NumberFormat] = {
    each.name: each
    for each in (
        NumberFormat("fp64", 64, "binary64 (IEEE 754-2019)", 11, 52),
        NumberFormat("fp32", 32, "binary32 (IEEE 754-2019)", 8, 23),
        NumberFormat("tf32", 32, "19 of 32 bits are used (NVIDIA A100 whitepaper, 2020)", 8, 10),
        NumberFormat("fp16", 16, "binary16 (IEEE 754-2019)", 5, 10),
        NumberFormat("bf16", 16, "8-bit exponent, 7-bit mantissa (Intel, BFLOAT16, 2018)", 8, 7),
        NumberFormat("fp8_e4m3", 8, "OCP 8-bit floating point, rev. 1.0 (2023)", 4, 3, "nan"),
        NumberFormat("fp8_e5m2", 8, "OCP 8-bit floating point, rev. 1.0 (2023)", 5, 2),
        NumberFormat("fp6_e3m2", 6, "OCP Microscaling formats, rev. 1.0 (2023)", 3, 2, "none"),
        NumberFormat("fp6_e2m3", 6, "OCP Microscaling formats, rev. 1.0 (2023)", 2, 3, "none"),
        NumberFormat("fp4_e2m1", 4, "OCP Microscaling formats, rev. 1.0 (2023)", 2, 1, "none"),
        NumberFormat("int32", 32, "two's complement", 0, 31),
        NumberFormat("int16", 16, "two's complement", 0, 15),
        NumberFormat("int8", 8, "two's complement", 0, 7),
        NumberFormat("int6", 6, "two's complement", 0, 5),
        NumberFormat("int4", 4, "two's complement, two to a byte", 0, 3),
        NumberFormat("int3", 3, "two's complement", 0, 2),
        NumberFormat("int2", 2, "two's complement, four to a byte", 0, 1),
        NumberFormat(
            "ternary", 2, "-1, 0, 1 in two bits (BitNet b1.58, 2024)", 0, 1, symmetric=True
        ),
        NumberFormat(
            "ternary-packed",
            Fraction(8, 5),
            "-1, 0, 1, five to a byte (3^5 <= 2^8)",
            0,
            1,
            symmetric=True,
        ),
        *map(_symmetric_integer, (8, 6, 4, 3)),
        *map(_bitmod, MAGNITUDES),
        *map(_ant, ANT_TYPES),
        *map(_olive, OLIVE_TYPES),
    )
}


def number_format(name: str) -> NumberFormat:
    """The number type of that name.

    Raises:
        InputError: where there is none; the closest is named.
    """
    if name not in NUMBERS:
        raise InputError(unknown_name("number type", name, NUMBERS))
    return NUMBERS[name]
