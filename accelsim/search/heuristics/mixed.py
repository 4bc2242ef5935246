"""Costs of candidates of many store orders at once.

The same as ``accelsim.search.candidates`` but that energies are summed in another order, so that
they agree up to rounding: good enough to search by.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from accelsim.search import window_columns
from accelsim.search.heuristics.arrangement import Arrangement
from accelsim.search.nested import Nested
from accelsim.search.problem import Problem
from accelsim.search.store_order import loop_order
from accelsim.search.tiles import Floats, Ints

__all__ = ["Mixed"]


class Mixed:
    """Costs candidates of known arrangements.

    Args:
        problem: the Einsum on an array.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.levels, self.uses = len(problem.levels), len(problem.uses)
        self.ranks, self.places = len(problem.ranks), self.levels * self.uses
        # One row an arrangement.
        self.position = np.zeros((0, self.places + 1, self.ranks), np.float32)
        """Of the loop over each rank among those in front of a place."""
        self.stored = np.zeros((0, self.places), np.int64)
        """The tensor that is kept at a place, -1 for none."""
        self.empty = np.zeros((0, self.places), bool)
        """Whether a place is no store at all."""
        self.kept = np.zeros((0, self.uses, self.levels + 1), bool)
        """Whether a level keeps a tensor; the outermost memory keeps all."""

    def add(self, made: Arrangement) -> None:
        """Take in an arrangement; its number is how many there were before."""
        position = np.zeros((1, self.places + 1, self.ranks), np.float32)
        stored, empty = np.full((1, self.places), -1), np.ones((1, self.places), bool)
        kept = np.zeros((1, self.uses, self.levels + 1), bool)
        kept[0, :, self.levels] = True
        places = (*made.places, self.places)
        for at, place in enumerate(places):
            loops = loop_order(self.problem, made.order, at)
            position[0, place, list(loops)] = np.arange(self.ranks)
            if at == len(made.places):
                continue
            level, use = made.order.stores[at]
            empty[0, place] = False
            if made.order.keeps(at):
                stored[0, place], kept[0, use, level] = use, True
        self.position = np.concatenate((self.position, position))
        self.stored = np.concatenate((self.stored, stored))
        self.empty = np.concatenate((self.empty, empty))
        self.kept = np.concatenate((self.kept, kept))

    def __call__(
        self, tiles: Ints, rows: Ints, columns: Ints, which: Ints
    ) -> tuple[Floats, Floats]:
        """Energy and cycles.

        Args:
            tiles: [candidate, place, rank]
            rows: [candidate, rank]
            columns: [candidate, rank]
            which: number of every candidate's arrangement.
        """
        return _Batch(self, tiles, rows * columns, which).costs()


