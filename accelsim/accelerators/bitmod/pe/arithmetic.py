"""BitMoD's PE as the arithmetic of an array's cell."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Shape, Signal, Value, unsigned

from accelsim.accelerators.bitmod.pe.dequantizer import FINISH_CYCLES, dequantized
from accelsim.accelerators.bitmod.pe.exponents import differences_step, match_step, operands_layout
from accelsim.accelerators.bitmod.pe.group_accumulator import accumulated, shortened
from accelsim.accelerators.bitmod.pe.layouts import ACTIVATION_BITS, Widths, weight_layout
from accelsim.accelerators.bitmod.pe.serial_product import align_step, sum_step
from accelsim.gateware.pipeline import Step, registered

__all__ = ["BitSerialArithmetic", "product_steps"]


def product_steps(widths: Widths) -> tuple[Step, ...]:
    """From operands to a step's sum, a register behind each."""
    steps = match_step(widths), differences_step(widths), align_step(widths), sum_step(widths)
    return steps


class BitSerialArithmetic:
    """Terms of weights times FP16 activations, summed up by groups, times the groups' scales.

    Parameters
    ----------
    lanes : int
        Terms in a word, as many activations: 2, 4, 8 or 16.

    Attributes
    ----------
    activation, weight : Shape
        FP16 patterns, the first lane lowest; a word as in ``weight_layout``.
    product, total, result : Shape
        Of a step, of the accumulator, and of a group with its scale: mantissa of 23 bits, and
        above it an exponent of 6.
    """

    product_latency_cycles = 4
    finish_latency_cycles = FINISH_CYCLES
    """Moves from the one in which a sum is complete to the one in which its result is there."""

    def __init__(self, lanes: int = 4) -> None:
        self.widths = Widths(lanes)
        self.activation: Shape = unsigned(ACTIVATION_BITS * lanes)
        self.weight: Shape = unsigned(weight_layout(lanes).size)
        self.product: Shape = unsigned(self.widths.product.size)
        self.total: Shape = unsigned(self.widths.accumulated.size)
        self.result: Shape = unsigned(self.widths.result.size)

    def multiply(
        self, m: Module, platform: object, enable: Any, activation: Any, weight: Any
    ) -> Any:
        """The sum of a step's products, behind its registers."""
        widths = self.widths
        operands = Signal(operands_layout(widths), name="operands")
        m.d.comb += [operands.activations.eq(activation), operands.weight.eq(weight)]
        return Value.cast(registered(m, enable, operands, product_steps(widths)))

    def accumulate(self, m: Module, platform: object, enable: Any, keep: Any, product: Any) -> Any:
        """The sum of a group: a register, which begins anew with the product where ``keep`` is 0.

        A product of a word without terms changes nothing.
        """
        step = self.widths.product(Value.cast(product))
        return Value.cast(accumulated(m, self.widths, enable, keep, step))

    def finish(
        self, m: Module, platform: object, enable: Any, fresh: Any, total: Any, product: Any
    ) -> Any:
        """A group's result, in one move: ``finish_latency_cycles`` after that of its ``fresh``.

        Args:
            m: in which it stands.
            platform: as given to ``elaborate``.
            enable: whether registers move.
            fresh: high in the move in which the accumulator begins anew and ``total`` is complete.
            total: of the accumulator.
            product: in the same move: the scale's bits come with it.
        """
        step = self.widths.product(Value.cast(product))
        held = self.widths.accumulated(Value.cast(total))
        sums = shortened(m, self.widths, held)
        marks = step.word, step.scale
        return Value.cast(dequantized(m, self.widths, enable, fresh, sums, *marks))
