"""Two places between two streams."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SkidBuffer"]


class SkidBuffer(wiring.Component):
    """Two places between two streams: neither side's signals reach the other within a cycle.

    A value that comes in can leave in the next cycle, and one can pass in each cycle.

    Parameters
    ----------
    shape : shape-like
        Of the payload.

    Members
    -------
    i : ``In(stream)``
        ``ready`` is a register.
    o : ``Out(stream)``
        ``valid`` and ``payload`` are registers.
    """

    def __init__(self, shape: Any) -> None:
        self._shape = shape
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spare = Signal(self._shape, reset_less=True)
        ready = Signal(init=1)
        m.d.comb += self.i.ready.eq(ready)
        with m.If(self.o.ready | ~self.o.valid):
            m.d.sync += [ready.eq(1), self.o.valid.eq(self.i.valid | ~ready)]
            with m.If(ready):
                m.d.sync += self.o.payload.eq(self.i.payload)
            with m.Else():
                m.d.sync += self.o.payload.eq(spare)
        with m.Elif(self.i.valid & ready):
            # The output is held up: what comes now waits in the second place.
            m.d.sync += [spare.eq(self.i.payload), ready.eq(0)]
        return m
