"""How long every iteration of every actor takes: what it moves or computes there, as jobs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from accelsim.mapping.extents import Cut, cut_by, iterations
from accelsim.mapping.mapping import Loop
from accelsim.mapping.residency import Residency
from accelsim.model.counts import EinsumCounts
from accelsim.model.crossings import Crossing, still_there
from accelsim.simulator.actor import Job, Part, Ticks, Work, job_of
from accelsim.simulator.components.component import ArrayLike, Component, MemoryLike
from accelsim.simulator.filled import filled_factor
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

    def _filled(self, way: Way, crossing: Crossing, cut: Cut, memory: str) -> Fraction:
        depth = self.kept_depth(way, crossing)
        applied = way.applied[len(way.levels) if depth is None else depth]
        return filled_factor(self.residency, way.schedule, crossing, cut, applied, into=memory)

    def _parts(
        self, way: Way, share: Share, elements: int, extents: tuple[int, ...]
    ) -> Iterator[Part]:
        """What so many elements of a tile take of each memory."""
        crossing, cut = share.crossing, tile_cut(way, extents)
        for memory, directions in share.per_element.items():
            component = self.memory(memory)
            filled = self._filled(way, crossing, cut, memory) if component.limited else 1
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


def _tiles(cut: Cut, loops: Iterable[Loop]) -> int:
    """How often the innermost of some loops turns within a tile."""
    for loop in loops:
        cut = cut_by(cut, loop.rank, loop.tile)
    return math.prod(iterations(extents) for extents in cut.extents)
