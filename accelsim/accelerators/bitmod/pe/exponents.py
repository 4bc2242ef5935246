"""Exponents of a step's lanes, and the greatest of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data

from accelsim.accelerators.bitmod.pe.layouts import (
    ACTIVATION_BITS,
    FIELD_BITS,
    FRACTION_BITS,
    PLACE_BITS,
    Widths,
    weight_layout,
)

__all__ = ["differences_step", "match_step", "operands_layout", "step_place"]


def operands_layout(widths: Widths) -> data.StructLayout:
    """Activations and a weight word."""
    activations = data.ArrayLayout(ACTIVATION_BITS, widths.lanes)
    return data.StructLayout({"activations": activations, "weight": weight_layout(widths.lanes)})


def match_step(widths: Widths) -> Any:
    """The step from operands to lanes with their exponents, compared."""

    def step(m: Module, value: Any) -> Any:
        found = Signal(widths.matched, name="matched")
        for at in range(widths.lanes):
            _lane(m, value.activations[at], value.weight.terms[at], found.lanes[at], at)
        places = [found.lanes[at].place for at in range(widths.lanes)]
        m.d.comb += [
            found.compared.eq(comparisons(m, places)),
            found.step.eq(value.weight.step),
            found.word.eq(value.weight.step != 0),
            found.scale.eq(value.weight.scale),
        ]
        return found

    return step


def _lane(m: Module, activation: Any, term: Any, found: Any, at: int) -> None:
    fraction, field = (
        activation[:FRACTION_BITS],
        activation[FRACTION_BITS : FRACTION_BITS + FIELD_BITS],
    )
    normal = Signal(name=f"normal{at}")
    place = Signal(PLACE_BITS, name=f"place{at}")
    m.d.comb += [
        normal.eq(field != 0),
        # The field 0 counts as 1, without a hidden bit.
        place.eq(Mux(normal, field + term.exponent, term.exponent + 1)),
        found.negative.eq(activation[-1] ^ term.sign),
        found.significand.eq(Mux(term.mantissa, Cat(fraction, normal), 0)),
        found.place.eq(Mux(term.mantissa, place, 0)),
    ]


def differences_step(widths: Widths) -> Any:
    """The step from lanes with their exponents to lanes with their distances from the greatest."""

    def step(m: Module, value: Any) -> Any:
        found = Signal(widths.distant, name="distant")
        places = [value.lanes[at].place for at in range(widths.lanes)]
        greatest = greatest_of(m, places, value.compared)
        for at in range(widths.lanes):
            lane, difference = found.lanes[at], Signal(PLACE_BITS, name=f"difference{at}")
            gone = difference[len(lane.distance) :].any()
            m.d.comb += [
                difference.eq(greatest - places[at]),
                lane.distance.eq(difference),
                lane.negative.eq(value.lanes[at].negative),
                lane.significand.eq(Mux(gone, 0, value.lanes[at].significand)),
            ]
        m.d.comb += [
            found.place.eq(step_place(m, greatest, value.step)),
            found.word.eq(value.word),
            found.scale.eq(value.scale),
        ]
        return found

    return step


def step_place(m: Module, greatest: Any, step: Any) -> Any:
    """The greatest exponent with the significance and 3 more; 0 where nothing takes part.

    Args:
        m: in which it stands.
        greatest: of the lanes' exponents.
        step: the significance and 1 more.
    """
    found = Signal(PLACE_BITS, name="step_place")
    with m.If(greatest != 0):
        m.d.comb += found.eq(greatest + step + 2)
    return found


def comparisons(m: Module, values: Sequence[Any]) -> Any:
    """Of each pair of values, whether the later one is the greater: bits, by the later and then
    the earlier one.
    """
    found = Signal(len(values) * (len(values) - 1) // 2, name="comparisons")
    pairs = [(i, j) for i in range(len(values)) for j in range(i)]
    m.d.comb += [found[at].eq(values[i] > values[j]) for at, (i, j) in enumerate(pairs)]
    return found


def greatest_of(m: Module, values: Sequence[Any], compared: Any) -> Any:
    """The greatest of values that were compared."""
    count = len(values)
    chosen: list[Any] = []
    for at, value in enumerate(values):
        # Of equal ones the first is taken.
        wins = compared[at * (at - 1) // 2 : at * (at + 1) // 2].all()
        losses = [compared[i * (i - 1) // 2 + at] for i in range(at + 1, count)]
        taken, mine = Signal(name=f"greatest_is_{at}"), Signal(PLACE_BITS, name=f"greatest_{at}")
        m.d.comb += [
            taken.eq(wins & ~Cat(*losses).any()),
            mine.eq(value & taken.replicate(PLACE_BITS)),
        ]
        chosen.append(mine)
    found = Signal(PLACE_BITS, name="greatest")
    m.d.comb += found.eq(reduce(or_, chosen))
    return found
