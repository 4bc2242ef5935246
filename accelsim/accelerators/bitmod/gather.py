"""Results of groups, summed up in binary32."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, signed, unsigned

from accelsim.accelerators.bitmod.golden import BIAS
from accelsim.accelerators.bitmod.pe.arithmetic import BitSerialArithmetic
from accelsim.formats import number_format
from accelsim.gateware.floats.add import add_steps
from accelsim.gateware.floats.rounding import rounding_step
from accelsim.gateware.floats.shifting import normalised
from accelsim.gateware.floats.unpacked import exponent_shape, operands_layout, parts_layout
from accelsim.gateware.pipeline import registered

__all__ = ["GatheringArithmetic"]

_BINARY32 = number_format("fp32")


class GatheringArithmetic(BitSerialArithmetic):
    """The PE's arithmetic, and how the results of a column's groups are added behind the array.

    Parameters
    ----------
    lanes : int
        Of the PE.
    """

    stored = unsigned(32)
    gather_latency_cycles = 5
    """Two to make a float of a result, which is exact, and three to add it, rounded to nearest."""

    def gather(self, m: Module, before: Any, result: Any) -> Any:
        """The sum of both in binary32."""
        group = self.widths.result(result)
        always = Const(1)
        made = registered(m, always, group, (_magnitude, rounding_step(_BINARY32)))
        addends = Signal(operands_layout(a=_BINARY32, b=_BINARY32), name="addends")
        waited = before
        for _ in range(2):
            held = Signal(len(before), name="waited", reset_less=True)
            m.d.sync += held.eq(waited)
            waited = held
        m.d.comb += [addends.a.eq(waited), addends.b.eq(made)]
        return registered(m, always, addends, add_steps(_BINARY32))


def _magnitude(m: Module, value: Any) -> Any:
    """Sign, exponent and significand of a result."""
    mantissa = value.mantissa
    width = len(mantissa)
    exponent = signed(max(exponent_shape(_BINARY32).width, width.bit_length() + 2))
    found = Signal(parts_layout(width, exponent), name="group")
    m.d.comb += [
        found.sign.eq(mantissa < 0),
        found.significand.eq(Mux(mantissa < 0, -mantissa, mantissa)),
        found.exponent.eq(value.exponent + (width - 1 - BIAS)),
    ]
    return normalised(m, found, name="group_normal")
