"""Values of any width back to stored floats: to nearest, ties to even."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from accelsim.formats import NumberFormat
from accelsim.formats.floating import infinity_bits, largest_finite_bits, nan_bits
from accelsim.gateware.floats.shifting import shift_right_sticky
from accelsim.gateware.pipeline import Step

__all__ = ["round_to", "rounding_step"]

GUARD_BITS = 2
"""Behind the last place that is kept: the next one, and whether any one follows that."""


def rounding_step(number: NumberFormat) -> Step:
    """The last step of an operation: its normalised result as a stored float."""

    def rounded(m: Module, value: Any) -> Any:
        return round_to(m, value, number, name="result")

    return rounded


def round_to(m: Module, parts: Any, number: NumberFormat, *, name: str) -> Value:
    """A normalised value as a stored float.

    What is too large is infinite, or NaN where there is no infinity, or the largest value. A NaN
    becomes the one that ``nan_bits`` gives, or the largest value where there is none.

    Args:
        m: the module.
        parts: the leading one of ``significand`` is at the top, or there is none; its last bit may
            stand for all that follow.
        number: type of the result.
        name: prefix of signals.
    """
    kept = _within(m, parts, number, name)
    value, guard, sticky = kept[GUARD_BITS:], kept[1], kept[0]
    up = Signal(name=f"{name}_up")
    field = Signal(number.exponent, name=f"{name}_field")
    m.d.comb += up.eq(guard & (sticky | value[0]))
    with m.If(value[-1]):
        m.d.comb += field.eq(parts.exponent + number.bias)
    size, largest = number.exponent + number.mantissa, largest_finite_bits(number)
    # A carry out of the mantissa walks into the exponent by itself.
    packed = Signal(size + 1, name=f"{name}_packed")
    large = Signal(name=f"{name}_large")
    nonzero = parts.significand[-1]
    m.d.comb += [
        packed.eq(Cat(value[:-1], field) + up),
        # Beyond bias + 1 the exponent does not fit its field, and what is packed is wrong.
        large.eq((nonzero & (parts.exponent > number.bias + 1)) | (packed > largest)),
    ]
    nan, infinity = nan_bits(number), infinity_bits(number)
    quiet = largest if nan is None else nan
    beyond = quiet if infinity is None else infinity
    result = Signal(size + 1, name=f"{name}_bits")
    with m.If(parts.nan):
        m.d.comb += result.eq(quiet)
    with m.Elif(large | parts.infinite):
        m.d.comb += result.eq(Cat(Const(beyond, size), parts.sign))
    with m.Else():
        m.d.comb += result.eq(Cat(packed[:size], parts.sign))
    return result


def _within(m: Module, parts: Any, number: NumberFormat, name: str) -> Value:
    """The places that a result has, and guard bits; a subnormal's moved down to where they are."""
    top = parts.significand
    spare = len(top) - number.precision - GUARD_BITS
    top = (
        Cat(Const(0, -spare), top) if spare <= 0 else Cat(top[: spare + 1].any(), top[spare + 1 :])
    )
    room = number.precision + GUARD_BITS
    wide = Signal(room, name=f"{name}_wide")
    below = Signal(parts.exponent.shape(), name=f"{name}_below")
    places = Signal(range(room + 1), name=f"{name}_places")
    m.d.comb += [wide.eq(top), below.eq(1 - number.bias - parts.exponent)]
    with m.If(below > 0):
        m.d.comb += places.eq(Mux(below > room, room, below))
    return shift_right_sticky(m, wide, places, name=name)
