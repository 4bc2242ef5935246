"""The PE in NumPy, bit for bit as its gateware: groups of weights times FP16 activations.

A step takes ``lanes`` terms times as many activations:

1. Exponents are matched: that of a lane is the activation's field (0 counts as 1, without a hidden
   bit: subnormal numbers are exact) plus the term's. The greatest is the step's, E. A term of
   mantissa 0 takes no part. An activation of 0 does, as the subnormal number it is: it can raise E
   to 4 at most, and nothing is lost within 3 guard bits. Infinities and NaNs are not told apart:
   the field 31 is one exponent more; callers refuse them.
2. Mantissas of 11 bits get 3 guard bits below and are shifted right by E less their exponent, the
   magnitude truncated, negated, and summed up: a signed sum S of 15 + log2(lanes) bits. The step is
   worth S * 2^(E + bsig - 28).
3. The sum is added to the accumulator, A * 2^(4 e - 31), whose exponent moves in steps of four
   places: a short shift by (E + bsig + 3) mod 4 puts S on that grid, as P * 2^(4 p - 31), and what
   is left is shifts by whole digits of four bits. Before the addition, A becomes shorter by a digit
   where its top two bits differ, so that no sum overflows, and longer by one where its top six are
   alike and P is below it. Then the one of the lesser exponent is shifted right (it is 0 where
   exponents differed by eight or more), and 1 is added where the first bit that falls out is set:
   rounding to nearest, halves upwards. (Where A becomes shorter both are shifted; they share the
   1.) A step in which nothing takes part changes nothing, neither the value nor how it is held.
4. At the end of a group A is shifted right, truncated, until it has 15 bits, m * 2^(x - 31), with
   x of 6 bits, and multiplied with the 8-bit scale, one bit a cycle: exact in 23 bits.

The significance is in the exponent, where the paper shifts sums left by it, into 23 bits: A has 21
bits at four lanes, and as it is never left with less than 16 of them, the 15 of the result lose
nothing that matters.

**Error.** Let X = E + bsig of a step, and e the accumulator's exponent behind it. Truncation takes
less than 2^(X - 28) from each lane but the greatest; the addition is off by at most 2^(4 e - 31),
half of it but where A becomes shorter. So the sum of a group is off by less than

    sum over steps of ((lanes - 1) * 2^(X - 28) + 2^(4 e - 31)), and 2^(x - 31) once for the end,

which ``group_bound`` computes. Where P sets the exponent, 4 e - 31 <= X - 28. Where A does, it had
16 bits or more, so that 2^(4 e - 31) is at most 2^-15 of it; where it lost bits to cancellation,
the unit is at most a sixteenth of the step before. With t the greatest term of a step (at least
2^(X - 15), but where nothing is lost), s the partial sum before it and r the result, the error is
therefore less than

    sum over steps of (lanes * 2^-13 |t| + 2^-15 |s|) * 16/15, and 2^-13 |r|.

A sequential FP16 sum, fp16(s + fp16(a * w)), has the bound of the sum over weights of
2^-11 (|a w| + |s|). Terms of FP3 and FP4 have the sign of their weight: the greatest of a word's
steps sum up to no more than the |a w| of its weights, so at four lanes the first part is about
FP16's own 4 * 2^-13 |a w|, and the second a sixteenth of FP16's 2^-11 |s|, and fewer.

**Range.** A step is worth less than 2^30 units (16 lanes, E = 34), so 2^16 steps, the most that a
group may have, stay below 2^46, where x is 63: exponents never overflow. FP16 ends at 65,504.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelsim.accelerators.bitmod.terms import term_format, terms_of
from accelsim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "BIAS",
    "LANES",
    "GroupWords",
    "group_bound",
    "group_result",
    "group_words",
    "result_values",
    "word_results",
]

LANES = (2, 4, 8, 16)
"""Terms that a PE may take in a step."""
BIAS = 31
"""A result is worth mantissa * 2^(exponent - BIAS) units of its type of weights."""
MANTISSA_BITS = 15
SCALE_BITS = 8
MOST_STEPS = 1 << 16
"""Of a group."""
_GUARD_BITS = 3
_FRACTION_BITS = 10
_DIGIT_BITS = 4
_FINE = _DIGIT_BITS - 1
_MOST_DIGITS = 7
"""By which exponents differ, and less is 0. Shifts of as many leave nothing but the sign."""
_BLOCK = 8192
"""Groups at a time: what fits into a cache."""


@dataclass(frozen=True)
class GroupWords:
    """What a PE is given for many groups, step by step."""

    activations: NDArray[np.int32]
    """FP16 patterns, [chunks, lanes, groups]; each is there for all steps of its weights."""
    sign: NDArray[np.int32]
    """Of terms, [chunks, steps of a weight, lanes, groups]."""
    exponent: NDArray[np.int32]
    mantissa: NDArray[np.int32]
    significances: tuple[int, ...]
    """``bsig`` of each step of a weight."""

    @property
    def lanes(self) -> int:
        return int(self.activations.shape[1])

    @property
    def steps(self) -> int:
        """Of a group: cycles that a PE takes for it."""
        return len(self.activations) * len(self.significances)


def group_words(
    activation_bits: ArrayLike, codes: ArrayLike, name: str, selectors: ArrayLike, *, lanes: int = 4
) -> GroupWords:
    """Operands in the order in which a PE takes them: ``lanes`` weights, all their terms, the next.

    Args:
        activation_bits: FP16 patterns, [groups, weights].
        codes: of the weights, in the same shape. Lanes that are left over get zeros.
        name: type of the weights.
        selectors: of the groups, [groups]; of no account to integers.
        lanes: of the PE.

    Raises:
        InputError: where shapes differ, there is no such type, or no PE has so many lanes.
    """
    import numpy as np

    chosen = term_format(name)
    activations = np.asarray(activation_bits, np.int32)
    weights = np.asarray(codes)
    _check(activations.shape, weights.shape, lanes, chosen.steps)
    groups, count = activations.shape
    chunks = -(-count // lanes)
    more = ((0, 0), (0, -count % lanes))
    activations, weights = np.pad(activations, more), np.pad(weights, more)
    chosen_by = np.broadcast_to(np.asarray(selectors), (groups,))
    terms = terms_of(weights, name, chosen_by[:, None])

    def by_step(field: NDArray[np.int32]) -> NDArray[np.int32]:
        split = field.reshape(groups, chunks, lanes, chosen.steps)
        return np.ascontiguousarray(split.transpose(1, 3, 2, 0))

    return GroupWords(
        np.ascontiguousarray(activations.reshape(groups, chunks, lanes).transpose(1, 2, 0)),
        by_step(terms.sign),
        by_step(terms.exponent),
        by_step(terms.mantissa),
        chosen.significances,
    )


def _check(activations: tuple[int, ...], codes: tuple[int, ...], lanes: int, steps: int) -> None:
    problems = []
    if lanes not in LANES:
        problems.append(f"PE: lanes is {lanes!r}, must be one of {', '.join(map(str, LANES))}")
    elif len(activations) == 2 and -(-activations[1] // lanes) * steps > MOST_STEPS:
        most = MOST_STEPS // steps * lanes
        problems.append(f"group: it has {activations[1]:,} weights, must have {most:,} at most")
    if activations != codes or len(codes) != 2:
        problems.append(
            f"group: activations have shape {activations} and codes {codes}, must both have "
            "[groups, weights]"
        )
    if problems:
        raise InputError(problems)


def group_result(
    activation_bits: ArrayLike,
    codes: ArrayLike,
    name: str,
    selectors: ArrayLike,
    scales: ArrayLike,
    *,
    lanes: int = 4,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Exponent and mantissa of each group's sum of products, times its scale.

    Args:
        activation_bits: FP16 patterns, [groups, weights].
        codes: of the weights, in the same shape.
        name: type of the weights.
        selectors: of the groups, [groups]; of no account to integers.
        scales: of the groups, 0 to 255, [groups].
        lanes: of the PE.

    Returns:
        Exponents, of 6 bits, and signed mantissas, of 23; see ``result_values``.
    """
    import numpy as np

    activations, weights = np.asarray(activation_bits), np.asarray(codes)
    groups = len(activations)
    chosen_by = np.broadcast_to(np.asarray(selectors), (groups,))
    factors = np.broadcast_to(np.asarray(scales, np.int32), (groups,))
    if groups and (factors.min() < 0 or factors.max() >= 1 << SCALE_BITS):
        raise InputError(
            f"group: scales reach {factors.min()} to {factors.max()}, must be 0 to 255"
        )
    exponents, mantissas = np.zeros((2, groups), np.int32)
    for at in range(0, max(groups, 1), _BLOCK):
        part = slice(at, at + _BLOCK)
        words = group_words(activations[part], weights[part], name, chosen_by[part], lanes=lanes)
        exponents[part], mantissas[part] = word_results(words, factors[part])
    return exponents, mantissas


