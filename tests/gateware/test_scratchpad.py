"""Banks and scratchpads against small models, with any order of events that is legal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from accelsim.errors import InputError
from accelsim.gateware.scratchpad import MOST_WORDS, Scratchpad, TwoBanks


def simulate(component: Any, bench: Callable[[Any], Any]) -> None:
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_banks_are_claimed_and_used_in_turn() -> None:
    part = TwoBanks()
    random = np.random.default_rng(1)

    async def bench(ctx: Any) -> None:
        claimed = closed = filled = taken = freed = 0
        seen = set()
        for _ in range(600):
            outputs = tuple(ctx.get(each) for each in (part.free, part.full, part.fills, part.uses))
            expected = (claimed - freed < 2, filled > taken, closed % 2, taken % 2)
            assert outputs == expected
            seen.add(outputs)
            # Fast and slow sides by turns.
            quick = random.random() < 0.7
            now = random.random(5) < (0.8 if quick else 0.2)
            does = {
                "claimed": now[0] and claimed - freed < 2,
                "closed": now[1] and closed < claimed,
                "filled": now[2] and filled < closed,
                "taken": now[3] and taken < filled,
                "freed": now[4] and freed < taken,
            }
            for name, value in does.items():
                ctx.set(getattr(part, name), int(value))
            claimed, closed = claimed + does["claimed"], closed + does["closed"]
            filled, taken = filled + does["filled"], taken + does["taken"]
            freed += does["freed"]
            await ctx.tick()
        assert freed > 40
        assert {each[:2] for each in seen} == {(0, 0), (0, 1), (1, 0), (1, 1)}

    simulate(part, bench)


@pytest.mark.parametrize("words", [1, 3, 8])
def test_words_are_read_from_the_bank_that_was_filled_first(words: int) -> None:
    part = Scratchpad(24, words)
    random = np.random.default_rng(words)

    async def bench(ctx: Any) -> None:
        banks = [[0] * words, [0] * words]
        filled = freed = 0
        behind: list[int | None] = [None, None]
        for _ in range(300):
            free, full = filled - freed < 2, filled > freed
            assert (ctx.get(part.free), ctx.get(part.full)) == (free, full)
            if behind[1] is not None:
                assert ctx.get(part.data) == behind[1]
            write, end, read, leave = (random.random(4) < (0.7, 0.2, 0.6, 0.2)).tolist()
            write, read = write and free, read
            into, out, value = (int(each) for each in random.integers(0, (words, words, 1 << 24)))
            fills, uses = filled % 2, freed % 2
            ctx.set(part.write, write)
            ctx.set(part.write_address, into)
            ctx.set(part.write_data, value)
            ctx.set(part.filled, write and end)
            ctx.set(part.read, read)
            ctx.set(part.read_address, out)
            ctx.set(part.freed, read and leave and full)
            await ctx.tick()
            if read:
                # A bank that is empty may be read, but what comes means nothing.
                behind = [banks[uses][out] if full else None, behind[0]]
            if write:
                banks[fills][into] = value
            filled += write and end
            freed += read and leave and full
        assert freed > 8

    simulate(part, bench)


def test_a_read_of_a_full_bank_is_not_disturbed_by_writes_into_the_other() -> None:
    part = Scratchpad(8, 4)

    async def bench(ctx: Any) -> None:
        for word in range(8):
            ctx.set(part.write, 1)
            ctx.set(part.write_address, word % 4)
            ctx.set(part.write_data, 0x10 + word)
            ctx.set(part.filled, word % 4 == 3)
            await ctx.tick()
        ctx.set(part.write, 0)
        ctx.set(part.filled, 0)
        assert ctx.get(part.free) == 0
        got = []
        ctx.set(part.read, 1)
        for word in range(10):
            ctx.set(part.read_address, word % 4)
            ctx.set(part.freed, word in (3, 7))
            await ctx.tick()
            got.append(ctx.get(part.data))
        assert got[1:9] == list(range(0x10, 0x18))
        assert (ctx.get(part.free), ctx.get(part.full)) == (1, 0)

    simulate(part, bench)


WHOLE = "must be a whole number from 1 to 65,536"


@pytest.mark.parametrize(
    ("width", "words", "message"),
    [
        (0, 4, f"scratchpad: width is 0, {WHOLE}"),
        ("8", True, f"scratchpad: width is '8', {WHOLE}\nscratchpad: words is True, {WHOLE}"),
        (8, 0, f"scratchpad: words is 0, {WHOLE}"),
        (8, MOST_WORDS + 1, f"scratchpad: words is 65537, {WHOLE}"),
        (8, 2.0, f"scratchpad: words is 2.0, {WHOLE}"),
    ],
)
def test_what_cannot_be_built_is_refused(width: Any, words: Any, message: str) -> None:
    with pytest.raises(InputError) as refused:
        Scratchpad(width, words)
    assert str(refused.value) == message
