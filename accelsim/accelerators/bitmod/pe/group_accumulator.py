"""The accumulator of a group: floating point whose exponent moves by digits of four bits."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed

from accelsim.accelerators.bitmod.golden import MANTISSA_BITS
from accelsim.accelerators.bitmod.pe.layouts import COARSE_BITS, DIGIT_BITS, Widths

__all__ = ["accumulated", "shortened"]


def accumulated(m: Module, widths: Widths, enable: Any, keep: Any, product: Any) -> Any:
    """The register of a group's sum, with its exponent; begins anew where ``keep`` is 0.

    Nothing stands behind the adder: what the register needs, a digit more or less, is seen at the
    beginning of a cycle. Both addends are shifted as if each were the one to be; which one is, and
    how far in large, comes last.
    """
    held: Any = Signal(widths.accumulated, name="accumulated", reset_less=True)
    coarse = product.pairs[1:]
    large, small, above = Signal(name="large"), Signal(name="small"), Signal(name="above")
    up, _ = _difference(m, coarse, held.exponent, name="up")
    down, less = _difference(m, held.exponent, coarse, name="down")
    top = held.mantissa[-6:]
    m.d.comb += [
        large.eq(top[-1] ^ top[-2]),
        small.eq(top.all() | ~top.any()),
        above.eq(~keep | less | (held.exponent == coarse) & ~large),
    ]
    # The bit below both is the first that falls out; a digit more is there to become longer by.
    mantissa, addend = Signal(signed(widths.total + 1)), Signal(signed(widths.total))
    m.d.comb += [
        mantissa.eq(Cat(0, held.mantissa).as_signed()),
        addend.eq(Cat(0, Mux(product.pairs[0], product.sum << 2, product.sum)).as_signed()),
    ]
    longer = Cat(Const(0, DIGIT_BITS), addend).as_signed()
    few = _by_digits(m, mantissa, up[:2], name="held_few")
    kept = _moved(
        m,
        _changed(mantissa << DIGIT_BITS, large, small),
        few,
        ~above,
        up[2],
        up[3] | ~keep,
        name="held_moved",
    )
    few = _changed(_by_digits(m, longer, down[:2], name="addend_few"), large, small)
    added = _moved(m, addend, few, above, down[2], down[3], name="addend_moved")
    own = Signal(COARSE_BITS, name="own_exponent")
    m.d.comb += own.eq(held.exponent + Cat(large | small, small, small, small))
    with m.If(enable & ((coarse != 0) | ~keep)):
        m.d.sync += [
            held.mantissa.eq(_rounded_sum(m, kept, added)[: widths.total]),
            held.exponent.eq(Mux(above, coarse, own)),
        ]
    return held


def _by_digits(m: Module, value: Any, digits: Any, *, name: str) -> Any:
    """Right by up to three digits, the sign above."""
    found = Signal(value.shape(), name=name)
    with m.Switch(digits):
        for at in range(4):
            with m.Case(at):
                m.d.comb += found.eq(value >> DIGIT_BITS * at)
    return found


def _moved(m: Module, own: Any, few: Any, stays: Any, far: Any, gone: Any, *, name: str) -> Any:
    """The value as it is where it stays; else what is left of it: all, four digits less, nothing.

    Two signals choose, so that each bit takes one LUT of five inputs.
    """
    found = Signal(signed(max(len(own), len(few))), name=name)
    choice = Signal(2, name=f"{name}_by")
    m.d.comb += choice.eq(Cat(stays | far & ~gone, stays | ~far & ~gone))
    with m.Switch(choice):
        for at, value in enumerate((Const(0), few >> 4 * DIGIT_BITS, few, own)):
            with m.Case(at):
                m.d.comb += found.eq(value)
    return found


def _rounded_sum(m: Module, left: Any, right: Any) -> Any:
    """Of two values with a bit below: 1 more where either is set, as a carry from there."""
    total = Signal(signed(max(len(left), len(right)) + 2), name="total")
    m.d.comb += total.eq(Cat(1, left).as_signed() + Cat(1, right).as_signed())
    return total[2:]


def _changed(value: Any, large: Any, small: Any) -> Any:
    """A value without its lowest digit, with it, or without one more."""
    return Mux(large, value >> 2 * DIGIT_BITS, Mux(small, value, value >> DIGIT_BITS))


def _difference(m: Module, left: Any, right: Any, *, name: str) -> tuple[Any, Any]:
    """Of numbers of four bits, and whether it is negative.

    Bit by bit instead of as a carry chain: the lowest bits are there first.
    """
    found, borrows = Signal(COARSE_BITS, name=name), Signal(COARSE_BITS + 1, name=f"{name}_borrows")
    for at in range(COARSE_BITS):
        a, b, borrow = left[at], right[at], borrows[at]
        m.d.comb += borrows[at + 1].eq(Mux(a ^ b, b, borrow))
    m.d.comb += found.eq(left ^ right ^ borrows[:COARSE_BITS])
    return found, borrows[-1]


def shortened(m: Module, widths: Widths, total: Any) -> Any:
    """The accumulator with a mantissa of 15 bits: shifted right as far as it must, truncated."""
    found = Signal(widths.shortened, name="shortened")
    mantissa = total.mantissa
    most = widths.total - MANTISSA_BITS
    places = Signal(range(most + 1), name="places")
    for count in range(1, most + 1):
        # Whether a mantissa of one bit less than this shift leaves would lose its sign.
        above = mantissa[MANTISSA_BITS - 2 + count : -1]
        with m.If((above ^ mantissa[-1].replicate(len(above))).any()):
            m.d.comb += places.eq(count)
    m.d.comb += [
        found.mantissa.eq((mantissa >> places)[:MANTISSA_BITS].as_signed()),
        found.exponent.eq(Cat(Const(0, 2), total.exponent) + places),
    ]
    return found
