"""ANT's data types: integers, powers of two, and flint, which is between them.

Guo et al., "ANT: Exploiting Adaptive Numerical Data Type for Low-bit Deep Neural Network
Quantization", MICRO 2022; values as in the authors' code (clevercool/ANT-Quantization). Codes are
ours: sign on top, the magnitude's place in ascending order below, and two's complement for
integers. The authors give flint a pattern of its own, which needs as many bits.
"""

from __future__ import annotations

from accelsim.errors import InputError

__all__ = ["ANT_BITS", "ANT_TYPES", "ant_values", "flint_magnitudes", "power_magnitudes"]

ANT_BITS = (3, 4)
"""Of codes that have tables here."""

ANT_TYPES: dict[int, tuple[str, ...]] = {3: ("int", "flint"), 4: ("int", "flint", "pot")}
"""Bits -> types in the order in which they are tried. Of 3 bits, flint is the powers of two."""


def flint_magnitudes(bits: int) -> tuple[float, ...]:
    """Magnitudes of a signed flint, ascending: an integer below, a power of two above.

    A flint of n bits without sign has 2n - 1 exponents; the mantissa is longest in the middle ones
    and vanishes at both ends.

    Example:
        >>> flint_magnitudes(4)
        (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0)
    """
    width = bits - 1
    found = [0.0]
    for exponent in range(1 - width, width - 1):
        # The first one of the pattern tells the exponent; what is left is the mantissa.
        mantissa = width - (2 + exponent if exponent >= 0 else 1 - exponent)
        if mantissa >= 0:
            found += [2.0**exponent * (1 + j / 2**mantissa) for j in range(1 << mantissa)]
    found.append(2.0 ** (width - 1))
    return tuple(each / found[1] for each in found)


def power_magnitudes(bits: int) -> tuple[float, ...]:
    """0 and the powers of two, ascending.

    Example:
        >>> power_magnitudes(4)
        (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
    """
    return (0.0, *(2.0**power for power in range((1 << (bits - 1)) - 1)))


def ant_values(bits: int, kind: str) -> tuple[float, ...]:
    """The value of each code of a type.

    Args:
        bits: of a code, 3 or 4.
        kind: one of ``ANT_TYPES``.

    Raises:
        InputError: where there is no such type of so many bits.

    Example:
        >>> ant_values(3, "flint")
        (0.0, 1.0, 2.0, 4.0, 0.0, -1.0, -2.0, -4.0)
    """
    if bits not in ANT_TYPES or kind not in ANT_TYPES[bits]:
        raise InputError(f"ANT: no type '{kind}' of {bits} bits; there are {ANT_TYPES}")
    if kind == "int":
        half = 1 << (bits - 1)
        return tuple(float(code - 2 * half if code >= half else code) for code in range(2 * half))
    magnitudes = flint_magnitudes(bits) if kind == "flint" else power_magnitudes(bits)
    return (*magnitudes, *(-each if each else 0.0 for each in magnitudes))
