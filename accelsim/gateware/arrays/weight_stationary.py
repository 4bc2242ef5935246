"""A weight-stationary array: weights wait in the PEs, activations pass through, sums flow down."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.arrays.cell import AddingArithmetic
from accelsim.gateware.arrays.skeleton import ArraySkeleton
from accelsim.gateware.arrays.skew import delayed
from accelsim.gateware.sharing import place

__all__ = ["WeightStationaryArray", "WeightStationaryCell"]


class WeightStationaryCell(wiring.Component):
    """One PE with what it holds and hands on. Every register moves with ``enable``.

    Members
    -------
    activation, activation_out
        Pass to the right; ``swap`` goes with the first one of a tile.
    weight, weight_out
        Pass downwards; ``take`` says that this one is for this row.
    partial, result
        Sums pass downwards.
    """

    def __init__(self, arithmetic: AddingArithmetic) -> None:
        self._arithmetic = arithmetic
        super().__init__(
            {
                "enable": In(1),
                "activation": In(arithmetic.activation),
                "swap": In(1),
                "weight": In(arithmetic.weight),
                "take": In(1),
                "partial": In(arithmetic.result),
                "activation_out": Out(arithmetic.activation),
                "swap_out": Out(1),
                "weight_out": Out(arithmetic.weight),
                "take_out": Out(1),
                "result": Out(arithmetic.result),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waiting = Signal(self._arithmetic.weight, reset_less=True)
        held = Signal(self._arithmetic.weight, reset_less=True)
        with m.If(self.enable):
            m.d.sync += [
                self.activation_out.eq(self.activation),
                self.swap_out.eq(self.swap),
                self.weight_out.eq(self.weight),
                self.take_out.eq(self.take),
            ]
            with m.If(self.swap):
                m.d.sync += held.eq(waiting)
            with m.If(self.take):
                m.d.sync += waiting.eq(self.weight)
        product = self._arithmetic.multiply(m, platform, self.enable, self.activation_out, held)
        with m.If(self.enable):
            m.d.sync += self.result.eq(self._arithmetic.add(m, self.partial, product))
        return m


class WeightStationaryArray(ArraySkeleton):
    """Products of tiles: each row of activations times the weights that were loaded before it.

    A tile takes ``rows`` items of ``weights``, then any number of ``activations``, the last one
    marked. Its weights come in while the tile before it is computed, so that tiles of ``rows``
    activations or more follow each other without a bubble.

    Parameters
    ----------
    rows, columns : int
        PEs down, which sum up, and across.
    arithmetic : Arithmetic
        Of a PE.

    Members
    -------
    weights : ``In(stream)``
        A row of weights, one for each column.
    activations : ``In(stream)``
        ``values``, one for each row, and ``last``.
    results : ``Out(stream)``
        ``values``, a sum for each column, and ``last``.
    """

    def elaborate(self, platform: object) -> Module:
        m = Module()
        buffer, enable = self._output(m)

        loaded = Signal(range(self.rows + 1))
        begins = Signal(init=1)
        full = loaded == self.rows
        m.d.comb += self.activations.ready.eq(enable & (~begins | full))
        taken = self.activations.valid & self.activations.ready
        # A tile that begins takes its weights over, and makes room for those of the next.
        swap = taken & begins
        m.d.comb += self.weights.ready.eq(enable & (~full | swap))
        pushed = self.weights.valid & self.weights.ready
        with m.If(taken):
            m.d.sync += begins.eq(self.activations.payload.last)
        with m.If(swap):
            m.d.sync += loaded.eq(pushed)
        with m.Elif(pushed):
            m.d.sync += loaded.eq(loaded + 1)

        position = Signal(range(max(self.rows, 2)))
        m.d.comb += position.eq(loaded)
        with m.If(swap):
            m.d.comb += position.eq(0)
        takes = self._takes(m, enable, pushed, position)
        columns = self._grid(m, platform, enable, swap, takes)
        last = delayed(m, enable, self.activations.payload.last & taken, self._depth)
        valid = delayed(m, enable, taken, self._depth)
        m.d.comb += [
            buffer.i.valid.eq(valid),
            buffer.i.payload.last.eq(last),
            buffer.i.payload.values.eq(Cat(*columns)),
        ]
        return m

    def _takes(self, m: Module, enable: Any, pushed: Any, position: Any) -> list[Any]:
        """Of every row, whether the weights that reach its first column are for it."""
        found = []
        left, moving = position, pushed
        for row in range(self.rows):
            arrives = Signal(name=f"take_{row}")
            m.d.comb += arrives.eq(moving & (left == 0))
            found.append(arrives)
            if row == self.rows - 1:
                break
            further = Signal(name=f"moving_{row + 1}")
            less = Signal(range(max(self.rows, 2)), name=f"left_{row + 1}", reset_less=True)
            with m.If(enable):
                m.d.sync += [further.eq(moving & (left != 0)), less.eq(left - 1)]
            left, moving = less, further
        return found

    def _grid(
        self, m: Module, platform: object, enable: Any, swap: Any, takes: list[Any]
    ) -> list[Any]:
        """The cells, and the sums of every column, in step with each other."""
        activations, weights = self.activations.payload.values, self.weights.payload
        above: list[tuple[Any, Any]] = [
            (delayed(m, enable, weights[column], column), 0) for column in range(self.columns)
        ]
        for row in range(self.rows):
            value = delayed(m, enable, activations[row], row)
            first = delayed(m, enable, swap, row)
            take = takes[row]
            for column in range(self.columns):
                cell = WeightStationaryCell(self.arithmetic)
                m.submodules[f"pe_{row}_{column}"] = place(cell, platform, "pe")
                weight, partial = above[column]
                m.d.comb += [
                    cell.enable.eq(enable),
                    cell.activation.eq(value),
                    cell.swap.eq(first),
                    cell.take.eq(take),
                    cell.weight.eq(weight),
                    cell.partial.eq(partial),
                ]
                value, first, take = cell.activation_out, cell.swap_out, cell.take_out
                above[column] = cell.weight_out, cell.result
        return [
            delayed(m, enable, result, self.columns - 1 - column)
            for column, (_, result) in enumerate(above)
        ]
