"""Tiles that are too large or in the wrong order -> tiles that meet the rules."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelsim.search import window_columns
from accelsim.search.heuristics.arrangement import Arrangement
from accelsim.search.heuristics.space import Space
from accelsim.search.problem import Problem
from accelsim.search.tiles import Floats, Ints

__all__ = ["Repair"]

_TRIES = 12


class Repair:
    """Mends candidates of known arrangements.

    Args:
        problem: the Einsum on an array.
        space: what may be chosen.
    """

    def __init__(self, problem: Problem, space: Space) -> None:
        self.problem, self.space = problem, space
        self.levels, self.uses = len(problem.levels), len(problem.uses)
        self.ranks, self.places = len(problem.ranks), self.levels * self.uses
        self.sizes = np.array(problem.sizes, np.int64)
        self._whole = np.zeros((self.places, self.ranks), bool)
        for level, rank in space.whole:
            self._whole[: (self.levels - level) * self.uses, rank] = True
        # One row an arrangement.
        self._latched = np.zeros((0, self.places, self.ranks), bool)
        self._place_of = np.zeros((0, self.levels, self.uses), np.int64)

    def add(self, made: Arrangement) -> None:
        """Take in an arrangement; its number is how many there were before."""
        latched = np.zeros((1, self.places, self.ranks), bool)
        place_of = np.full((1, self.levels, self.uses), -1)
        for i, ((level, use), place) in enumerate(zip(made.order.stores, made.places, strict=True)):
            if made.order.keeps(i):
                place_of[0, level, use] = place
            else:
                latched[0, place:, sorted(self.problem.uses[use].ranks)] = True
        self._latched = np.concatenate((self._latched, latched))
        self._place_of = np.concatenate((self._place_of, place_of))

    def __call__(self, tiles: Ints, widths: Ints, which: Ints, random: np.random.Generator) -> None:
        """Mend tiles in place.

        Args:
            tiles: [candidate, place, rank]
            widths: [candidate, rank] PEs along every rank.
            which: number of every candidate's arrangement.
            random: what is made smaller is left to chance.
        """
        least = widths[:, None, :]
        np.clip(tiles, least, self.sizes, out=tiles)
        np.minimum.accumulate(tiles, axis=1, out=tiles)
        if self._whole.any():
            tiles[:] = np.where(self._whole, self.sizes, tiles)
        if self._latched.any():
            tiles[:] = np.where(self._latched[which], least, tiles)
        for level in range(self.levels):
            self._fit(level, tiles, widths, which, random)

    def fits(self, tiles: Ints, widths: Ints, which: Ints) -> NDArray[np.bool_]:
        """Whether everything that is kept fits."""
        fine = np.ones(len(tiles), bool)
        for level in range(self.levels):
            room = self._room(level)
            if room is not None:
                fine &= self._held(level, tiles, widths, which).sum(axis=1) <= room
        return fine

    def _room(self, level: int) -> int | None:
        """Bits that a level holds, None where there is no limit."""
        memory = self.problem.levels[level].memory
        if memory is None or memory.size_bytes is None:
            return None
        return memory.size_bytes * 8 * memory.instances

    def _fit(
        self,
        level: int,
        tiles: Ints,
        widths: Ints,
        which: Ints,
        random: np.random.Generator,
    ) -> None:
        """Shrink tiles until what a level keeps fits."""
        room = self._room(level)
        if room is None:
            return
        left = np.arange(len(tiles))
        for attempt in range(_TRIES):
            held = self._held(level, tiles[left], widths[left], which[left])
            filled = held.sum(axis=1)
            over = filled > room
            left, held, filled = left[over], held[over], filled[over]
            if not len(left):
                return
            if attempt == _TRIES - 1:
                # What else could be done: the least, from the outermost place of this level on.
                first = (self.levels - 1 - level) * self.uses
                tiles[left, first:] = widths[left][:, None, :]
                return
            self._shrink(level, tiles, widths, which, left, held, room / filled, random)

    def _shrink(
        self,
        level: int,
        tiles: Ints,
        widths: Ints,
        which: Ints,
        left: Ints,
        held: Floats,
        ratio: Floats,
        random: np.random.Generator,
    ) -> None:
        """One rank of one tensor of each candidate, large tensors more often."""
        draw = random.random((3, len(left)))
        share = np.cumsum(held, axis=1) / held.sum(axis=1, keepdims=True)
        use = (draw[0, :, None] > share[:, :-1]).sum(axis=1)
        place = self._place_of[which[left], level, use]
        rank = (draw[1] * self.ranks).astype(np.int64)
        before, width = tiles[left, place, rank], widths[left, rank]
        factor = np.maximum(ratio, 0.05) ** (0.4 + 0.6 * draw[2])
        pes = np.maximum(np.floor(before * np.minimum(factor, 0.95) / width), 1)
        wanted = np.minimum(pes.astype(np.int64) * width, before)
        some = tiles[left, :, rank]
        inside = np.arange(self.places) >= place[:, None]
        tiles[left, :, rank] = np.where(inside, np.minimum(some, wanted[:, None]), some)

    def _held(self, level: int, tiles: Ints, widths: Ints, which: Ints) -> Floats:
        """[candidate, tensor] bits that a level keeps."""
        memory = self.problem.levels[level].memory
        assert memory is not None
        columns = []
        for use, spec in enumerate(self.problem.uses):
            place = self._place_of[which, level, use]
            extents = tiles[np.arange(len(tiles)), place]
            if level == 0:
                extents = -(-extents // widths)
            held = self._tile(use, extents)
            held = np.ceil(held / (1 if level == 0 else memory.instances)) * memory.instances
            if level in self.space.doubled:
                held = np.where(self._tile(use, extents) == spec.size, held, 2 * held)
            columns.append(np.where(place >= 0, held * spec.bits, 0.0))
        return np.stack(columns, axis=1)

    def _tile(self, use: int, extents: Ints) -> Floats:
        spec = self.problem.uses[use]
        found: Floats = extents[:, sorted(spec.plain)].prod(axis=1, dtype=np.float64)
        for window in spec.windows:
            parts: list[NDArray[Any]] = [extents[:, r].astype(float) for r in window.ranks]
            found = found * window_columns.span(window, parts)
        return found
