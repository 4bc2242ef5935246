"""Mappings of Einsums inside of shared loops, and their combinations, in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from accelsim.search.exact import ExactSearch
from accelsim.search.front import undominated
from accelsim.search.rows import Rows, join
from accelsim.search.tiles import Floats, Ints

__all__ = ["Combined", "InnerSearch", "Inside"]


_MOST_AT_ONCE = 500_000
"""Combinations that are made before those that are not worth it go."""


@dataclass(frozen=True)
class Inside:
    """Mappings of one Einsum inside of the shared loops, in columns; none beats another."""

    energy: Floats
    cycles: Floats
    busy: Floats
    used: Floats
    """Bits of the shared memory."""
    rows: Rows
    search: ExactSearch


class InnerSearch(ExactSearch):
    """A search that keeps what fills less of the shared memory, too."""

    kept: Rows | None = None

    def merged(self, rows: Rows) -> Rows:
        columns = [rows.energy, rows.cycles, rows.used, *rows.busy.T]
        return rows.take(undominated(columns, self.points(rows))) if len(rows) else rows

    def take_in(self, rows: Rows) -> None:
        if not self.holding[-1]:
            rows = replace(rows, used=np.zeros(len(rows)))
        rows = rows if self.kept is None else join([self.kept, rows])
        columns = [rows.energy, rows.cycles, rows.used, *rows.busy.T]
        self.kept = rows.take(undominated(columns))


@dataclass(frozen=True)
class Combined:
    """Combinations of mappings of the first few Einsums, in columns."""

    energy: Floats
    cycles: Floats
    """[combination, array]"""
    busy: Floats
    used: Floats
    picks: Ints
    """[combination, Einsum, 2] which table, and which row of it."""

    @staticmethod
    def start(energy: float, busy: Floats, arrays: int) -> Combined:
        """Nothing inside yet."""
        return Combined(
            energy=np.array([energy]),
            cycles=np.zeros((1, arrays)),
            busy=busy[None, :],
            used=np.zeros(1),
            picks=np.zeros((1, 0, 2), np.int64),
        )

    def with_each(self, part: Inside, which: int, array: int, room: float) -> Iterator[Combined]:
        """Every combination with the mappings of one more Einsum that fits, in parts of bounded
        size."""
        size = max(1, _MOST_AT_ONCE // max(len(part.energy), 1))
        for start in range(0, len(self.energy), size):
            some = self.take(np.arange(start, min(start + size, len(self.energy))))
            yield some.plus(part, which, array, room)

    def plus(self, part: Inside, which: int, array: int, room: float) -> Combined:
        """Every combination with the mappings of one more Einsum that fits."""
        used = self.used[:, None] + part.used[None, :]
        first, second = np.nonzero(used <= room)
        cycles = self.cycles[first]
        cycles[:, array] += part.cycles[second]
        picked = np.stack((np.full(len(second), which), second), axis=1)[:, None, :]
        return Combined(
            energy=self.energy[first] + part.energy[second],
            cycles=cycles,
            busy=self.busy[first] + part.busy[second],
            used=used[first, second],
            picks=np.concatenate((self.picks[first], picked), axis=1),
        )

    @staticmethod
    def join(parts: Sequence[Combined]) -> Combined:
        """All combinations of several parts."""
        names = Combined.__dataclass_fields__
        return Combined(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in names)
        )

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Combined:
        """Some of them."""
        return Combined(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    @property
    def latency(self) -> Floats:
        """Cycles until the slowest component is done."""
        return np.asarray(np.concatenate((self.cycles, self.busy), axis=1).max(axis=1))

    @property
    def undominated(self) -> Ints:
        """Those that no other one beats."""
        if not len(self.energy):
            return np.empty(0, np.int64)
        return undominated([self.energy, *self.cycles.T, self.used, *self.busy.T])
