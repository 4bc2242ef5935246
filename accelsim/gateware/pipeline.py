"""Combinational steps with registers between them: inside a part, or as a stream component."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Pipeline", "Step", "registered"]

Step = Callable[[Module, Any], Any]
"""(module, value) -> value: adds combinational logic to the module."""


def registered(m: Module, enable: Any, value: Any, steps: Sequence[Step]) -> Any:
    """The value behind all steps, a register behind each that moves with ``enable``.

    Args:
        m: the module that steps and registers are added to.
        enable: a signal that is high in the cycles in which registers move.
        value: what the first step takes.
        steps: what is computed; none gives the value itself.
    """
    for at, step in enumerate(steps):
        made = step(m, value)
        held = Signal(made.shape(), name=f"stage{at}", reset_less=True)
        with m.If(enable):
            m.d.sync += held.eq(made)
        value = held
    return value


class Pipeline(wiring.Component):
    """Steps one after the other, a register behind each.

    A value takes as many cycles as there are steps, and one can begin in each cycle. All registers
    move together, whenever the output is taken or holds nothing; bubbles are kept. ``i.ready``
    follows ``o.ready`` within the cycle.

    Parameters
    ----------
    operands : shape-like
        Of the payload that comes in.
    result : shape-like
        Of the payload that goes out.
    steps : sequence of ``Step``
        What is computed, one or more; the last gives the result.

    Members
    -------
    i : ``In(stream)``
        Operands.
    o : ``Out(stream)``
        Results; ``valid`` and ``payload`` are registers.
    """

    def __init__(self, operands: Any, result: Any, steps: Sequence[Step]) -> None:
        assert steps, "a pipeline has a step"
        self._steps = tuple(steps)
        super().__init__({"i": In(stream.Signature(operands)), "o": Out(stream.Signature(result))})

    @property
    def latency_cycles(self) -> int:
        """From an operand that is taken to its result that is offered."""
        return len(self._steps)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        moves = Signal()
        m.d.comb += [moves.eq(self.o.ready | ~self.o.valid), self.i.ready.eq(moves)]
        valids = Signal(len(self._steps))
        with m.If(moves):
            m.d.sync += valids.eq((valids << 1) | self.i.valid)
        m.d.comb += [
            self.o.valid.eq(valids[-1]),
            self.o.payload.eq(registered(m, moves, self.i.payload, self._steps)),
        ]
        return m