class _Batch:
    """Candidates, from the outermost place inwards."""

    def __init__(self, mixed: Mixed, tiles: Ints, widths: Ints, which: Ints) -> None:
        self.mixed, self.problem, self.which = mixed, mixed.problem, which
        self.count = len(tiles)
        self.nested = Nested(self.problem.sizes, mixed.places + 1, self.count)
        kind = self.nested.tile.dtype
        self.tiles: Floats = np.ascontiguousarray(np.moveaxis(tiles, 0, 2), kind)
        self.widths: Floats = np.minimum(np.ascontiguousarray(widths.T, kind), self.tiles[-1])
        self.position = np.ascontiguousarray(np.moveaxis(mixed.position[which], 0, 2))
        self.stored = np.ascontiguousarray(mixed.stored[which].T)
        self.kept = np.ascontiguousarray(np.moveaxis(mixed.kept[which], 0, 2))
        shape = (mixed.uses, mixed.levels, self.count)
        self.delivered, self.taken = np.zeros(shape), np.zeros(shape)

    def costs(self) -> tuple[Floats, Floats]:
        self._close_up()
        self._count()
        return self._sums()

    def _close_up(self) -> None:
        """Loops in front of an empty place move on to the next store."""
        around: Floats = self.nested.tile
        for place in range(self.mixed.places):
            empty = self.mixed.empty[self.which, place]
            if empty.any():
                self.tiles[place] = np.where(empty, around, self.tiles[place])
            around = self.tiles[place]

    def _count(self) -> None:
        uses = range(self.mixed.uses)
        pieces = self._pieces()
        again = [np.stack([self._product(use, table) for table in pieces]) for use in uses]
        self.begun = again[0][1] * self.problem.uses[0].size
        for place in range(self.mixed.places + 1):
            before = self.nested.tile
            last = place == self.mixed.places
            self.nested.cut(self.widths if last else self.tiles[place])
            runs = self.nested.tile < before
            if runs.any():
                now = self._pieces()
                self._move(place, runs, again, pieces, now)
                pieces = now
            level = self.mixed.levels - 1 - place // self.mixed.uses
            for use in uses:
                here = ~self.kept[use, 0] if last else self.stored[place] == use
                if here.any():
                    self._store(use, 0 if last else level, here, again[use])
        self.steps = pieces[0].prod(axis=0)

    def _pieces(self) -> tuple[Floats, Floats]:
        """Tiles of every rank, and PEs that work on them, summed over tiles."""
        tiles = self.nested.pieces().astype(np.float64)
        return tiles, self.nested.pieces(self.widths).astype(np.float64)

    def _product(self, use: int, table: Floats) -> Floats:
        idle = [
            rank for rank in range(self.mixed.ranks) if rank not in self.problem.uses[use].ranks
        ]
        return np.asarray(table[idle].prod(axis=0))

    def _move(
        self,
        place: int,
        runs: NDArray[np.bool_],
        again: list[Floats],
        before: tuple[Floats, Floats],
        now: tuple[Floats, Floats],
    ) -> None:
        """Loops that move a tensor's tile do so anew for every tile of all ranks around them."""
        position = self.position[place]
        running = np.where(runs, position, np.float32(-1))
        for use, spec in enumerate(self.problem.uses):
            idle = [rank for rank in range(self.mixed.ranks) if rank not in spec.ranks]
            if not idle or not spec.ranks:
                continue
            last = running[sorted(spec.ranks)].max(axis=0)
            moving = last >= 0
            outside = [position[rank] < last for rank in idle]
            for table, old, new in zip(again[use], before, now, strict=True):
                value = np.where(outside[0], new[idle[0]], old[idle[0]])
                for rank, around in zip(idle[1:], outside[1:], strict=True):
                    value *= np.where(around, new[rank], old[rank])
                np.copyto(table, value, where=moving)

    def _store(self, use: int, level: int, here: NDArray[np.bool_], again: Floats) -> None:
        """Elements that cross into a store, for the candidates that have it here."""
        spec = self.problem.uses[use]
        plain = float(prod(self.problem.sizes[rank] for rank in spec.plain))
        delivered = again[0][here] * plain
        taken = again[1][here] * plain if level == 0 else delivered.copy()
        for window in spec.windows:
            columns = [
                [(length[here], times[here]) for length, times in self.nested.columns(rank)]
                for rank in window.ranks
            ]
            widths = [self.widths[rank][here].astype(np.float64) for rank in window.ranks]
            size = prod(self.problem.sizes[rank] for rank in window.ranks)
            shared, each = window_columns.crossing(window, columns, None if level else widths, size)
            delivered *= shared
            taken *= each
        self.delivered[use, level, here], self.taken[use, level, here] = delivered, taken

    # ---- sums --------------------------------------------------------------------------------

    def _sums(self) -> tuple[Floats, Floats]:
        problem, levels = self.problem, self.mixed.levels
        self.reads = np.zeros((levels + 1, self.count))
        self.writes = np.zeros((levels + 1, self.count))
        for use in range(self.mixed.uses):
            for level in range(levels):
                self._cross(use, level)
        self._operations()
        energy = np.zeros(self.count) + (0.0 if problem.missing else problem.points_energy_pj)
        cycles = self.steps * problem.cycles_per_step
        for level in range(levels + 1):
            read, write = problem.energy_per_bit_pj(level)
            energy += self.reads[level] * read + self.writes[level] * write
            if rate := float(problem.cycles_per_bit(level)):
                cycles = np.maximum(cycles, (self.reads[level] + self.writes[level]) * rate)
        return energy, cycles

    def _cross(self, use: int, level: int) -> None:
        """Bits that a store's memory and the next one outwards hand each other."""
        spec = self.problem.uses[use]
        delivered = self.delivered[use, level] * spec.bits
        taken = self.taken[use, level] * spec.bits
        size = spec.size * spec.bits
        # At the functional units there is a store whatever is kept.
        left = np.ones(self.count, bool) if level == 0 else self.kept[use, level].copy()
        held = self.kept[use, level] | (level == 0 and self.problem.levels[0].latch)
        first = self.begun * spec.bits if level == 0 else float(size)
        down, up = (taken, 0.0) if use else (taken - first, taken)
        self.writes[level] += np.where(held, down, 0.0)
        self.reads[level] += np.where(held, up, 0.0)
        for outer in range(level + 1, self.mixed.levels + 1):
            parent = left & self.kept[use, outer]
            left &= ~parent
            down, up = (delivered, 0.0) if use else (delivered - size, delivered)
            self.reads[outer] += np.where(parent, down, 0.0)
            self.writes[outer] += np.where(parent, up, 0.0)

    def _operations(self) -> None:
        """What the operations themselves read from and write to the registers."""
        problem = self.problem
        if problem.levels[0].memory is None:
            return
        latch = problem.levels[0].latch
        passing = ~self.kept[:, 0] & (not latch)
        code = (passing * (1 << np.arange(self.mixed.uses))[:, None]).sum(axis=0)
        for number in np.unique(code).tolist():
            some = code == number
            bypassed = frozenset(u for u in range(self.mixed.uses) if number >> u & 1)
            reads, writes = problem.register_accesses(bypassed)
            first = self.begun[some] * (problem.reduces and 0 not in bypassed)
            bits = problem.uses[0].bits
            self.reads[0, some] += np.maximum(reads - first, 0) * bits
            self.writes[0, some] += writes * bits
