"""Where an actor stands in the loops around it, and how large the tile there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from accelsim.mapping.extents import Axis
from accelsim.mapping.mapping import Loop
from accelsim.mapping.residency import Residency
from accelsim.mapping.schedule import Schedule

__all__ = ["Address", "Cursor", "Level", "Way", "explicit_loops", "least_counts", "way_of"]

Address = tuple[int, ...]

Runs = Literal["every", "first", "last"]
"""In which iterations of a loop an Einsum runs that lacks the loop's rank, or has it."""


@dataclass(frozen=True, slots=True)
class Level:
    """One loop around an actor, in elements of the axis that it cuts."""

    address: Address
    rank: str
    parent: int
    """The nearest loop outside of it that cuts the same axis, -1 where there is none."""
    length: int
    """Of the whole axis."""
    size: int
    """Of a whole tile."""
    runs: Runs


@dataclass(frozen=True)
class Way:
    """The explicit loops around one Einsum, outermost first."""

    schedule: Schedule
    levels: tuple[Level, ...]
    last: tuple[tuple[int, ...], ...]
    """After 0, 1, ... loops: of every axis, the innermost loop that cuts it, -1 for none."""
    applied: tuple[int, ...]
    """After 0, 1, ... loops: how many of them cut the Einsum."""

    def depth_of(self, applied: int) -> int | None:
        """Number of loops that hold the first ``applied`` ones that cut; None where some of them
        are not explicit."""
        if applied > self.applied[-1]:
            return None
        return self.applied.index(applied)

    def extents(self, cursor: Cursor, depth: int) -> tuple[int, ...]:
        """Extent of every axis in the tile below ``depth`` loops."""
        axes = self.schedule.cuts[0].axes
        return tuple(
            axis.length if level < 0 else cursor.extent[level]
            for axis, level in zip(axes, self.last[depth], strict=True)
        )


def way_of(residency: Residency, name: str, depth: int) -> Way:
    """The outermost ``depth`` explicit loops around an Einsum.

    Args:
        residency: its block.
        name: the Einsum.
        depth: how many of the loops; those that cut no Einsum are not counted.
    """
    schedule = residency.schedules[name]
    loops = explicit_loops(residency, name)[:depth]
    levels: list[Level] = []
    axes = schedule.cuts[0].axes
    last = [tuple(-1 for _ in axes)]
    applied = [0]
    own = {a: i for i, a in enumerate(schedule.addresses) if a is not None}
    for address, _ in loops:
        before: dict[Address | None, int] = {level.address: i for i, level in enumerate(levels)}
        if address in own:
            level = _level(schedule, own[address], before, "every")
            axis = _axis_of(axes, level.rank)
            last.append(tuple(len(levels) if i == axis else n for i, n in enumerate(last[-1])))
        else:
            other = next(s for s in residency.schedules.values() if address in s.addresses)
            runs = _runs(residency, name, other.loops[other.addresses.index(address)].rank)
            level = _level(other, other.addresses.index(address), before, runs)
            last.append(last[-1])
        applied.append(applied[-1] + (address in own))
        levels.append(level)
    return Way(schedule, tuple(levels), tuple(last), tuple(applied))


def explicit_loops(residency: Residency, name: str) -> list[tuple[Address, Loop]]:
    """The loops that the mapping writes around an Einsum and that cut some Einsum."""
    live = {a for s in residency.schedules.values() for a in s.addresses}
    path = residency.schedules[name].path
    return [
        (address, step)
        for step, address in zip(path.steps, path.addresses, strict=True)
        if isinstance(step, Loop) and address in live
    ]


def least_counts(way: Way) -> list[int]:
    """The fewest iterations of every loop, in any of the tiles that it runs in."""
    extents: list[set[int]] = []
    counts = []
    for level in way.levels:
        outside = {level.length} if level.parent < 0 else extents[level.parent]
        counts.append(min(-(-extent // level.size) for extent in outside))
        extents.append(
            {min(level.size, e) for e in outside} | {e % level.size for e in outside} - {0}
        )
    return counts


def _level(schedule: Schedule, i: int, before: Mapping[Address | None, int], runs: Runs) -> Level:
    loop, axes = schedule.loops[i], schedule.cuts[0].axes
    axis = axes[_axis_of(axes, loop.rank)]
    parent = -1
    for other, address in zip(schedule.loops[:i], schedule.addresses[:i], strict=True):
        if other.rank in (axis.outer, axis.inner) and address in before:
            parent = before[address]
    size = loop.tile * axis.chunk if loop.rank == axis.outer else loop.tile
    return Level(schedule.addresses[i] or (), loop.rank, parent, axis.length, size, runs)


def _axis_of(axes: Sequence[Axis], rank: str) -> int:
    return next(i for i, axis in enumerate(axes) if rank in (axis.outer, axis.inner))


def _runs(residency: Residency, name: str, rank: str) -> Runs:
    """An Einsum without a rank runs last where it needs what is made along the rank, else first."""
    seen, left = set[str](), [name]
    while left:
        for access in residency.schedules[left.pop()].einsum.inputs:
            maker = access.tensor
            if maker in residency.schedules and maker not in seen:
                if rank in residency.schedules[maker].einsum.sizes:
                    return "last"
                seen.add(maker)
                left.append(maker)
    return "first"


class Cursor:
    """A position in nested loops; the last tile of a loop may be smaller, and hold fewer tiles."""

    __slots__ = ("at", "count", "extent", "gates", "levels")

    def __init__(self, levels: tuple[Level, ...]) -> None:
        self.levels = levels
        self.gates = [i for i, level in enumerate(levels) if level.runs != "every"]
        self.at = [0] * len(levels)
        self.count = [1] * len(levels)
        self.extent = [1] * len(levels)
        self._enter(0)

    def _enter(self, first: int) -> None:
        """Extents and trip counts from a level on inwards; those inside of it start anew."""
        for i in range(first, len(self.levels)):
            level = self.levels[i]
            outside = level.length if level.parent < 0 else self.extent[level.parent]
            if i > first or not self.at[i]:
                self.count[i] = -(-outside // level.size)
            self.extent[i] = min(level.size, outside - self.at[i] * level.size)

    def advance(self) -> int:
        """On to the next iteration.

        Returns:
            how many loops are outside of all that came to an end: those of so many loops and more
            have completed an iteration; 0 where everything has.
        """
        i = len(self.at)
        while i:
            if self.at[i - 1] + 1 < self.count[i - 1]:
                self.at[i - 1] += 1
                self._enter(i - 1)
                return i
            self.at[i - 1] = 0
            i -= 1
        return 0

    @property
    def active(self) -> bool:
        """Whether the actor does anything in this iteration."""
        return not self.gates or all(self.ends)

    @property
    def ends(self) -> tuple[bool, ...]:
        """Of loops in whose first or last iteration alone the actor does something: whether this
        is it."""
        return tuple(
            not self.at[i] if self.levels[i].runs == "first" else self.at[i] + 1 == self.count[i]
            for i in self.gates
        )
