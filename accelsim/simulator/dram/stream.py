"""Transfers played command by command on one channel: what the closed form is held against.

Bursts move in order. Rows are opened ahead, as soon as their bank is free (of the next rows, one
for each bank group, whichever can be opened first), and stay open until another row of their bank
is wanted.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from accelsim.architecture.dram import DramSpec
from accelsim.simulator.dram.banks import Banks, Command
from accelsim.simulator.dram.layout import Column, Transfer, columns_of

__all__ = ["Played", "play"]


@dataclass(frozen=True)
class Played:
    """What it took to play transfers."""

    cycles: int
    """From the first command to the end of the last data."""
    activates: int
    """Rows that were opened."""
    refreshes: int


def play(spec: DramSpec, transfers: Sequence[Transfer], *, refresh: bool = False) -> Played:
    """Play transfers on one channel, each command as early as the banks allow.

    Args:
        spec: the part.
        transfers: what is moved, in order.
        refresh: refresh all banks whenever that is due; without it, rows never forget.

    Example:
        >>> from accelsim.architecture.dram import load_dram
        >>> play(load_dram("ddr4"), [Transfer(4096, 1, write=False)]).cycles
        300
    """
    columns = columns_of(spec, transfers)
    return _Player(spec, columns, refresh).run() if columns else Played(0, 0, 0)


class _Player:
    def __init__(self, spec: DramSpec, columns: Sequence[Column], refresh: bool) -> None:
        self.spec, self.refresh = spec, refresh
        self.banks = Banks(spec, forgets=refresh)
        self.due = spec.n_refi
        self.columns = deque(columns)
        self.left: dict[int, int] = {}
        """Visit -> bursts to come."""
        self.rows: dict[int, Column] = {}
        """Visit -> its bank and row."""
        for column in columns:
            self.left[column.visit] = self.left.get(column.visit, 0) + 1
            self.rows.setdefault(column.visit, column)
        self.wanted = deque(self.rows)
        """Visits whose rows are to be opened, in order."""
        self.visits_left = [0] * spec.banks
        for column in self.rows.values():
            self.visits_left[column.bank] += 1
        self.held: dict[int, int] = {}
        """Bank -> visit whose row is open."""
        self.done: list[tuple[int, int]] = []
        """Banks that may be closed for another row: first cycle, bank."""
        self.activates = self.end = 0

    def run(self) -> Played:
        while self.columns:
            at, action = min(self._candidates(), key=lambda candidate: candidate[0])
            if self.refresh and at >= self.due:
                self._refresh_all()
            else:
                action(at)
        return Played(self.end, self.activates, self.banks.refreshes)

    def _candidates(self) -> Iterator[tuple[int, Callable[[int], None]]]:
        """What may come next, and when; what comes first leaves the others' times as they are."""
        if self.done:
            yield max(self.done[0][0], self.banks.now), self._close
        for visit in self._to_open():
            at = self.banks.earliest(Command.ACT, visit.bank, visit.row)
            yield at, partial(self._open, visit)
        column = self.columns[0]
        if self.held.get(column.bank) == column.visit:
            yield self.banks.earliest(_command(column), column.bank, column.row), self._move

    def _close(self, at: int) -> None:
        _, bank = heapq.heappop(self.done)
        self.banks.issue(Command.PRE, bank, at=at)
        del self.held[bank]

    def _to_open(self) -> list[Column]:
        """The next rows, one for each bank group: a row may overtake one that tRRD_L holds back."""
        ahead = [self.rows[visit] for visit in islice(self.wanted, self.spec.bank_groups)]
        first = {visit.bank: visit for visit in reversed(ahead)}
        return [each for each in ahead if each.bank not in self.held and first[each.bank] is each]

    def _open(self, visit: Column, at: int) -> None:
        self.wanted.remove(visit.visit)
        self.banks.issue(Command.ACT, visit.bank, visit.row, at=at)
        self.held[visit.bank] = visit.visit
        self.activates += 1

    def _move(self, at: int) -> None:
        column = self.columns.popleft()
        self.banks.issue(_command(column), column.bank, column.row, at=at)
        latency = self.spec.write_latency if column.write else self.spec.n_cl
        self.end = at + latency + self.spec.n_bl
        self.left[column.visit] -= 1
        if not self.left[column.visit]:
            self.visits_left[column.bank] -= 1
            if self.visits_left[column.bank]:
                free = self.banks.earliest(Command.PRE, column.bank)
                heapq.heappush(self.done, (free, column.bank))

    def _refresh_all(self) -> None:
        """Close every bank, refresh, and leave the rows that were in use to be opened again."""
        closing = sorted((self.banks.earliest(Command.PRE, bank), bank) for bank in self.held)
        for at, bank in closing:
            self.banks.issue(Command.PRE, bank, at=max(at, self.banks.now))
        self.banks.issue(Command.REF, at=max(self.banks.earliest(Command.REF), self.due))
        again = sorted(visit for visit in self.held.values() if self.left[visit])
        self.wanted.extendleft(reversed(again))
        self.held.clear()
        self.done.clear()
        self.due += self.spec.n_refi


def _command(column: Column) -> Command:
    return Command.WRITE if column.write else Command.READ
