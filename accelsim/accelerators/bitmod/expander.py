"""From words of codes to words of terms: each stays for as many moves as a weight has terms."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from accelsim.accelerators.bitmod.encoder import SPECIAL, encoded, step_code
from accelsim.accelerators.bitmod.parameters import (
    ACTIVATION_BITS,
    HEAD_BITS,
    SCALE_BITS,
    BitModParameters,
)
from accelsim.accelerators.bitmod.pe.layouts import weight_layout
from accelsim.gateware.sequencer.movers import words_layout
from accelsim.gateware.sequencer.tiles import TileSizes

__all__ = ["TermExpander"]


class TermExpander(wiring.Component):
    """Takes the scales of a group, then its codes, and gives each column its terms.

    The scales of the next group are taken while the last codes of this one are out, so that
    groups follow each other without a break.

    Parameters
    ----------
    parameters : BitModParameters
        Of the array.
    sizes : TileSizes
        The largest tile.

    Members
    -------
    a : ``In(stream)``
        Activations for all lanes of all rows.
    b : ``In(stream)``
        Codes for all lanes of all columns; in front of a group ``heads`` words with a scale and a
        selector for each column.
    tiles : ``In(stream)``
        What they belong to.
    specials : ``In(32)``
        Terms of the special value of each selector.
    activations, weights : ``Out(stream)``
        As the array takes them, both at the same time.
    """

    def __init__(self, parameters: BitModParameters, sizes: TileSizes) -> None:
        self._parameters, self._format = parameters, parameters.format
        self._slot_bits = parameters.lanes * self._format.code_bits
        self.a_bits = parameters.rows * parameters.lanes * ACTIVATION_BITS
        self.b_bits = parameters.columns * self._slot_bits
        self.heads = parameters.heads
        word_bits = weight_layout(parameters.lanes).size * parameters.columns
        super().__init__(
            {
                "a": In(stream.Signature(words_layout(self.a_bits))),
                "b": In(stream.Signature(self.b_bits)),
                "tiles": In(stream.Signature(sizes.layout)),
                "specials": In(data.ArrayLayout(SPECIAL, 4)),
                "activations": Out(stream.Signature(words_layout(self.a_bits))),
                "weights": Out(stream.Signature(word_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        steps = self._format.steps
        moves, free, load = Signal(), Signal(), Signal()
        starts = Signal(init=1)
        """The next word of codes is the first of its group."""
        held = Signal()
        step = Signal(range(steps))
        word_a = Signal.like(self.a.payload, name="word_a")
        word_b = Signal(self.b_bits)
        m.d.comb += [
            moves.eq(~self.activations.valid | self.activations.ready),
            free.eq(~held | (moves & (step == steps - 1))),
        ]
        known, pending = self._heads(m, starts, load)
        m.d.comb += [
            load.eq(free & self.a.valid & self.b.valid & self.tiles.valid & (known | ~starts)),
            self.a.ready.eq(load),
        ]
        with m.If(load):
            m.d.sync += [held.eq(1), step.eq(0), word_a.eq(self.a.payload)]
            m.d.sync += word_b.eq(self.b.payload)
        with m.Elif(free):
            m.d.sync += held.eq(0)
        with m.Elif(moves & held):
            m.d.sync += step.eq(step + 1)
        left = self._position(m, load, starts)
        # Integers have no selector.
        bits = HEAD_BITS if self._format.is_float else SCALE_BITS
        heads = [Signal(bits, name=f"head_{each}") for each in range(self._parameters.columns)]
        with m.If(load & starts):
            m.d.sync += [head.eq(each) for head, each in zip(heads, pending, strict=True)]
        self._give(m, moves, held & moves, step, left, heads, (word_a, word_b))
        return m

    def _heads(self, m: Module, starts: Any, load: Any) -> tuple[Any, list[Any]]:
        """Whether those of the next group are there, and what they are."""
        known = Signal()
        takes = Signal()
        at = Signal(range(self.heads + 1))
        columns = self._parameters.columns
        slots = [self.b.payload.word_select(each, self._slot_bits) for each in range(columns)]
        held = [
            Signal(self.heads * self._slot_bits, name=f"pending_{each}", reset_less=True)
            for each in range(columns)
        ]
        m.d.comb += [
            takes.eq(starts & ~known & self.b.valid),
            self.b.ready.eq(load | (starts & ~known)),
        ]
        with m.If(takes):
            m.d.sync += [known.eq(at == self.heads - 1), at.eq(at + 1)]
            # Later words stand above earlier ones.
            m.d.sync += [
                each.eq(Cat(each, slot)[self._slot_bits :])
                for each, slot in zip(held, slots, strict=True)
            ]
        with m.If(load & starts):
            m.d.sync += [known.eq(0), at.eq(0)]
        return known, [each[:HEAD_BITS] for each in held]

    def _position(self, m: Module, load: Any, starts: Any) -> Any:
        """Words of codes that are to come in this group after the one that is out."""
        tile = self.tiles.payload
        at, left = Signal.like(tile.k, name="at"), Signal.like(tile.k, name="left")
        row, column = Signal.like(tile.m, name="row"), Signal.like(tile.n, name="column")
        last = Signal()
        m.d.comb += [
            last.eq(at == tile.k),
            self.tiles.ready.eq(load & last & (row == tile.m) & (column == tile.n)),
        ]
        with m.If(load):
            m.d.sync += [left.eq(tile.k - at), at.eq(at + 1), starts.eq(last)]
            with m.If(last):
                m.d.sync += [at.eq(0), row.eq(row + 1)]
                with m.If(row == tile.m):
                    m.d.sync += [row.eq(0), column.eq(column + 1)]
                    with m.If(column == tile.n):
                        m.d.sync += column.eq(0)
        return left

    def _give(
        self,
        m: Module,
        moves: Any,
        valid: Any,
        step: Any,
        left: Any,
        heads: list[Any],
        words: tuple[Any, Any],
    ) -> None:
        """One step of all weights, behind a register."""
        chosen, lanes = self._format, self._parameters.lanes
        word_a, word_b = words
        # Scales come with the last 8 words of a group, the lowest bit first.
        rest = Signal(range(chosen.steps * (1 << len(left))))
        m.d.comb += rest.eq(left * chosen.steps + (chosen.steps - 1 - step))
        columns = []
        for column, head in enumerate(heads):
            special = Signal(SPECIAL, name=f"special_{column}")
            if chosen.is_float:
                m.d.comb += special.eq(self.specials[head[SCALE_BITS:]])
            word = Signal(weight_layout(lanes), name=f"weight_{column}")
            codes = word_b.word_select(column, self._slot_bits)
            for lane in range(lanes):
                code = codes.word_select(lane, chosen.code_bits)
                m.d.comb += word.terms[lane].eq(encoded(m, chosen, code, special, step))
            m.d.comb += [
                word.step.eq(step_code(chosen, step)),
                word.scale.eq(head[:SCALE_BITS].bit_select(~rest[:3], 1) & (rest < SCALE_BITS)),
            ]
            columns.append(word)
        with m.If(moves):
            m.d.sync += [
                self.activations.valid.eq(valid),
                self.activations.payload.values.eq(word_a.values),
                self.activations.payload.last.eq(word_a.last & (step == chosen.steps - 1)),
                self.weights.payload.eq(Cat(*columns)),
            ]
        m.d.comb += self.weights.valid.eq(self.activations.valid)
