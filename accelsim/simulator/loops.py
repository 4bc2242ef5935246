"""Where an actor stands in the loops around it, and how large the tile there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from accelsim.mapping.extents import Axis
from accelsim.mapping.residency import Residency
from accelsim.mapping.schedule import Schedule
from accelsim.simulator.merged import Address, loop_groups, turns_of

__all__ = ["Address", "Cursor", "Level", "Way", "explicit_loops", "least_counts", "way_of"]

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
    whole: tuple[tuple[int, ...], ...]
    """The same: of every axis, its extent where no loop cuts it."""
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
        return tuple(
            [
                whole if level < 0 else cursor.extent[level]
                for whole, level in zip(self.whole[depth], self.last[depth], strict=True)
            ]
        )


def way_of(residency: Residency, name: str, depth: int) -> Way:
    """The outermost ``depth`` explicit loops around an Einsum.

    Args:
        residency: its block.
        name: the Einsum.
        depth: how many of the loops, as :func:`explicit_loops` counts them.
    """
    made = _Maker(residency, name)
    for address in explicit_loops(residency, name)[:depth]:
        made.add(loop_groups(residency)[address])
    return Way(
        made.schedule, tuple(made.levels), tuple(made.last), tuple(made.whole), tuple(made.applied)
    )


def explicit_loops(residency: Residency, name: str) -> list[Address]:
    """The loops that the mapping writes around an Einsum and that cut some Einsum; of those that
    count as one, the first."""
    groups = loop_groups(residency)
    return [a for a in residency.schedules[name].path.addresses if a in groups]


class _Maker:
    """Builds a way, loop by loop."""

    def __init__(self, residency: Residency, name: str) -> None:
        self.residency, self.name = residency, name
        self.schedule = residency.schedules[name]
        axes = self.schedule.cuts[0].axes
        self.levels: list[Level] = []
        self.last = [tuple(-1 for _ in axes)]
        self.whole = [tuple(axis.length for axis in axes)]
        self.applied = [0]
        self.place: dict[Address | None, int] = {}
        """Loop -> its level, -1 where its tiles are all of one size."""

    def add(self, group: tuple[Address, ...]) -> None:
        """One loop, or several that count as one."""
        own = group[0] in self.schedule.addresses
        if len(group) > 1:
            self._add_merged(group)
        elif own:
            level = self._level(self.schedule, group[0], "every")
            axis = _axis_of(self.schedule.cuts[0].axes, level.rank)
            self._append(level, {axis: (len(self.levels), 0)})
        else:
            schedules = self.residency.schedules.values()
            other = next(s for s in schedules if group[0] in s.addresses)
            rank = other.loops[other.addresses.index(group[0])].rank
            self._append(self._level(other, group[0], _runs(self.residency, self.name, rank)), {})
        self.applied.append(self.applied[-1] + own * len(group))

    def _add_merged(self, group: tuple[Address, ...]) -> None:
        """Their tiles are all of one size, so that only their number of turns matters."""
        schedule = self.schedule
        cut, turns = {}, 1
        for address in group:
            place = schedule.addresses.index(address)
            rank = schedule.loops[place].rank
            ((extent, _),) = schedule.cuts[place + 1].of(rank)[1]
            cut[_axis_of(schedule.cuts[0].axes, rank)] = -1, extent
            turns *= turns_of(schedule, address)
            self.place[address] = -1
        rank = schedule.loops[schedule.addresses.index(group[0])].rank
        self._append(Level(group[0], rank, -1, turns, 1, "every"), cut)
        self.place[group[0]] = -1

    def _append(self, level: Level, cut: Mapping[int, tuple[int, int]]) -> None:
        self.last.append(tuple(cut.get(i, (n, 0))[0] for i, n in enumerate(self.last[-1])))
        self.whole.append(tuple(cut.get(i, (0, n))[1] for i, n in enumerate(self.whole[-1])))
        self.place[level.address] = len(self.levels)
        self.levels.append(level)

    def _level(self, schedule: Schedule, address: Address, runs: Runs) -> Level:
        place, axes = schedule.addresses.index(address), schedule.cuts[0].axes
        loop = schedule.loops[place]
        axis = axes[_axis_of(axes, loop.rank)]
        parent, length = -1, axis.length
        for i, (other, before) in enumerate(
            zip(schedule.loops[:place], schedule.addresses[:place], strict=True)
        ):
            if other.rank in (axis.outer, axis.inner) and before in self.place:
                parent = self.place[before]
                if parent < 0:
                    ((length, _),) = schedule.cuts[i + 1].of(other.rank)[1]
        size = loop.tile * axis.chunk if loop.rank == axis.outer else loop.tile
        return Level(address, loop.rank, parent, length, size, runs)


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
        self.enter(0)

    def enter(self, first: int) -> None:
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
                self.enter(i - 1)
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
