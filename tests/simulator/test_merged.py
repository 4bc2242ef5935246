"""Loops that count as one: fewer of them, and the same answer."""

from __future__ import annotations

import pytest

from accelsim.mapping.residency import Residency
from accelsim.pipeline import MappedWorkload, map_workload
from accelsim.simulator import loops
from accelsim.simulator.merged import loop_groups

CASES = [
    ("attention/one-pass", "fusemax", {"B": 2, "H": 3, "M": 1024, "P": 1024}),
    ("attention/one-pass", "fusemax-cascade", {"B": 3, "H": 2, "M": 900, "P": 700}),
    ("attention/three-pass", "flat", {"B": 2, "H": 2, "M": 512, "P": 512}),
    ("attention/three-pass", "flat-edge", {"B": 2, "H": 5, "M": 256, "P": 256}),
    ("attention/three-pass", "unfused", {"B": 4, "H": 3, "M": 512, "P": 300}),
]


def groups(mapped: MappedWorkload) -> list[tuple[tuple[int, ...], ...]]:
    return [
        group
        for plan in mapped.plans.plans
        for block in plan.mapped.blocks
        for group in loop_groups(Residency(plan.layer.cascade, mapped.architecture, block)).values()
    ]


@pytest.mark.parametrize(("workload", "architecture", "sizes"), CASES)
def test_loops_that_count_as_one_change_nothing(
    workload: str, architecture: str, sizes: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = map_workload(workload, on=architecture, set=sizes, fidelity="event")
    assert any(len(group) > 1 for group in groups(merged))

    def each_alone(residency: Residency) -> dict[tuple[int, ...], tuple[tuple[int, ...], ...]]:
        return {a: (a,) for group in loop_groups(residency).values() for a in group}

    monkeypatch.setattr(loops, "loop_groups", each_alone)
    alone = map_workload(workload, on=architecture, set=sizes, fidelity="event")
    for one, other in zip(merged.timings, alone.timings, strict=True):
        for a, b in zip(one.blocks, other.blocks, strict=True):
            assert (a.cycles, a.stalls, a.copies) == (b.cycles, b.stalls, b.copies)


def test_ragged_loops_and_those_around_a_tile_stay_apart() -> None:
    # 900 tokens on 256 rows: the last tile is cut short, so its loop stands alone.
    mapped = map_workload(
        "attention/one-pass", on="fusemax", set={"B": 2, "H": 3, "M": 900, "P": 900}
    )
    assert sorted(map(len, groups(mapped))) == [1, 1, 2]
