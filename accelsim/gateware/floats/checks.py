"""Types that the units are built for."""

from __future__ import annotations

from accelsim.formats import NumberFormat
from accelsim.formats.floating import float_bits

__all__ = ["MOST_BITS", "float_problems"]

MOST_BITS = 64
"""Of a float: binary64 is the largest type there is."""


def float_problems(part: str, **numbers: object) -> list[str]:
    """What is wrong with types that a unit is to compute with; nothing where all are legal.

    Args:
        part: the unit, as messages call it.
        numbers: parameter -> its type.
    """
    return [
        f"{part}: {name} is {_shown(number)}, must be a floating-point type with 2 or more bits of "
        f"exponent, 1 or more of mantissa, and {MOST_BITS} at most in all"
        for name, number in numbers.items()
        if not _legal(number)
    ]


def _legal(number: object) -> bool:
    return (
        isinstance(number, NumberFormat)
        and number.exponent >= 2
        and number.mantissa >= 1
        and float_bits(number) <= MOST_BITS
    )


def _shown(number: object) -> str:
    if not isinstance(number, NumberFormat):
        return repr(number)
    if not number.is_float:
        return f"'{number.name}', an integer"
    return f"'{number.name}' with {number.exponent} and {number.mantissa} bits"
