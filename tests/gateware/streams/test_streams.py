"""Stream parts: nothing is lost, repeated or reordered, and no cycle is wasted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from accelsim.errors import InputError
from accelsim.gateware.compiled import Compiled, Run
from accelsim.gateware.compiled.build import library_of
from accelsim.gateware.streams import Convert, Fifo, Narrow, SkidBuffer, Widen
from accelsim.gateware.testing import stream_get, stream_put
from accelsim.gateware.trees import AdderTree

# Parts whose ready follows another within a cycle take C++ two passes a cycle; Yosys says so.
pytestmark = pytest.mark.filterwarnings("ignore:Design contains buffered combinatorial wires")

Reference = Callable[[list[int]], list[int]]


def same(items: list[int]) -> list[int]:
    return items


def widened(bits: int, factor: int) -> Reference:
    def reference(items: list[int]) -> list[int]:
        groups = [items[at : at + factor] for at in range(0, len(items), factor)]
        return [sum(item << bits * at for at, item in enumerate(group)) for group in groups]

    return reference


def narrowed(bits: int, factor: int) -> Reference:
    mask = (1 << bits) - 1
    return lambda items: [item >> bits * at & mask for item in items for at in range(factor)]


def summed(count: int, bits: int, result_bits: int) -> Reference:
    """Of signed values that stand in one item."""

    def reference(items: list[int]) -> list[int]:
        parts = narrowed(bits, count)(items)
        values = [part - (part >> bits - 1 << bits) for part in parts]
        totals = [sum(values[at : at + count]) for at in range(0, len(values), count)]
        return [total % (1 << result_bits) for total in totals]

    return reference


@dataclass(frozen=True)
class Case:
    make: Callable[[], Any]
    i_bits: int
    o_bits: int
    reference: Reference
    latency: int
    collects: int = 1
    """Items that come in for one that leaves."""
    spreads: int = 1
    """Items that leave for one that comes in."""


PAIR = data.StructLayout({"value": signed(11), "last": 1})
CASES = {
    "skid": Case(lambda: SkidBuffer(16), 16, 16, same, 1),
    "fifo3": Case(lambda: Fifo(16, 3), 16, 16, same, 2),
    "fifo4": Case(lambda: Fifo(PAIR, 4), 12, 12, same, 2),
    "fifo11": Case(lambda: Fifo(40, 11), 40, 40, same, 2),
    "widen1": Case(lambda: Widen(9, 1), 9, 9, same, 1),
    "widen2": Case(lambda: Widen(16, 2), 16, 32, widened(16, 2), 1, collects=2),
    "widen5": Case(lambda: Widen(7, 5), 7, 35, widened(7, 5), 1, collects=5),
    "narrow1": Case(lambda: Narrow(9, 1), 9, 9, same, 1),
    "narrow2": Case(lambda: Narrow(16, 2), 32, 16, narrowed(16, 2), 1, spreads=2),
    "narrow5": Case(lambda: Narrow(7, 5), 35, 7, narrowed(7, 5), 1, spreads=5),
    "convert_up": Case(lambda: Convert(8, 24), 8, 24, widened(8, 3), 1, collects=3),
    "convert_down": Case(lambda: Convert(64, 16), 64, 16, narrowed(16, 4), 1, spreads=4),
    "convert_same": Case(lambda: Convert(13, 13), 13, 13, same, 0),
    "tree1": Case(lambda: AdderTree(1, signed(6)), 6, 6, summed(1, 6, 6), 1),
    "tree7": Case(lambda: AdderTree(7, signed(5)), 35, 8, summed(7, 5, 8), 3),
    "tree9": Case(lambda: AdderTree(9, signed(4), registers_every=3), 36, 8, summed(9, 4, 8), 2),
}
QUICK = ("skid", "fifo4", "widen5", "convert_down", "tree7")
"""What is compiled in the quick lane."""


def each(*names: str) -> list[Any]:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in names]


class Parts(wiring.Component):
    """Parts side by side, to be compiled together."""

    def __init__(self, names: Sequence[str]) -> None:
        self.parts = {name: CASES[name].make() for name in names}
        super().__init__(
            {
                f"{name}_{side}": part.signature.members[side]
                for name, part in self.parts.items()
                for side in ("i", "o")
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name, part in self.parts.items():
            m.submodules[name] = part
            wiring.connect(m, wiring.flipped(getattr(self, f"{name}_i")), part.i)
            wiring.connect(m, part.o, wiring.flipped(getattr(self, f"{name}_o")))
        return m


Library = Callable[[str], Compiled]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Part -> a component that holds it and begins with reset."""
    folder = tmp_path_factory.mktemp("library")

    @cache
    def compiled(names: tuple[str, ...]) -> Path:
        return library_of(Parts(names), cache=folder)

    rest = tuple(name for name in CASES if name not in QUICK)
    return lambda name: Compiled(compiled(QUICK if name in QUICK else rest))


