"""Multiplication and addition in one, rounded once."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import data

from accelsim.formats import NumberFormat
from accelsim.formats.floating import float_bits
from accelsim.gateware.floats.add import aligned, sum_step
from accelsim.gateware.floats.checks import float_problems
from accelsim.gateware.floats.multiply import exact_product
from accelsim.gateware.floats.rounding import GUARD_BITS, rounding_step
from accelsim.gateware.floats.shifting import normalised
from accelsim.gateware.floats.unpacked import (
    exponent_shape,
    operands_layout,
    parts_layout,
    unpack,
)
from accelsim.gateware.pipeline import Pipeline, Step
from accelsim.gateware.streams.checks import refuse

__all__ = ["FloatFused", "fused_steps"]


class FloatFused(Pipeline):
    """``a * b + c``, rounded once, to the type of ``c``, in four cycles.

    Parameters
    ----------
    left, right, accumulator : NumberFormat
        Of the factors, and of the addend and the result.

    Members
    -------
    i : ``In(stream)``
        ``a``, ``b`` and ``c``.
    o : ``Out(stream)``
        The sum.
    """

    def __init__(self, left: NumberFormat, right: NumberFormat, accumulator: NumberFormat) -> None:
        refuse(self, float_problems("float fused", left=left, right=right, accumulator=accumulator))
        super().__init__(
            operands_layout(a=left, b=right, c=accumulator),
            unsigned(float_bits(accumulator)),
            fused_steps(left, right, accumulator),
        )


def fused_steps(
    left: NumberFormat, right: NumberFormat, accumulator: NumberFormat
) -> tuple[Step, ...]:
    """Four steps from something with fields ``a``, ``b`` and ``c`` to ``a * b + c``, rounded."""
    exponent = exponent_shape(left, right, accumulator)
    product_width = left.precision + right.precision
    # Nothing is lost while exponents differ by 4 at most. Where they differ by more, a difference
    # has at most two zeros in front: one of the product, one more of the difference.
    width = max(product_width, accumulator.precision) + GUARD_BITS + 2
    addends = data.StructLayout(
        {
            "product": parts_layout(product_width, exponent),
            "c": parts_layout(accumulator.precision, exponent_shape(accumulator)),
        }
    )

    def product(m: Module, value: Any) -> Any:
        # A product of subnormals has many zeros in front; exponents must tell which addend is
        # larger.
        a = normalised(m, unpack(m, value.a, left, name="a"), name="a_normal")
        b = normalised(m, unpack(m, value.b, right, name="b"), name="b_normal")
        found = Signal(addends, name="addends")
        m.d.comb += [
            found.product.eq(exact_product(m, a, b, exponent)),
            found.c.eq(unpack(m, value.c, accumulator, name="c")),
        ]
        return found

    def below(m: Module, value: Any) -> Any:
        return aligned(m, value.product, value.c, width, exponent)

    return product, below, sum_step, rounding_step(accumulator)
