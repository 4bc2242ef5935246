"""Combinational steps with registers between them, as one stream component."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from amaranth.hdl import Module, Signal, ValueCastable
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Pipeline", "Step"]

Step = Callable[[Module, Any], Any]
"""(module, value) -> value: adds combinational logic to the module."""


class Pipeline(wiring.Component):
    """Steps one after the other, a register behind each.

    A value takes as many cycles as there are steps, and one can begin in each cycle. All registers
    move together, whenever the output is taken or holds nothing; bubbles are kept.

    Parameters
    ----------
    input : shape-like
        Of the payload that comes in.
    output : shape-like
        Of the payload that goes out.
    steps : sequence of ``Step``
        What is computed; the last gives the output.

    Members
    -------
    i : ``In(stream)``
        Operands.
    o : ``Out(stream)``
        Results.
    """

    def __init__(self, input: Any, output: Any, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)
        super().__init__({"i": In(stream.Signature(input)), "o": Out(stream.Signature(output))})

    @property
    def latency_cycles(self) -> int:
        """From an operand to its result."""
        return len(self._steps)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        moves = Signal()
        m.d.comb += [moves.eq(self.o.ready | ~self.o.valid), self.i.ready.eq(moves)]
        value, valid = self.i.payload, self.i.valid
        for at, step in enumerate(self._steps):
            made = step(m, value)
            last = at == len(self._steps) - 1
            held = self.o.payload if last else _like(made, f"stage{at}")
            held_valid = self.o.valid if last else Signal(name=f"stage{at}_valid")
            with m.If(moves):
                m.d.sync += [_value(held).eq(_value(made)), held_valid.eq(valid)]
            value, valid = held, held_valid
        return m


def _value(value: Any) -> Any:
    return value.as_value() if isinstance(value, ValueCastable) else value


def _like(value: Any, name: str) -> Any:
    return Signal(value.shape(), name=name, reset_less=True)
