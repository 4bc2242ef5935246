"""Registers that bring values into step."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal

__all__ = ["delayed"]


def delayed(m: Module, enable: Any, value: Any, moves: int) -> Any:
    """A value as it was some moves ago; a move is a cycle with ``enable``."""
    for _ in range(moves):
        held = Signal(value.shape(), name="delay")
        with m.If(enable):
            m.d.sync += held.eq(value)
        value = held
    return value
