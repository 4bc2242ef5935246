"""Every shipped workload on every shipped machine, played out, against the analytic model."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest

from accelsim.catalogue import shipped
from accelsim.errors import AccelsimError
from accelsim.model.cost import block_cycles
from accelsim.model.count import count_layer
from accelsim.model.counts import ActionCounts
from accelsim.pipeline import MappedWorkload, map_workload
from accelsim.simulator.play import play_block
from accelsim.simulator.timing import BlockTiming

# Of those at 28 nm, which differ in sizes and figures, the one that has all kinds of arrays.
ARCHITECTURES = sorted(
    name
    for name in shipped("architectures")
    if not name.startswith("28nm/") or name == "28nm/bitmod-fusemax"
)
NETWORKS = {"bert-base", "t5-small", "trxl-wt103", "xlm", "resnet-50"}
SINGLE = sorted(set(shipped("workloads")) - NETWORKS)

# One head: small enough that every tile can be played one by one.
SMALL = {
    "attention/one-pass": {"B": 1, "H": 1, "M": 1536, "P": 512},
    "attention/causal": {"B": 1, "H": 1, "M": 768, "P": 768},
    "attention/products": {},
    "conv2d": {},
    "matmul": {"M": 640, "N": 320, "K": 384},
}


def counts_of(mapped: MappedWorkload) -> list[ActionCounts]:
    return [
        count_layer(plan.mapped, plan.layer.cascade, mapped.architecture, bits=plan.bits)
        for plan in mapped.plans.plans
    ]


def check(mapped: MappedWorkload) -> None:
    result, machine = mapped.result, mapped.architecture
    assert result.fidelity == "event"
    assert result.timing is not None
    assert result.cycles >= result.timing["analytic_cycles"]
    total = sum((layer.cycles_once * layer.repeat for layer in mapped.timings), Fraction(0))
    assert result.cycles == ceil(total)
    for layer, counts in zip(mapped.timings, counts_of(mapped), strict=True):
        for timing, count in zip(layer.blocks, counts.blocks, strict=True):
            check_block(timing, block_cycles(count, machine))


def check_block(timing: BlockTiming, least: Fraction) -> None:
    assert timing.cycles >= least
    for row in timing.stalls.values():
        assert sum(row.values(), Fraction(0)) == timing.cycles
        assert min(row.values()) >= 0
    assert sum((link.cycles for link in timing.chain), Fraction(0)) == timing.cycles
    assert min(link.cycles for link in timing.chain) > 0


def accepted(workload: str, architecture: str) -> bool:
    try:
        map_workload(workload, on=architecture)
    except AccelsimError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_workload_takes_at_least_what_the_model_counts(architecture: str) -> None:
    names = [w for w in shipped("workloads") if accepted(w, architecture)]
    # Hardware for products takes these alone.
    # Buffers of `bitmod-axi` hold weights of 4 bits, which no shipped workload has.
    few = {"systolic-axi-ws": 2, "systolic-axi-os": 2, "bitmod-axi": 0}
    assert len(names) >= few.get(architecture, 3)
    for workload in names:
        check(map_workload(workload, on=architecture, fidelity="event"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("workload", sorted(SMALL))
def test_small_ones_do(workload: str, architecture: str) -> None:
    if not accepted(workload, architecture):
        pytest.skip("not performed by that machine")
    mapped = map_workload(workload, on=architecture, set=SMALL[workload], fidelity="event")
    check(mapped)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("workload", sorted(SMALL))
def test_without_waits_it_is_the_models_time(workload: str, architecture: str) -> None:
    """No latencies, and buffers that hold everything: the analytic model, exactly."""
    if not accepted(workload, architecture):
        pytest.skip("not performed by that machine")
    mapped = map_workload(workload, on=architecture, set=SMALL[workload])
    blocks = 0
    for plan, counts in zip(mapped.plans.plans, counts_of(mapped), strict=True):
        for block, count in zip(plan.mapped.blocks, counts.blocks, strict=True):
            free = play_block(
                block,
                plan.layer.cascade,
                mapped.architecture,
                count,
                bits=plan.bits,
                unlimited=True,
            )
            assert free.cycles == block_cycles(count, mapped.architecture)
            blocks += 1
    assert blocks


@pytest.mark.parametrize("tokens", [16384, 65536])
def test_long_sequences_on_fusemax_come_near_the_model(tokens: int) -> None:
    sizes = {"B": 1, "H": 1, "M": tokens, "P": tokens}
    result = map_workload("attention/one-pass", on="fusemax", set=sizes, fidelity="event").result
    assert result.timing is not None
    analytic = result.timing["analytic_cycles"]
    assert analytic < result.cycles < 1.05 * analytic
    # The stall table accounts for the difference.
    row = result.timing["stalls"]["array_2d"]
    assert sum(row.values()) == pytest.approx(result.cycles, abs=1)
    assert row["busy"] + sum(row[s] for s in ("input", "barrier", "idle")) > 0.999 * result.cycles


def test_fill_and_drain_are_seen_at_1k_tokens() -> None:
    """One head: nothing hides the first operands and the last tiles, and less so when shorter."""
    used = []
    for tokens in (1024, 4096, 16384):
        sizes = {"B": 1, "H": 1, "M": tokens, "P": tokens}
        (event,) = (
            map_workload("attention/one-pass", on="fusemax", set=sizes, fidelity="event").result,
        )
        analytic = map_workload("attention/one-pass", on="fusemax", set=sizes).result
        used.append(event.utilization["array_2d"] / analytic.utilization["array_2d"])
    assert used[0] < 0.8 < used[1] < 0.97 < used[2] < 1


def test_layers_that_are_alike_are_played_once() -> None:
    mapped = map_workload("resnet-50", on="systolic-ws", fidelity="event")
    timings = {layer.name: layer for layer in mapped.timings}
    assert len(timings) == len(mapped.timings) > 15
    assert sum(layer.repeat for layer in mapped.timings) == 53
    check(mapped)
