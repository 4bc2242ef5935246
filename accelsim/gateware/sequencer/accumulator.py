"""Sums that grow from tile to tile, in two banks: one grows while the other is taken away."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from accelsim.gateware.arrays.cell import Arithmetic
from accelsim.gateware.scratchpad import TwoBanks
from accelsim.gateware.sequencer.movers import Loops, words_layout
from accelsim.gateware.sequencer.tiles import TileSizes

__all__ = ["Accumulator"]


class Accumulator(wiring.Component):
    """Adds the words that an array gives to those that it holds, and lets them be read.

    A word a cycle, unless one comes back to an address before it has been gathered, within two
    cycles and those that the arithmetic takes: then it waits. Whoever feeds the array claims a bank
    before, so that sums never wait for one.

    Parameters
    ----------
    sizes : TileSizes
        The largest tile.
    loops : Loops
        In which order its sums come.
    arithmetic : Arithmetic
        How they are gathered.
    columns : int
        Sums in a word.

    Members
    -------
    tiles : ``In(stream)``
        Whose sums come.
    sums : ``In(stream)``
        ``values`` and ``last``; that is not used.
    claim : ``In(1)``
        A bank for the sums of tiles that begin now.
    free : ``Out(1)``
        Whether there is one; a register.
    read, read_address, freed, full, data
        As of a scratchpad.
    """

    def __init__(
        self, sizes: TileSizes, loops: Loops, arithmetic: Arithmetic, columns: int
    ) -> None:
        self._sizes, self._loops, self._columns = sizes, loops, columns
        self._arithmetic = arithmetic
        self._walk = loops.walk(sizes)
        width = arithmetic.stored.width * columns
        super().__init__(
            {
                "tiles": In(stream.Signature(sizes.layout)),
                "sums": In(stream.Signature(words_layout(arithmetic.result.width * columns))),
                "claim": In(1),
                "free": Out(1),
                "read": In(1),
                "read_address": In(range(self._walk.words)),
                "freed": In(1),
                "full": Out(1),
                "data": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.walk = walk = self._walk
        m.submodules.banks = banks = TwoBanks()
        tile = self.tiles.payload
        self._loops.connect(m, walk, tile)
        taken = Signal()
        busy = Signal()
        m.d.comb += [
            self.free.eq(banks.free),
            banks.claimed.eq(self.claim),
            self.sums.ready.eq(self.tiles.valid & ~busy),
            taken.eq(self.sums.valid & self.sums.ready),
            walk.step.eq(taken),
            self.tiles.ready.eq(taken & walk.last),
            banks.closed.eq(taken & walk.last & tile.ends),
        ]
        # What was taken waits for what its memory holds, then for that word's register.
        words = []
        valid: Any = taken
        at = data.StructLayout(
            {"address": walk.address.shape(), "bank": 1, "begins": 1, "fills": 1}
        )
        now = Signal(at)
        m.d.comb += [
            now.address.eq(walk.address),
            now.bank.eq(banks.fills),
            # Of sums that the middle loop visits again, later visits add to the first.
            now.begins.eq(tile.begins & (walk.middle_first | (self._loops.again != "middle"))),
            now.fills.eq(banks.closed),
        ]
        place, word = now, self.sums.payload.values
        for stage in (1, 2):
            held_valid = Signal(name=f"valid{stage}")
            held_place = Signal(at, name=f"place{stage}")
            held_word = Signal(len(word), name=f"word{stage}", reset_less=True)
            m.d.sync += [held_valid.eq(valid), held_place.eq(place), held_word.eq(word)]
            valid, place, word = held_valid, held_place, held_word
            words.append((held_valid, held_place))
        read = place
        for stage in range(self._arithmetic.gather_latency_cycles):
            held_valid = Signal(name=f"gathers{stage}")
            held_place = Signal(at, name=f"gathered{stage}")
            m.d.sync += [held_valid.eq(valid), held_place.eq(place)]
            valid, place = held_valid, held_place
            words.append((held_valid, held_place))
        m.d.comb += busy.eq(
            Cat(
                one & (where.address == walk.address) & (where.bank == banks.fills)
                for one, where in words
            ).any()
        )
        width = self._arithmetic.stored.width * self._columns
        before = Signal(width)
        after = Signal(width)
        m.d.comb += [after.eq(self._sums(m, before, word)), banks.filled.eq(valid & place.fills)]
        grown = self._memories(m, banks, walk, taken, (valid, place, after))
        with m.If(~read.begins):
            m.d.comb += before.eq(Mux(read.bank, grown[1], grown[0]))
        return m

    def _memories(
        self, m: Module, banks: Any, walk: Any, taken: Any, written: tuple[Any, ...]
    ) -> list[Any]:
        """A memory for each bank: one reads and writes sums, the other is read from outside.

        Block RAMs are slow: each has a register right behind it, for either use.
        """
        valid, place, after = written
        leaves = Signal()
        m.d.comb += [
            self.full.eq(banks.full),
            banks.taken.eq(self.freed),
            # The last word is still in the memory's output until the next one is read.
            banks.freed.eq(leaves & self.read),
        ]
        with m.If(self.freed):
            m.d.sync += leaves.eq(1)
        with m.Elif(self.read):
            m.d.sync += leaves.eq(0)
        grown, gone = [], []
        for bank in (0, 1):
            memory = Memory(shape=unsigned(len(after)), depth=walk.words, init=())
            m.submodules[f"memory_{bank}"] = memory
            write, read = memory.write_port(), memory.read_port()
            leaving = Signal(name=f"leaving_{bank}")
            m.d.comb += [
                leaving.eq(banks.full & (banks.uses == bank)),
                read.addr.eq(Mux(leaving, self.read_address, walk.address)),
                read.en.eq(Mux(leaving, self.read, taken & (banks.fills == bank))),
                write.addr.eq(place.address),
                write.data.eq(after),
                write.en.eq(valid & (place.bank == bank)),
            ]
            grown.append(Signal(len(after), name=f"grown_{bank}", reset_less=True))
            gone.append(Signal(len(after), name=f"gone_{bank}", reset_less=True))
            m.d.sync += grown[bank].eq(read.data)
            with m.If(self.read):
                m.d.sync += gone[bank].eq(read.data)
        from_bank = Signal()
        gone_bank = Signal()
        with m.If(self.read):
            m.d.sync += [from_bank.eq(banks.uses), gone_bank.eq(from_bank)]
        m.d.comb += self.data.eq(Mux(gone_bank, gone[1], gone[0]))
        return grown

    def _sums(self, m: Module, before: Any, word: Any) -> Any:
        held, given = self._arithmetic.stored.width, self._arithmetic.result.width
        return Cat(
            self._arithmetic.gather(
                m,
                before[column * held : (column + 1) * held],
                word[column * given : (column + 1) * given],
            )
            for column in range(self._columns)
        )
