"""Floating-point arithmetic of any exponent and mantissa width, correctly rounded."""

from accelsim.gateware.floats.operations import FloatAdd, FloatFused, FloatMultiply, IntegerToFloat

__all__ = ["FloatAdd", "FloatFused", "FloatMultiply", "IntegerToFloat"]
