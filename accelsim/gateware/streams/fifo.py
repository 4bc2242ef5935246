"""A queue between two streams."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Shape, Value
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from accelsim.gateware.streams.checks import refuse, whole_number

__all__ = ["Fifo"]

# Amaranth's queue halts every other cycle with one or two places; two are what a SkidBuffer has.
LEAST_DEPTH = 3
MOST_DEPTH = 1 << 20


class Fifo(wiring.Component):
    """A queue in a memory that can become block RAM.

    A value that comes into an empty queue leaves two cycles later at the earliest. One can come in
    and one leave in each cycle, however full the queue is, except that a full one takes the next
    value in the cycle after one has left.

    Parameters
    ----------
    shape : shape-like
        Of the payload.
    depth : int
        Values that it holds, 3 or more; for two places there is ``SkidBuffer``.

    Members
    -------
    i : ``In(stream)``
        ``ready`` depends on registers alone.
    o : ``Out(stream)``
        ``valid`` is a register, ``payload`` the output of the memory.
    level : ``Out(range(depth + 1))``
        Values in the queue.
    """

    latency_cycles = 2
    """From a value that comes into an empty queue to its way out."""

    def __init__(self, shape: Any, depth: int) -> None:
        refuse(self, whole_number("FIFO", "depth", depth, LEAST_DEPTH, MOST_DEPTH))
        self._width = Shape.cast(shape).width
        self.depth = depth
        super().__init__(
            {
                "i": In(stream.Signature(shape)),
                "o": Out(stream.Signature(shape)),
                "level": Out(range(depth + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.queue = queue = SyncFIFOBuffered(width=self._width, depth=self.depth)
        m.d.comb += [
            queue.w_data.eq(Value.cast(self.i.payload)),
            queue.w_en.eq(self.i.valid),
            self.i.ready.eq(queue.w_rdy),
            Value.cast(self.o.payload).eq(queue.r_data),
            self.o.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.o.ready),
            self.level.eq(queue.level),
        ]
        return m
