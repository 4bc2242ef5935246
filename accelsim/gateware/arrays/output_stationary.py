"""An output-stationary array: sums wait in the PEs, activations and weights pass through."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.arrays.cell import KeepingArithmetic
from accelsim.gateware.arrays.skeleton import ArraySkeleton
from accelsim.gateware.arrays.skew import delayed
from accelsim.gateware.sharing import place

__all__ = ["OutputStationaryArray", "OutputStationaryCell"]


class OutputStationaryCell(wiring.Component):
    """One PE with its sum. Every register moves with ``enable``.

    Members
    -------
    activation, activation_out
        Pass to the right, zero in moves without a product; ``last`` goes with the last of a tile.
    weight, weight_out
        Pass downwards.
    shift, shift_out
        Passes to the right: a finished sum moves down by a row, from ``above`` to ``below``.
    """

    def __init__(self, arithmetic: KeepingArithmetic) -> None:
        self._arithmetic = arithmetic
        super().__init__(
            {
                "enable": In(1),
                "activation": In(arithmetic.activation),
                "last": In(1),
                "weight": In(arithmetic.weight),
                "shift": In(1),
                "above": In(arithmetic.result),
                "activation_out": Out(arithmetic.activation),
                "last_out": Out(1, init=1),
                "shift_out": Out(1),
                "weight_out": Out(arithmetic.weight),
                "below": Out(arithmetic.result),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with m.If(self.enable):
            m.d.sync += [
                self.activation_out.eq(self.activation),
                self.last_out.eq(self.last),
                self.shift_out.eq(self.shift),
                self.weight_out.eq(self.weight),
            ]
        # The operands' registers in the multiplier stand beside those that pass them on.
        arithmetic = self._arithmetic
        product = arithmetic.multiply(m, platform, self.enable, self.activation, self.weight)
        # A reset is the end of a tile: products of what was there before it are still to come from
        # the multiplier, and the sum is to begin behind them.
        last = delayed(m, self.enable, self.last_out, arithmetic.product_latency_cycles - 1)
        fresh = Signal()
        total = arithmetic.accumulate(m, platform, self.enable, ~fresh, product)
        with m.If(self.enable):
            m.d.sync += fresh.eq(last)
        result = arithmetic.finish(m, platform, self.enable, fresh, total, product)
        # A finished sum moves on when the next one begins, or once its result is there.
        done = delayed(m, self.enable, fresh, arithmetic.finish_latency_cycles)
        with m.If(self.enable & (done | self.shift)):
            m.d.sync += self.below.eq(Mux(done, result, self.above))
        return m


class OutputStationaryArray(ArraySkeleton):
    """Products of tiles: a column of activations times a row of weights, summed up in the PEs.

    A tile takes any number of ``activations`` with as many ``weights``, the last marked, and gives
    ``rows`` rows of results. These leave while the next tile is computed, so that tiles of ``rows``
    steps or more follow each other without a bubble.

    Parameters
    ----------
    rows, columns : int
        PEs, and so results, down and across.
    arithmetic : Arithmetic
        Of a PE.

    Members
    -------
    weights : ``In(stream)``
        One for each column.
    activations : ``In(stream)``
        ``values``, one for each row, and ``last``.
    results : ``Out(stream)``
        ``values``, a sum for each column, and ``last`` with the last row of a tile.
    """

    def elaborate(self, platform: object) -> Module:
        m = Module()
        buffer, enable = self._output(m)

        # Rows of the tile before that still wait to leave when the next one ends.
        busy = Signal(range(self.rows))
        free = busy == 0
        last = self.activations.payload.last
        may = Signal()
        m.d.comb += [
            may.eq(~last | free),
            self.activations.ready.eq(enable & may & self.weights.valid),
            self.weights.ready.eq(enable & may & self.activations.valid),
        ]
        # What is taken where registers move; in other cycles it is of no account, and so need not
        # wait for the far-travelled ``enable``.
        taken = Signal()
        ends = Signal()
        m.d.comb += [
            taken.eq(may & self.activations.valid & self.weights.valid),
            ends.eq(taken & last),
        ]
        with m.If(enable):
            with m.If(ends):
                m.d.sync += busy.eq(self.rows - 1)
            with m.Elif(~free):
                m.d.sync += busy.eq(busy - 1)

        columns = self._grid(m, platform, enable, taken, ends)
        # All rows of the first column are finished; one row leaves with each move.
        begin = delayed(m, enable, ends, self._depth)
        left = Signal(range(self.rows + 1))
        leaving = begin | (left != 0)
        final = (left == 1) | (begin & (self.rows == 1))
        with m.If(enable):
            with m.If(begin):
                m.d.sync += left.eq(self.rows - 1)
            with m.Elif(left != 0):
                m.d.sync += left.eq(left - 1)
        m.d.comb += [
            buffer.i.valid.eq(leaving),
            buffer.i.payload.last.eq(final),
            buffer.i.payload.values.eq(Cat(*columns)),
        ]
        return m

    def _grid(self, m: Module, platform: object, enable: Any, taken: Any, ends: Any) -> list[Any]:
        """The cells, and the sums that leave each column, in step with each other."""
        activations = [Mux(taken, value, 0) for value in self.activations.payload.values]
        weights = [Mux(taken, value, 0) for value in self.weights.payload]
        shifts = self._shifts(m, enable, ends)
        above: list[tuple[Any, Any]] = [
            (delayed(m, enable, weights[column], column), 0) for column in range(self.columns)
        ]
        for row in range(self.rows):
            # The first row of a tile stands lowest, since the lowest leaves first.
            value = delayed(m, enable, activations[self.rows - 1 - row], row)
            last = delayed(m, enable, ends, row)
            shift = shifts[row]
            for column in range(self.columns):
                cell = OutputStationaryCell(self.arithmetic)
                m.submodules[f"pe_{row}_{column}"] = place(cell, platform, "pe")
                weight, done = above[column]
                m.d.comb += [
                    cell.enable.eq(enable),
                    cell.activation.eq(value),
                    cell.last.eq(last),
                    cell.weight.eq(weight),
                    cell.shift.eq(shift),
                    cell.above.eq(done),
                ]
                value, last, shift = cell.activation_out, cell.last_out, cell.shift_out
                above[column] = cell.weight_out, cell.below
        return [
            delayed(m, enable, done, self.columns - 1 - column)
            for column, (_, done) in enumerate(above)
        ]

    def _shifts(self, m: Module, enable: Any, ends: Any) -> list[Any]:
        """Of every row in the first column, whether its register takes the sum above it.

        Row r does so r times, and no longer: its next sum may be there already.
        """
        begin = delayed(m, enable, ends, self.rows + 1 + self._behind)
        shifts = [Const(0)]
        for row in range(1, self.rows):
            shift = Signal(name=f"shift_{row}")
            m.d.comb += shift.eq(begin | delayed(m, enable, shifts[-1], 1))
            shifts.append(shift)
        return shifts
