"""Stages of the PE on their own, with registers at their inputs, for counts of cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.accelerators.bitmod.pe.arithmetic import product_steps
from accelsim.accelerators.bitmod.pe.dequantizer import dequantized, serial_multiplier
from accelsim.accelerators.bitmod.pe.exponents import operands_layout, step_place
from accelsim.accelerators.bitmod.pe.group import GroupPe
from accelsim.accelerators.bitmod.pe.group_accumulator import accumulated, shortened
from accelsim.accelerators.bitmod.pe.layouts import PLACE_BITS, Widths, lanes_problems
from accelsim.gateware.pipeline import registered
from accelsim.gateware.streams.checks import refuse

__all__ = [
    "PARTS",
    "CountingDequantizerPart",
    "DequantizerPart",
    "GroupAccumulationPart",
    "ProductPart",
]


class GroupAccumulationPart(wiring.Component):
    """Group accumulation, from a step's sum to the 15-bit sum of the group."""

    def __init__(self, lanes: int = 4) -> None:
        refuse(self, lanes_problems(lanes))
        self._widths = widths = Widths(lanes)
        super().__init__(
            {
                "enable": In(1),
                "keep": In(1),
                "sum": In(signed(widths.sum)),
                "greatest": In(PLACE_BITS),
                "step": In(3),
                "total": Out(widths.shortened),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m, widths = Module(), self._widths
        product: Any = Signal(widths.product, reset_less=True)
        place = step_place(m, self.greatest, self.step)
        with m.If(self.enable):
            m.d.sync += [product.sum.eq(self.sum << place[0]), product.pairs.eq(place[1:])]
        total = accumulated(m, widths, self.enable, self.keep, product)
        m.d.comb += self.total.eq(shortened(m, widths, total))
        return m


class DequantizerPart(wiring.Component):
    """The dequantiser, from the 15-bit sum of a group to its result, told when to do what."""

    def __init__(self, lanes: int = 4) -> None:
        refuse(self, lanes_problems(lanes))
        self._widths = widths = Widths(lanes)
        super().__init__(
            {
                "takes": In(1),
                "uses": In(1),
                "shifts": In(1),
                "busy": In(1),
                "total": In(widths.shortened),
                "scale": In(1),
                "result": Out(widths.result),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        found = serial_multiplier(
            m,
            self._widths,
            self.takes,
            self.uses,
            self.shifts,
            self.busy,
            self.total,
            self.scale,
        )
        m.d.comb += self.result.eq(found)
        return m


class CountingDequantizerPart(wiring.Component):
    """The same with the counter that tells it what to do."""

    def __init__(self, lanes: int = 4) -> None:
        refuse(self, lanes_problems(lanes))
        self._widths = widths = Widths(lanes)
        super().__init__(
            {
                "enable": In(1),
                "fresh": In(1),
                "total": In(widths.shortened),
                "word": In(1),
                "scale": In(1),
                "result": Out(widths.result),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        marks = self.word, self.scale
        found = dequantized(m, self._widths, self.enable, self.fresh, self.total, *marks)
        m.d.comb += self.result.eq(found)
        return m


class ProductPart(wiring.Component):
    """Exponents and mantissas of a step: from operands to their sum, behind registers for both."""

    def __init__(self, lanes: int = 4) -> None:
        refuse(self, lanes_problems(lanes))
        self._widths = widths = Widths(lanes)
        super().__init__(
            {
                "enable": In(1),
                "operands": In(operands_layout(widths)),
                "product": Out(widths.product),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m, widths = Module(), self._widths
        steps = (_same, *product_steps(widths))
        m.d.comb += self.product.eq(registered(m, self.enable, self.operands, steps))
        return m


def _same(m: Module, value: Any) -> Any:
    return value


PARTS: Mapping[str, Any] = {
    "product": ProductPart,
    "group accumulation": GroupAccumulationPart,
    "dequantizer": DequantizerPart,
    "dequantizer with counter": CountingDequantizerPart,
    "PE": GroupPe,
}
"""Name -> component, which takes the lanes."""
