"""BitMoD's data types: 3 and 4 bits of floating point in which -0 is worth something.

Chen et al., "BitMoD: Bit-serial Mixture-of-Datatype LLM Acceleration", HPCA 2025, table IV. A
group of weights has one of four special values, named by a selector of two bits; its place is the
code that would be -0. Extra resolution (ER) fills a gap, extra asymmetry (EA) widens one side.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from accelsim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MAGNITUDES",
    "SELECTOR_BITS",
    "SPECIAL_MAGNITUDES",
    "Selector",
    "code_values",
    "decode",
    "special_code",
    "special_values",
]

SELECTOR_BITS = 2
"""Of the selector that a group has."""

MAGNITUDES: dict[int, tuple[float, ...]] = {
    3: (0.0, 1.0, 2.0, 4.0),
    4: (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0),
}
"""Bits of a code -> the magnitude of each code's lower bits. The sign is the bit above."""

SPECIAL_MAGNITUDES: dict[int, tuple[float, float]] = {3: (3.0, 6.0), 4: (5.0, 8.0)}
"""Bits of a code -> the special magnitudes: of extra resolution, of extra asymmetry."""


class Selector(IntEnum):
    """Which special value a group has, in the order in which they are tried."""

    ER_POSITIVE = 0
    ER_NEGATIVE = 1
    EA_POSITIVE = 2
    EA_NEGATIVE = 3

    @property
    def label(self) -> str:
        """As tables show it: ``ER+``, ``ER-``, ``EA+`` or ``EA-``."""
        return ("ER+", "ER-", "EA+", "EA-")[self]


def special_values(bits: int) -> tuple[float, float, float, float]:
    """The special value of each selector.

    Example:
        >>> special_values(4)
        (5.0, -5.0, 8.0, -8.0)

    Raises:
        InputError: where the bits are not 3 or 4.
    """
    _check_bits(bits)
    resolution, asymmetry = SPECIAL_MAGNITUDES[bits]
    return resolution, -resolution, asymmetry, -asymmetry


def special_code(bits: int) -> int:
    """The code of the special value: the sign alone, which would be -0.

    Example:
        >>> special_code(3), special_code(4)
        (4, 8)
    """
    _check_bits(bits)
    return 1 << (bits - 1)


def code_values(bits: int, selector: int) -> tuple[float, ...]:
    """The value of each code in a group of that selector.

    Example:
        >>> code_values(3, Selector.EA_NEGATIVE)
        (0.0, 1.0, 2.0, 4.0, -6.0, -1.0, -2.0, -4.0)

    Raises:
        InputError: where the bits are not 3 or 4, or there is no such selector.
    """
    special = special_values(bits)
    if selector not in range(len(Selector)):
        raise InputError(f"BitMoD: selector is {selector}, must be 0 to {len(Selector) - 1}")
    magnitudes = MAGNITUDES[bits]
    return (*magnitudes, special[selector], *(-each for each in magnitudes[1:]))


def decode(codes: ArrayLike, selectors: ArrayLike, bits: int) -> NDArray[np.float32]:
    """The values of codes, without the scales of their groups; exact.

    Args:
        codes: whole numbers from 0 to 2^bits - 1, of any shape.
        selectors: one for each code, in a shape that NumPy spreads over that of the codes: for
            codes of shape (channels, groups, 128), selectors of shape (channels, groups, 1).
        bits: of a code, 3 or 4.

    Example:
        >>> decode([[7, 8], [7, 8]], [[0], [3]], 4)
        array([[ 6.,  5.],
               [ 6., -8.]], dtype=float32)

    Raises:
        InputError: where a code or a selector is out of range, or the shapes do not go together.
    """
    import numpy as np

    table = np.array([code_values(bits, each) for each in Selector], np.float32)
    rows = _indices(selectors, "selectors", len(Selector))
    columns = _indices(codes, "codes", 1 << bits)
    try:
        return np.asarray(table[rows, columns])
    except IndexError:
        raise InputError(
            f"BitMoD: selectors have shape {rows.shape}, must spread over the codes' "
            f"{columns.shape}; give each group's selector an axis of length 1"
        ) from None


def _indices(given: ArrayLike, what: str, count: int) -> NDArray[np.integer]:
    """Whole numbers below a count."""
    import numpy as np

    found = np.asarray(given)
    if found.dtype.kind not in "iu":
        raise InputError(f"BitMoD: {what} are {found.dtype}, must be whole numbers")
    if found.size and (found.min() < 0 or found.max() >= count):
        raise InputError(
            f"BitMoD: {what} reach {found.min()} to {found.max()}, must be 0 to {count - 1}"
        )
    return found


def _check_bits(bits: int) -> None:
    if bits not in MAGNITUDES:
        raise InputError(f"BitMoD: bits is {bits}, must be 3 or 4")
