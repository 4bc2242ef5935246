"""How long every iteration of every actor takes: what it moves or computes there, as jobs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from accelsim.einsum.cascade import Tensor, TensorAccess
from accelsim.mapping.extents import Axis, Cut, cut_by, iterations
from accelsim.mapping.mapping import Loop
from accelsim.mapping.residency import Residency
from accelsim.mapping.schedule import Schedule
from accelsim.mapping.volume import moved_elements
from accelsim.mapping.windows import in_runs
from accelsim.model.counts import EinsumCounts
from accelsim.model.crossings import Crossing, still_there
from accelsim.simulator.actor import Job, Part, Ticks, Work, job_of
from accelsim.simulator.components.component import ArrayLike, Component, MemoryLike
from accelsim.simulator.loops import Cursor, Way
from accelsim.simulator.volumes import Share, run_elements, share_of, tile_cut

__all__ = ["Durations"]


class Durations:
    """The durations of one block."""

    def __init__(
        self,
        residency: Residency,
        components: Mapping[str, Component],
        ways: Mapping[str, Way],
        crossings: Mapping[str, tuple[Crossing, ...]],
    ) -> None:
        self.residency, self.components = residency, components
        self.shares: dict[Crossing, Share] = {}
        self.ticks_per_cycle = 1
        for name, way in ways.items():
            for crossing in crossings[name]:
                depth = self.kept_depth(way, crossing)
                depth = len(way.levels) if depth is None else depth
                self.shares[crossing] = share_of(residency, way, depth, crossing)
                self._refine(self.shares[crossing])

    def _refine(self, share: Share) -> None:
        """Choose ticks so that each element takes a whole number of them."""
        for memory, (reads, writes) in share.per_element.items():
            component = self.memory(memory)
            if component.linear:
                each = component.cycles(reads + writes, run_bits=reads + writes, write=False)
                self.ticks_per_cycle = math.lcm(self.ticks_per_cycle, each.denominator)

    def memory(self, name: str) -> MemoryLike:
        """A memory's component."""
        component = self.components[name]
        assert isinstance(component, MemoryLike)
        return component

    def array(self, name: str) -> ArrayLike:
        """An array's component."""
        component = self.components[name]
        assert isinstance(component, ArrayLike)
        return component

    def kept_depth(self, way: Way, crossing: Crossing) -> int | None:
        """Loops around the tile of a crossing; None where it passes while the array works."""
        if crossing.kind == "operands":
            return None
        depth = way.depth_of(crossing.depth)
        if depth == len(way.levels) and crossing.below.address is None:
            return None
        return depth

    def move(self, way: Way, depth: int, crossing: Crossing, latency: Ticks) -> Work:
        """What a crossing moves in each iteration of the loops around its tile; where there is
        nothing to move, there is nothing to wait for."""
        share = self.shares[crossing]
        known: dict[tuple[int, tuple[int, ...]], Job] = {}

        def work(cursor: Cursor) -> Job:
            extents = way.extents(cursor, depth)
            key = share.elements(cursor, extents), extents
            if key not in known:
                parts = self._parts(way, share, key[0], extents)
                known[key] = job_of(parts, latency=latency if key[0] else 0)
            return known[key]

        return work

    def compute(self, way: Way, counts: EinsumCounts, passing: Iterable[Crossing]) -> Work:
        """What an Einsum computes in each iteration, and what passes meanwhile."""
        schedule, depth = way.schedule, len(way.levels)
        array, each = self.array(counts.array), counts.cycles // counts.steps
        shares = [self.shares[crossing] for crossing in passing]
        loops = schedule.loops[way.applied[depth] :]
        fold, folds_in = _fold_depth(way), fold_levels(way)
        away = ("partial", "up") if _result_stays(way) else ()
        flags = sorted({*folds_in, *(i for s in shares for i in s.fresh)})
        known: dict[tuple[object, ...], Job] = {}

        def work(cursor: Cursor) -> Job:
            extents = way.extents(cursor, depth)
            key = extents, tuple([cursor.at[i] > 0 for i in flags])
            if key not in known:
                new = not any(cursor.at[i] for i in folds_in)
                cut = tile_cut(way, extents)
                steps = _tiles(cut, loops) * each
                folds = _tiles(cut, schedule.loops[way.applied[depth] : fold]) * new
                own = Part(array, array.cycles(steps, folds) * self.ticks_per_cycle, counts.name)
                parts, leave, come = [own], own.ticks, own.ticks
                for share in shares:
                    found = self._parts(way, share, share.elements(cursor, extents), extents)
                    parts += (moved := list(found))
                    longest = max((part.ticks for part in moved), default=0)
                    if share.crossing.kind in away:
                        leave = max(leave, longest)
                    else:
                        come = max(come, longest)
                latency = self._latency(array, folds, leave - come)
                known[key] = job_of(parts, array, latency)
            return known[key]

        return work

    def _latency(self, array: ArrayLike, folds: int, waits: Ticks) -> Ticks:
        """From the end of a tile until its results are there.

        Where results that stay in the PEs take longer to leave than to be computed (by ``waits``),
        the array waits for those of each fold while it works: of the last fold, only as much is
        left to leave as it was computed for.
        """
        latency: Ticks = array.latency_cycles * self.ticks_per_cycle
        if folds == 0 or waits <= 0:
            return latency
        # Folds that do not overlap have had their way out already.
        drain: Ticks = min(latency, array.drain_cycles * self.ticks_per_cycle)
        return latency - self._whole(min(Fraction(waits) / folds, Fraction(drain)))

    def cross(self, way: Way, depth: int, link: Component, ticks: Ticks, latency: Ticks) -> Work:
        """Tiles of a result that cross a link in each iteration: each takes ``ticks`` of it, or
        they are on their way for ``latency``."""
        schedule = way.schedule
        inside = still_there(schedule, schedule.einsum.output, len(schedule.loops))
        loops = schedule.loops[way.applied[depth] : inside]

        def work(cursor: Cursor) -> Job:
            tiles = _tiles(tile_cut(way, way.extents(cursor, depth)), loops)
            return job_of([Part(link, tiles * ticks, schedule.einsum.name)], latency=latency)

        return work

    def _filled(
        self, way: Way, crossing: Crossing, extents: tuple[int, ...], memory: str
    ) -> Fraction:
        """How many times as much of a tile passes a memory, as long as it takes: whole multiples of
        the PEs along all unrolled ranks where one of its ends holds it as the array takes it."""
        memories, schedule = self.residency.architecture.memories, way.schedule
        ends = (crossing.above.memory, crossing.below.memory)
        if not any(end in memories and memories[end].aligned for end in ends):
            return Fraction(1)
        depth = self.kept_depth(way, crossing)
        applied = way.applied[len(way.levels) if depth is None else depth]
        cut = tile_cut(way, extents)
        for loop in schedule.loops[applied : crossing.depth]:
            cut = cut_by(cut, loop.rank, loop.tile)
        if crossing.kind == "operands":
            return Fraction(_points(_filled_cut(cut, schedule)), _points(cut))
        tensor = self.residency.cascade.tensors[crossing.access.tensor]
        if self.residency.in_pes(schedule.array.name, crossing.below):
            into = memory == crossing.below.memory
            return _filled_in_pes(schedule, tensor, crossing, cut, into=into)
        return _filled_outside(schedule, tensor, crossing.access, cut)

    def _parts(
        self, way: Way, share: Share, elements: int, extents: tuple[int, ...]
    ) -> Iterator[Part]:
        """What so many elements of a tile take of each memory."""
        crossing, cut = share.crossing, tile_cut(way, extents)
        for memory, directions in share.per_element.items():
            component = self.memory(memory)
            filled = self._filled(way, crossing, extents, memory) if component.limited else 1
            for each, write in zip(directions, (False, True), strict=True):
                bits = elements * filled * each
                if not (bits and component.limited):
                    continue
                run = bits
                if not component.linear:
                    run = filled * each * run_elements(self.residency, crossing, cut)
                ticks = self._ticks(component.cycles(bits, run_bits=run, write=write))
                turn = self._ticks(component.turn_cycles(write=write))
                yield Part(component, ticks, crossing.access.tensor, write, turn)

    def _ticks(self, cycles: Fraction) -> Ticks:
        return self._whole(cycles * self.ticks_per_cycle)

    @staticmethod
    def _whole(ticks: Fraction) -> Ticks:
        return ticks.numerator if ticks.denominator == 1 else ticks


