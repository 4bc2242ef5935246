"""Addresses of a tile's words, in three loops."""

from __future__ import annotations

from typing import Literal

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Again", "Walk"]

Again = Literal["never", "outer", "middle"]
"""Whether words are visited again: in each iteration of the outer loop, or of the middle one."""


class Walk(wiring.Component):
    """Three loops around a word, and the word's address.

    Parameters
    ----------
    outer, middle, inner : int
        The longest of each loop.
    again : Again
        Without repetition, words lie in the order in which they are visited.

    Members
    -------
    outer, middle, inner : ``In``
        The index of the last iteration of each loop; they stand while it walks.
    step : ``In(1)``
        To the next word, or from the last one to the first.
    address : ``Out``
        Of the word; a register.
    inner_last, last : ``Out(1)``
        Whether it is the last of the inner loop, of all.
    middle_first : ``Out(1)``
        Whether it is in the first iteration of the middle loop.
    """

    def __init__(self, outer: int, middle: int, inner: int, again: Again) -> None:
        self._again = again
        sizes = {"outer": outer, "middle": middle, "inner": inner}
        words = outer * middle * inner
        words //= {"never": 1, "outer": outer, "middle": middle}[again]
        self.words = words
        """That can be addressed."""
        super().__init__(
            {
                **{name: In(range(size)) for name, size in sizes.items()},
                "step": In(1),
                "address": Out(range(words)),
                "inner_last": Out(1),
                "last": Out(1),
                "middle_first": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        outer, middle, inner = (
            Signal.like(limit, name=f"at_{name}")
            for name, limit in (
                ("outer", self.outer),
                ("middle", self.middle),
                ("inner", self.inner),
            )
        )
        middle_last = Signal()
        outer_last = Signal()
        m.d.comb += [
            self.inner_last.eq(inner == self.inner),
            middle_last.eq(self.inner_last & (middle == self.middle)),
            outer_last.eq(outer == self.outer),
            self.last.eq(middle_last & outer_last),
            self.middle_first.eq(middle == 0),
        ]
        begin = Signal.like(self.address)
        """Of the words that the middle loop visits again."""
        with m.If(self.step):
            m.d.sync += [inner.eq(inner + 1), self.address.eq(self.address + 1)]
            with m.If(self.inner_last):
                m.d.sync += [inner.eq(0), middle.eq(middle + 1)]
                if self._again == "middle":
                    m.d.sync += self.address.eq(begin)
            with m.If(middle_last):
                m.d.sync += [middle.eq(0), outer.eq(outer + 1)]
                if self._again == "outer":
                    m.d.sync += self.address.eq(0)
                if self._again == "middle":
                    m.d.sync += [self.address.eq(self.address + 1), begin.eq(self.address + 1)]
            with m.If(self.last):
                m.d.sync += [outer.eq(0), self.address.eq(0), begin.eq(0)]
        return m
