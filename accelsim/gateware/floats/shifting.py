"""Shifts by halves: a leading one to the top, and to the right with a sticky bit."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value

__all__ = ["normalised", "shift_right_sticky"]


def normalised(m: Module, parts: Any, *, name: str) -> Any:
    """The same value with its leading one at the top.

    The significand of 0 stays 0, and its exponent says nothing.
    """
    found = Signal(parts.shape(), name=name)
    significand = parts.significand
    width = len(significand)
    places = []
    for at in reversed(range((width - 1).bit_length())):
        step = 1 << at
        empty, moved = Signal(name=f"{name}_empty{step}"), Signal(width, name=f"{name}_by{step}")
        m.d.comb += [
            empty.eq(~significand[width - step :].any()),
            moved.eq(Mux(empty, significand << step, significand)),
        ]
        places.append(empty)
        significand = moved
    m.d.comb += [
        found.eq(parts),
        found.significand.eq(significand),
        found.exponent.eq(parts.exponent - Cat(*reversed(places))),
    ]
    return found


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
