"""Arrays of floating-point values and their bit patterns: ``floating.py`` for many at once.

NumPy's doubles hold every value of these types, so that both ways are exact but for the one
rounding: to nearest, ties to even (IEEE 754-2019, section 4.3.1), subnormals included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelsim.errors import InputError
from accelsim.formats.floating import float_bits, infinity_bits, largest_finite_bits, nan_bits
from accelsim.formats.number import NumberFormat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["bits_to_values", "round_to_bits"]

_MOST_BITS = 32
_MOST_EXPONENT_BITS = 8
"""Of binary32 and bfloat16: their subnormals are far above those of doubles."""


def round_to_bits(values: ArrayLike, number: NumberFormat) -> NDArray[np.uint32]:
    """The patterns of the nearest values, ties to the even ones.

    What is too large is infinite, or NaN where there is no infinity, or else the largest finite
    value. Zeros keep their signs.

    Args:
        values: of any shape; taken as doubles.
        number: a floating-point type of 32 bits at most.

    Raises:
        InputError: where the type is not one of these.

    Example:
        >>> from accelsim.formats import number_format
        >>> [hex(bits) for bits in round_to_bits([1 / 3, -1e9], number_format("fp16"))]
        ['0x3555', '0xfc00']
    """
    import numpy as np

    _check(number)
    given = np.asarray(values, np.float64)
    finite = np.isfinite(given)
    magnitude = np.abs(np.where(finite, given, 0.0))
    least = 1 - number.bias
    # frexp puts the leading place just below 1, and gives 0 for 0.
    exponent = np.where(magnitude > 0, np.frexp(magnitude)[1] - 1, least).astype(np.int64)
    exponent = np.maximum(exponent, least)
    # Scaled by a power of two without loss, then rounded: halves to even.
    steps = np.rint(np.ldexp(magnitude, number.mantissa - exponent)).astype(np.int64)
    # A carry walks into the exponent by itself.
    bits = ((exponent + number.bias - 1) << number.mantissa) + steps
    largest, infinity, nan = _specials(number)
    bits = np.where(finite & (bits <= largest), bits, infinity)
    bits |= np.signbit(given).astype(np.int64) << (number.exponent + number.mantissa)
    return np.where(np.isnan(given), nan, bits).astype(np.uint32)


def bits_to_values(bits: ArrayLike, number: NumberFormat) -> NDArray[np.float64]:
    """The values of patterns, exact; infinities, NaNs and negative zeros are what they are.

    Args:
        bits: whole numbers of any shape; bits beyond those of the type are ignored.
        number: a floating-point type of 32 bits at most.

    Raises:
        InputError: where the type is not one of these.

    Example:
        >>> from accelsim.formats import number_format
        >>> bits_to_values([0x7E, 0x80], number_format("fp8_e4m3"))
        array([448.,  -0.])
    """
    import numpy as np

    _check(number)
    given = np.asarray(bits).astype(np.int64)
    size = number.exponent + number.mantissa
    magnitude = given & ((1 << size) - 1)
    field = magnitude >> number.mantissa
    fraction = magnitude & ((1 << number.mantissa) - 1)
    fraction |= (field > 0).astype(np.int64) << number.mantissa
    scale = np.maximum(field, 1) - number.bias - number.mantissa
    values = np.ldexp(fraction.astype(np.float64), scale)
    infinity = infinity_bits(number)
    beyond = magnitude > largest_finite_bits(number)
    values = np.where(beyond, np.nan, values)
    if infinity is not None:
        values = np.where(magnitude == infinity, np.inf, values)
    return np.where(given >> size & 1, -values, values)


def _specials(number: NumberFormat) -> tuple[int, int, int]:
    """Patterns of the largest finite value, of what is beyond it, and of NaN."""
    largest, infinity, nan = largest_finite_bits(number), infinity_bits(number), nan_bits(number)
    quiet = largest if nan is None else nan
    return largest, quiet if infinity is None else infinity, quiet


def _check(number: NumberFormat) -> None:
    fits = 1 <= number.exponent <= _MOST_EXPONENT_BITS and number.mantissa >= 1
    if not fits or float_bits(number) > _MOST_BITS:
        raise InputError(
            f"rounding: number is '{number.name}', must be a floating-point type of "
            f"{_MOST_BITS} bits at most, {_MOST_EXPONENT_BITS} of them exponent, with 1 or more of "
            "mantissa"
        )