def fold_levels(way: Way) -> tuple[int, ...]:
    """Explicit loops in whose later iterations what stays in the PEs is there already."""
    fold = _fold_depth(way)
    return tuple(
        i for i in range(len(way.levels)) if way.applied[i] >= fold and way.applied[i + 1] > fold
    )


def _fold_depth(way: Way) -> int:
    """Loops around what stays in the PEs the longest: an operand, or the result."""
    schedule = way.schedule
    accesses = (schedule.einsum.output, *schedule.einsum.inputs)
    # What stays has a value of its own in each PE: it varies over all that is unrolled.
    varies = [len(access.ranks.intersection(schedule.spatial)) for access in accesses]
    return min(
        still_there(schedule, access, len(schedule.loops))
        for access, over in zip(accesses, varies, strict=True)
        if over == max(varies)
    )


def _result_stays(way: Way) -> bool:
    """Whether it is the result that stays in the PEs during a fold, and leaves at its end."""
    schedule, output = way.schedule, way.schedule.einsum.output
    over = [a.ranks.intersection(schedule.spatial) for a in (output, *schedule.einsum.inputs)]
    if len(over[0]) < max(map(len, over)):
        return False
    return still_there(schedule, output, len(schedule.loops)) == _fold_depth(way)


def _pes(schedule: Schedule) -> tuple[int, ...]:
    """PEs that are set aside along each axis, whether its tiles reach so far or not."""
    pes = schedule.path.compute.widths(schedule.array)
    axes = schedule.cuts[0].axes
    return tuple(pes.get(axis.inner or axis.outer, 1) for axis in axes)


