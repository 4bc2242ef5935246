"""Float operations as stream components, three or four stages deep."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data

from accelsim.errors import InputError
from accelsim.formats import NumberFormat
from accelsim.gateware.floats.unpacked import (
    exponent_shape,
    normalise,
    normalised,
    round_to,
    shift_right_sticky,
    unpack,
    unpacked_layout,
    wide_layout,
)
from accelsim.gateware.pipeline import Pipeline

__all__ = ["FloatAdd", "FloatFused", "FloatMultiply", "IntegerToFloat"]


def _require_float(*numbers: NumberFormat) -> None:
    for number in numbers:
        if not number.is_float:
            raise InputError(f"float unit: number type is '{number.name}', must be a float")


class FloatMultiply(Pipeline):
    """``a * b``, rounded to a third type.

    Parameters
    ----------
    left, right, result : NumberFormat
        Of the operands and of the product.

    Members
    -------
    i : ``In(stream)``
        ``a`` and ``b``.
    o : ``Out(stream)``
        The product.
    """

    def __init__(self, left: NumberFormat, right: NumberFormat, result: NumberFormat) -> None:
        _require_float(left, right, result)
        operands = data.StructLayout({"a": left.bits, "b": right.bits})

        def product(m: Module, value: Any) -> Any:
            a = unpack(m, value.a, left, name="a")
            b = unpack(m, value.b, right, name="b")
            return multiply(m, a, b, exponent_shape(left, right, result))

        def shifted(m: Module, value: Any) -> Any:
            return normalised(m, value, name="product")

        def rounded(m: Module, value: Any) -> Any:
            return round_to(m, value, result, name="result")

        super().__init__(operands, unsigned(result.bits), (product, shifted, rounded))


class FloatAdd(Pipeline):
    """``a + b``, all of one type.

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
        _require_float(number)
        operands = data.StructLayout({"a": number.bits, "b": number.bits})
        exponent = exponent_shape(number)

        def aligned(m: Module, value: Any) -> Any:
            a = unpack(m, value.a, number, name="a")
            b = unpack(m, value.b, number, name="b")
            return align(m, a, b, number.precision + 3, exponent)

        super().__init__(operands, unsigned(number.bits), (aligned, *_sum_steps(number)))


class FloatFused(Pipeline):
    """``a * b + c``, rounded once, to the type of ``c``.

    Parameters
    ----------
    left, right, accumulator : NumberFormat
        Of the factors, and of the addend and the result.

    Members
    -------
    i : ``In(stream)``
        ``a``, ``b`` and ``c``.
    o : ``Out(stream)``
        The sum.
    """

    def __init__(self, left: NumberFormat, right: NumberFormat, accumulator: NumberFormat) -> None:
        _require_float(left, right, accumulator)
        operands = data.StructLayout({"a": left.bits, "b": right.bits, "c": accumulator.bits})
        exponent = exponent_shape(left, right, accumulator)
        width = left.precision + right.precision
        between = data.StructLayout(
            {"product": wide_layout(width, exponent), "c": unpacked_layout(accumulator)}
        )

        def product(m: Module, value: Any) -> Any:
            a = _normal(m, unpack(m, value.a, left, name="a"), name="a_normal")
            b = _normal(m, unpack(m, value.b, right, name="b"), name="b_normal")
            found = Signal(between, name="factors")
            m.d.comb += [
                found.product.eq(multiply(m, a, b, exponent)),
                found.c.eq(unpack(m, value.c, accumulator, name="c")),
            ]
            return found

        def aligned(m: Module, value: Any) -> Any:
            room = width + accumulator.precision + 3
            return align(m, value.product, value.c, room, exponent)

        super().__init__(
            operands,
            unsigned(accumulator.bits),
            (product, aligned, *_sum_steps(accumulator)),
        )