def word_results(
    words: GroupWords, scales: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The same of operands that are in their order."""
    mantissa, exponent, _ = _accumulated(words)
    exponent, mantissa = _shortened(mantissa, exponent, words.lanes)
    return exponent, mantissa * scales


def group_bound(words: GroupWords) -> NDArray[np.float64]:
    """What the sum of each group may be off by, in units of its type, before the scale."""
    mantissa, exponent, bound = _accumulated(words)
    last, _ = _shortened(mantissa, exponent, words.lanes)
    return bound + 2.0 ** (last - BIAS)


def result_values(
    exponents: ArrayLike, mantissas: ArrayLike, name: str, *, scale_bits: int = 0
) -> NDArray[np.float64]:
    """Results as numbers, exact.

    Args:
        exponents: of results.
        mantissas: of the same.
        name: type of the weights.
        scale_bits: places behind the scale's binary point.
    """
    import numpy as np

    places = np.asarray(exponents) - BIAS - scale_bits
    units = np.asarray(mantissas, np.float64) * term_format(name).unit
    return np.asarray(np.ldexp(units, places))


def sum_bits(lanes: int) -> int:
    """Of a step's signed sum."""
    return 1 + _FRACTION_BITS + 1 + _GUARD_BITS + (lanes - 1).bit_length()


def total_bits(lanes: int) -> int:
    """Of the accumulator's mantissa: a sum on its grid, and one bit more."""
    return sum_bits(lanes) + _FINE + 1


def _accumulated(
    words: GroupWords,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Mantissa and exponent of the accumulator behind all steps, and the bound of its error."""
    import numpy as np

    groups = words.activations.shape[2]
    mantissa, exponent = np.zeros((2, groups), np.int32)
    bound = np.zeros(groups)
    for chunk, activations in enumerate(words.activations):
        field = activations >> _FRACTION_BITS & 31
        fraction = activations & (1 << _FRACTION_BITS) - 1
        negative = activations >> 15 & 1
        significand = (fraction | (field > 0) * np.int32(1 << _FRACTION_BITS)) << _GUARD_BITS
        field = np.maximum(field, 1)
        for step, significance in enumerate(words.significances):
            man = words.mantissa[chunk, step]
            places = (field + words.exponent[chunk, step]) * man
            greatest = places.max(axis=0)
            aligned = significand * man >> np.minimum(greatest - places, 31)
            minus = negative ^ words.sign[chunk, step]
            total = ((aligned ^ -minus) + minus).sum(axis=0, dtype=np.int32)
            mantissa, exponent = _added(
                mantissa, exponent, total, greatest, significance, words.lanes
            )
            lost = np.ldexp(words.lanes - 1.0, greatest + significance - 28)
            unit = np.ldexp(1.0, _DIGIT_BITS * exponent - BIAS)
            bound += np.where(greatest > 0, lost + unit, 0)
    return mantissa, exponent, bound


def _added(
    mantissa: NDArray[np.int32],
    exponent: NDArray[np.int32],
    total: NDArray[np.int32],
    greatest: NDArray[np.int32],
    significance: int,
    lanes: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Mantissa and exponent of the accumulator behind a step."""
    import numpy as np

    bits = total_bits(lanes)
    place = greatest + (significance + _FINE)
    p, addend = place >> 2, total << (place & _FINE)
    # All ones or all zeros in the top bits: shifted to where the sign is, they are -1 or 0.
    sign = mantissa >> 31
    large = (mantissa >> bits - 2) != sign
    small = (mantissa >> bits - 6) == sign
    above = (p > exponent) | (p == exponent) & ~large
    digit = np.where(above, p, exponent + large - small)
    near = np.abs(p - exponent) <= _MOST_DIGITS
    kept, first = _shifted(mantissa, digit - exponent, near | ~above)
    new, second = _shifted(addend, digit - p, near | above)
    taken = greatest > 0
    added = kept + new + (first | second)
    return np.where(taken, added, mantissa), np.where(taken, digit, exponent)


def _shifted(
    value: NDArray[np.int32], digits: NDArray[np.int32], there: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Right by digits (left by one where that is -1), truncated, and the bit below what is left.

    Both are 0 where the value is not there, being too far below the other.
    """
    import numpy as np

    places = _DIGIT_BITS * np.clip(digits, 0, _MOST_DIGITS)
    wide = value << _DIGIT_BITS * (digits < 0) + 1 >> places
    return (wide >> 1) * there, (wide & 1) * there


def _shortened(
    mantissa: NDArray[np.int32], exponent: NDArray[np.int32], lanes: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Exponent and mantissa of 15 bits, truncated."""
    import numpy as np

    places = np.zeros_like(mantissa)
    for shift in range(total_bits(lanes) - MANTISSA_BITS):
        places += (mantissa >> MANTISSA_BITS - 1 + shift) != (mantissa >> 31)
    return _DIGIT_BITS * exponent + places, mantissa >> places
