"""Streams of narrow items made into streams of wide ones, and the reverse."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from accelsim.gateware.streams.checks import refuse, whole_number
from accelsim.gateware.streams.skid import SkidBuffer

__all__ = ["MOST_BITS", "Convert", "Narrow", "Widen"]

MOST_BITS = 1 << 16
"""Of a wide item: what Amaranth takes for one signal."""


def _problems(part: str, bits: object, factor: object) -> list[str]:
    found = whole_number(part, "bits", bits, 1, MOST_BITS)
    found += whole_number(part, "factor", factor, 1, MOST_BITS)
    if found or not isinstance(bits, int) or not isinstance(factor, int):
        return found
    if bits * factor > MOST_BITS:
        return [f"{part}: bits x factor is {bits * factor:,}, must be {MOST_BITS:,} at most"]
    return []


def _ports(i_bits: int, o_bits: int) -> dict[str, Any]:
    return {"i": In(stream.Signature(i_bits)), "o": Out(stream.Signature(o_bits))}


def _through(m: Module, part: Any, parent: Any) -> Module:
    """A part that does all of the work of the one that it stands in."""
    m.submodules.part = part
    wiring.connect(m, wiring.flipped(parent.i), part.i)
    wiring.connect(m, part.o, wiring.flipped(parent.o))
    return m


class Widen(wiring.Component):
    """Some narrow items -> a wide one, the first in the low bits.

    The wide item is offered in the cycle after its last narrow one came. A narrow item is taken in
    every cycle: the next wide item is collected while the last one waits, so that nothing is held
    up where each waits for ``factor - 1`` cycles, or a single one for ``factor``. With a factor of
    1 this is a ``SkidBuffer``.

    Parameters
    ----------
    bits : int
        Of a narrow item.
    factor : int
        Narrow items in a wide one.

    Members
    -------
    i : ``In(stream)``
        ``bits`` wide; ``ready`` follows ``o.ready`` within a cycle where two wide items wait.
    o : ``Out(stream)``
        ``bits * factor`` wide; ``valid`` and ``payload`` are registers.
    """

    latency_cycles = 1
    """From the last narrow item to the wide one."""

    def __init__(self, bits: int, factor: int) -> None:
        refuse(self, _problems("stream widener", bits, factor))
        self.bits, self.factor = bits, factor
        super().__init__(_ports(bits, bits * factor))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.factor == 1:
            return _through(m, SkidBuffer(self.bits), self)
        slots = Signal(self.bits * self.factor, reset_less=True)
        at = Signal(range(self.factor))
        # A whole item is in the slots, and waits for the one before it to be taken.
        full = Signal()
        moves = Signal()
        taken = Signal()
        completes = Signal()
        whole = Signal()
        m.d.comb += [
            moves.eq(self.o.ready | ~self.o.valid),
            self.i.ready.eq(~full | moves),
            taken.eq(self.i.valid & self.i.ready),
            completes.eq(taken & (at == self.factor - 1)),
            whole.eq(full | completes),
        ]
        with m.If(taken):
            m.d.sync += [
                slots.word_select(at, self.bits).eq(self.i.payload),
                at.eq(Mux(completes, 0, at + 1)),
            ]
        final = (self.factor - 1) * self.bits
        with m.If(moves):
            m.d.sync += [self.o.valid.eq(whole), full.eq(0)]
            with m.If(whole):
                last = Mux(full, slots[final:], self.i.payload)
                m.d.sync += self.o.payload.eq(Cat(slots[:final], last))
        with m.Elif(completes):
            m.d.sync += full.eq(1)
        return m


class Narrow(wiring.Component):
    """A wide item -> some narrow ones, the low bits first.

    The first narrow item is offered in the cycle after the wide one came, then one in each cycle,
    also from one wide item to the next. With a factor of 1 this is a ``SkidBuffer``.

    Parameters
    ----------
    bits : int
        Of a narrow item.
    factor : int
        Narrow items in a wide one.

    Members
    -------
    i : ``In(stream)``
        ``bits * factor`` wide; ``ready`` follows ``o.ready`` within a cycle with the last item.
    o : ``Out(stream)``
        ``bits`` wide; ``valid`` and ``payload`` are registers.
    """

    latency_cycles = 1
    """From a wide item to its first narrow one."""

    def __init__(self, bits: int, factor: int) -> None:
        refuse(self, _problems("stream narrower", bits, factor))
        self.bits, self.factor = bits, factor
        super().__init__(_ports(bits * factor, bits))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.factor == 1:
            return _through(m, SkidBuffer(self.bits), self)
        held = Signal(self.bits * self.factor, reset_less=True)
        # Narrow items behind the one that is offered, and whether there are none: as a register of
        # its own, since every bit of what is held chooses by it.
        left = Signal(range(self.factor))
        final = Signal(init=1)
        moves = Signal()
        m.d.comb += [
            self.o.payload.eq(held[: self.bits]),
            moves.eq(self.o.ready | ~self.o.valid),
            self.i.ready.eq(moves & final),
        ]
        with m.If(moves):
            m.d.sync += held.eq(Mux(final, self.i.payload, held >> self.bits))
            with m.If(~final):
                m.d.sync += [left.eq(left - 1), final.eq(left == 1)]
            with m.Else():
                m.d.sync += self.o.valid.eq(self.i.valid)
                with m.If(self.i.valid):
                    m.d.sync += [left.eq(self.factor - 1), final.eq(0)]
        return m


class Convert(wiring.Component):
    """Items of one width -> items of another: ``Widen``, ``Narrow``, or wires where both are equal.

    One of the widths must be a whole multiple of the other. The low bits come first.

    Parameters
    ----------
    from_bits : int
        Of the items that come in.
    to_bits : int
        Of those that leave.

    Members
    -------
    i : ``In(stream)``
        ``from_bits`` wide.
    o : ``Out(stream)``
        ``to_bits`` wide.
    """

    def __init__(self, from_bits: int, to_bits: int) -> None:
        part = "stream converter"
        refuse(
            self,
            whole_number(part, "from_bits", from_bits, 1, MOST_BITS)
            + whole_number(part, "to_bits", to_bits, 1, MOST_BITS),
        )
        if max(from_bits, to_bits) % min(from_bits, to_bits):
            rule = f"must be a whole multiple of from_bits ({from_bits:,}), or divide it"
            refuse(self, [f"{part}: to_bits is {to_bits:,}, {rule}"])
        self.from_bits, self.to_bits = from_bits, to_bits
        super().__init__(_ports(from_bits, to_bits))

    @property
    def latency_cycles(self) -> int:
        """From the item that completes another, or begins several, to the first that leaves."""
        return 0 if self.from_bits == self.to_bits else 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.from_bits < self.to_bits:
            return _through(m, Widen(self.from_bits, self.to_bits // self.from_bits), self)
        if self.from_bits > self.to_bits:
            return _through(m, Narrow(self.to_bits, self.from_bits // self.to_bits), self)
        wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
        return m
