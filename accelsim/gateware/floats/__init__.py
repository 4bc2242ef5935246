"""Floating-point arithmetic of any exponent and mantissa width, correctly rounded.

Each operation is a stream component, and a sequence of steps for whoever puts it between registers
of their own.
"""

from accelsim.gateware.floats.add import FloatAdd, add_steps
from accelsim.gateware.floats.fused import FloatFused, fused_steps
from accelsim.gateware.floats.integer import IntegerToFloat, integer_steps
from accelsim.gateware.floats.multiply import FloatMultiply, multiply_steps

__all__ = [
    "FloatAdd",
    "FloatFused",
    "FloatMultiply",
    "IntegerToFloat",
    "add_steps",
    "fused_steps",
    "integer_steps",
    "multiply_steps",
]
