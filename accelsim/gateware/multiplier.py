"""A multiplier between registers: what the DSP blocks of FPGAs are, as one module."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Shape, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.streams.checks import refuse

__all__ = ["RegisteredMultiplier"]

_MOST_BITS = 64


class RegisteredMultiplier(wiring.Component):
    """A product behind three registers: of the operands, amid the multiplier, of the product.

    None has a reset, all move with ``enable``: so DSP blocks have them. Synthesis for ECP5, which
    takes no registers into its blocks, puts a block in the place of this module (``fpga/``); what
    other targets make of the registers is left to Yosys.

    Parameters
    ----------
    left, right : Shape
        Of the operands.

    Members
    -------
    enable : ``In(1)``
        Whether the registers move.
    left, right : ``In``
        Operands.
    product : ``Out``
        Of the operands ``LATENCY_CYCLES`` moves ago, exact.
    """

    LATENCY_CYCLES = 3

    def __init__(self, left: Shape, right: Shape) -> None:
        problems: list[str] = []
        for name, shape in (("left", left), ("right", right)):
            bits = shape.width if isinstance(shape, Shape) else shape
            if not isinstance(shape, Shape) or not 1 <= bits <= _MOST_BITS:
                problems.append(
                    f"multiplier: {name} is {bits!r}, must be a shape of 1 to {_MOST_BITS} bits"
                )
        refuse(self, problems)
        self.shape = Shape(left.width + right.width, left.signed or right.signed)
        self._operands = left, right
        super().__init__(
            {"enable": In(1), "left": In(left), "right": In(right), "product": Out(self.shape)}
        )

    @property
    def module(self) -> str:
        """Name of its module: alike multipliers have one, which synthesis knows by it."""
        left, right = ("us"[each.signed] + str(each.width) for each in self._operands)
        return f"registered_multiplier_{left}_{right}"

    def elaborate(self, platform: object) -> Module:
        m = Module()
        left, right = (
            Signal(shape, name=f"{name}_register", reset_less=True)
            for name, shape in zip(("left", "right"), self._operands, strict=True)
        )
        amid: Any = Signal(self.shape, reset_less=True)
        product: Any = Signal(self.shape, reset_less=True)
        m.d.comb += self.product.eq(product)
        with m.If(self.enable):
            m.d.sync += [
                left.eq(self.left),
                right.eq(self.right),
                amid.eq(left * right),
                product.eq(amid),
            ]
        return m
