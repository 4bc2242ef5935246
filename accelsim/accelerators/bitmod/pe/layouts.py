"""Widths of the PE, and what passes between its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import signed
from amaranth.lib import data

from accelsim.accelerators.bitmod.golden import (
    LANES,
    MANTISSA_BITS,
    SCALE_BITS,
    sum_bits,
    total_bits,
)
from accelsim.errors import InputError

__all__ = [
    "EXPONENT_BITS",
    "SIGNIFICAND_BITS",
    "TERM",
    "Widths",
    "lanes_problems",
    "weight_layout",
]

ACTIVATION_BITS = 16
FRACTION_BITS = 10
FIELD_BITS = 5
SIGNIFICAND_BITS = 11
"""Of an activation, with its hidden bit."""
GUARD_BITS = 3
PLACE_BITS = 6
"""Of a lane's exponent, and of that of a step with its significance."""
DISTANCE_BITS = 4
"""Of a lane's exponent from the greatest: mantissas with guard bits have 14 bits."""
EXPONENT_BITS = 6
"""Of a result."""
DIGIT_BITS = 4
COARSE_BITS = PLACE_BITS - 2
"""Of the accumulator's exponent, which counts digits."""

TERM = data.StructLayout({"sign": 1, "exponent": 2, "mantissa": 1})
"""One lane of a weight word."""


def weight_layout(lanes: int) -> data.StructLayout:
    """A weight word: one term for each lane, and what they share.

    ``step`` is the significance of the terms and 1 more, or 0 where there is no word: idle moves
    of arrays bring zeros. ``scale`` is a bit of the group's scale: the last 8 words of a group
    carry it, the lowest bit first, so that no PE has to count words; elsewhere it is ignored.
    """
    return data.StructLayout({"terms": data.ArrayLayout(TERM, lanes), "step": 3, "scale": 1})


def lanes_problems(lanes: object) -> list[str]:
    """What is wrong with the lanes of a PE; nothing where they are legal."""
    if isinstance(lanes, int) and lanes in LANES:
        return []
    return [f"PE: lanes is {lanes!r}, must be one of {', '.join(map(str, LANES))}"]


@dataclass(frozen=True)
class Widths:
    """Of a PE with that many lanes."""

    lanes: int

    def __post_init__(self) -> None:
        if problems := lanes_problems(self.lanes):
            raise InputError(problems)

    @property
    def lane(self) -> int:
        """Of an aligned mantissa, without sign."""
        return SIGNIFICAND_BITS + GUARD_BITS

    @property
    def sum(self) -> int:
        """Of a step's signed sum."""
        return sum_bits(self.lanes)

    @property
    def total(self) -> int:
        """Of the accumulator's mantissa."""
        return total_bits(self.lanes)

    @property
    def result(self) -> data.StructLayout:
        """A dequantised result."""
        mantissa = signed(MANTISSA_BITS + SCALE_BITS)
        return data.StructLayout({"mantissa": mantissa, "exponent": EXPONENT_BITS})

    @property
    def shortened(self) -> data.StructLayout:
        """The sum of a group, before its scale."""
        return data.StructLayout({"mantissa": signed(MANTISSA_BITS), "exponent": EXPONENT_BITS})

    @property
    def accumulated(self) -> data.StructLayout:
        """The accumulator."""
        return data.StructLayout({"mantissa": signed(self.total), "exponent": COARSE_BITS})

    @property
    def product(self) -> data.StructLayout:
        """A step's sum with its exponent, which counts pairs of places: an odd one is shifted.

        The exponent is the greatest of the lanes' with the significance and 3 more, or 0 where
        nothing takes part.
        """
        return self._with_mark({"sum": signed(self.sum + 1), "pairs": PLACE_BITS - 1})

    @property
    def matched(self) -> data.StructLayout:
        """Lanes with their exponents, and which of each two is the greater."""
        lane = {"negative": 1, "significand": SIGNIFICAND_BITS, "place": PLACE_BITS}
        lanes = data.ArrayLayout(data.StructLayout(lane), self.lanes)
        pairs = self.lanes * (self.lanes - 1) // 2
        return self._with_mark({"lanes": lanes, "compared": pairs, "step": 3})

    @property
    def distant(self) -> data.StructLayout:
        """Lanes with their distances from the greatest exponent; of 0 where that is too far."""
        lane = {"negative": 1, "significand": SIGNIFICAND_BITS, "distance": DISTANCE_BITS}
        lanes = data.ArrayLayout(data.StructLayout(lane), self.lanes)
        return self._with_mark({"lanes": lanes, "place": PLACE_BITS})

    @property
    def aligned(self) -> data.StructLayout:
        """Lanes under one exponent, in ones' complement."""
        lanes = data.ArrayLayout(signed(self.lane + 1), self.lanes)
        return self._with_mark({"lanes": lanes, "place": PLACE_BITS})

    @staticmethod
    def _with_mark(fields: dict[str, Any]) -> data.StructLayout:
        """And what goes along to the dequantiser: whether there is a word, and its scale bit."""
        return data.StructLayout({**fields, "word": 1, "scale": 1})
