"""Fast-forward: what repeats is played once.

Whenever a loop goes on to its next iteration, the state of everything is compared with that at its
earlier iterations: where each actor stands relative to the loop, what it waits for, what is under
way and for how much longer. Where two states are equal, all that happened between them happens
again and again, until some actor comes near the loop's end; so that many periods are skipped at
once, exactly. Tiles that are cut short are part of the state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from accelsim.simulator.actor import Actor, Ticks
from accelsim.simulator.books import Books, Chain
from accelsim.simulator.needs import common_loops

__all__ = ["Forward", "Skipped"]

_REMEMBERED = 64
"""States of one loop; a period of more iterations is not found."""


class Playing(Protocol):
    """What is fast-forwarded."""

    actors: tuple[Actor, ...]
    books: Books
    skipped: Ticks

    @property
    def now(self) -> Ticks: ...

    def pending(self) -> Hashable:
        """All that is under way, relative to now."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A stretch of time that was skipped: ``times`` periods of a loop."""

    start: Ticks
    end: Ticks
    times: int
    rank: str


@dataclass(frozen=True, slots=True)
class _Seen:
    at: int
    now: Ticks
    spent: list[list[Ticks]]
    finished: list[list[int]]
    chain: Chain
    ahead: int


class Forward:
    """Watches the loops of a program."""

    def __init__(self, playing: Playing) -> None:
        self.playing = playing
        self.skips: list[Skipped] = []
        self.owner = _owners(playing.actors)
        self.shared = {
            (me.index, other.index): common_loops(me, other)
            for me in {self.playing.actors[i] for i in self.owner.values()}
            for other in playing.actors
        }
        self.seen: dict[tuple[int, int], dict[Hashable, _Seen]] = {}

    def look(self, moved: Sequence[tuple[Actor, int]]) -> None:
        """Skip what repeats.

        Args:
            moved: actors that went on, with how many loops go on around what they completed.
        """
        for actor, depth in moved:
            for level in range(depth, len(actor.levels)):
                self.seen.pop((actor.index, level), None)
        for actor, depth in moved:
            # Only the last actor of a loop, and only where nothing of it happens later.
            mine = depth and self.owner.get(actor.levels[depth - 1].address) == actor.index
            if mine and self._loop(actor, depth - 1):
                return

    def _loop(self, actor: Actor, level: int) -> bool:
        left = actor.cursor.count[level] - 1 - actor.cursor.at[level]
        if left < 2:
            return False
        key, ahead = self._state(actor, level)
        seen = self.seen.setdefault((actor.index, level), {})
        before = seen.get(key)
        now, playing = self.playing.now, self.playing
        spent = playing.books.settle(now)
        finished = [list(a.finished) for a in playing.actors]
        at, chain = actor.cursor.at[level], playing.books.whole(playing.books.chain[actor.index])
        if before is not None and before.at < at:
            ahead = max(ahead, before.ahead, *(s.ahead for s in seen.values() if s.at > before.at))
            times = (left - ahead - 2) // (at - before.at)
            times = min([times, *self._limits(before.finished, finished)])
            grown = {k: chain.get(k, 0) - before.chain.get(k, 0) for k in {*chain, *before.chain}}
            if times > 0 and min(grown.values(), default=0) >= 0:
                self._skip(actor, level, before, times, spent, finished, grown)
                seen.clear()
                return True
        if len(seen) >= _REMEMBERED:
            del seen[next(iter(seen))]
        seen[key] = _Seen(at, now, spent, finished, chain, ahead)
        return False

    def _limits(self, before: list[list[int]], after: list[list[int]]) -> Iterator[int]:
        """How many periods may pass until a need that was met is not, or the other way round: where
        one of two actors moves along and the other one does not."""
        for actor in self.playing.actors:
            if actor.status == "done":
                continue
            mine = [b - a for a, b in zip(before[actor.index], after[actor.index], strict=True)]
            for need in actor.needs:
                other, d = need.other, need.depth
                if need.unless_done and other.status == "done":
                    continue
                grows = after[other.index][d] - before[other.index][d] - mine[d]
                slack = other.finished[d] - actor.finished[d] - need.least(actor)
                if grows < 0 <= slack:
                    yield slack // -grows - 1
                elif slack < 0 < grows:
                    yield (-slack - 1) // grows - 1

    def _skip(
        self,
        actor: Actor,
        level: int,
        before: _Seen,
        times: int,
        spent: list[list[Ticks]],
        finished: list[list[int]],
        grown: Chain,
    ) -> None:
        playing, period = self.playing, actor.cursor.at[level] - before.at
        start = playing.now
        took = times * (start - before.now)
        more = [
            [times * (b - a) for a, b in zip(old, new, strict=True)]
            for old, new in zip(before.spent, spent, strict=True)
        ]
        position = actor.cursor.at[: level + 1]
        for other in playing.actors:
            same = self.shared[actor.index, other.index] > level
            if same and other.cursor.at[:level] == position[:level] and other.status != "done":
                other.cursor.at[level] += times * period
            old, new = before.finished[other.index], finished[other.index]
            for i, (a, b) in enumerate(zip(old, new, strict=True)):
                other.finished[i] += times * (b - a)
                if other.latency:
                    other.arrived[i] += times * (b - a)
        playing.skipped += took
        playing.books.skip(
            more, {key: times * ticks for key, ticks in grown.items()}, start, start + took
        )
        self.skips.append(Skipped(start, start + took, times, actor.levels[level].rank))

    def _state(self, me: Actor, level: int) -> tuple[Hashable, int]:
        """Everything that the future depends on, relative to one loop; and how many of its
        iterations the furthest actor is ahead."""
        state: list[Hashable] = []
        ahead = 0
        for other in self.playing.actors:
            if other.status == "done":
                state.append(None)
                continue
            shared = self.shared[me.index, other.index]
            cursor = other.cursor
            place: list[int] = list(cursor.at)
            if shared > level and place[:level] == me.cursor.at[:level]:
                place[level] -= me.cursor.at[level]
                ahead = max(ahead, place[level])
            state.append(
                (
                    tuple(place),
                    tuple(cursor.extent),
                    tuple(cursor.at[i] > 0 for i in other.flags),
                    cursor.ends,
                    other.status,
                    other.waits_for,
                )
            )
        return (tuple(state), self.playing.pending()), ahead


def _owners(actors: Sequence[Actor]) -> dict[tuple[int, ...], int]:
    """Loop -> the last Einsum in it, if there is one that works in all of its iterations."""
    found: dict[tuple[int, ...], int] = {}
    for idle in (True, False):
        for actor in actors:
            if actor.computes and bool(actor.cursor.gates) == idle:
                for level in actor.levels:
                    found[level.address] = actor.index
    return found
