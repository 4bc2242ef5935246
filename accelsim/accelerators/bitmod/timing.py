"""Registers on the way of a value through the hardware; measured against it, cycle by cycle."""

from __future__ import annotations

__all__ = ["FINISH_CYCLES", "GATHER_CYCLES", "PE_CYCLES", "PIPELINE_CYCLES", "PRODUCT_CYCLES"]

PRODUCT_CYCLES = 4
"""Between the operands of a PE and the sum of their products."""
FINISH_CYCLES = 8
"""A group's result is multiplied with the 8 bits of its scale, one after the other."""
GATHER_CYCLES = 5
"""Two to make a float of a result, three to add it."""
PE_CYCLES = PRODUCT_CYCLES + FINISH_CYCLES
_READ_CYCLES = 3
_BEHIND_SCRATCHPAD = 1
_EXPANDER = 2
_ACCUMULATE = 1
_BEHIND_ARRAY = 1
_SUMS = 2
_DRAIN = 2
_BEAT = 1
PIPELINE_CYCLES = (
    _READ_CYCLES
    + _BEHIND_SCRATCHPAD
    + _EXPANDER
    + PE_CYCLES
    + _ACCUMULATE
    + _BEHIND_ARRAY
    + _SUMS
    + GATHER_CYCLES
    + _DRAIN
    + _BEAT
)
"""From a word in a scratchpad to the first beat of its sums, besides the PEs on its way."""
