"""What the units should give: exact arithmetic in doubles, rounded once."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from accelsim.formats import NumberFormat
from accelsim.formats.floating import decode_float, encode_float, float_bits, largest_finite_bits
from accelsim.formats.rounding import bits_to_values, round_to_bits

Bits = NDArray[np.uint32]
Values = NDArray[np.float64]


def product(a: Bits, left: NumberFormat, b: Bits, right: NumberFormat, to: NumberFormat) -> Bits:
    """Exact in doubles: 24 bits times 24 bits, exponents of 9 bits."""
    with np.errstate(invalid="ignore"):
        return round_to_bits(bits_to_values(a, left) * bits_to_values(b, right), to)


def total(a: Bits, b: Bits, number: NumberFormat) -> Bits:
    return round_to_bits(sum_to_odd(bits_to_values(a, number), bits_to_values(b, number)), number)


def fused(
    a: Bits, left: NumberFormat, b: Bits, right: NumberFormat, c: Bits, to: NumberFormat
) -> Bits:
    with np.errstate(invalid="ignore"):
        exact = bits_to_values(a, left) * bits_to_values(b, right)
    return round_to_bits(sum_to_odd(exact, bits_to_values(c, to)), to)


def sum_to_odd(a: Values, b: Values) -> Values:
    """Sums of doubles, rounded to odd: where bits are lost, the last one is 1.

    Rounded once more, to two bits less or fewer, it is as if the exact sum were rounded once
    (Boldo and Melquiond, Emulation of FMA and correctly rounded sums, IEEE Trans. Comput. 57(4),
    2008, theorem 2); binary32 has 29 bits less. What is lost is found by Knuth's TwoSum, exact
    since nothing here overflows or comes near the subnormals of doubles.
    """
    with np.errstate(invalid="ignore"):
        nearest = a + b
        part = nearest - a
        lost = (a - (nearest - part)) + (b - part)
    pattern = nearest.view(np.int64)
    inexact = np.isfinite(nearest) & (lost != 0)
    even = (pattern & 1) == 0
    # The neighbour on the side of what was lost has an odd last bit.
    outward = (lost > 0) == (nearest > 0)
    moved = np.where(outward, pattern + 1, pattern - 1)
    return np.where(inexact & even, moved, pattern).view(np.float64)


def fused_by_fractions(
    a: int, left: NumberFormat, b: int, right: NumberFormat, c: int, to: NumberFormat
) -> int:
    """The same in exact arithmetic, for a sample; specials by IEEE 754-2019, sections 6 and 7."""
    x, y, z = decode_float(a, left), decode_float(b, right), decode_float(c, to)
    if all(math.isfinite(each) for each in (x, y, z)):
        exact = Fraction(x) * Fraction(y) + Fraction(z)
        if exact:
            return encode_float(exact, to)
    # Zeros and specials: doubles have their rules, and their sums and products of zeros are exact.
    near = _small(x) * _small(y)
    return encode_float(near + _small(z), to)


def _small(value: float | Fraction) -> float:
    """A double of the same sign and kind; +-1 stands for every finite value but 0."""
    if not math.isfinite(value) or value == 0:
        return float(value)
    return 1.0 if value > 0 else -1.0


def same(found: Bits, expected: Bits, number: NumberFormat) -> NDArray[np.bool_]:
    """Bit for bit; all NaNs are one."""
    both = np.isnan(bits_to_values(found, number)) & np.isnan(bits_to_values(expected, number))
    return (found == expected) | both


def special_patterns(number: NumberFormat) -> Bits:
    """Zeros, both ends of the subnormals and normals, powers of two, infinities, NaNs."""
    size, ones = number.exponent + number.mantissa, (1 << number.mantissa) - 1
    bias, mantissa, largest = number.bias, number.mantissa, largest_finite_bits(number)
    fields = {0, 1, 2, bias - number.precision, bias - 1, bias, bias + 1, bias + number.precision}
    fields |= {largest >> mantissa, (largest >> mantissa) - 1}
    fractions = {0, 1, ones >> 1, (ones >> 1) + 1, ones}
    found = {(field << mantissa) | f for field in fields if field >= 0 for f in fractions}
    found |= {largest - 1, *range(largest, min(largest + 3, 1 << size)), (1 << size) - 1}
    unsigned = sorted(each for each in found if 0 <= each < 1 << size)
    return np.array([*unsigned, *(each | 1 << size for each in unsigned)], np.uint32)


def pairs(a: Bits, b: Bits) -> tuple[Bits, Bits]:
    """Each with each."""
    return np.repeat(a, len(b)), np.tile(b, len(a))


def random_patterns(
    generator: np.random.Generator, numbers: list[NumberFormat], count: int
) -> list[Bits]:
    """Patterns of a unit's operands: any, and in the second half such that addends are close.

    The last operand is the addend; what stands before it is multiplied. Half of the second half's
    addends nearly cancel: the negated product or addend, off by a few in the last place.
    """
    found = [
        generator.integers(0, 1 << float_bits(number), count, np.uint64).astype(np.uint32)
        for number in numbers
    ]
    *factors, addend = numbers
    half = slice(count // 2, count)
    values = np.ones(count - count // 2)
    with np.errstate(invalid="ignore"):
        for bits, number in zip(found, factors, strict=False):
            values = values * bits_to_values(bits[half], number)
    scale = np.ldexp(1.0 + generator.random(len(values)), generator.integers(-4, 5, len(values)))
    near = round_to_bits(-values * scale, addend).astype(np.int64)
    exact = round_to_bits(-values, addend).astype(np.int64)
    exact += generator.integers(-2, 3, len(values))
    close = np.where(generator.integers(0, 2, len(values)) == 0, near, exact)
    found[-1][half] = (close & ((1 << float_bits(addend)) - 1)).astype(np.uint32)
    return found
