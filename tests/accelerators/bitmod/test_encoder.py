"""Terms of codes, all of them, as the array's expander makes them."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("amaranth")

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from accelsim.accelerators.bitmod.encoder import SPECIAL, encoded, special_file, step_code
from accelsim.accelerators.bitmod.pe.layouts import TERM
from accelsim.accelerators.bitmod.terms import TERM_FORMATS, TermFormat, term_format, term_table
from accelsim.formats.bitmod import code_values


class Encoder(wiring.Component):  # type: ignore[misc]
    """One lane."""

    def __init__(self, chosen: TermFormat) -> None:
        self.chosen = chosen
        super().__init__(
            {
                "code": In(chosen.code_bits),
                "special": In(SPECIAL),
                "step": In(range(chosen.steps)),
                "term": Out(TERM),
                "shared": Out(3),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        term = encoded(m, self.chosen, self.code, self.special, self.step)
        m.d.comb += [self.term.eq(term), self.shared.eq(step_code(self.chosen, self.step))]
        return m


def entry(name: str, selector: int) -> int:
    """Of the register after reset."""
    return special_file(term_format(name)) >> 8 * selector & 255


@pytest.mark.parametrize("name", TERM_FORMATS)
def test_every_code_has_the_terms_of_the_table_in_every_step(name: str) -> None:
    chosen, table = term_format(name), term_table(name)
    part = Encoder(chosen)
    found: dict[tuple[int, int, int], tuple[int, int]] = {}

    async def bench(ctx: Any) -> None:
        for selector in range(4 if chosen.is_float else 1):
            ctx.set(part.special.as_value(), entry(name, selector))
            for step in range(chosen.steps):
                ctx.set(part.step, step)
                for code in range(1 << chosen.code_bits):
                    ctx.set(part.code, code)
                    term = ctx.get(part.term.as_value())
                    found[selector, code, step] = term, ctx.get(part.shared)

    simulator = Simulator(part)
    simulator.add_testbench(bench)
    simulator.run()
    for (selector, code, step), (term, shared) in found.items():
        sign, exponent, mantissa = (int(each) for each in table[selector, code, step])
        # What a term of no mantissa has besides is of no account, but is 0.
        assert term == sign | exponent << 1 | mantissa << 3, (selector, code, step)
        assert shared == chosen.significances[step] + 1
    assert len(found) == table.shape[1] * chosen.steps * (4 if chosen.is_float else 1)


@pytest.mark.parametrize(("name", "file"), [("fp4", 0xFFEEFBEA), ("fp3", 0xFDECDBCA)])
def test_the_register_of_special_values_after_reset(name: str, file: int) -> None:
    chosen = term_format(name)
    assert special_file(chosen) == file
    for selector in range(4):
        value = 0.0
        for nibble in (entry(name, selector) & 15, entry(name, selector) >> 4):
            sign, exponent, mantissa = nibble & 1, nibble >> 1 & 3, nibble >> 3
            value += (-1) ** sign * mantissa * 2**exponent * chosen.unit
        special = code_values(chosen.code_bits, selector)[1 << chosen.code_bits - 1]
        assert value == special


def test_integers_have_no_special_values() -> None:
    assert special_file(term_format("int8")) == special_file(term_format("int6")) == 0
