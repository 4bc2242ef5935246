"""Mantissas of a step under one exponent, and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed

from accelsim.accelerators.bitmod.pe.layouts import GUARD_BITS, Widths

__all__ = ["align_step", "sum_step"]


def align_step(widths: Widths) -> Any:
    """The step from lanes with their distances to lanes under one exponent."""

    def step(m: Module, value: Any) -> Any:
        found = Signal(widths.aligned, name="aligned")
        for at in range(widths.lanes):
            lane = value.lanes[at]
            moved = _moved(m, lane, at) ^ lane.negative.replicate(widths.lane)
            m.d.comb += found.lanes[at].eq(Cat(moved, lane.negative))
        m.d.comb += [
            found.place.eq(value.place),
            found.word.eq(value.word),
            found.scale.eq(value.scale),
        ]
        return found

    return step


def _moved(m: Module, lane: Any, at: int) -> Any:
    """A significand with its guard bits, shifted right; bits that fall out are lost."""
    value = Cat(Const(0, GUARD_BITS), lane.significand)
    # The widest shifts first: the last has room in its LUT for the sign.
    for bit in reversed(range(len(lane.distance))):
        moved = Signal(len(value), name=f"lane{at}_right{1 << bit}")
        m.d.comb += moved.eq(Mux(lane.distance[bit], value >> (1 << bit), value))
        value = moved
    return value


def sum_step(widths: Widths) -> Any:
    """The step from lanes under one exponent to their sum."""

    def step(m: Module, value: Any) -> Any:
        found = Signal(widths.product, name="product")
        lanes = [value.lanes[at] for at in range(widths.lanes)]
        ones = [lane[-1] for lane in lanes]
        m.d.comb += [
            found.sum.eq(_tree(m, lanes, ones) << value.place[0]),
            found.pairs.eq(value.place[1:]),
            found.word.eq(value.word),
            found.scale.eq(value.scale),
        ]
        return found

    return step


def _tree(m: Module, values: Sequence[Any], ones: Sequence[Any]) -> Any:
    """A sum of values, and of as many ones."""
    level, left = list(values), list(ones)
    # Each adder takes a one as its carry; the last one goes where two values are half added.
    level[-2:] = _half_added(m, level[-2], level[-1], left.pop())
    while len(level) > 1:
        made = []
        for at in range(0, len(level), 2):
            name = f"sum_of_{len(level)}_{at // 2}"
            made.append(_carried_sum(m, level[at], level[at + 1], left.pop(), name=name))
        level = made
    return level[0]


def _half_added(m: Module, left: Any, right: Any, one: Any) -> tuple[Any, Any]:
    """Two values of the same sum as two signed ones and a one."""
    width = len(left)
    sums, carries = Signal(signed(width)), Signal(signed(width + 1))
    m.d.comb += [sums.eq(left ^ right), carries.eq(Cat(one, left & right).as_signed())]
    return sums, carries


def _carried_sum(m: Module, left: Any, right: Any, carry: Any, *, name: str) -> Any:
    """The sum of two signed values and a carry, in one chain: the carry comes from a bit below."""
    width = max(len(left), len(right)) + 1
    wide = Signal(signed(width + 1), name=f"{name}_wide")
    total = Signal(signed(width), name=name)
    below = [Cat(1, left).as_signed(), Cat(carry, right).as_signed()]
    m.d.comb += [wide.eq(below[0] + below[1]), total.eq(wide[1:].as_signed())]
    return total
