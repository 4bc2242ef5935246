"""The engine against an independent simulator, and against times worked out by hand."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from oracle import Rules, makespan, tasks_of
from random_blocks import Drawn, drawn_block

from accelsim.model.counts import BlockCounts
from accelsim.simulator.play import play_block

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


BUILT = Rules(latency_once=True, nothing_waits_for_nothing=True, written_first=True)
"""What the engine does today; each that is mended is set to True here."""


def expected(drawn: Drawn, counts: BlockCounts, rules: Rules = BUILT) -> Fraction:
    """Cycles, as the oracle says."""
    einsum = drawn.cascade["Z"]
    tasks = tasks_of(
        drawn.block,
        drawn.architecture,
        sizes=einsum.sizes,
        inputs={access.tensor: list(access.ranks) for access in einsum.inputs},
        output=list(einsum.output.ranks),
        bits={tensor: drawn.bits(tensor) for tensor in drawn.cascade.tensors},
        cycles_per_step=counts.einsums[0].cycles // counts.einsums[0].steps,
        rules=rules,
    )
    ports = {name: memory.ports for name, memory in drawn.architecture.memories.items()}
    return makespan(tasks, ports)


def compare(*, max_examples: int, latencies: bool, least: int) -> None:
    seen: Counter[str] = Counter()

    @settings(SETTINGS, max_examples=max_examples)
    @given(seed=st.integers(0, 2**32 - 1))
    def each(seed: int) -> None:
        found = drawn_block(seed, fused=False, latencies=latencies, plain=True)
        if found is None or max(found[0].cascade["Z"].sizes.values()) > 13:
            return
        drawn, counts = found
        note(f"{dict(drawn.cascade['Z'].sizes)}\n{drawn.architecture}\n{drawn.block}")
        timing = play_block(drawn.block, drawn.cascade, drawn.architecture, counts, bits=drawn.bits)
        assert timing.cycles == expected(drawn, counts)
        seen["played"] += 1

    each()
    assert seen["played"] >= least, seen


def test_the_engine_agrees_with_the_oracle() -> None:
    compare(max_examples=100, latencies=False, least=25)


def test_the_engine_agrees_with_the_oracle_where_memories_have_latencies() -> None:
    compare(max_examples=100, latencies=True, least=25)


@pytest.mark.slow
def test_the_engine_agrees_with_the_oracle_on_many() -> None:
    compare(max_examples=700, latencies=False, least=200)
    compare(max_examples=700, latencies=True, least=200)
