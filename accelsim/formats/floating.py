"""Floating-point values and their bit patterns, exact: what hardware is compared with.

Rounding is to nearest, ties to even (IEEE 754-2019, section 4.3.1), subnormals included.
"""

from __future__ import annotations

import math
from fractions import Fraction

from accelsim.formats.number import NumberFormat

__all__ = [
    "decode_float",
    "encode_float",
    "float_bits",
    "infinity_bits",
    "largest_finite_bits",
    "nan_bits",
]


def float_bits(number: NumberFormat) -> int:
    """Bits of a float's pattern: sign, exponent, mantissa.

    As stored it may have more: TF32 has 19 of 32.
    """
    return 1 + number.exponent + number.mantissa


def largest_finite_bits(number: NumberFormat) -> int:
    """The pattern of the largest finite value, without a sign."""
    top = (1 << (number.exponent + number.mantissa)) - 1
    if number.specials == "ieee":
        return top - (1 << number.mantissa)
    return top - (number.specials == "nan")


def infinity_bits(number: NumberFormat) -> int | None:
    """The pattern of infinity, without a sign; None where there is none."""
    return largest_finite_bits(number) + 1 if number.specials == "ieee" else None


def nan_bits(number: NumberFormat) -> int | None:
    """The pattern of the NaN that operations give; None where there is none."""
    if number.specials == "none":
        return None
    if number.specials == "nan":
        return largest_finite_bits(number) + 1
    return largest_finite_bits(number) + 1 + (1 << (number.mantissa - 1))


def decode_float(bits: int, number: NumberFormat) -> float | Fraction:
    """The value of a pattern: exact, or an infinity, a NaN, or -0.0 as a float.

    Example:
        >>> from accelsim.formats import number_format
        >>> decode_float(0x7E, number_format("fp8_e4m3"))
        Fraction(448, 1)
    """
    negative = bool(bits >> (number.exponent + number.mantissa))
    magnitude = bits & ((1 << (number.exponent + number.mantissa)) - 1)
    if magnitude > largest_finite_bits(number):
        infinite = magnitude == infinity_bits(number)
        special = math.inf if infinite else math.nan
        return -special if negative else special
    exponent, fraction = magnitude >> number.mantissa, magnitude & ((1 << number.mantissa) - 1)
    if exponent:
        fraction |= 1 << number.mantissa
    if not fraction:
        return -0.0 if negative else Fraction(0)
    scale = max(exponent, 1) - number.bias - number.mantissa
    value = Fraction(fraction) * Fraction(2) ** scale
    return -value if negative else value


def encode_float(value: float | Fraction, number: NumberFormat) -> int:
    """The pattern of the nearest value, ties to the even one.

    What is too large is infinite, or NaN where there is no infinity, or else the largest finite
    value. Zero keeps the sign of a float.

    Example:
        >>> from accelsim.formats import number_format
        >>> hex(encode_float(Fraction(1, 3), number_format("fp16")))
        '0x3555'
    """
    sign_bit = 1 << (number.exponent + number.mantissa)
    if isinstance(value, float):
        sign = sign_bit if math.copysign(1.0, value) < 0 else 0
        if math.isnan(value):
            return _or(nan_bits(number), largest_finite_bits(number))
        if math.isinf(value):
            return sign | _beyond(number)
        if value == 0:
            return sign
        value = Fraction(value)
    sign = sign_bit if value < 0 else 0
    magnitude = abs(value)
    if not magnitude:
        return 0
    exponent = max(_floor_log2(magnitude), 1 - number.bias)
    steps = magnitude / Fraction(2) ** (exponent - number.mantissa)
    # Python rounds halves to even. A carry walks into the exponent by itself.
    rounded = round(steps)
    bits = ((exponent + number.bias - 1) << number.mantissa) + rounded
    return sign | (bits if bits <= largest_finite_bits(number) else _beyond(number))


def _beyond(number: NumberFormat) -> int:
    return _or(infinity_bits(number), _or(nan_bits(number), largest_finite_bits(number)))


def _or(value: int | None, other: int) -> int:
    return other if value is None else value


def _floor_log2(value: Fraction) -> int:
    guess = value.numerator.bit_length() - value.denominator.bit_length()
    return guess if Fraction(2) ** guess <= value else guess - 1