def _filled_axis(axis: Axis, pes: int) -> Axis:
    """PEs stand along the inner rank of a split: each of its chunks is filled up."""
    return replace(axis, chunk=_up(axis.chunk, pes)) if axis.inner else axis


def _filled_extent(axis: Axis, extent: int, pes: int) -> int:
    whole, rest = divmod(extent, axis.chunk) if axis.inner else (0, extent)
    return whole * _up(axis.chunk, pes) + _up(rest, pes)


def _filled_cut(cut: Cut, schedule: Schedule) -> Cut:
    """The same tiles, each of whole multiples of the PEs along unrolled ranks."""
    axes, extents = [], []
    for axis, tiles, pes in zip(cut.axes, cut.extents, _pes(schedule), strict=True):
        axes.append(_filled_axis(axis, pes))
        counts: dict[int, int] = {}
        for extent, n in tiles:
            full = _filled_extent(axis, extent, pes)
            counts[full] = counts.get(full, 0) + n
        extents.append(tuple(counts.items()))
    return Cut(tuple(axes), tuple(extents))


def _filled_tensor(tensor: Tensor, access: TensorAccess, schedule: Schedule) -> Tensor:
    """The same with longer dimensions, so that its edge does not cut off what is filled up."""
    more: dict[str, int] = {}
    for axis, pes in zip(schedule.cuts[0].axes, _pes(schedule), strict=True):
        unrolled = axis.inner or axis.outer
        values = schedule.einsum.sizes[unrolled]
        more[unrolled] = _up(values, pes) - values
    grown = [
        length + sum(abs(c) * more.get(rank, 0) for rank, c in index.terms)
        for length, index in zip(tensor.shape, access.indices, strict=True)
    ]
    return replace(tensor, shape=tuple(grown))


def _filled_outside(schedule: Schedule, tensor: Tensor, access: TensorAccess, cut: Cut) -> Fraction:
    """How many times as much is delivered for the tiles of a cut once they are filled up."""
    whole = _filled_tensor(tensor, access, schedule)
    moved = moved_elements(access, whole, _filled_cut(cut, schedule))
    return Fraction(moved, moved_elements(access, tensor, cut))


def _filled_in_pes(
    schedule: Schedule, tensor: Tensor, crossing: Crossing, cut: Cut, *, into: bool
) -> Fraction:
    """The same of a store that each PE has: what is delivered, or what all of them take."""
    access, pes, full_pes = crossing.access, schedule.widths, _pes(schedule)
    whole, full = _filled_tensor(tensor, access, schedule), _filled_cut(cut, schedule)
    delivered = moved_elements(access, tensor, in_runs(access, cut, pes))
    if not into:
        return Fraction(moved_elements(access, whole, in_runs(access, full, full_pes)), delivered)
    # What several PEs need each of them takes; a share spreads that over all tiles alike.
    every = schedule.cuts[crossing.depth]
    taken = moved_elements(access, tensor, every, pes)
    copies = Fraction(taken, moved_elements(access, tensor, in_runs(access, every, pes)))
    return moved_elements(access, whole, full, full_pes) / (delivered * copies)


def _up(extent: int, pes: int) -> int:
    return -(-extent // pes) * pes


def _points(cut: Cut) -> int:
    return math.prod(sum(extent * n for extent, n in extents) for extents in cut.extents)


def _tiles(cut: Cut, loops: Iterable[Loop]) -> int:
    """How often the innermost of some loops turns within a tile."""
    for loop in loops:
        cut = cut_by(cut, loop.rank, loop.tile)
    return math.prod(iterations(extents) for extents in cut.extents)
