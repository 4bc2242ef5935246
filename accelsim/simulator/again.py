"""A partial result is read again only after it has been written."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.simulator.actor import Actor, Need
from accelsim.simulator.loops import Cursor, Level

__all__ = ["read_again"]


def read_again(reader: Actor, writer: Actor) -> None:
    """Let the one that reads partial results wait until the same ones have been written.

    Args:
        reader: it moves partial results into a store, in loops that it has ``flags`` for where
            they do not change the tile.
        writer: it moves them out of it.
    """
    reader.needs.append(_Again(writer, len(reader.levels), 1, "input"))


class _Again(Need):
    """As far ahead as the last visit of the tile that the reader stands at."""

    def least(self, me: Actor) -> int:
        cursor = me.cursor
        turned = [i for i in me.flags if cursor.at[i]]
        if not turned:
            return self.ahead - me.finished[-1] - 1
        # Before: an iteration less of that loop, and those inside of it that change nothing last.
        first = turned[-1]
        before = Cursor(me.levels)
        before.at[: first + 1] = [*cursor.at[:first], cursor.at[first] - 1]
        before.enter(0)
        for i in range(first + 1, len(me.levels)):
            before.enter(i - 1)
            before.at[i] = before.count[i] - 1 if i in me.flags else cursor.at[i]
        since = _visits(me.levels, first, cursor) - _visits(me.levels, first, before)
        return self.ahead - since


def _visits(levels: Sequence[Level], first: int, cursor: Cursor) -> int:
    """Visits before a cursor's position, in the loops from ``first`` on inwards."""
    extents: list[int] = cursor.extent[:first]
    found = 0
    for i in range(first, len(levels)):
        level = levels[i]
        outside = level.length if level.parent < 0 else extents[level.parent]
        if cursor.at[i]:
            # Tiles before the last are whole.
            found += cursor.at[i] * _all(levels, i + 1, [*extents, level.size])
        extents.append(min(level.size, outside - cursor.at[i] * level.size))
    return found


def _all(levels: Sequence[Level], first: int, extents: list[int]) -> int:
    """Visits in all iterations of the loops from ``first`` on inwards."""
    if first == len(levels):
        return 1
    level = levels[first]
    outside = level.length if level.parent < 0 else extents[level.parent]
    whole, rest = divmod(outside, level.size)
    found = whole * _all(levels, first + 1, [*extents, level.size]) if whole else 0
    if rest:
        found += _all(levels, first + 1, [*extents, rest])
    return found
