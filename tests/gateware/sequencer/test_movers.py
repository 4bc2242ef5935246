"""Words through a scratchpad, and sums in an accumulator, against small models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product as every
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.scratchpad import Scratchpad
from accelsim.gateware.sequencer.accumulator import Accumulator
from accelsim.gateware.sequencer.movers import Feeder, Loader, Loops, words_layout
from accelsim.gateware.sequencer.tiles import TileSizes
from accelsim.gateware.testing import stream_get, stream_put

Tile = dict[str, int]
SIZES = TileSizes(3, 2, 4)
BITS = 12


def simulate(
    component: Any,
    *benches: Callable[[Any], Any],
    beside: Callable[[Any], Any] | None = None,
) -> None:
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    for bench in benches:
        simulator.add_testbench(bench)
    if beside is not None:
        simulator.add_testbench(beside, background=True)
    simulator.run()


def random_tile(random: np.random.Generator, **flags: int) -> Tile:
    sizes = {name: int(random.integers(1, getattr(SIZES, name) + 1)) for name in ("m", "n", "k")}
    return sizes | flags


def payload(tile: Tile) -> Tile:
    """With indices of last units where sizes were."""
    return {name: value - (name in ("m", "n", "k")) for name, value in tile.items()}


def addresses(loops: Loops, tile: Tile) -> Iterator[int]:
    """Of the words of a tile, as they are visited."""
    sizes = [tile[loop] if isinstance(loop, str) else loop for loop in loops.loops]
    sizes[2] += loops.more
    for o, j, i in every(*map(range, sizes)):
        yield {
            "never": (o * sizes[1] + j) * sizes[2] + i,
            "outer": j * sizes[2] + i,
            "middle": o * sizes[2] + i,
        }[loops.again]


async def pause(ctx: Any, random: np.random.Generator, share: float) -> None:
    while random.random() < share:
        await ctx.tick()


def putting(stream: Any, values: list[Any], seed: int, share: float) -> Callable[[Any], Any]:
    async def bench(ctx: Any) -> None:
        random = np.random.default_rng(seed)
        for value in values:
            await pause(ctx, random, share)
            await stream_put(ctx, stream, value)

    return bench


class Memory(wiring.Component):
    """A scratchpad between the part that fills it and the one that reads it."""

    def __init__(self, load: Loops, feed: Loops) -> None:
        self.load = Loader(SIZES, load, BITS)
        self.feed = Feeder(
            SIZES,
            feed,
            BITS,
            frees=lambda tile: tile.last_a,
            marks=lambda tile, walk: walk.inner_last,
            claims=lambda tile: tile.begins,
        )
        tiles = stream.Signature(SIZES.layout)
        super().__init__(
            {
                "loads": In(tiles),
                "feeds": In(tiles),
                "i": In(stream.Signature(BITS)),
                "o": Out(stream.Signature(words_layout(BITS))),
                "may_begin": In(1),
                "begins": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.load, m.submodules.feed = load, feed = self.load, self.feed
        m.submodules.pad = pad = Scratchpad(BITS, load.tile_words)
        for outer, inner in ((self.loads, load.tiles), (self.feeds, feed.tiles)):
            wiring.connect(m, wiring.flipped(outer), inner)
        wiring.connect(m, wiring.flipped(self.i), load.words)
        wiring.connect(m, feed.words, wiring.flipped(self.o))
        m.d.comb += [
            *(getattr(pad, name).eq(getattr(load, name)) for name in ("write", "write_address")),
            pad.write_data.eq(load.write_data),
            pad.filled.eq(load.filled),
            load.free.eq(pad.free),
            pad.read.eq(feed.read),
            pad.read_address.eq(feed.read_address),
            pad.freed.eq(feed.freed),
            feed.full.eq(pad.full),
            feed.data.eq(pad.data),
            feed.may_begin.eq(self.may_begin),
            self.begins.eq(feed.begins),
        ]
        return m


LOOPS = {
    "in order": (Loops((1, "n", "m")), Loops((1, "n", "m"))),
    "again and again": (Loops((1, "k", "m")), Loops(("n", "k", "m"), "outer")),
    "each part again": (Loops((1, "n", "k")), Loops(("n", "m", "k"), "middle")),
    "with words in front": (
        Loops((1, "n", "k"), more=2),
        Loops(("n", "m", "k"), "middle", more=2),
    ),
}


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("name", LOOPS)
def test_words_come_back_in_the_order_of_the_loops(name: str, share: float) -> None:
    load, feed = LOOPS[name]
    part = Memory(load, feed)
    random = np.random.default_rng(1)
    loads, feeds, items, expected = [], [], [], []
    for _ in range(6):
        tile = random_tile(random)
        # Some banks are used by more than one tile.
        uses = int(random.integers(1, 4))
        held = [
            int(each) for each in random.integers(0, 1 << BITS, len(list(addresses(load, tile))))
        ]
        loads.append(tile)
        items += held
        for use in range(uses):
            feeds.append(tile | {"last_a": use == uses - 1, "begins": random.random() < 0.5})
            inner = feed.loops[2]
            length = (tile[inner] if isinstance(inner, str) else inner) + feed.more
            for at, address in enumerate(addresses(feed, tile)):
                expected.append((held[address], (at + 1) % length == 0))
    begun = 0

    async def get(ctx: Any) -> None:
        stalls = np.random.default_rng(3)
        for value, last in expected:
            await pause(ctx, stalls, share)
            got = await stream_get(ctx, part.o)
            assert (got["values"], got.last) == (value, last)
        for _ in range(9):
            assert ctx.get(part.o.valid) == 0
            await ctx.tick()

    async def grant(ctx: Any) -> None:
        nonlocal begun
        stalls = np.random.default_rng(4)
        while True:
            may = stalls.random() >= share
            ctx.set(part.may_begin, int(may))
            *_, begins = await ctx.tick().sample(part.begins)
            assert may or not begins
            begun += begins

    simulate(
        part,
        putting(part.loads, [payload(each) for each in loads], 1, share),
        putting(part.feeds, [payload(each) for each in feeds], 2, share),
        putting(part.i, items, 5, share),
        get,
        beside=grant,
    )
    assert begun == sum(each["begins"] for each in feeds)


class Sums(wiring.Component):
    """An accumulator and what takes its sums away; sums are let in once a bank is claimed."""

    COLUMNS = 2

    def __init__(self, sums: Loops, results: Loops, arithmetic: DenseArithmetic) -> None:
        bits = arithmetic.stored.width
        self.sums = Accumulator(SIZES, sums, arithmetic, self.COLUMNS)
        width = bits * self.COLUMNS
        self.drain = Feeder(
            SIZES, results, width, frees=lambda tile: 1, marks=lambda tile, walk: walk.last
        )
        tiles = stream.Signature(SIZES.layout)
        super().__init__(
            {
                "tiles": In(tiles),
                "drains": In(tiles),
                "claims": In(stream.Signature(1)),
                "i": In(stream.Signature(words_layout(width))),
                "o": Out(stream.Signature(words_layout(width))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.sums, m.submodules.drain = sums, drain = self.sums, self.drain
        wiring.connect(m, wiring.flipped(self.tiles), sums.tiles)
        wiring.connect(m, wiring.flipped(self.drains), drain.tiles)
        wiring.connect(m, drain.words, wiring.flipped(self.o))
        # Banks that were claimed, and those whose last sum has come.
        ahead = Signal(range(4))
        claimed = Signal()
        ended = Signal()
        m.d.comb += [
            self.claims.ready.eq(sums.free),
            claimed.eq(self.claims.valid & sums.free),
            sums.claim.eq(claimed),
            sums.sums.valid.eq(self.i.valid & (ahead != 0)),
            sums.sums.payload.eq(self.i.payload),
            self.i.ready.eq(sums.sums.ready & (ahead != 0)),
            ended.eq(sums.tiles.valid & sums.tiles.ready & sums.tiles.payload.ends),
            *(getattr(sums, x).eq(getattr(drain, x)) for x in ("read", "read_address", "freed")),
            drain.full.eq(sums.full),
            drain.data.eq(sums.data),
        ]
        m.d.sync += ahead.eq(ahead + claimed - ended)
        return m


SUMS = {
    "each word once": (Loops(("n", "m", 3)), Loops(("n", "m", 3))),
    "each word again": (Loops(("n", "k", "m"), "middle"), Loops((1, "n", "m"))),
}


class Slow(DenseArithmetic):
    """Sums that are there some cycles later, as those of floats are."""

    gather_latency_cycles = 3

    def gather(self, m: Module, before: Any, result: Any) -> Any:
        after = super().gather(m, before, result)
        for _ in range(self.gather_latency_cycles):
            held = Signal(len(after), name="held")
            m.d.sync += held.eq(after)
            after = held
        return after


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("arithmetic", [DenseArithmetic, Slow])
def test_sums_grow_from_tile_to_tile(
    arithmetic: type[DenseArithmetic], name: str, share: float
) -> None:
    visits, results = SUMS[name]
    bits = 9
    sums_of = arithmetic(activation_bits=2, weight_bits=2, result_bits=bits)
    part = Sums(visits, results, sums_of)
    random = np.random.default_rng(2)
    tiles: list[Tile] = []
    drains: list[Tile] = []
    items: list[dict[str, int]] = []
    expected: list[tuple[int, int]] = []
    for _ in range(6):
        whole = random_tile(random)
        count = int(random.integers(1, 4))
        sums: dict[int, Any] = {}
        for at in range(count):
            # Along k the last tile may be smaller.
            tile = whole | {"k": int(random.integers(1, SIZES.k + 1))}
            tiles.append(tile | {"begins": at == 0, "ends": at == count - 1})
            for address in addresses(visits, tile):
                values = random.integers(-(1 << bits - 1), 1 << bits - 1, Sums.COLUMNS)
                sums[address] = sums.get(address, 0) + values
                items.append({"values": joined(values, bits), "last": 0})
        drains.append(tiles[-1])
        order = list(addresses(results, tiles[-1]))
        expected += [(joined(sums[each], bits), each == order[-1]) for each in order]

    async def get(ctx: Any) -> None:
        stalls = np.random.default_rng(3)
        for values, last in expected:
            await pause(ctx, stalls, share)
            # Long enough for sums of the product after the next.
            if share and stalls.random() < 0.2:
                await ctx.tick().repeat(12)
            got = await stream_get(ctx, part.o)
            assert (got["values"], got.last) == (values, last)
        for _ in range(9):
            assert ctx.get(part.o.valid) == 0
            await ctx.tick()

    simulate(
        part,
        putting(part.tiles, [payload(each) for each in tiles], 1, share),
        putting(part.drains, [payload(each) for each in drains], 2, share),
        putting(part.claims, [0] * len(drains), 4, share),
        putting(part.i, items, 5, share),
        get,
    )


def joined(values: Any, bits: int) -> int:
    return sum(int(value) % (1 << bits) << bits * at for at, value in enumerate(values))
