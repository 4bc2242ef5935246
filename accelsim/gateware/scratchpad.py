"""A memory in two halves: one is filled while the other is used."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from accelsim.gateware.streams.checks import refuse, whole_number

__all__ = ["MOST_BITS", "MOST_WORDS", "Scratchpad", "TwoBanks"]

MOST_BITS = 1 << 16
"""Of a word, at most."""
MOST_WORDS = 1 << 16
"""Words of a half, at most."""


class TwoBanks(wiring.Component):
    """Whose turn each of two banks is: the side that fills goes first, the one that uses follows.

    A bank passes through five moments: it is ``claimed`` for what will come; all of that has come
    (``closed``) and lies there (``filled``); all that is there is ``taken`` and has left
    (``freed``).

    Members
    -------
    closed, taken : ``In(1)``
        That side goes on to the other bank.
    claimed, filled, freed : ``In(1)``
        What ``free`` and ``full`` follow from.
    fills, uses : ``Out(1)``
        Which bank each side works on.
    free, full : ``Out(1)``
        Whether a bank may be claimed, and used.

    All outputs are registers.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "claimed": In(1),
                "closed": In(1),
                "filled": In(1),
                "taken": In(1),
                "freed": In(1),
                "fills": Out(1),
                "uses": Out(1),
                "free": Out(1, init=1),
                "full": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = Signal(range(3))
        ready = Signal(range(3))
        still_held = Signal(range(3))
        still_ready = Signal(range(3))
        m.d.comb += [
            still_held.eq(held + self.claimed - self.freed),
            still_ready.eq(ready + self.filled - self.taken),
        ]
        m.d.sync += [
            held.eq(still_held),
            ready.eq(still_ready),
            self.free.eq(still_held < 2),
            self.full.eq(still_ready > 0),
            self.fills.eq(self.fills ^ self.closed),
            self.uses.eq(self.uses ^ self.taken),
        ]
        return m


class Scratchpad(wiring.Component):
    """Words in two banks, with a port that writes and one that reads.

    A word is in ``data`` two reads after its address: behind the memory stands a register, since a
    block RAM is slow by itself. Both move with ``read``.

    Parameters
    ----------
    width : int
        Bits of a word.
    words : int
        Of a bank.

    Members
    -------
    write, write_address, write_data : ``In``
        Into the bank that is being filled.
    filled : ``In(1)``
        With the last word.
    free : ``Out(1)``
        Whether there is a bank to fill.
    read, read_address : ``In``
        From the bank that is being used.
    freed : ``In(1)``
        With the last read.
    full : ``Out(1)``
        Whether there is a bank to use.
    data : ``Out``
        What was read.
    """

    def __init__(self, width: int, words: int) -> None:
        part = "scratchpad"
        refuse(
            self,
            whole_number(part, "width", width, 1, MOST_BITS)
            + whole_number(part, "words", words, 1, MOST_WORDS),
        )
        self._width, self._words = width, words
        address: Any = In(range(words))
        super().__init__(
            {
                "write": In(1),
                "write_address": address,
                "write_data": In(width),
                "filled": In(1),
                "free": Out(1),
                "read": In(1),
                "read_address": address,
                "freed": In(1),
                "full": Out(1),
                "data": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.banks = banks = TwoBanks()
        # A bank begins at a power of two, so that its number stands in front of the address.
        depth = 2 << len(self.read_address)
        m.submodules.memory = memory = Memory(shape=unsigned(self._width), depth=depth, init=())
        write, read = memory.write_port(), memory.read_port()
        m.d.comb += [
            banks.claimed.eq(self.filled),
            banks.closed.eq(self.filled),
            banks.filled.eq(self.filled),
            banks.taken.eq(self.freed),
            banks.freed.eq(self.freed),
            self.free.eq(banks.free),
            self.full.eq(banks.full),
            write.en.eq(self.write),
            write.addr.eq(Cat(self.write_address, banks.fills)),
            write.data.eq(self.write_data),
            read.en.eq(self.read),
            read.addr.eq(Cat(self.read_address, banks.uses)),
        ]
        with m.If(self.read):
            m.d.sync += self.data.eq(read.data)
        return m