class IntegerToFloat(Pipeline):
    """A two's complement integer as a float, rounded.

    Parameters
    ----------
    width : int
        Bits of the integer.
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
        _require_float(result)
        if not 1 <= width <= 128:
            raise InputError(f"integer to float: width is {width}, must be 1 to 128 bits")
        least = max(exponent_shape(result).width, width.bit_length() + 2)
        wide = wide_layout(width, signed(least))

        def taken(m: Module, value: Any) -> Any:
            found = Signal(wide, name="magnitude")
            m.d.comb += [
                found.sign.eq(value[-1]),
                found.significand.eq(Mux(value[-1], -value, value)),
                found.exponent.eq(width - 1),
            ]
            return normalised(m, found, name="integer")

        def rounded(m: Module, value: Any) -> Any:
            return round_to(m, value, result, name="result")

        super().__init__(signed(width), unsigned(result.bits), (taken, rounded))


def multiply(m: Module, a: Any, b: Any, exponent: Any) -> Any:
    """The exact product of two floats that were taken apart."""
    width = len(a.significand) + len(b.significand)
    found = Signal(wide_layout(width, exponent), name="exact")
    zero = ~a.significand.any() | ~b.significand.any()
    infinite = a.infinite | b.infinite
    a_zero, b_zero = ~a.significand.any(), ~b.significand.any()
    undefined = (a.infinite & b_zero & ~b.infinite) | (b.infinite & a_zero & ~a.infinite)
    m.d.comb += [
        found.sign.eq(a.sign ^ b.sign),
        # Two significands below 2 have a product below 4: one more place in front.
        found.exponent.eq(a.exponent + b.exponent + 1),
        found.significand.eq(a.significand * b.significand),
        found.infinite.eq(infinite),
        found.nan.eq(a.nan | b.nan | undefined),
    ]
    del zero
    return found


def _normal(m: Module, value: Any, *, name: str) -> Any:
    """A subnormal with its leading one at the top, so that exponents tell which is larger."""
    found = Signal(value.shape(), name=name)
    significand, exponent = normalise(m, value.significand, value.exponent, name=name)
    m.d.comb += [
        found.eq(value),
        found.significand.eq(significand),
        found.exponent.eq(exponent),
    ]
    return found


def align(m: Module, a: Any, b: Any, width: int, exponent: Any) -> Any:
    """Two addends with their places below each other, the larger exponent's first.

    Args:
        m: the module.
        a: an addend that was taken apart.
        b: the other.
        width: places to keep; what is shifted beyond stays as the last bit.
        exponent: shape of exponents.
    """
    layout = data.StructLayout(
        {
            "large": wide_layout(width, exponent),
            "small": unsigned(width),
            "small_sign": 1,
        }
    )
    found = Signal(layout, name="aligned")
    swap = Signal(name="swap")
    a_zero, b_zero = ~a.significand.any(), ~b.significand.any()
    # A zero has an exponent that says nothing.
    m.d.comb += swap.eq((b.exponent > a.exponent) & ~b_zero | a_zero)
    distance = Signal(exponent, name="distance")
    m.d.comb += distance.eq(Mux(swap, b.exponent - a.exponent, a.exponent - b.exponent))
    a_wide = Cat(Const(0, width - len(a.significand)), a.significand)
    b_wide = Cat(Const(0, width - len(b.significand)), b.significand)
    places = Signal(range(width + 1), name="places")
    m.d.comb += places.eq(Mux((distance > width) | (distance < 0), width, distance))
    small = Signal(width, name="small")
    m.d.comb += small.eq(Mux(swap, a_wide, b_wide))
    both = a.infinite & b.infinite
    m.d.comb += [
        found.large.sign.eq(Mux(swap, b.sign, a.sign)),
        found.large.exponent.eq(Mux(swap, b.exponent, a.exponent)),
        found.large.significand.eq(Mux(swap, b_wide, a_wide)),
        found.large.infinite.eq(a.infinite | b.infinite),
        found.large.nan.eq(a.nan | b.nan | (both & (a.sign ^ b.sign))),
        found.small.eq(shift_right_sticky(m, small, places, name="small")),
        found.small_sign.eq(Mux(swap, a.sign, b.sign)),
    ]
    with m.If(a.infinite | b.infinite):
        m.d.comb += found.large.sign.eq(Mux(a.infinite, a.sign, b.sign))
    return found


def _sum_steps(number: NumberFormat) -> tuple[Any, Any]:
    """Addition and normalisation; rounding."""

    def added(m: Module, value: Any) -> Any:
        large = value.large
        width = len(large.significand)
        total = Signal(signed(width + 2), name="total")
        minus = Signal(name="minus")
        differ = large.sign ^ value.small_sign
        m.d.comb += [
            total.eq(Mux(differ, large.significand - value.small, large.significand + value.small)),
            minus.eq(total < 0),
        ]
        found = Signal(wide_layout(width + 1, large.exponent.shape()), name="sum")
        zero = total == 0
        m.d.comb += [
            found.significand.eq(Mux(minus, -total, total)),
            found.exponent.eq(large.exponent + 1),
            found.infinite.eq(large.infinite),
            found.nan.eq(large.nan),
            # To nearest, an exact zero of two signs is positive.
            found.sign.eq(Mux(zero & differ & ~large.infinite, 0, large.sign ^ minus)),
        ]
        return normalised(m, found, name="sum_normal")

    def rounded(m: Module, value: Any) -> Any:
        return round_to(m, value, number, name="result")

    return added, rounded
