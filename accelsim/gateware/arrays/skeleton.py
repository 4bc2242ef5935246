"""What arrays have in common: their streams, and how long they take."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.arrays.cell import Arithmetic
from accelsim.gateware.arrays.shape import check_shape
from accelsim.gateware.streams import SkidBuffer

__all__ = ["ArraySkeleton"]


class ArraySkeleton(wiring.Component):
    """An array of PEs between three streams; what stays in the PEs, and how the rest passes
    through, is for those that extend it.

    Parameters
    ----------
    rows, columns : int
        PEs down and across.
    arithmetic : Arithmetic
        Of a PE.

    Members
    -------
    weights : ``In(stream)``
        One for each column.
    activations : ``In(stream)``
        ``values``, one for each row, and ``last``.
    results : ``Out(stream)``
        ``values``, a sum for each column, and ``last``.
    """

    def __init__(self, rows: int, columns: int, arithmetic: Arithmetic) -> None:
        check_shape(rows, columns)
        self.rows, self.columns = rows, columns
        self.arithmetic: Any = arithmetic
        values = data.ArrayLayout(arithmetic.activation, rows)
        sums = data.ArrayLayout(arithmetic.result, columns)
        self._results = data.StructLayout({"values": sums, "last": 1})
        super().__init__(
            {
                "weights": In(stream.Signature(data.ArrayLayout(arithmetic.weight, columns))),
                "activations": In(
                    stream.Signature(data.StructLayout({"values": values, "last": 1}))
                ),
                "results": Out(stream.Signature(self._results)),
            }
        )

    @property
    def latency_cycles(self) -> int:
        """From an activation that is taken, the last one of what it is summed up with, to the
        first result of it that is offered."""
        return self._depth + 1

    @property
    def _depth(self) -> int:
        """Moves from an activation that is taken to its last sum."""
        return self.rows + self.columns + self._behind

    @property
    def _behind(self) -> int:
        """Moves from the operands of a PE to its result, besides those that every PE takes."""
        arithmetic = self.arithmetic
        cycles: int = arithmetic.product_latency_cycles + arithmetic.finish_latency_cycles
        return cycles

    def _output(self, m: Module) -> tuple[SkidBuffer, Signal]:
        """A buffer in front of ``results``, and what lets all registers move: its readiness."""
        m.submodules.buffer = buffer = SkidBuffer(self._results)
        wiring.connect(m, buffer.o, wiring.flipped(self.results))
        enable = Signal()
        m.d.comb += enable.eq(buffer.i.ready)
        return buffer, enable
