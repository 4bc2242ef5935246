"""The scale of a group, bit by bit: a serial multiplier that takes nothing but moves."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed

from accelsim.accelerators.bitmod.golden import MANTISSA_BITS, SCALE_BITS
from accelsim.accelerators.bitmod.pe.layouts import Widths

__all__ = ["FINISH_CYCLES", "LEAST_WORDS", "dequantized", "serial_multiplier"]

FINISH_CYCLES = SCALE_BITS
"""Moves from the one in which a sum is taken to the one in which its result is there."""
LEAST_WORDS = 2 * SCALE_BITS
"""Of a group: the register of the scale is free again when the last eight begin."""


def dequantized(
    m: Module, widths: Widths, enable: Any, fresh: Any, total: Any, word: Any, scale: Any
) -> Any:
    """Results: there in the eighth move after the one with ``fresh``, and only then.

    Args:
        m: in which it stands.
        widths: of the PE.
        enable: whether registers move.
        fresh: whether a sum is complete in this move.
        total: the sum, with 15 bits.
        word: whether there is a word in this move.
        scale: the bit of the scale that comes with it.
    """
    left = Signal(range(FINISH_CYCLES), name="moves_left")
    busy = Signal(name="dequantizes")
    m.d.comb += busy.eq(left != 0)
    with m.If(enable):
        with m.If(fresh):
            m.d.sync += left.eq(FINISH_CYCLES - 1)
        with m.Elif(busy):
            m.d.sync += left.eq(left - 1)
    takes, uses, shifts = Signal(), Signal(), Signal()
    m.d.comb += [
        takes.eq(enable & fresh),
        uses.eq(enable & busy),
        shifts.eq(enable & ~fresh & (busy | word)),
    ]
    return serial_multiplier(m, widths, takes, uses, shifts, busy, total, scale)


def serial_multiplier(
    m: Module,
    widths: Widths,
    takes: Any,
    uses: Any,
    shifts: Any,
    busy: Any,
    total: Any,
    scale: Any,
) -> Any:
    """The product of a sum and a scale behind seven steps; the eighth is that of the result.

    The scale comes with the words, its lowest bit first, and makes room for the lower half of the
    result as it is used. Words of the next group bring bits of no account meanwhile.

    Args:
        m: in which it stands.
        widths: of the PE.
        takes: whether a sum is taken.
        uses: whether a bit of the scale is used.
        shifts: whether the register of the scale moves.
        busy: whether it then takes a bit of the result, instead of the scale's.
        total: the sum.
        scale: the bit of the next scale.
    """
    sums = Signal(widths.shortened, name="sum_of_group", reset_less=True)
    upper = Signal(signed(MANTISSA_BITS), name="upper", reset_less=True)
    lower = Signal(SCALE_BITS, name="lower", reset_less=True)
    partial = Signal(signed(MANTISSA_BITS + 1), name="partial")
    m.d.comb += partial.eq(upper + Mux(lower[0], sums.mantissa, 0))
    with m.If(takes):
        m.d.sync += sums.eq(total)
        m.d.sync += upper.eq(0)
    with m.Elif(uses):
        m.d.sync += upper.eq(partial >> 1)
    with m.If(shifts):
        m.d.sync += lower.eq(Cat(lower[1:], Mux(busy, partial[0], scale)))
    result = Signal(widths.result, name="result")
    m.d.comb += [
        result.mantissa.eq(Cat(lower[1:], partial).as_signed()),
        result.exponent.eq(sums.exponent),
    ]
    return result
