"""One PE between streams: words of groups in, a result for each group out."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from accelsim.accelerators.bitmod.pe.arithmetic import BitSerialArithmetic
from accelsim.accelerators.bitmod.pe.layouts import lanes_problems
from accelsim.gateware.arrays.skew import delayed
from accelsim.gateware.streams.checks import refuse

__all__ = ["GroupPe"]


class GroupPe(wiring.Component):
    """A PE that takes a word in each cycle, groups back to back.

    Parameters
    ----------
    lanes : int
        Terms in a word, as many activations: 2, 4, 8 or 16.

    Members
    -------
    i : ``In(stream)``
        ``activation`` and ``weight`` as ``BitSerialArithmetic`` has them, and ``last`` with the
        last word of a group, which has 16 or more.
    o : ``Out(stream)``
        A result for each group.
    """

    def __init__(self, lanes: int = 4) -> None:
        refuse(self, lanes_problems(lanes))
        self.arithmetic = BitSerialArithmetic(lanes)
        word = {"activation": self.arithmetic.activation, "weight": self.arithmetic.weight}
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout({**word, "last": 1}))),
                "o": Out(stream.Signature(self.arithmetic.result)),
            }
        )

    @property
    def latency_cycles(self) -> int:
        """From the last word of a group that is taken to its result that is offered."""
        # Registers of the operands, of the accumulator and of the result are the other three.
        arithmetic = self.arithmetic
        return arithmetic.product_latency_cycles + arithmetic.finish_latency_cycles + 3

    def elaborate(self, platform: object) -> Module:
        m = Module()
        arithmetic = self.arithmetic
        enable = Signal()
        m.d.comb += [enable.eq(self.o.ready | ~self.o.valid), self.i.ready.eq(enable)]
        word: Any = Signal.like(self.i.payload, name="word")
        with m.If(enable):
            m.d.sync += word.eq(Mux(self.i.valid, self.i.payload, 0))
        product = arithmetic.multiply(m, platform, enable, word.activation, word.weight)
        # Products from before a reset are still to come: the sum begins anew behind them.
        reset = Signal(init=1)
        with m.If(enable):
            m.d.sync += reset.eq(0)
        moves = arithmetic.product_latency_cycles + 1
        ended = delayed(m, enable, word.last, moves)
        fresh = ended | delayed(m, enable, reset, moves)
        total = arithmetic.accumulate(m, platform, enable, ~fresh, product)
        result = arithmetic.finish(m, platform, enable, fresh, total, product)
        done = delayed(m, enable, ended, arithmetic.finish_latency_cycles)
        with m.If(enable):
            m.d.sync += [self.o.valid.eq(done), self.o.payload.eq(result)]
        return m
