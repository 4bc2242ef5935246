"""Blocks that wait for themselves are refused, and the message says who waits for what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from random_blocks import drawn_block

from accelsim.architecture import Architecture, Array, Link, Memory, OperationCost
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, Move, Nest
from accelsim.mapping.mapping import Step
from accelsim.model import count_block
from accelsim.simulator.actor import Actor, Need, job_of
from accelsim.simulator.components.component import Component
from accelsim.simulator.engine import Engine
from accelsim.simulator.loops import Level
from accelsim.simulator.play import play_block
from accelsim.simulator.program import Program
from accelsim.simulator.timing import BlockTiming
from accelsim.workload import cascade_from_text

SHARED = "X[m,k] = A[m] * B[k]\nG[m] = max(k) X[m,k]\nZ[m,k] = X[m,k] - G[m]"
LOOP = (
    "E[m,p] = D[m,p] * A[m]\nF[m,p] = E[m,p] * B[p]\n"
    "D[m+1,p] = F[m,p] + E[m,p] where D[0,p] = 0\nZ[p] = D[M,p] * B[p]"
)
RUNNING = (
    "L[m,p] = A[m] * B[p]\nR[m+1,p] = max(R[m,p], L[m,p]) where R[0,p] = 0\n"
    "Z[m,p] = L[m,p] - R[m+1,p]"
)


def machine(*, inner_bytes: int | None = None, registers: bool = False) -> Architecture:
    memories = [
        Memory("DRAM", None, None, 1e9, 8, 1.0, 1.0, 1.0),
        Memory("inner", "DRAM", inner_bytes, None, 8, 1.0, 1.0, 1.0),
    ]
    if registers:
        memories.append(Memory("registers", "array", None, None, 8, 1.0, 1.0, 1.0))
    operations = ("multiply", "add", "subtract", "max", "multiply-add")
    costs = {name: OperationCost(1, {name: 1}) for name in operations}
    array = Array("array", "inner", 1, 1, costs, dict.fromkeys(costs, 1.0), {})
    return Architecture("toy", 1e9, 8, "auto", {m.name: m for m in memories}, {"array": array}, {})


def play(
    text: str,
    ranks: Mapping[str, int],
    steps: Sequence[Step],
    on: Architecture,
    epochs: tuple[tuple[str, ...], ...] = (),
) -> BlockTiming:
    inner = "k" if "k" in text else "p"
    tensors = {"A": ("M",), "B": (inner.upper(),)}
    cascade = cascade_from_text(text, ranks=dict(ranks), tensors=tensors)
    body = tuple(Compute(einsum.name, "array") for einsum in cascade.einsums)
    block = Block("block", Nest(tuple(steps), body), epochs)
    counts = count_block(block, cascade, on, bits=lambda _: 8, where="")
    return play_block(block, cascade, on, counts, bits=lambda _: 8)


def kept(*tensors: str) -> Keep:
    return Keep("inner", tuple((tensor,) for tensor in tensors))


def test_who_waits_for_whom_is_said() -> None:
    """X needs space that Y holds, Y what Z makes, and Z comes after X."""
    array = Component("array")
    levels = (Level((0,), "M", -1, 3, 1, "every"),)
    x, y, z = (
        Actor(i, name, name, levels, lambda _: job_of([]), (array,), computes=True)
        for i, name in enumerate("XYZ")
    )
    free = Actor(3, "free", "free", levels, lambda _: job_of([]), (array,))
    x.needs.append(Need(y, 1, 0, "space"))
    y.needs.append(Need(z, 1, 1, "input"))
    # At first nothing is in the way: X is one tile ahead of Z.
    z.needs += [Need(x, 1, 2, "turn"), Need(free, 1, 1, "input")]
    for actor in (x, y, z):
        for need in actor.needs:
            need.other.watchers.append(actor)
    program = Program("block", (x, y, z, free), (array,), 1, None, None)  # type: ignore[arg-type]
    for forward in (True, False):
        with pytest.raises(InputError) as refused:
            Engine(program, fast_forward=forward).run()
        (message,) = refused.value.problems
        assert message.startswith("block 'block' waits for itself: ")
        assert waits_of(message) == {
            "X": "space that is held until it is read by 'Y'",
            "Y": "what comes from 'Z'",
            "Z": "its turn on the array after 'X'",
        }
        assert "reorder the epochs" in message


def waits_of(message: str) -> dict[str, str]:
    """Who -> what it waits for, as a message says."""
    told = message.split("waits for itself: ")[1].split("; a tile must")[0]
    found = (re.fullmatch(r"'(.+?)' for (.+')", part) for part in told.split("; "))
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("steps", [[Loop("M")], [Loop("K", 2)], [Loop("M"), Loop("K", 2)]])
def test_what_all_of_a_maximum_is_needed_for_waits_for_no_more_than_its_tile(
    steps: list[Step],
) -> None:
    """Inside a loop over K, what is there of G is handed over: counts are those of that nest."""
    timing = play(SHARED, {"M": 3, "K": 6}, [kept("X", "G"), *steps], machine())
    assert timing.stalls["array"]["busy"] == 3 * 18
    assert timing.cycles >= 3 * 18


@pytest.mark.parametrize("inner_bytes", [8 + 4 + 1, None])
def test_epochs_work_on_two_tiles_where_there_is_space(inner_bytes: int | None) -> None:
    """G works on the tile before, and Z waits for it, while X makes the next: two tiles of X."""
    epochs = (("G",), ("X",), ("Z",))
    steps = [Loop("M"), kept("X", "G")]
    timing = play(SHARED, {"M": 5, "K": 4}, steps, machine(inner_bytes=inner_bytes), epochs)
    assert timing.copies["inner"]["X"] == 2


@pytest.mark.parametrize("inner_bytes", [5, 8])
def test_epochs_that_need_more_tiles_than_fit(inner_bytes: int) -> None:
    epochs = (("G",), ("X",), ("Z",))
    steps = [Loop("M"), kept("X", "G")]
    with pytest.raises(InputError) as refused:
        play(SHARED, {"M": 5, "K": 4}, steps, machine(inner_bytes=inner_bytes), epochs)
    (message,) = refused.value.problems
    assert "block 'block': the epochs work on 2 tiles of 'X' at a time, but inner " in message
    assert message.endswith("or use smaller tiles")


def test_epochs_in_which_a_loop_of_einsums_waits_for_its_own_next_step() -> None:
    steps = [kept("E", "F", "D"), Loop("M")]
    assert play(LOOP, {"M": 4, "P": 3}, steps, machine(), (("E",), ("F", "D", "Z"))).cycles
    with pytest.raises(InputError, match="one waits for the other's next tile"):
        play(LOOP, {"M": 4, "P": 3}, steps, machine(), (("D", "Z"), ("F",), ("E",)))


def test_a_running_value_in_the_registers_is_played() -> None:
    """R[m] is fetched, R[m+1] made of it and read by Z: nothing waits for itself."""
    steps = [kept("L", "R"), Loop("M"), Keep("registers", (("R",),))]
    assert play(RUNNING, {"M": 4, "P": 3}, steps, machine(registers=True)).cycles > 0


def test_a_move_that_no_one_waits_for_is_played() -> None:
    """G works on the tile before, so it crosses a turn later, too."""
    cascade = cascade_from_text(SHARED, ranks={"M": 4, "K": 3}, tensors={"A": ("M",), "B": ("K",)})
    on = machine()
    array = on.arrays["array"]
    on = replace(
        on,
        arrays={"array": array, "other": replace(array, name="other")},
        links={"link": Link("link", "array", "other", 1)},
    )
    body = tuple(Compute(name, "array") for name in "XGZ")
    epochs = (("G",), ("X",), ("Z",), (Move("G", "link"),))
    block = Block("block", Nest((Loop("M"), kept("X", "G")), body), epochs)
    counts = count_block(block, cascade, on, bits=lambda _: 8, where="")
    assert play_block(block, cascade, on, counts, bits=lambda _: 8).cycles > 0


def test_whatever_is_drawn_is_played_or_refused() -> None:
    """No other error comes of a block that is sound and fits."""
    outcomes = {"played": 0, "refused": 0}
    for seed in range(70):
        found = drawn_block(seed, fused=seed % 4 != 0)
        if found is None:
            continue
        drawn, counts = found
        outcome, message = "played", ""
        try:
            play_block(drawn.block, drawn.cascade, drawn.architecture, counts, bits=drawn.bits)
        except InputError as error:
            outcome, message = "refused", str(error)
        outcomes[outcome] += 1
        assert "\n" not in message
        if "waits for itself" in message:
            assert 2 <= len(waits_of(message)) <= 6, message
    assert outcomes["played"] >= 30
