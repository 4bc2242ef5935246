"""How many tiles behind each Einsum works, and how many turns lie between two steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from accelsim.architecture import Architecture, Array, Link, Memory, OperationCost
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.mapping import Step
from accelsim.mapping.residency import Residency
from accelsim.simulator.copies import Copies
from accelsim.simulator.stages import Stages, shared_depth, stages_of, turns_between
from accelsim.workload import cascade_from_text

RUNNING = (
    "L[m,p] = A[m] * B[p]\nR[m+1,p] = max(R[m,p], L[m,p]) where R[0,p] = 0\n"
    "Z[m,p] = L[m,p] - R[m+1,p]"
)
CHAIN = "X[m,p] = A[m] * B[p]\nY[m,p] = X[m,p] - B[p]\nZ[m,p] = Y[m,p] * A[m]"


def residency_of(
    text: str,
    ranks: Mapping[str, int],
    steps: Sequence[Step],
    *,
    on: Sequence[str] = ("first", "first", "first"),
    epochs: tuple[tuple[str, ...], ...] = (),
    inner_bytes: int | None = None,
    latency: int | None = None,
) -> Residency:
    cascade = cascade_from_text(text, ranks=dict(ranks), tensors={"A": ("M",), "B": ("P",)})
    operations = ("multiply", "add", "subtract", "max")
    costs = {name: OperationCost(1, {name: 1}) for name in operations}
    array = Array("first", "inner", 1, 1, costs, dict.fromkeys(costs, 1.0), {})
    places = {"DRAM": None, "inner": "DRAM", "registers": "second"}
    memories = {n: Memory(n, p, None, None, 8, 1.0, 1.0, 1.0) for n, p in places.items()}
    memories["inner"] = replace(memories["inner"], size_bytes=inner_bytes)
    links = {} if latency is None else {"link": Link("link", "first", "second", latency)}
    arrays = {"first": array, "second": replace(array, name="second")}
    machine = Architecture("toy", 1e9, 8, "auto", memories, arrays, links)
    body = tuple(Compute(e.name, a) for e, a in zip(cascade.einsums, on, strict=True))
    return Residency(cascade, machine, Block("block", Nest(tuple(steps), body), epochs))


def stages(residency: Residency, *, turns: int, cycles: int = 1) -> tuple[Stages, Copies]:
    copies = Copies(residency, lambda _: 8)
    each = dict.fromkeys(residency.schedules, cycles)
    return stages_of(residency, copies, cycles=each, turns=turns), copies


@pytest.mark.parametrize(
    ("steps", "turns"),
    [
        ([Loop("M")], 1),
        ([Loop("P", 3), Loop("M"), Loop("P")], 3),
        ([Loop("P", 2), Loop("M"), Loop("P")], 1),  # 7 in tiles of 2: the last is a single one.
        ([Loop("M"), Loop("P", 2)], 4),
        ([Loop("P", 3)], 0),
    ],
)
def test_turns_between_a_step_and_the_next(steps: list[Step], turns: int) -> None:
    """P is 6 or 7; where tiles at the end are smaller, there are fewer turns."""
    ragged = steps[0] != Loop("P", 3)
    residency = residency_of(RUNNING, {"M": 4, "P": 7 if ragged else 6}, steps)
    assert turns_between(residency, "R", "R") == turns
    assert turns_between(residency, "L", "R") == 0  # In the same step.
    assert turns_between(residency, "R", "Z") == 0


def test_loops_that_all_share() -> None:
    steps = [Loop("M", 2), Keep("inner", (("X",), ("Y",))), Loop("P", 2), Loop("P")]
    for length, depth in ((6, 2), (7, 3)):  # Loops over tiles that are alike count as one.
        residency = residency_of(CHAIN, {"M": 4, "P": length}, steps)
        assert shared_depth(residency, ("X", "Y", "Z")) == depth
        assert shared_depth(residency, ("X",)) == depth
    inner = Nest((Loop("P", 2),), (Compute("Z", "first"),))
    body = (Compute("X", "first"), Compute("Y", "first"), inner)
    apart = replace(residency, block=Block("block", Nest((Loop("M", 2),), body)))
    assert shared_depth(apart, ("X", "Y", "Z")) == 1
    assert shared_depth(apart, ("Z",)) == 2


KEPT = Keep("inner", (("X",), ("Y",)))


def test_an_array_that_is_returned_to_goes_on_with_the_next_tile() -> None:
    """Z comes back to the first array after Y was on the second: one tile behind, if both fit."""
    on, ranks, steps = ("first", "second", "first"), {"M": 4, "P": 3}, [Loop("M"), KEPT]
    found, copies = stages(residency_of(CHAIN, ranks, steps, on=on), turns=4)
    assert found.lag == {"X": 0, "Y": 0, "Z": 1}
    assert copies.as_table()["inner"] == {"X": 1, "Y": 2}
    for size, lag in ((8, 0), (9, 1)):
        found, _ = stages(residency_of(CHAIN, ranks, steps, on=on, inner_bytes=size), turns=4)
        assert found.lag["Z"] == lag
    alone, _ = stages(residency_of(CHAIN, ranks, steps), turns=4)
    assert set(alone.lag.values()) == {0}


@pytest.mark.parametrize(
    ("epochs", "lag"),
    [
        ((("X",), ("Y",), ("Z",)), (0, 0, 0)),
        ((("X", "Y", "Z"),), (0, 0, 0)),
        ((("Z",), ("X",), ("Y",)), (0, 0, 1)),
        ((("Z",), ("Y",), ("X",)), (0, 1, 2)),
        ((("Y", "Z"), ("X",)), (0, 1, 1)),
    ],
)
def test_who_stands_before_what_it_reads_works_on_the_tile_before(
    epochs: tuple[tuple[str, ...], ...], lag: tuple[int, int, int]
) -> None:
    residency = residency_of(CHAIN, {"M": 4, "P": 3}, [Loop("M"), KEPT], epochs=epochs)
    found, _ = stages(residency, turns=4)
    assert tuple(found.lag[name] for name in "XYZ") == lag
    assert [found.epoch[name] for part in epochs for name in part] == sorted(found.epoch.values())


@pytest.mark.parametrize(("latency", "lag"), [(0, 0), (1, 1), (10, 1), (11, 2)])
def test_a_link_is_hidden_by_as_many_tiles_as_it_takes_turns(latency: int, lag: int) -> None:
    """Each turn takes ten cycles: five of X in one epoch, five of the others in the next."""
    residency = residency_of(
        CHAIN,
        {"M": 4, "P": 3},
        [Loop("M"), Keep("inner", (("Y",),)), Keep("registers", (("X",),))],
        on=("first", "second", "first"),
        epochs=(("X",), ("Y", "Z")),
        latency=latency,
    )
    found, _ = stages(residency, turns=4, cycles=20)
    assert found.lag["Y"] - found.lag["X"] == lag
