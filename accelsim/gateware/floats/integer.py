"""Integers as floats."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed, unsigned

from accelsim.formats import NumberFormat
from accelsim.formats.floating import float_bits
from accelsim.gateware.floats.checks import float_problems
from accelsim.gateware.floats.rounding import rounding_step
from accelsim.gateware.floats.shifting import normalised
from accelsim.gateware.floats.unpacked import exponent_shape, parts_layout
from accelsim.gateware.pipeline import Pipeline, Step
from accelsim.gateware.streams.checks import refuse, whole_number

__all__ = ["MOST_INTEGER_BITS", "IntegerToFloat", "integer_steps"]

PART = "integer to float"
MOST_INTEGER_BITS = 128
"""Of an integer that is turned into a float."""


class IntegerToFloat(Pipeline):
    """A two's complement integer as a float, rounded, in two cycles.

    Parameters
    ----------
    width : int
        Bits of the integer, 1 to 128.
    result : NumberFormat
        Of the float.

    Members
    -------
    i : ``In(stream)``
        The integer.
    o : ``Out(stream)``
        The float.
    """

    def __init__(self, width: int, result: NumberFormat) -> None:
        problems = whole_number(PART, "width", width, 1, MOST_INTEGER_BITS)
        refuse(self, [*problems, *float_problems(PART, result=result)])
        super().__init__(signed(width), unsigned(float_bits(result)), integer_steps(width, result))


def integer_steps(width: int, result: NumberFormat) -> tuple[Step, ...]:
    """Two steps from a two's complement integer to a float, rounded."""
    # An exponent is below `width`; the steps of a normalisation count to twice as much.
    exponent = signed(max(exponent_shape(result).width, width.bit_length() + 2))

    def magnitude(m: Module, value: Any) -> Any:
        found = Signal(parts_layout(width, exponent), name="magnitude")
        m.d.comb += [
            found.sign.eq(value[-1]),
            found.significand.eq(Mux(value[-1], -value, value)),
            found.exponent.eq(width - 1),
        ]
        return normalised(m, found, name="integer")

    return magnitude, rounding_step(result)
