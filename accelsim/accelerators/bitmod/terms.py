"""Weights as terms: what the PE takes in one cycle of a weight, whatever its type.

A weight is the sum of its terms, each ``(-1)^sign * man * 2^exp * 2^bsig``, with ``exp`` from 0 to
3, ``man`` 0 or 1, and ``bsig`` the same for all weights of a word (Chen et al., HPCA 2025, eq. 4).

- Integers have a radix-4 Booth digit a term, the lowest first, so that ``bsig`` is 0, 2, 4, 6:
  four terms for 8 bits, three for 6, two for 4 (which the paper leaves out).
- FP4 and FP3 have two terms, in units of 0.5: every magnitude, the special ones with them, is a
  power of two or the sum of two, of 1 to 8 halves. 8.0 is 4.0 + 4.0. So ``bsig`` is 0 in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from accelsim.errors import InputError, unknown_name
from accelsim.formats.bitmod import MAGNITUDES, SELECTOR_BITS, special_code, special_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "TERM_FORMATS",
    "TermFormat",
    "Terms",
    "booth_terms",
    "half_terms",
    "term_format",
    "term_table",
    "terms_of",
]

Term = tuple[int, int, int]
"""Sign, exponent, mantissa."""
_NONE: Term = (0, 0, 0)
_MOST_EXPONENT = 3
_DIGIT_BITS = 2


@dataclass(frozen=True)
class TermFormat:
    """A type of weights, as the PE sees it."""

    name: str
    code_bits: int
    significances: tuple[int, ...]
    """``bsig`` of each step; as many steps as a weight has terms."""
    unit: float
    """What a term of exponent 0 stands for: sums of the PE are in these."""

    @property
    def steps(self) -> int:
        """Terms of a weight, and cycles that it takes."""
        return len(self.significances)

    @property
    def is_float(self) -> bool:
        """Whether groups have a special value."""
        return self.unit != 1


@dataclass(frozen=True)
class Terms:
    """Terms of many weights: each array has the shape of the codes, and the steps behind."""

    sign: NDArray[np.int32]
    exponent: NDArray[np.int32]
    mantissa: NDArray[np.int32]

    def values(self, chosen: TermFormat) -> NDArray[np.float64]:
        """The weights, exact."""
        import numpy as np

        each = self.mantissa * (1 - 2 * self.sign) << self.exponent
        whole = (each << np.array(chosen.significances)).sum(axis=-1)
        return np.asarray(whole * np.float64(chosen.unit))


_FORMATS = (
    TermFormat("int8", 8, (0, 2, 4, 6), 1.0),
    TermFormat("int6", 6, (0, 2, 4), 1.0),
    TermFormat("int4", 4, (0, 2), 1.0),
    TermFormat("fp4", 4, (0, 0), 0.5),
    TermFormat("fp3", 3, (0, 0), 0.5),
)
TERM_FORMATS = {each.name: each for each in _FORMATS}
"""Name -> type."""


def term_format(name: str) -> TermFormat:
    """The type of that name.

    Raises:
        InputError: where there is none.
    """
    if name not in TERM_FORMATS:
        raise InputError(unknown_name("type of weights", name, TERM_FORMATS))
    return TERM_FORMATS[name]


def booth_terms(value: int, digits: int) -> tuple[Term, ...]:
    """Radix-4 Booth digits of an integer, the lowest first.

    Example:
        >>> booth_terms(7, 3)
        ((1, 0, 1), (0, 1, 1), (0, 0, 0))
    """
    found = []
    for at in range(digits):
        # Two bits of this digit, and the one below it.
        window = (value << 1 >> _DIGIT_BITS * at) & 7
        digit = (window & 1) + (window >> 1 & 1) - 2 * (window >> 2)
        found.append((int(digit < 0), int(abs(digit) == 2), 1) if digit else _NONE)
    return tuple(found)


def half_terms(value: float) -> tuple[Term, Term]:
    """The two terms of a value in units of 0.5.

    Example:
        >>> half_terms(-5.0)
        ((1, 1, 1), (1, 3, 1))
        >>> half_terms(8.0)
        ((0, 3, 1), (0, 3, 1))

    Raises:
        InputError: where it takes more than two terms.
    """
    halves, sign = round(abs(value) * 2), int(value < 0)
    ones = [at for at in range(halves.bit_length()) if halves >> at & 1]
    if ones == [_MOST_EXPONENT + 1]:
        ones = [_MOST_EXPONENT] * 2
    if halves != abs(value) * 2 or len(ones) > 2 or max(ones, default=0) > _MOST_EXPONENT:
        raise InputError(
            f"terms: value is {value!r}, must be the sum of two of 0, 0.5, 1, 2 and 4, "
            "or its negative"
        )
    first, second = ([(sign, one, 1) for one in ones] + [_NONE] * 2)[:2]
    return first, second


@lru_cache
def term_table(name: str) -> NDArray[np.int32]:
    """Terms of every code, [selectors, codes, steps, 3]: sign, exponent, mantissa.

    Args:
        name: of a type of weights; the selector makes no difference to integers.
    """
    import numpy as np

    chosen = term_format(name)
    table = []
    for selector in range(1 << SELECTOR_BITS):
        codes = range(1 << chosen.code_bits)
        table.append([_terms(code, chosen, selector) for code in codes])
    found = np.array(table, np.int32)
    found.flags.writeable = False
    return found


def _terms(code: int, chosen: TermFormat, selector: int) -> tuple[Term, ...]:
    bits = chosen.code_bits
    if not chosen.is_float:
        value = code - (code >> bits - 1 << bits)
        return booth_terms(value, chosen.steps)
    if code == special_code(bits):
        return half_terms(special_values(bits)[selector])
    magnitude = MAGNITUDES[bits][code & (1 << bits - 1) - 1]
    return half_terms(-magnitude if code >> bits - 1 else magnitude)


def terms_of(codes: ArrayLike, name: str, selectors: ArrayLike = 0) -> Terms:
    """Terms of weights.

    Args:
        codes: of any shape; integers in two's complement, negative numbers allowed.
        name: of their type.
        selectors: of their groups, in a shape that broadcasts with that of the codes.
    """
    import numpy as np

    chosen = term_format(name)
    within = np.asarray(codes).astype(np.int64) & (1 << chosen.code_bits) - 1
    found = term_table(name)[np.asarray(selectors), within]
    return Terms(found[..., 0], found[..., 1], found[..., 2])
