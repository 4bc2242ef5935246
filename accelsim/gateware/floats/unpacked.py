"""Floats taken apart: sign, exponent, significand, and what they are; and back, rounded."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data

from accelsim.formats import NumberFormat
from accelsim.formats.floating import infinity_bits, largest_finite_bits, nan_bits

__all__ = ["exponent_shape", "round_to", "unpack", "unpacked_layout", "wide_layout"]


def exponent_shape(*numbers: NumberFormat) -> Any:
    """Of every exponent that sums and products of these numbers can have, with room to spare."""
    return signed(max(n.exponent + n.mantissa.bit_length() for n in numbers) + 4)


def unpacked_layout(number: NumberFormat) -> data.StructLayout:
    """A float of this type, taken apart.

    ``exponent`` is that of the leading place of ``significand``; a subnormal has zeros there.
    """
    return data.StructLayout(
        {
            "sign": 1,
            "exponent": exponent_shape(number),
            "significand": unsigned(number.precision),
            "infinite": 1,
            "nan": 1,
        }
    )


def wide_layout(width: int, exponent: Any) -> data.StructLayout:
    """A value before rounding: ``significand`` of some width, its last bit sticky."""
    return data.StructLayout(
        {
            "sign": 1,
            "exponent": exponent,
            "significand": unsigned(width),
            "infinite": 1,
            "nan": 1,
        }
    )


def unpack(m: Module, bits: Value, number: NumberFormat, *, name: str) -> Any:
    """A stored float, taken apart."""
    found = Signal(unpacked_layout(number), name=name)
    fraction = bits[: number.mantissa]
    exponent = bits[number.mantissa : number.mantissa + number.exponent]
    magnitude = bits[: number.mantissa + number.exponent]
    normal = exponent.any()
    infinity, nan = infinity_bits(number), nan_bits(number)
    beyond = Const(0) if nan is None else magnitude > largest_finite_bits(number)
    infinite = Const(0) if infinity is None else magnitude == infinity
    m.d.comb += [
        found.sign.eq(bits[-1]),
        found.exponent.eq(Mux(normal, exponent, 1) - number.bias),
        found.significand.eq(Cat(fraction, normal)),
        found.infinite.eq(infinite),
        found.nan.eq(beyond & ~infinite),
    ]
    return found


def normalise(m: Module, significand: Value, exponent: Value, *, name: str) -> tuple[Value, Value]:
    """The leading one moved to the top, by halves: (significand, exponent)."""
    width = len(significand)
    step = 1 << (max(width - 1, 1).bit_length() - 1)
    while step:
        if step < width:
            moved = Signal(width, name=f"{name}_by{step}")
            lower = Signal(exponent.shape(), name=f"{name}_exponent{step}")
            empty = ~significand[width - step :].any()
            m.d.comb += [
                moved.eq(Mux(empty, significand << step, significand)),
                lower.eq(Mux(empty, exponent - step, exponent)),
            ]
            significand, exponent = moved, lower
        step >>= 1
    return significand, exponent


def shift_right_sticky(m: Module, value: Value, places: Value, *, name: str) -> Value:
    """A shift to the right; every one that falls out stays as the last bit."""
    width = len(value)
    for at in range(len(places)):
        step = 1 << at
        moved = Signal(width, name=f"{name}_right{step}")
        if step < width:
            lost = value[: step + 1].any()
            m.d.comb += moved.eq(Mux(places[at], Cat(lost, value[step + 1 :]), value))
        else:
            m.d.comb += moved.eq(Mux(places[at], value.any(), value))
        value = moved
    return value


def normalised(m: Module, wide: Any, *, name: str) -> Any:
    """The same value with its leading one at the top; 0 stays 0."""
    found = Signal(wide.shape(), name=name)
    significand, exponent = normalise(m, wide.significand, wide.exponent, name=name)
    m.d.comb += [
        found.eq(wide),
        found.significand.eq(significand),
        found.exponent.eq(exponent),
    ]
    return found


def round_to(m: Module, wide: Any, number: NumberFormat, *, name: str) -> Value:
    """A normalised value as a stored float: to nearest, ties to even.

    What is too large is infinite, or NaN where there is no infinity, or the largest value.
    """
    width = len(wide.significand)
    room = number.precision + 2
    top = wide.significand
    if width < room:
        top = Cat(Const(0, room - width), top)
    else:
        top = Cat(top[: width - room + 1].any(), top[width - room + 1 :])
    least = 1 - number.bias
    deep = Signal(range(room + 1), name=f"{name}_deep")
    below = Signal(wide.exponent.shape(), name=f"{name}_below")
    m.d.comb += below.eq(least - wide.exponent)
    with m.If(below > 0):
        m.d.comb += deep.eq(Mux(below > room, room, below))
    kept = shift_right_sticky(m, top, deep, name=name)
    sticky, guard, value = kept[0], kept[1], kept[2:]
    up = guard & (sticky | value[0])
    field = Signal(number.exponent + 2, name=f"{name}_field")
    high = Signal(name=f"{name}_high")
    m.d.comb += high.eq(wide.exponent > number.bias + 1)
    with m.If(value[-1]):
        m.d.comb += field.eq(wide.exponent + number.bias)
    packed = Signal(number.exponent + number.mantissa + 2, name=f"{name}_packed")
    m.d.comb += packed.eq(Cat(value[:-1], field) + up)
    largest = largest_finite_bits(number)
    infinity, nan = infinity_bits(number), nan_bits(number)
    quiet = largest if nan is None else nan
    beyond = quiet if infinity is None else infinity
    size = number.exponent + number.mantissa
    result = Signal(size + 1, name=f"{name}_bits")
    m.d.comb += result.eq(Cat(packed[:size], wide.sign))
    with m.If(high | (packed > largest) | wide.infinite):
        m.d.comb += result.eq(Cat(Const(beyond, size), wide.sign))
    with m.If(~value.any() & ~up & ~wide.infinite & ~high):
        m.d.comb += result.eq(Cat(Const(0, size), wide.sign))
    with m.If(wide.nan):
        m.d.comb += result.eq(quiet)
    return result
