"""Floats taken apart: sign, exponent, significand, and what they are."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed, unsigned
from amaranth.lib import data

from accelsim.formats import NumberFormat
from accelsim.formats.floating import float_bits, infinity_bits, largest_finite_bits, nan_bits

__all__ = ["exponent_shape", "operands_layout", "parts_layout", "unpack"]


def exponent_shape(*numbers: NumberFormat) -> Shape:
    """Of every exponent between operands of these types and a result of the last.

    A type counts with its bias, and twice with its significand: a subnormal's leading one is that
    far below, and as far again where a difference cancels.
    """
    reach = sum((1 << (each.exponent - 1)) + 2 * each.precision for each in numbers)
    return signed((reach + 8).bit_length() + 1)


def operands_layout(**numbers: NumberFormat) -> data.StructLayout:
    """Stored floats side by side, the first in the low bits."""
    return data.StructLayout({name: float_bits(number) for name, number in numbers.items()})


def parts_layout(width: int, exponent: Any) -> data.StructLayout:
    """A value that was taken apart.

    ``exponent`` is that of the leading place of ``significand``, which holds ``width`` bits. Where
    the value is ``infinite`` or ``nan``, these two say nothing; NaN has precedence.
    """
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
    """A stored float, taken apart; a subnormal keeps its leading zeros."""
    found = Signal(parts_layout(number.precision, exponent_shape(number)), name=name)
    fraction = bits[: number.mantissa]
    exponent = bits[number.mantissa : number.mantissa + number.exponent]
    magnitude = bits[: number.mantissa + number.exponent]
    normal, infinite = Signal(name=f"{name}_normal"), Signal(name=f"{name}_infinite")
    infinity = infinity_bits(number)
    if infinity is not None:
        m.d.comb += infinite.eq(magnitude == infinity)
    beyond = Const(0) if nan_bits(number) is None else magnitude > largest_finite_bits(number)
    m.d.comb += [
        normal.eq(exponent.any()),
        found.sign.eq(bits[-1]),
        found.exponent.eq(Mux(normal, exponent, 1) - number.bias),
        found.significand.eq(Cat(fraction, normal)),
        found.infinite.eq(infinite),
        found.nan.eq(beyond & ~infinite),
    ]
    return found
