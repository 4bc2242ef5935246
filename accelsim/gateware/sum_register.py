"""A register with an adder: a sum that grows, or begins anew, as one module."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.streams.checks import refuse, whole_number

__all__ = ["SumRegister"]

_MOST_BITS = 128


class SumRegister(wiring.Component):
    """A sum to which a value is added in every move, or in whose place it is put.

    The carry cells of the ECP5 have an input to spare for the choice, which Yosys does not use:
    synthesis puts its own module in the place of this one there (``fpga/``), and so saves a LUT for
    each bit. The register has no reset: a sum is put there before one is read.

    Parameters
    ----------
    bits : int
        Of the value and the sum, two's complement.

    Members
    -------
    enable : ``In(1)``
        Whether the register moves.
    keep : ``In(1)``
        Whether the sum so far takes part.
    value : ``In(bits)``
        What is added.
    total : ``Out(bits)``
        The sum; a register.
    """

    def __init__(self, bits: int) -> None:
        refuse(self, whole_number("sum register", "bits", bits, 1, _MOST_BITS))
        self._bits = bits
        number = signed(bits)
        super().__init__(
            {"enable": In(1), "keep": In(1), "value": In(number), "total": Out(number)}
        )

    @property
    def module(self) -> str:
        """Name of its module, by which synthesis knows it."""
        return f"sum_register_{self._bits}"

    def elaborate(self, platform: object) -> Module:
        m = Module()
        total: Any = Signal(signed(self._bits), reset_less=True)
        m.d.comb += self.total.eq(total)
        with m.If(self.enable):
            m.d.sync += total.eq(Mux(self.keep, total, 0) + self.value)
        return m