def words(items: list[int], bits: int) -> Any:
    size = -(-bits // 32) * 4
    raw = b"".join(item.to_bytes(size, "little") for item in items)
    return np.frombuffer(raw, np.uint32).reshape(len(items), -1)


def numbers(rows: Any) -> list[int]:
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


def drawn(random: np.random.Generator, count: int, bits: int) -> list[int]:
    return [int.from_bytes(random.bytes(16), "little") % (1 << bits) for _ in range(count)]


def run(library: Library, name: str, items: list[int], **stalls: Any) -> Run:
    """A part that begins with reset, and what it gave; all that can be is checked."""
    case = CASES[name]
    expected = case.reference(items)
    streams = {f"{name}_{side}": np.asarray(pattern, np.uint8) for side, pattern in stalls.items()}
    found = library(name).run(
        {f"{name}_i": words(items, case.i_bits)},
        {f"{name}_o": len(expected)},
        stalls=streams,
        most_cycles=100 * (len(items) + len(expected)) + 1000,
        extra_cycles=20,
    )
    assert numbers(found.outputs[f"{name}_o"]) == expected
    assert found.passed == {f"{name}_i": len(items), f"{name}_o": len(expected)}
    assert found.broken[f"{name}_o"] == 0
    return found


def stalls_of(random: np.random.Generator) -> Any:
    """Cycles that are held up: never, rarely, mostly, one by one or in bursts."""
    burst = int(random.choice([1, 1, 3, 9]))
    density = random.choice([0, 0.1, 0.5, 0.9])
    return np.repeat(random.random(97) < density, burst).astype(np.uint8)


def random_runs(library: Library, name: str, runs: int, items: int, seed: int) -> None:
    random = np.random.default_rng([seed, *name.encode()])
    case = CASES[name]
    for _ in range(runs):
        given = drawn(random, items * case.collects, case.i_bits)
        run(library, name, given, i=stalls_of(random), o=stalls_of(random))


@pytest.mark.slow
@pytest.mark.parametrize("name", each(*CASES))
def test_nothing_is_lost_repeated_reordered_or_withdrawn(library: Library, name: str) -> None:
    random_runs(library, name, runs=12, items=60, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_lost_in_long_runs(library: Library, name: str) -> None:
    random_runs(library, name, runs=25, items=2000, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", each(*CASES))
def test_latency_and_an_item_in_every_cycle(library: Library, name: str) -> None:
    case = CASES[name]
    items = drawn(np.random.default_rng(3), 8 * case.collects, case.i_bits)
    found = run(library, name, items)
    comes, leaves = found.stamps[f"{name}_i"], found.stamps[f"{name}_o"]
    assert comes.tolist() == list(range(0, len(items) * case.spreads, case.spreads))
    begin = case.collects - 1 + case.latency
    assert leaves.tolist() == [begin + case.collects * at for at in range(8 * case.spreads)]


@pytest.mark.parametrize("name", CASES)
def test_the_stated_latency_is_the_measured_one(name: str) -> None:
    part = CASES[name].make()
    part._MustUse__silence = True
    if name != "skid":
        assert part.latency_cycles == CASES[name].latency


@pytest.mark.slow
@pytest.mark.parametrize("name", each("widen2", "widen5", "convert_up"))
def test_a_wide_item_can_wait_while_the_next_is_collected(library: Library, name: str) -> None:
    factor = CASES[name].collects
    items = drawn(np.random.default_rng(4), 6 * factor, CASES[name].i_bits)
    for waits, lost in ((factor, 0), (factor + 1, 1)):
        held = np.zeros(1000, np.uint8)
        held[factor : factor + waits] = 1
        comes = run(library, name, items, o=held).stamps[f"{name}_i"]
        assert comes[-1] == len(items) - 1 + lost
    # Each of them waits for one cycle less than the next takes.
    always = [cycle % factor != factor - 1 for cycle in range(factor)]
    comes = run(library, name, items, o=always).stamps[f"{name}_i"]
    assert comes[-1] == len(items) - 1


@pytest.mark.parametrize("name", each("fifo3", "fifo4", "fifo11"))
def test_a_full_queue_loses_one_cycle(library: Library, name: str) -> None:
    depth = int(name[4:])
    items = drawn(np.random.default_rng(5), 30, CASES[name].i_bits)
    held = np.zeros(1000, np.uint8)
    held[:20] = 1
    comes = run(library, name, items, o=held).stamps[f"{name}_i"]
    # It takes as many as it has places, and one in each cycle after the first has left.
    assert comes.tolist() == [*range(depth), *range(21, 51 - depth)]


def simulate(component: Any, bench: Any) -> None:
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_what_is_offered_does_not_follow_ready() -> None:
    names = [name for name in CASES if name != "convert_same"]
    parts = Parts(names)
    random = np.random.default_rng(6)

    def offered(ctx: Any, name: str) -> tuple[int, Any]:
        o = getattr(parts, f"{name}_o")
        return ctx.get(o.valid), ctx.get(o.payload)

    async def bench(ctx: Any) -> None:
        for _ in range(40):
            for name in names:
                i, o = getattr(parts, f"{name}_i"), getattr(parts, f"{name}_o")
                # What this input offers may change: nothing is checked but the path.
                ctx.set(i.valid, int(random.integers(2)))
                seen = set()
                for ready in (0, 1, int(random.integers(2))):
                    ctx.set(o.ready, ready)
                    seen.add(str(offered(ctx, name)))
                assert len(seen) == 1
            await ctx.tick()

    simulate(parts, bench)


def test_level_and_places_of_a_queue() -> None:
    queue = Fifo(PAIR, 5)

    async def bench(ctx: Any) -> None:
        for count in range(5):
            assert ctx.get(queue.level) == count
            await stream_put(ctx, queue.i, {"value": -count, "last": count == 4})
        assert (ctx.get(queue.level), ctx.get(queue.i.ready)) == (5, 0)
        for count in range(5):
            got = await stream_get(ctx, queue.o)
            assert (got.value, got.last) == (-count, count == 4)
            assert ctx.get(queue.level) == 4 - count
        assert ctx.get(queue.o.valid) == 0

    simulate(queue, bench)


def test_the_helpers_wait_for_each_other() -> None:
    part = SkidBuffer(8)
    got = []

    async def put(ctx: Any) -> None:
        for value in range(9):
            await stream_put(ctx, part.i, value)

    async def get(ctx: Any) -> None:
        for value in range(9):
            await ctx.tick().repeat(1 + value % 3)
            got.append(await stream_get(ctx, part.o))

    simulator = Simulator(part)
    simulator.add_clock(1e-6)
    simulator.add_testbench(put)
    simulator.add_testbench(get)
    simulator.run()
    assert got == list(range(9))


WHOLE = "must be a whole number from"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Fifo(8, 2), f"FIFO: depth is 2, {WHOLE} 3 to 1,048,576"),
        (lambda: Fifo(8, True), f"FIFO: depth is True, {WHOLE} 3 to 1,048,576"),
        (lambda: Widen(0, 2), f"stream widener: bits is 0, {WHOLE} 1 to 65,536"),
        (lambda: Widen(8, 1.0), f"stream widener: factor is 1.0, {WHOLE} 1 to 65,536"),
        (
            lambda: Widen(1024, 65),
            "stream widener: bits x factor is 66,560, must be 65,536 at most",
        ),
        (lambda: Narrow("8", 2), f"stream narrower: bits is '8', {WHOLE} 1 to 65,536"),
        (lambda: Convert(-8, 8), f"stream converter: from_bits is -8, {WHOLE} 1 to 65,536"),
        (
            lambda: Convert(8, 12),
            "stream converter: to_bits is 12, must be a whole multiple of from_bits (8), "
            "or divide it",
        ),
        (
            lambda: Convert(12, 8),
            "stream converter: to_bits is 8, must be a whole multiple of from_bits (12), "
            "or divide it",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        make()
    assert str(refused.value) == message


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(InputError) as refused:
        Widen(0, 0)
    assert len(refused.value.problems) == 2


def test_ports_point_as_those_of_other_parts() -> None:
    part = Widen(8, 2)
    part._MustUse__silence = True
    assert part.signature.members["i"] == In(stream.Signature(8))
    assert part.signature.members["o"] == Out(stream.Signature(16))
