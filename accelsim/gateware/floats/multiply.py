"""Multiplication."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, unsigned

from accelsim.formats import NumberFormat
from accelsim.formats.floating import float_bits
from accelsim.gateware.floats.checks import float_problems
from accelsim.gateware.floats.rounding import rounding_step
from accelsim.gateware.floats.shifting import normalised
from accelsim.gateware.floats.unpacked import (
    exponent_shape,
    operands_layout,
    parts_layout,
    unpack,
)
from accelsim.gateware.pipeline import Pipeline, Step
from accelsim.gateware.streams.checks import refuse

__all__ = ["FloatMultiply", "exact_product", "multiply_steps"]


class FloatMultiply(Pipeline):
    """``a * b``, rounded to a third type, in three cycles.

    Parameters
    ----------
    left, right, result : NumberFormat
        Of the operands and of the product.

    Members
    -------
    i : ``In(stream)``
        ``a`` and ``b``.
    o : ``Out(stream)``
        The product.
    """

    def __init__(self, left: NumberFormat, right: NumberFormat, result: NumberFormat) -> None:
        refuse(self, float_problems("float multiply", left=left, right=right, result=result))
        super().__init__(
            operands_layout(a=left, b=right),
            unsigned(float_bits(result)),
            multiply_steps(left, right, result),
        )


def multiply_steps(
    left: NumberFormat, right: NumberFormat, result: NumberFormat
) -> tuple[Step, ...]:
    """Three steps from something with fields ``a`` and ``b`` to their product, rounded."""

    def product(m: Module, value: Any) -> Any:
        a = unpack(m, value.a, left, name="a")
        b = unpack(m, value.b, right, name="b")
        return exact_product(m, a, b, exponent_shape(left, right, result))

    def shifted(m: Module, value: Any) -> Any:
        return normalised(m, value, name="product")

    return product, shifted, rounding_step(result)


def exact_product(m: Module, a: Any, b: Any, exponent: Any) -> Any:
    """The product of two floats that were taken apart, all its bits; its leading one may be lower.

    Args:
        m: the module.
        a: a factor.
        b: the other.
        exponent: shape of the product's exponent.
    """
    width = len(a.significand) + len(b.significand)
    found = Signal(parts_layout(width, exponent), name="exact")
    infinite = Signal(name="infinite")
    # An infinity's significand is not 0.
    zero = ~a.significand.any() | ~b.significand.any()
    m.d.comb += [
        infinite.eq(a.infinite | b.infinite),
        found.sign.eq(a.sign ^ b.sign),
        # Two significands below 2 have a product below 4: one more place in front.
        found.exponent.eq(a.exponent + b.exponent + 1),
        found.significand.eq(a.significand * b.significand),
        found.infinite.eq(infinite),
        found.nan.eq(a.nan | b.nan | (infinite & zero)),
    ]
    return found
