"""A whole accelerator for matrix products: scratchpads, an array, sums, and their sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Protocol

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from accelsim.errors import InputError, unknown_name
from accelsim.gateware.arrays.cell import Arithmetic
from accelsim.gateware.arrays.output_stationary import OutputStationaryArray
from accelsim.gateware.arrays.weight_stationary import WeightStationaryArray
from accelsim.gateware.scratchpad import Scratchpad
from accelsim.gateware.sequencer.accumulator import Accumulator
from accelsim.gateware.sequencer.movers import Feeder, Loader, Loops, words_layout
from accelsim.gateware.sequencer.tiles import TileSizes, TileWalker, product_layout
from accelsim.gateware.streams import SkidBuffer

__all__ = ["DATAFLOWS", "Dataflow", "Expander", "MatrixCore"]

_TILES_AHEAD = 8
"""Tiles that wait for each part: loads may be so far ahead of results that leave."""


class Expander(Protocol):
    """What stands between scratchpads and array: one word of each becomes several of the array.

    A component with ``a`` and ``b``, streams of words of the scratchpads (``a`` with ``last`` after
    each fold), ``activations`` and ``weights``, as the array takes them, and ``tiles``.
    """

    a_bits: int
    """Of a word of A."""
    b_bits: int
    heads: int
    """Words of B in front of each fold."""
    a: Any
    b: Any
    activations: Any
    weights: Any
    tiles: Any


@dataclass(frozen=True)
class Dataflow:
    """How an array takes ``Z[m,n] = A[m,k] * B[k,n]``: an array, and loops around its words."""

    array: Callable[[int, int, Any], Any]
    streamed: str
    """The rank that passes unit by unit; of the others the array takes a fold at a time."""
    load_a: Loops
    feed_a: Loops
    load_b: Loops
    feed_b: Loops
    sums: Loops
    results: Loops


def _weight_stationary(rows: int) -> Dataflow:
    return Dataflow(
        WeightStationaryArray,
        "m",
        load_a=Loops((1, "k", "m")),
        feed_a=Loops(("n", "k", "m"), "outer"),
        load_b=Loops(("n", "k", rows)),
        feed_b=Loops(("n", "k", rows)),
        sums=Loops(("n", "k", "m"), "middle"),
        results=Loops((1, "n", "m")),
    )


def _output_stationary(rows: int) -> Dataflow:
    return Dataflow(
        OutputStationaryArray,
        "k",
        load_a=Loops((1, "m", "k")),
        feed_a=Loops(("n", "m", "k"), "outer"),
        load_b=Loops((1, "n", "k")),
        feed_b=Loops(("n", "m", "k"), "middle"),
        sums=Loops(("n", "m", rows)),
        results=Loops(("n", "m", rows)),
    )


DATAFLOWS: Mapping[str, Callable[[int], Dataflow]] = MappingProxyType(
    {"weight-stationary": _weight_stationary, "output-stationary": _output_stationary}
)
"""Name -> how an array of so many rows is fed."""


class MatrixCore(wiring.Component):
    """Products of any size, tile by tile; words of operands come in the order in which tiles need
    them, results leave in the order in which they are done.

    Parameters
    ----------
    dataflow : str
        One of ``DATAFLOWS``.
    rows, columns : int
        Of the array.
    arithmetic : Arithmetic
        Of a PE.
    steps : int
        Of the rank that passes unit by unit, the most in a tile.
    folds : int
        Of each other rank, the most in a tile.
    expander : Expander, optional
        Makes words of the array from words of the scratchpads; without one they are the same.

    Members
    -------
    products : ``In(stream)``
        Sizes, in steps and folds.
    activations : ``In(stream)``
        A word has a value for each row, or what the expander takes.
    weights : ``In(stream)``
        A word has a value for each column, or what the expander takes.
    results : ``Out(stream)``
        ``values``, a sum for each column, and ``last`` with the last of a product.
    """

    START_CYCLES = 3
    """From a product that is taken until its first tile is known to all parts."""

    def __init__(
        self,
        dataflow: str,
        rows: int,
        columns: int,
        arithmetic: Arithmetic,
        *,
        steps: int,
        folds: int,
        expander: Callable[[TileSizes], Expander] | None = None,
    ) -> None:
        if dataflow not in DATAFLOWS:
            raise InputError(unknown_name("dataflow", dataflow, DATAFLOWS))
        self.dataflow = flow = DATAFLOWS[dataflow](rows)
        self.array = self.dataflow.array(rows, columns, arithmetic)
        self._arithmetic, self._columns = arithmetic, columns
        sizes = dict.fromkeys(("m", "n", "k"), folds) | {self.dataflow.streamed: steps}
        self.sizes = TileSizes(**sizes)
        self.expander = expander(self.sizes) if expander else None
        self._a_bits = rows * arithmetic.activation.width
        self._b_bits = columns * arithmetic.weight.width
        self._loops_b = flow.load_b, flow.feed_b
        if self.expander is not None:
            self._a_bits, self._b_bits = self.expander.a_bits, self.expander.b_bits
            more = self.expander.heads
            self._loops_b = replace(flow.load_b, more=more), replace(flow.feed_b, more=more)
        self._z_bits = columns * arithmetic.stored.width
        super().__init__(
            {
                "products": In(stream.Signature(product_layout())),
                "activations": In(stream.Signature(self._a_bits)),
                "weights": In(stream.Signature(self._b_bits)),
                "results": Out(stream.Signature(words_layout(self._z_bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.walker = walker = TileWalker(self.sizes)
        wiring.connect(m, wiring.flipped(self.products), walker.products)
        array, flow = self.array, self.dataflow
        m.submodules.array = array

        a = self._operand(m, "a", self.activations, flow.load_a, flow.feed_a, self._a_bits)
        b = self._operand(m, "b", self.weights, *self._loops_b, self._b_bits)
        # Whether the array takes a word is known late in a cycle, and reading takes it from there.
        m.submodules.to_array_a = to_a = SkidBuffer(words_layout(self._a_bits))
        m.submodules.to_array_b = to_b = SkidBuffer(self._b_bits)
        wiring.connect(m, a[1].words, to_a.i)
        m.d.comb += [
            to_b.i.valid.eq(b[1].words.valid),
            to_b.i.payload.eq(b[1].words.payload.values),
            b[1].words.ready.eq(to_b.i.ready),
        ]
        words_a, words_b = to_a.o, to_b.o
        expander = self.expander
        if expander is not None:
            m.submodules.expander = expander
            _connect(m, words_a, expander.a)
            _connect(m, words_b, expander.b)
            words_a, words_b = expander.activations, expander.weights
        _connect(m, words_a, array.activations)
        _connect(m, words_b, array.weights)
        m.submodules.sums = sums = Accumulator(
            self.sizes, flow.sums, self._arithmetic, self._columns
        )
        m.d.comb += [
            sums.claim.eq(a[1].begins),
            a[1].may_begin.eq(sums.free),
            sums.sums.valid.eq(array.results.valid),
            sums.sums.payload.eq(array.results.payload),
            array.results.ready.eq(sums.sums.ready),
        ]
        m.submodules.drain = drain = Feeder(
            self.sizes,
            flow.results,
            self._z_bits,
            frees=lambda tile: 1,
            marks=lambda tile, walk: walk.last & tile.final,
        )
        _attach(m, sums, drain)
        wiring.connect(m, drain.words, wiring.flipped(self.results))

        tile = walker.tiles.payload
        wanted: tuple[tuple[str, Any, Any], ...] = (
            ("load_a", a[0], tile.new_a),
            ("load_b", b[0], tile.new_b),
            ("feed_a", a[1], 1),
            ("feed_b", b[1], 1),
            ("sums", sums, 1),
            ("drain", drain, tile.ends),
        )
        if expander is not None:
            wanted += (("expander", expander, 1),)
        self._fork(m, walker.tiles, wanted)
        return m

    def _operand(
        self, m: Module, name: str, words: Any, load: Loops, feed: Loops, width: int
    ) -> tuple[Loader, Feeder]:
        """What brings an operand into its scratchpad, and what takes it to the array."""
        m.submodules[f"load_{name}"] = loader = Loader(self.sizes, load, width)
        m.submodules[f"feed_{name}"] = feeder = Feeder(
            self.sizes,
            feed,
            width,
            frees=lambda tile: tile[f"last_{name}"],
            marks=lambda tile, walk: walk.inner_last,
            claims=lambda tile: tile.begins if name == "a" else 0,
        )
        pad = Scratchpad(width, loader.tile_words)
        m.submodules[f"scratchpad_{name}"] = pad
        wiring.connect(m, wiring.flipped(words), loader.words)
        m.d.comb += [
            pad.write.eq(loader.write),
            pad.write_address.eq(loader.write_address),
            pad.write_data.eq(loader.write_data),
            pad.filled.eq(loader.filled),
            loader.free.eq(pad.free),
        ]
        _attach(m, pad, feeder)
        return loader, feeder

    def _fork(self, m: Module, tiles: Any, wanted: tuple[tuple[str, Any, Any], ...]) -> None:
        """Every part gets the tiles that concern it, at its own pace."""
        width = len(tiles.payload.as_value())
        queues = []
        for name, part, concerned in wanted:
            m.submodules[f"tiles_{name}"] = queue = SyncFIFO(width=width, depth=_TILES_AHEAD)
            m.d.comb += [
                queue.w_data.eq(tiles.payload),
                queue.w_en.eq(tiles.valid & tiles.ready & concerned),
                part.tiles.valid.eq(queue.r_rdy),
                part.tiles.payload.eq(queue.r_data),
                queue.r_en.eq(part.tiles.ready),
            ]
            queues.append(queue.w_rdy)
        ready: Any = 1
        for each in queues:
            ready = ready & each
        m.d.comb += tiles.ready.eq(ready)


def _connect(m: Module, source: Any, sink: Any) -> None:
    """Payloads of different layouts, bit by bit."""
    m.d.comb += [
        sink.valid.eq(source.valid),
        sink.payload.eq(source.payload),
        source.ready.eq(sink.ready),
    ]


def _attach(m: Module, pad: Any, feeder: Feeder) -> None:
    m.d.comb += [
        pad.read.eq(feeder.read),
        pad.read_address.eq(feeder.read_address),
        pad.freed.eq(feeder.freed),
        feeder.full.eq(pad.full),
        feeder.data.eq(pad.data),
    ]
