"""What an array needs to know of its PEs, and the dense one: a multiplier and an adder."""

from __future__ import annotations

from typing import Any, Protocol

from amaranth.hdl import Module, Shape, Signal, signed

from accelsim.errors import InputError
from accelsim.gateware.multiplier import RegisteredMultiplier
from accelsim.gateware.sharing import place
from accelsim.gateware.sum_register import SumRegister

__all__ = ["AddingArithmetic", "Arithmetic", "DenseArithmetic", "KeepingArithmetic"]


class Arithmetic(Protocol):
    """The arithmetic of a PE, chosen apart from the array that it stands in.

    What stands in a PE moves on with ``enable`` of the cell that it is built into.
    """

    activation: Shape
    weight: Shape
    result: Shape
    """What leaves a PE."""
    stored: Shape
    """What results of several tiles are gathered in, behind the array."""
    product: Shape
    product_latency_cycles: int
    """Registers between the operands and the product."""
    finish_latency_cycles: int
    """Moves from the one in which a sum that stays is complete to the one with its result."""
    gather_latency_cycles: int
    """Registers between what is gathered and what it has grown to."""

    def multiply(
        self, m: Module, platform: object, enable: Any, activation: Any, weight: Any
    ) -> Any:
        """The product, behind its registers."""

    def gather(self, m: Module, before: Any, result: Any) -> Any:
        """Results of earlier tiles and one more, behind registers that move in every cycle."""


class AddingArithmetic(Arithmetic, Protocol):
    """That of a PE through which sums pass."""

    def add(self, m: Module, partial: Any, product: Any) -> Any:
        """The next partial result, without a register."""


class KeepingArithmetic(Arithmetic, Protocol):
    """That of a PE in which a sum stays."""

    def accumulate(self, m: Module, platform: object, enable: Any, keep: Any, product: Any) -> Any:
        """A sum that stays: a register, which begins anew with the product where ``keep`` is 0."""

    def finish(
        self, m: Module, platform: object, enable: Any, fresh: Any, total: Any, product: Any
    ) -> Any:
        """The result of a sum that is complete, in one move: that of ``fresh``, or so many later.

        Args:
            m: in which it stands.
            platform: as given to ``elaborate``.
            enable: whether registers move.
            fresh: high in the move in which ``total`` is complete, and the next sum begins.
            total: of ``accumulate``.
            product: with which that begins.
        """


class DenseArithmetic:
    """Integers: a product that a DSP block computes between its registers, and a sum.

    Parameters
    ----------
    activation_bits, weight_bits, result_bits : int
        Of two's complement numbers.
    """

    product_latency_cycles = RegisteredMultiplier.LATENCY_CYCLES + 1
    """One more on the way to the adder: DSP blocks stand in rows, far from most adders."""
    finish_latency_cycles = 0
    gather_latency_cycles = 0

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
        self.result = self.stored = signed(result_bits)

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

    def finish(
        self, m: Module, platform: object, enable: Any, fresh: Any, total: Any, product: Any
    ) -> Any:
        return total

    def gather(self, m: Module, before: Any, result: Any) -> Any:
        return (before + result)[: self.stored.width]
