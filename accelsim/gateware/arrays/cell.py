"""What an array needs to know of its PEs, and the dense one: a multiplier and an adder."""

from __future__ import annotations

from typing import Any, Protocol

from amaranth.hdl import Module, Shape, Signal, signed

from accelsim.errors import InputError
from accelsim.gateware.multiplier import RegisteredMultiplier
from accelsim.gateware.sharing import place
from accelsim.gateware.sum_register import SumRegister

__all__ = ["Arithmetic", "DenseArithmetic"]


class Arithmetic(Protocol):
    """The arithmetic of a PE, chosen apart from the array that it stands in.

    All of it moves on with ``enable`` of the cell that it is built into.
    """

    activation: Shape
    weight: Shape
    result: Shape
    product: Shape
    product_latency_cycles: int
    """Registers between the operands and the product."""

    def multiply(
        self, m: Module, platform: object, enable: Any, activation: Any, weight: Any
    ) -> Any:
        """The product, behind its registers."""

    def add(self, m: Module, partial: Any, product: Any) -> Any:
        """The next partial result, without a register."""

    def accumulate(self, m: Module, platform: object, enable: Any, keep: Any, product: Any) -> Any:
        """A sum that stays: a register, which begins anew with the product where ``keep`` is 0."""


class DenseArithmetic:
    """Integers: a product that a DSP block computes between its registers, and a sum.

    Parameters
    ----------
    activation_bits, weight_bits, result_bits : int
        Of two's complement numbers.
    """

    product_latency_cycles = RegisteredMultiplier.LATENCY_CYCLES + 1
    """One more on the way to the adder: DSP blocks stand in rows, far from most adders."""

    def __init__(
        self, *, activation_bits: int = 8, weight_bits: int = 8, result_bits: int = 32
    ) -> None:
        for name, bits, least, most in (
            ("activation_bits", activation_bits, 2, 32),
            ("weight_bits", weight_bits, 2, 32),
            ("result_bits", result_bits, activation_bits + weight_bits, 64),
        ):
            if not isinstance(bits, int) or not least <= bits <= most:
                raise InputError(
                    f"dense PE: {name} is {bits!r}, must be a whole number from {least} to {most}"
                )
        self.activation = signed(activation_bits)
        self.weight = signed(weight_bits)
        self.product = signed(activation_bits + weight_bits)
        self.result = signed(result_bits)

    def multiply(
        self, m: Module, platform: object, enable: Any, activation: Any, weight: Any
    ) -> Any:
        part = RegisteredMultiplier(self.activation, self.weight)
        m.submodules.multiplier = place(part, platform, part.module)
        m.d.comb += [
            part.enable.eq(enable),
            part.left.eq(activation),
            part.right.eq(weight),
        ]
        placed = Signal(self.product, reset_less=True)
        with m.If(enable):
            m.d.sync += placed.eq(part.product)
        return placed

    def add(self, m: Module, partial: Any, product: Any) -> Any:
        return (partial + product)[: self.result.width].as_signed()

    def accumulate(self, m: Module, platform: object, enable: Any, keep: Any, product: Any) -> Any:
        part = SumRegister(self.result.width)
        m.submodules.sum = place(part, platform, part.module)
        m.d.comb += [part.enable.eq(enable), part.keep.eq(keep), part.value.eq(product)]
        return part.total
