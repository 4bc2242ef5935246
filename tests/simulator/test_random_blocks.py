"""Random blocks, played out: what must hold of every timing, whatever the block."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from random_blocks import Drawn, drawn_block

from accelsim.errors import InputError
from accelsim.mapping.mapping import Move
from accelsim.model.cost import block_cycles, traffic_of
from accelsim.model.counts import BlockCounts
from accelsim.simulator.play import play_block
from accelsim.simulator.timing import STATES, BlockTiming

F = Fraction
Check = Callable[[Drawn, BlockCounts], str]

REFUSED = re.compile(
    r"block 'block' waits for itself: '.+' for .+ '.+'"
    r"|block 'block': the epochs work on \d+ tiles of '.+' at a time, but \w+ "
    r"|block 'block': Einsums that feed each other along an iterated rank stand in epochs"
)
SETTINGS = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)


def play(drawn: Drawn, counts: BlockCounts, *, fast_forward: bool = True) -> BlockTiming:
    return play_block(
        drawn.block,
        drawn.cascade,
        drawn.architecture,
        counts,
        bits=drawn.bits,
        fast_forward=fast_forward,
    )


def run(check: Check, *, max_examples: int, fused: bool | None = None) -> Counter[str]:
    """A check of drawn blocks, and how often each outcome came about."""
    outcomes: Counter[str] = Counter()

    @settings(SETTINGS, max_examples=max_examples)
    @given(seed=st.integers(0, 2**32 - 1), several=st.booleans())
    def each(seed: int, several: bool) -> None:
        found = drawn_block(seed, fused=several if fused is None else fused)
        if found is None:
            outcomes["unsound"] += 1
            return
        drawn, counts = found
        note(f"{dict(drawn.cascade.sizes)}\n{drawn.architecture}\n{drawn.block}")
        outcome = refused = ""
        try:
            outcome = check(drawn, counts)
        except InputError as error:
            refused = str(error)
        assert outcome or REFUSED.match(refused), refused
        outcomes[outcome or "refused"] += 1

    each()
    return outcomes


def enough(outcomes: Counter[str], **least: int) -> None:
    """A test that draws nothing of use must not pass."""
    assert all(outcomes[name] >= count for name, count in least.items()), outcomes


# What must hold.


def busy_cycles(drawn: Drawn, counts: BlockCounts) -> dict[str, Fraction]:
    """Component -> cycles of work, from the analytic counts."""
    machine = drawn.architecture
    busy = dict.fromkeys([*machine.arrays, *machine.links, *machine.memories], F(0))
    for epoch in counts.epochs:
        for name, cycles in epoch.items():
            busy[name] += cycles
    for name, moved in traffic_of(counts.einsums).items():
        memory = machine.memories[name]
        if memory.bandwidth_bytes_per_s is not None:
            rate = F(memory.bandwidth_bytes_per_s) * memory.instances / F(machine.clock_hz)
            busy[name] += moved / rate
    return busy


def assert_work_is_conserved(drawn: Drawn, counts: BlockCounts, timing: BlockTiming) -> None:
    for name, cycles in busy_cycles(drawn, counts).items():
        if name not in timing.stalls:  # A link that nothing crosses, or a memory without a limit.
            assert cycles == 0, name
            continue
        memory = drawn.architecture.memories.get(name)
        ports = memory.ports if memory else 1
        found = timing.stalls[name]["busy"]
        if name in drawn.architecture.links:
            # Analytically, what no epoch waits for takes no time.
            assert found >= cycles
            continue
        # A port has its share of the bandwidth: alone, it takes as many times as long.
        assert cycles <= found <= cycles * ports, name
        assert ports > 1 or found == cycles, name


def assert_sums(timing: BlockTiming) -> None:
    """Each component is in one state at a time, and the chain explains all of the time."""
    for name, row in timing.stalls.items():
        assert tuple(row) == STATES
        assert min(row.values()) >= 0, name
        assert sum(row.values()) == timing.cycles, name
    assert sum((link.cycles for link in timing.chain), F(0)) == timing.cycles
    assert all(link.cycles > 0 for link in timing.chain)
    assert len({(link.component, link.what) for link in timing.chain}) == len(timing.chain)


def assert_spans(timing: BlockTiming) -> None:
    assert [s.start for s in timing.spans] == sorted(s.start for s in timing.spans)
    for name in timing.stalls:
        own = [span for span in timing.spans if span.component == name]
        assert all(0 <= span.start < span.end <= timing.cycles for span in own)
        assert all(a.end <= b.start for a, b in pairwise(own)), name
        assert all(span.what for span in own)
        for skip in timing.skips:
            assert not any(span.start < skip.end and skip.start < span.end for span in own)


def assert_spans_are_all(timing: BlockTiming) -> None:
    """Without fast-forward, the spans of each state are as long as the table says."""
    shown: dict[tuple[str, str], Fraction] = {}
    for span in timing.spans:
        key = span.component, span.state
        shown[key] = shown.get(key, F(0)) + span.end - span.start
    table = {(n, s): c for n, row in timing.stalls.items() for s, c in row.items() if s != "idle"}
    assert shown == {key: cycles for key, cycles in table.items() if cycles}


def check_alone(drawn: Drawn, counts: BlockCounts) -> str:
    timing = play(drawn, counts)
    assert timing.cycles >= block_cycles(counts, drawn.architecture)
    assert_sums(timing)
    assert_spans(timing)
    assert_work_is_conserved(drawn, counts, timing)
    return "skipped" if timing.skips else "played"


def check_both(drawn: Drawn, counts: BlockCounts) -> str:
    """With and without fast-forward."""
    quick = play(drawn, counts)
    slow = play(drawn, counts, fast_forward=False)
    assert slow.skips == ()
    assert quick.cycles == slow.cycles >= block_cycles(counts, drawn.architecture)
    assert quick.stalls == slow.stalls
    assert quick.copies == slow.copies
    assert quick.events <= slow.events
    for timing in (quick, slow):
        assert_sums(timing)
        assert_spans(timing)
        assert_work_is_conserved(drawn, counts, timing)
    assert_spans_are_all(slow)
    for skip in quick.skips:
        assert 0 < skip.start < skip.end < quick.cycles
        assert skip.times > 0
    assert all(a.end <= b.start for a, b in pairwise(quick.skips))
    if not quick.skips:
        assert quick.spans == slow.spans
        assert quick.chain == slow.chain
        return "played"
    assert_played_parts_agree(quick, slow)
    return "skipped"


def assert_played_parts_agree(quick: BlockTiming, slow: BlockTiming) -> None:
    """Outside of what was skipped, the same happens at the same time."""
    cuts = sorted({t for skip in quick.skips for t in (skip.start, skip.end)})

    def outside(timing: BlockTiming) -> set[tuple[str, Fraction, Fraction, str, str]]:
        found = set()
        for span in timing.spans:
            edges = [span.start, *(t for t in cuts if span.start < t < span.end), span.end]
            for start, end in pairwise(edges):
                if not any(skip.start <= start < skip.end for skip in quick.skips):
                    found.add((span.component, start, end, span.what, span.state))
        return found

    assert outside(quick) == outside(slow)


def check_again(drawn: Drawn, counts: BlockCounts) -> str:
    first = play(drawn, counts)
    assert first == play(drawn, counts)
    return "played"


# Tests.


def test_single_einsums() -> None:
    outcomes = run(check_both, max_examples=110, fused=False)
    enough(outcomes, played=40, skipped=8)
    assert not outcomes["refused"]  # Without others to wait for, nothing waits for itself.


@pytest.mark.slow
def test_fused_einsums() -> None:
    enough(run(check_both, max_examples=90, fused=True), played=20, skipped=10)


def test_the_same_block_gives_the_same_timing() -> None:
    enough(run(check_again, max_examples=40), played=20)


def test_what_is_drawn_holds_everything() -> None:
    """Moves, other crossings, epochs, spills, ports, bypasses, windows, split ranks: often."""
    seen: Counter[str] = Counter()
    for seed in range(400):
        found = drawn_block(seed, fused=seed % 2 == 1)
        if found is None:
            continue
        drawn, counts = found
        block, machine = drawn.block, drawn.architecture
        links = [p for epoch in block.epochs for p in epoch if isinstance(p, Move)]
        computes = [path.compute for path in block.paths()]
        seen["moves"] += bool(links)
        seen["links"] += bool(machine.links) and not links
        seen["epochs"] += bool(block.epochs)
        seen["spills"] += bool(counts.spilled)
        seen["ports"] += any(memory.ports > 1 for memory in machine.memories.values())
        seen["bypasses"] += any(compute.bypass for compute in computes)
        seen["windows"] += any(
            len(index.terms) > 1 and "M1" not in drawn.cascade.sizes
            for access in drawn.cascade.einsums[0].inputs
            for index in access.indices
        )
        seen["splits"] += any("M1" in e.sizes for e in drawn.cascade.einsums)
        seen["two arrays"] += len({compute.array for compute in computes}) > 1
        seen["double"] += bool(block.double_buffer)
        seen["long"] += max(drawn.cascade.sizes.values()) >= 30
    enough(
        seen,
        **{"moves": 6, "links": 30, "epochs": 30, "spills": 6, "ports": 100, "bypasses": 50},
        **{"windows": 15, "splits": 30, "two arrays": 50, "double": 30, "long": 50},
    )


@pytest.mark.slow
def test_many_with_and_without_fast_forward() -> None:
    outcomes = run(check_both, max_examples=700)
    enough(outcomes, played=170, skipped=70)
