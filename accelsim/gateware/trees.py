"""Sums of many values: balanced trees of adders, exact at every level."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from amaranth.hdl import Cat, Module, Shape, Signal, Value, signed, unsigned
from amaranth.lib import data
from amaranth.utils import bits_for

from accelsim.errors import InputError
from accelsim.gateware.pipeline import Pipeline, Step
from accelsim.gateware.streams.checks import refuse, whole_number

__all__ = ["MOST_VALUES", "AdderTree", "adder_tree"]

MOST_VALUES = 4096
"""That one tree sums up."""

_Range = tuple[int, int]
"""Least and greatest value that a signal can take."""


def adder_tree(m: Module, values: Sequence[Any], *, name: str) -> Any:
    """The sum of values within the cycle: every signal is as wide as its sum needs.

    Args:
        m: in which the adders stand.
        values: one or more, of any shapes, signed or not.
        name: of the signals, in front of their level and place.

    Raises:
        InputError: where there are no values.
    """
    if not values:
        raise InputError(f"adder tree '{name}': there are 0 values, must be 1 or more")
    cast = [Value.cast(value) for value in values]
    sums, ranges = cast, [_range(value.shape()) for value in cast]
    level = 0
    while len(sums) > 1:
        sums, ranges = _pairs(m, sums, ranges, f"{name}_{level}")
        level += 1
    return sums[0]


def _pairs(
    m: Module, values: list[Any], ranges: list[_Range], name: str
) -> tuple[list[Any], list[_Range]]:
    """Sums of neighbours; of an odd number the last stays as it is."""
    halves = _paired(ranges)
    found = []
    for at in range(len(values) // 2):
        total = Signal(_shape(halves[at]), name=f"{name}_{at}")
        m.d.comb += total.eq(values[2 * at] + values[2 * at + 1])
        found.append(total)
    return found + values[2 * len(found) :], halves


def _paired(ranges: list[_Range]) -> list[_Range]:
    found = [(a[0] + b[0], a[1] + b[1]) for a, b in zip(ranges[::2], ranges[1::2], strict=False)]
    return found + ranges[2 * len(found) :]


def _range(shape: Shape) -> _Range:
    if shape.signed:
        return -(1 << shape.width - 1), (1 << shape.width - 1) - 1
    return 0, (1 << shape.width) - 1


def _shape(values: _Range) -> Shape:
    least, greatest = values
    if least < 0:
        return signed(max(bits_for(least), bits_for(greatest, True)))
    return unsigned(bits_for(greatest) if greatest else 0)


class AdderTree(Pipeline):
    """The sum of as many values as come at once, with registers between the levels of adders.

    A sum can begin in each cycle. All registers move together, as those of every ``Pipeline``.

    Parameters
    ----------
    count : int
        Values that are summed up.
    shape : shape-like
        Of one value: an integer, signed or not.
    registers_every : int
        Levels of adders between two registers; there is always one behind the last.

    Members
    -------
    i : ``In(stream)``
        An array of ``count`` values.
    o : ``Out(stream)``
        Their sum, in ``result``.

    Attributes
    ----------
    result : Shape
        Of a sum: the narrowest that holds every one.
    levels : int
        Of adders.
    """

    def __init__(self, count: int, shape: Any, *, registers_every: int = 1) -> None:
        part = "adder tree"
        refuse(
            self,
            whole_number(part, "count", count, 1, MOST_VALUES)
            + whole_number(part, "registers_every", registers_every, 1, MOST_VALUES),
        )
        self.levels = (count - 1).bit_length()
        # What every level leaves, from the values that come in to the one sum.
        ranges = [[_range(Shape.cast(shape))] * count]
        for _ in range(self.levels):
            ranges.append(_paired(ranges[-1]))
        self.result = _shape(ranges[-1][0])
        cuts = [*range(0, self.levels, registers_every), self.levels] if self.levels else [0, 0]
        steps = [_levels(ranges[a : b + 1], a) for a, b in pairwise(cuts)]
        super().__init__(data.ArrayLayout(shape, count), self.result, steps)


def _levels(ranges: list[list[_Range]], first: int) -> Step:
    """The step from one register to the next."""

    def step(m: Module, value: Any) -> Any:
        sums = _split(Value.cast(value), ranges[0])
        for at, before in enumerate(ranges[:-1]):
            sums, _ = _pairs(m, sums, before, f"sum_{first + at}")
        return Cat(*sums)

    return step


def _split(value: Any, ranges: list[_Range]) -> list[Any]:
    """The values that stand in one another after the other."""
    found, at = [], 0
    for each in ranges:
        shape = _shape(each)
        part = value[at : at + shape.width]
        found.append(part.as_signed() if shape.signed else part)
        at += shape.width
    return found
