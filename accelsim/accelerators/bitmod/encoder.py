"""Codes of weights -> terms, one step after the other."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data

from accelsim.accelerators.bitmod.pe.layouts import TERM
from accelsim.accelerators.bitmod.terms import TermFormat, half_terms, term_table
from accelsim.formats.bitmod import Selector, special_values

__all__ = ["SPECIAL", "encoded", "special_file", "step_code"]

SPECIAL = data.ArrayLayout(TERM, 2)
"""The two terms of a special value, as the register file holds them."""


def special_file(chosen: TermFormat) -> int:
    """The register file after reset: the terms of each selector's value, 8 bits each.

    Example:
        >>> from accelsim.accelerators.bitmod.terms import term_format
        >>> hex(special_file(term_format("fp4")))
        '0xffeefbea'
    """
    if not chosen.is_float:
        return 0
    found = 0
    for selector in Selector:
        terms = half_terms(special_values(chosen.code_bits)[selector])
        packed = sum(_packed(term) << 4 * at for at, term in enumerate(terms))
        found |= packed << 8 * selector
    return found


def _packed(term: tuple[int, int, int]) -> int:
    sign, exponent, mantissa = term
    return sign | exponent << 1 | mantissa << 3


def step_code(chosen: TermFormat, step: Any) -> Any:
    """What a word says of its significance: ``bsig`` and 1 more."""
    if chosen.is_float:
        return Const(1, 3)
    return Cat(Const(1, 1), step)[:3]


def encoded(m: Module, chosen: TermFormat, code: Any, special: Any, step: Any) -> Any:
    """The term of a weight in one step.

    Args:
        m: the module.
        chosen: the type of the weights.
        code: as it is stored.
        special: the terms of the group's special value, as ``SPECIAL``.
        step: which term.
    """
    if chosen.is_float:
        return _float_term(m, chosen, code, special, step)
    # Two bits of this digit and the one below it; the sign goes on above the code.
    extended = Cat(Const(0, 1), code, code[-1].replicate(2 * chosen.steps - len(code)))
    window = Signal(3, name="window")
    m.d.comb += window.eq(extended.bit_select(2 * step, 3))
    term = Signal(TERM, name="term")
    double = (window == 0b011) | (window == 0b100)
    m.d.comb += [
        term.sign.eq(window[2] & ~window.all()),
        term.exponent.eq(double),
        term.mantissa.eq((window != 0) & (window != 0b111)),
    ]
    return term


def _float_term(m: Module, chosen: TermFormat, code: Any, special: Any, step: Any) -> Any:
    """Of a magnitude by a small table, of the special value from its register."""
    first, second = Signal(3, name="first"), Signal(3, name="second")
    magnitude, sign = code[:-1], code[-1]
    with m.Switch(magnitude):
        for at, terms in enumerate(_magnitudes(chosen)):
            with m.Case(at):
                m.d.comb += [first.eq(terms[0]), second.eq(terms[1])]
    term = Signal(TERM, name="term")
    chosen_bits = Signal(3, name="chosen")
    is_special = sign & (magnitude == 0)
    m.d.comb += [
        chosen_bits.eq(Mux(step, second, first)),
        term.eq(Cat(sign & chosen_bits[2], chosen_bits)),
    ]
    with m.If(is_special):
        m.d.comb += term.eq(Mux(step, special[1].as_value(), special[0].as_value()))
    return term


@lru_cache
def _magnitudes(chosen: TermFormat) -> tuple[tuple[int, int], ...]:
    """Exponent and, above it, mantissa of both terms, of every code without a sign."""
    table = term_table(chosen.name)[0]
    return tuple(
        (_unsigned(table[code][0]), _unsigned(table[code][1]))
        for code in range(1 << chosen.code_bits - 1)
    )


def _unsigned(term: Any) -> int:
    _, exponent, mantissa = (int(each) for each in term)
    return exponent | mantissa << 2
