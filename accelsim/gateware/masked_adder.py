"""An adder that can leave its left operand out, as one module."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.errors import InputError

__all__ = ["MaskedAdder"]

_MOST_BITS = 128


class MaskedAdder(wiring.Component):
    """``left + right``, or ``right`` alone; no register, no carry out.

    The carry cells of the ECP5 have an input to spare for this, which Yosys does not use: synthesis
    puts its own module in the place of this one there (``fpga/``), and so saves a LUT for each bit.

    Parameters
    ----------
    bits : int
        Of the operands and the sum, two's complement.

    Members
    -------
    keep : ``In(1)``
        Whether ``left`` takes part.
    left, right : ``In(bits)``
        Operands.
    total : ``Out(bits)``
        Their sum, in the same cycle.
    """

    def __init__(self, bits: int) -> None:
        if isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= _MOST_BITS:
            raise InputError(
                f"masked adder: bits is {bits!r}, must be a whole number from 1 to {_MOST_BITS}"
            )
        self._bits = bits
        number = signed(bits)
        super().__init__(
            {"keep": In(1), "left": In(number), "right": In(number), "total": Out(number)}
        )

    @property
    def module(self) -> str:
        """Name of its module, by which synthesis knows it."""
        return f"masked_adder_{self._bits}"

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.total.eq(Mux(self.keep, self.left, 0) + self.right)
        return m
