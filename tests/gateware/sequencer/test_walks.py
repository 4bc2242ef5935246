"""Addresses and tiles against plain loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product as every
from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from accelsim.errors import InputError
from accelsim.gateware.sequencer.tiles import SIZE_BITS, TileSizes, TileWalker
from accelsim.gateware.sequencer.walk import Again, Walk
from accelsim.gateware.testing import stream_get, stream_put

FLAGS = ("new_a", "new_b", "last_a", "last_b", "begins", "ends", "final")


def simulate(component: Any, *benches: Callable[[Any], Any]) -> None:
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    for bench in benches:
        simulator.add_testbench(bench)
    simulator.run()


def visited(sizes: tuple[int, ...], again: Again) -> Iterator[tuple[int, bool, bool, bool]]:
    """Of each visit: address, last of the inner loop, last of all, first of the middle loop."""
    outer, middle, inner = sizes
    for o, j, i in every(*map(range, sizes)):
        address = {
            "never": (o * middle + j) * inner + i,
            "outer": j * inner + i,
            "middle": o * inner + i,
        }[again]
        ends = i == inner - 1
        yield address, ends, ends and (o, j) == (outer - 1, middle - 1), j == 0


@pytest.mark.parametrize("again", ["never", "outer", "middle"])
@pytest.mark.parametrize("most", [(3, 2, 5), (1, 4, 3), (2, 3, 1), (1, 1, 1)])
def test_words_are_visited_in_three_loops(again: Again, most: tuple[int, int, int]) -> None:
    part = Walk(*most, again)
    words = max(address for address, *_ in visited(most, again)) + 1
    assert part.words == words
    random = np.random.default_rng(1)

    async def bench(ctx: Any) -> None:
        for _ in range(6):
            sizes = tuple(int(random.integers(1, each + 1)) for each in most)
            for name, size in zip(("outer", "middle", "inner"), sizes, strict=True):
                ctx.set(getattr(part, name), size - 1)
            for visit in visited(sizes, again):
                for step in [*[0] * int(random.integers(3)), 1]:
                    ctx.set(part.step, step)
                    outputs = (part.address, part.inner_last, part.last, part.middle_first)
                    assert tuple(map(ctx.get, outputs)) == visit
                    await ctx.tick()

    simulate(part, bench)


def tiles_of(product: dict[str, int], most: dict[str, int]) -> list[dict[str, int]]:
    """k changes fastest, then n, then m."""
    counts = {name: -(-product[name] // most[name]) for name in product}
    found: list[dict[str, Any]] = []
    for m, n, k in every(*(range(counts[name]) for name in ("m", "n", "k"))):
        at = {"m": m, "n": n, "k": k}
        found.append(
            {
                **{name: min(most[name], product[name] - at[name] * most[name]) - 1 for name in at},
                # Which part of an operand a tile needs.
                "a": (m, k),
                "b": (k, n),
                "begins": k == 0,
                "ends": k == counts["k"] - 1,
            }
        )
    for place, tile in enumerate(found):
        before = found[place - 1] if place else {"a": None, "b": None}
        after = found[place + 1] if place + 1 < len(found) else {"a": None, "b": None}
        for name in ("a", "b"):
            tile[f"new_{name}"] = tile[name] != before[name]
            tile[f"last_{name}"] = tile[name] != after[name]
        tile["final"] = place == len(found) - 1
    return [{name: int(tile[name]) for name in ("m", "n", "k", *FLAGS)} for tile in found]


def test_a_product_is_cut_into_tiles() -> None:
    most = {"m": 5, "n": 2, "k": 3}
    part = TileWalker(TileSizes(**most))
    random = np.random.default_rng(2)
    products = [
        {name: int(random.integers(1, 3 * most[name] + 1)) for name in most} for _ in range(6)
    ]
    # One or more tiles along each rank, in every way.
    products += [dict(zip(most, sizes, strict=True)) for sizes in every((5, 11), (2, 3), (3, 7))]

    async def put(ctx: Any) -> None:
        for product in products:
            await stream_put(ctx, part.products, product)

    async def get(ctx: Any) -> None:
        for product in products:
            for tile in tiles_of(product, most):
                await ctx.tick().repeat(int(random.integers(3)) // 2 or 1)
                got = await stream_get(ctx, part.tiles)
                assert {name: getattr(got, name) for name in tile} == tile

    simulate(part, put, get)


def test_tiles_of_one_product_leave_in_every_cycle() -> None:
    part = TileWalker(TileSizes(2, 2, 2))

    async def bench(ctx: Any) -> None:
        ctx.set(part.products.payload, {"m": 5, "n": 4, "k": 3})
        ctx.set(part.products.valid, 1)
        ctx.set(part.tiles.ready, 1)
        await ctx.tick()
        ctx.set(part.products.valid, 0)
        await ctx.tick()
        for left in range(12, 0, -1):
            assert ctx.get(part.tiles.valid) == 1
            assert ctx.get(part.tiles.payload.final) == (left == 1)
            await ctx.tick()
        assert (ctx.get(part.tiles.valid), ctx.get(part.products.ready)) == (0, 1)

    simulate(part, bench)


def test_the_largest_product_is_counted_to_its_end() -> None:
    most = (1 << SIZE_BITS) - 1
    part = TileWalker(TileSizes(most, 1, most - 1))

    async def bench(ctx: Any) -> None:
        await stream_put(ctx, part.products, {"m": most, "n": 1, "k": most})
        sizes = []
        for _ in range(2):
            tile = await stream_get(ctx, part.tiles)
            sizes.append((tile.m, tile.k, tile.final))
        assert sizes == [(most - 1, most - 2, 0), (most - 1, 0, 1)]

    simulate(part, bench)


@pytest.mark.parametrize("wrong", [0, 1 << SIZE_BITS, 2.0, "3", True])
@pytest.mark.parametrize("name", ["m", "n", "k"])
def test_sizes_of_tiles_have_a_range(name: str, wrong: Any) -> None:
    with pytest.raises(InputError) as refused:
        TileSizes(**({"m": 1, "n": 1, "k": 1} | {name: wrong}))
    rule = f"must be a whole number from 1 to {(1 << SIZE_BITS) - 1:,}"
    assert str(refused.value) == f"tile: {name} is {wrong!r}, {rule}"
