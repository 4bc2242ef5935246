"""Adder trees: exact, balanced, and no wider than what they sum up."""

from __future__ import annotations

import random
from typing import Any

import pytest
from amaranth.hdl import Module, Shape, Signal, Value, signed, unsigned
from amaranth.sim import Simulator

from accelsim.errors import InputError
from accelsim.gateware.sharing import rtlil_of
from accelsim.gateware.trees import AdderTree, adder_tree

SHAPES = [
    [unsigned(3)],
    [unsigned(1)] * 3,
    [unsigned(1)] * 9,
    [signed(1)] * 2,
    [signed(4), unsigned(4), signed(2)],
    [unsigned(8)] * 5,
    [signed(8)] * 16,
    [unsigned(2), signed(9), unsigned(7), unsigned(1), signed(3), signed(3), unsigned(12)],
]


def bounds(shape: Shape) -> tuple[int, int]:
    if shape.signed:
        return -(1 << shape.width - 1), (1 << shape.width - 1) - 1
    return 0, (1 << shape.width) - 1


def module() -> Module:
    m = Module()
    # Some are looked at and never elaborated.
    m._MustUse__silence = True
    return m


def built(shapes: list[Any]) -> tuple[Module, list[Any], Any]:
    m = module()
    values = [Signal(shape, name=f"value_{at}") for at, shape in enumerate(shapes)]
    return m, values, adder_tree(m, values, name="total")


@pytest.mark.parametrize("shapes", SHAPES)
def test_sums_are_exact(shapes: list[Any]) -> None:
    m, values, total = built(shapes)
    dice = random.Random(1)
    ends = [bounds(shape) for shape in shapes]

    async def bench(ctx: Any) -> None:
        given = [[end[side] for end in ends] for side in (0, 1)]
        given += [[dice.randint(*end) for end in ends] for _ in range(20)]
        given += [[dice.choice(end) for end in ends] for _ in range(20)]
        for numbers in given:
            for value, number in zip(values, numbers, strict=True):
                ctx.set(value, number)
            assert ctx.get(total) == sum(numbers)

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize("shapes", SHAPES)
def test_a_sum_is_as_wide_as_it_must_be(shapes: list[Any]) -> None:
    total = Value.cast(built(shapes)[2]).shape()
    least, most = (sum(ends) for ends in zip(*map(bounds, shapes), strict=True))
    smaller = Shape(total.width - 1, total.signed)
    assert bounds(total)[0] <= least <= most <= bounds(total)[1]
    assert not bounds(smaller)[0] <= least <= most <= bounds(smaller)[1]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 16, 33])
def test_a_tree_is_balanced(count: int) -> None:
    tree = AdderTree(count, unsigned(4), registers_every=99)
    text = rtlil_of(tree, "top")
    assert text.count("cell $add") == count - 1
    deepest = max((at for at in range(12) if f"\\sum_{at}_0" in text), default=-1) + 1
    assert deepest == tree.levels == (count - 1).bit_length()


@pytest.mark.parametrize(
    ("count", "every", "latency"),
    [(1, 1, 1), (2, 1, 1), (8, 1, 3), (9, 1, 4), (9, 2, 2), (9, 4, 1)],
)
def test_registers_stand_between_levels(count: int, every: int, latency: int) -> None:
    tree = AdderTree(count, signed(8), registers_every=every)
    tree._MustUse__silence = True
    assert tree.latency_cycles == latency


def test_what_cannot_be_summed_up_is_refused() -> None:
    with pytest.raises(InputError, match="adder tree 'total': there are 0 values, must be 1 or"):
        adder_tree(module(), [], name="total")
    with pytest.raises(InputError) as refused:
        AdderTree(0, 8, registers_every=0)
    assert refused.value.problems == (
        "adder tree: count is 0, must be a whole number from 1 to 4,096",
        "adder tree: registers_every is 0, must be a whole number from 1 to 4,096",
    )
