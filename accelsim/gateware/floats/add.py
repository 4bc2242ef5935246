"""Addition."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data

from accelsim.formats import NumberFormat
from accelsim.formats.floating import float_bits
from accelsim.gateware.floats.checks import float_problems
from accelsim.gateware.floats.rounding import GUARD_BITS, rounding_step
from accelsim.gateware.floats.shifting import normalised, shift_right_sticky
from accelsim.gateware.floats.unpacked import (
    exponent_shape,
    operands_layout,
    parts_layout,
    unpack,
)
from accelsim.gateware.pipeline import Pipeline, Step
from accelsim.gateware.streams.checks import refuse

__all__ = ["FloatAdd", "add_steps", "aligned", "sum_step"]


class FloatAdd(Pipeline):
    """``a + b``, all of one type, in three cycles.

    Parameters
    ----------
    number : NumberFormat
        Of the operands and of the sum.

    Members
    -------
    i : ``In(stream)``
        ``a`` and ``b``.
    o : ``Out(stream)``
        The sum.
    """

    def __init__(self, number: NumberFormat) -> None:
        refuse(self, float_problems("float add", number=number))
        super().__init__(
            operands_layout(a=number, b=number), unsigned(float_bits(number)), add_steps(number)
        )


def add_steps(number: NumberFormat) -> tuple[Step, ...]:
    """Three steps from something with fields ``a`` and ``b`` to their sum, rounded."""
    # Where the smaller addend loses bits it is below half the larger one, and the difference has
    # at most one zero in front.
    width = number.precision + GUARD_BITS + 1

    def below(m: Module, value: Any) -> Any:
        a = unpack(m, value.a, number, name="a")
        b = unpack(m, value.b, number, name="b")
        return aligned(m, a, b, width, exponent_shape(number, number))

    return below, sum_step, rounding_step(number)


def aligned(m: Module, a: Any, b: Any, width: int, exponent: Any) -> Any:
    """Two addends with their places below each other, the larger exponent's first.

    Args:
        m: the module.
        a: an addend that was taken apart.
        b: the other.
        width: places to keep; what is shifted beyond stays as the last bit.
        exponent: shape of exponents.
    """
    found = Signal(
        data.StructLayout(
            {
                "large": parts_layout(width, exponent),
                "small": unsigned(width),
                "differ": 1,
            }
        ),
        name="aligned",
    )
    swap, distance = Signal(name="swap"), Signal(exponent, name="distance")
    places, small = Signal(range(width + 1), name="places"), Signal(width, name="small")
    infinite, differ = Signal(name="infinite"), Signal(name="differ")
    # A zero has an exponent that says nothing; it may be shifted by anything.
    m.d.comb += [
        swap.eq(((b.exponent > a.exponent) & b.significand.any()) | ~a.significand.any()),
        distance.eq(Mux(swap, b.exponent - a.exponent, a.exponent - b.exponent)),
        places.eq(Mux(distance > width, width, distance)),
    ]
    a_wide = Cat(Const(0, width - len(a.significand)), a.significand)
    b_wide = Cat(Const(0, width - len(b.significand)), b.significand)
    m.d.comb += [
        infinite.eq(a.infinite | b.infinite),
        differ.eq(a.sign ^ b.sign),
        small.eq(Mux(swap, a_wide, b_wide)),
        found.small.eq(shift_right_sticky(m, small, places, name="small")),
        found.differ.eq(differ),
        found.large.sign.eq(Mux(swap, b.sign, a.sign)),
        found.large.exponent.eq(Mux(swap, b.exponent, a.exponent)),
        found.large.significand.eq(Mux(swap, b_wide, a_wide)),
        found.large.infinite.eq(infinite),
        found.large.nan.eq(a.nan | b.nan | (a.infinite & b.infinite & differ)),
    ]
    # An infinite product may have a small exponent.
    with m.If(infinite):
        m.d.comb += found.large.sign.eq(Mux(a.infinite, a.sign, b.sign))
    return found


def sum_step(m: Module, value: Any) -> Any:
    """The sum of addends that were aligned, normalised."""
    large = value.large
    width = len(large.significand)
    found = Signal(parts_layout(width + 1, large.exponent.shape()), name="sum")
    total = Signal(width + 1, name="total")
    minus, cancels = Signal(name="minus"), Signal(name="cancels")
    # The one below the last place carries into it: a difference is a sum with the complement.
    below = Cat(value.differ, value.small ^ value.differ.replicate(width))
    m.d.comb += [
        total.eq((Cat(Const(1, 1), large.significand) + below)[1:]),
        minus.eq(value.differ & ~total[width]),
        cancels.eq(value.differ & ~large.infinite & ~total[:width].any()),
        found.exponent.eq(large.exponent + 1),
        found.infinite.eq(large.infinite),
        found.nan.eq(large.nan),
        # To nearest, an exact zero of two signs is positive.
        found.sign.eq((large.sign ^ (minus & ~large.infinite)) & ~cancels),
    ]
    with m.If(value.differ):
        magnitude = (total[:width] ^ minus.replicate(width)) + minus
        m.d.comb += found.significand.eq(magnitude[:width])
    with m.Else():
        m.d.comb += found.significand.eq(total)
    return normalised(m, found, name="sum_normal")
