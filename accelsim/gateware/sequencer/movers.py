"""What fills scratchpads from streams, and what makes streams of scratchpads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.sequencer.tiles import TileSizes
from accelsim.gateware.sequencer.walk import Again, Walk

__all__ = ["Feeder", "Loader", "Loops", "words_layout"]


@dataclass(frozen=True)
class Loops:
    """The three loops in which the words of a tile are visited, outermost first.

    A loop is over a rank of the tile, ``m``, ``n`` or ``k``, or as long as a number says.
    """

    loops: tuple[str | int, str | int, str | int]
    again: Again = "never"
    more: int = 0
    """Words that the innermost loop has besides those of its rank."""

    def walk(self, sizes: TileSizes) -> Walk:
        """Addresses for tiles up to that size."""
        outer, middle, inner = (getattr(sizes, x) if isinstance(x, str) else x for x in self.loops)
        return Walk(outer, middle, inner + self.more, self.again)

    def connect(self, m: Module, walk: Walk, tile: Any) -> None:
        """Let a walk go over this tile."""
        ends = ((walk.outer, 0), (walk.middle, 0), (walk.inner, self.more))
        for (end, more), loop in zip(ends, self.loops, strict=True):
            last = tile[loop] if isinstance(loop, str) else loop - 1
            m.d.comb += end.eq(last + more if more else last)


def words_layout(width: int) -> data.StructLayout:
    """Words of some bits, the last of a group marked."""
    return data.StructLayout({"values": width, "last": 1})


class Loader(wiring.Component):
    """Words of a stream into the bank of a scratchpad that is to be filled, tile by tile.

    Parameters
    ----------
    sizes : TileSizes
        The largest tile.
    loops : Loops
        Its words.
    width : int
        Bits of a word.

    Members
    -------
    tiles : ``In(stream)``
        Whose words come from outside.
    words : ``In(stream)``
        One word a cycle.
    write, write_address, write_data, filled, free
        To be connected with those of a scratchpad.
    """

    def __init__(self, sizes: TileSizes, loops: Loops, width: int) -> None:
        self._sizes, self._loops = sizes, loops
        self._walk = loops.walk(sizes)
        super().__init__(
            {
                "tiles": In(stream.Signature(sizes.layout)),
                "words": In(stream.Signature(width)),
                "write": Out(1),
                "write_address": Out(range(self._walk.words)),
                "write_data": Out(width),
                "filled": Out(1),
                "free": In(1),
            }
        )

    @property
    def tile_words(self) -> int:
        """Words of the largest tile."""
        return self._walk.words

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.walk = walk = self._walk
        self._loops.connect(m, walk, self.tiles.payload)
        m.d.comb += [
            self.words.ready.eq(self.tiles.valid & self.free),
            self.write.eq(self.words.valid & self.words.ready),
            self.write_address.eq(walk.address),
            self.write_data.eq(self.words.payload),
            walk.step.eq(self.write),
            self.filled.eq(self.write & walk.last),
            self.tiles.ready.eq(self.filled),
        ]
        return m


class Feeder(wiring.Component):
    """The words of a scratchpad's bank as a stream, tile by tile.

    A word is offered three cycles after its bank is full; then one follows in each cycle.

    Parameters
    ----------
    sizes : TileSizes
        The largest tile.
    loops : Loops
        In which order its words are read.
    width : int
        Bits of a word.
    frees : callable
        tile -> whether the bank is free after it.
    marks : callable
        (tile, walk) -> whether a word is marked as the last of its group.
    claims : callable
        tile -> whether it needs ``may_begin``.

    Members
    -------
    tiles : ``In(stream)``
        What is to be read.
    words : ``Out(stream)``
        ``values`` and ``last``.
    read, read_address, freed, full, data
        To be connected with those of a scratchpad.
    may_begin : ``In(1)``
        Whether there is space for what follows from a tile.
    begins : ``Out(1)``
        That space is taken.
    """

    def __init__(
        self,
        sizes: TileSizes,
        loops: Loops,
        width: int,
        *,
        frees: Callable[[Any], Any],
        marks: Callable[[Any, Walk], Any],
        claims: Callable[[Any], Any] = lambda tile: 0,
    ) -> None:
        self._loops, self._frees, self._marks, self._claims = loops, frees, marks, claims
        self._walk = loops.walk(sizes)
        super().__init__(
            {
                "tiles": In(stream.Signature(sizes.layout)),
                "words": Out(stream.Signature(words_layout(width))),
                "read": Out(1),
                "read_address": Out(range(self._walk.words)),
                "freed": Out(1),
                "full": In(1),
                "data": In(width),
                "may_begin": In(1),
                "begins": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.walk = walk = self._walk
        tile = self.tiles.payload
        self._loops.connect(m, walk, tile)
        moves = Signal()
        step = Signal()
        first = Signal(init=1)
        claims = Signal()
        with m.If(step):
            m.d.sync += first.eq(walk.last)
        m.d.comb += [
            moves.eq(self.words.ready | ~self.words.valid),
            claims.eq(first & self._claims(tile)),
            step.eq(moves & self.tiles.valid & self.full & (self.may_begin | ~claims)),
            self.begins.eq(step & claims),
            walk.step.eq(step),
            self.read.eq(moves),
            self.read_address.eq(walk.address),
            self.tiles.ready.eq(step & walk.last),
            self.freed.eq(step & walk.last & self._frees(tile)),
            self.words.payload.values.eq(self.data),
        ]
        valid = Signal()
        last = Signal()
        with m.If(moves):
            m.d.sync += [
                valid.eq(step),
                last.eq(self._marks(tile, walk)),
                self.words.valid.eq(valid),
                self.words.payload.last.eq(last),
            ]
        return m
