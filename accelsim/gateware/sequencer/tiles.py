"""A product of any size, cut into tiles that fit the scratchpads, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from accelsim.errors import InputError
from accelsim.gateware.streams.checks import whole_number

__all__ = ["SIZE_BITS", "TileSizes", "TileWalker", "product_layout"]

SIZE_BITS = 16
"""Of each size of a product."""


@dataclass(frozen=True)
class TileSizes:
    """The largest tile, in the units in which the array takes each rank: one by one, or in folds
    of its rows or columns."""

    m: int
    n: int
    k: int

    def __post_init__(self) -> None:
        problems = [
            problem
            for name in ("m", "n", "k")
            for problem in whole_number("tile", name, getattr(self, name), 1, (1 << SIZE_BITS) - 1)
        ]
        if problems:
            raise InputError(problems)

    @property
    def layout(self) -> data.StructLayout:
        """A tile on its way to what works on it.

        ``m``, ``n``, ``k`` are the indices of the last unit along each rank. ``new_a`` and
        ``new_b``: its operands come from outside, and are not those of the tile before;
        ``last_a`` and ``last_b``: no later tile uses them. ``begins`` and ``ends``: it is the first
        and the last to add to its results. ``final``: nothing comes after it.
        """
        sizes = {name: range(getattr(self, name)) for name in ("m", "n", "k")}
        flags = ("new_a", "new_b", "last_a", "last_b", "begins", "ends", "final")
        return data.StructLayout(sizes | dict.fromkeys(flags, 1))


def product_layout() -> data.StructLayout:
    """A product that is asked for: its sizes in units, 1 or more each."""
    return data.StructLayout(dict.fromkeys(("m", "n", "k"), SIZE_BITS))


class TileWalker(wiring.Component):
    """A product comes in, its tiles go out: k changes fastest, then n, then m.

    Operands that the next tile uses too stay where they are: those of A where k is one tile, those
    of B where k and n are.

    Parameters
    ----------
    sizes : TileSizes
        The largest tile.

    Members
    -------
    products : ``In(stream)``
        As ``product_layout`` says.
    tiles : ``Out(stream)``
        As ``sizes.layout`` says.
    """

    def __init__(self, sizes: TileSizes) -> None:
        self._sizes = sizes
        super().__init__(
            {
                "products": In(stream.Signature(product_layout())),
                "tiles": Out(stream.Signature(sizes.layout)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        product = Signal(product_layout())
        left = Signal(product_layout())
        busy = Signal()
        m.d.comb += self.products.ready.eq(~busy)
        with m.If(~busy & self.products.valid):
            m.d.sync += [
                product.eq(self.products.payload),
                left.eq(self.products.payload),
                busy.eq(1),
            ]
        tile = Signal(self._sizes.layout)
        first, last, only = {}, {}, {}
        for name in ("m", "n", "k"):
            most = getattr(self._sizes, name)
            first[name] = Signal(name=f"first_{name}")
            last[name] = Signal(name=f"last_{name}")
            only[name] = Signal(name=f"only_{name}")
            m.d.comb += [
                first[name].eq(left[name] == product[name]),
                last[name].eq(left[name] <= most),
                only[name].eq(first[name] & last[name]),
                tile[name].eq(Mux(last[name], left[name] - 1, most - 1)),
            ]
        m.d.comb += [
            tile.new_a.eq(~only["k"] | first["n"]),
            tile.last_a.eq(~only["k"] | last["n"]),
            tile.new_b.eq(~only["k"] | ~only["n"] | first["m"]),
            tile.last_b.eq(~only["k"] | ~only["n"] | last["m"]),
            tile.begins.eq(first["k"]),
            tile.ends.eq(last["k"]),
            tile.final.eq(last["k"] & last["n"] & last["m"]),
        ]
        with m.If(self.tiles.ready | ~self.tiles.valid):
            m.d.sync += [self.tiles.valid.eq(busy), self.tiles.payload.eq(tile)]
            with m.If(busy):
                self._advance(m, product, left, last)
                with m.If(tile.final):
                    m.d.sync += busy.eq(0)
        return m

    def _advance(self, m: Module, product: Any, left: Any, last: Any) -> None:
        carry: Any = 1
        for name in ("k", "n", "m"):
            with m.If(carry):
                after = Mux(last[name], product[name], left[name] - getattr(self._sizes, name))
                m.d.sync += left[name].eq(after)
            carry = carry & last[name]
