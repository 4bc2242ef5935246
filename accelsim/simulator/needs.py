"""What actors have in common, loops and stores; and how one waits for another."""

from __future__ import annotations

import math

from accelsim.mapping.residency import Store
from accelsim.simulator.actor import Actor, Need, Waiting
from accelsim.simulator.loops import Address

__all__ = ["Place", "common_loops", "place_of", "read_again", "wait_for"]

Place = tuple[Address | None, str, str]
"""A store that holds a tensor: its Keep, the tensor, and of an input what it was filled for."""


def place_of(store: Store, tensor: str, fill: str = "") -> Place:
    """A store that holds a tensor: of results, or of an input, which may be filled for several."""
    if store.address is None:
        return None, tensor, f"{fill}@{store.memory}"
    return store.address, tensor, fill


def common_loops(one: Actor, other: Actor) -> int:
    """How many loops two actors have in common."""
    depth = 0
    for a, b in zip(one.levels, other.levels, strict=False):
        if a.address != b.address:
            break
        depth += 1
    return depth


def wait_for(
    me: Actor,
    other: Actor,
    ahead: int,
    status: Waiting,
    *,
    depth: int | None = None,
    arrived: bool = False,
    unless_done: bool = False,
) -> None:
    """Let an actor wait for another one (see :class:`Need`).

    Args:
        me: the one that waits.
        other: the one that it waits for.
        ahead: by how many iterations that one must be ahead.
        status: what the first one does meanwhile.
        depth: loops whose iterations count; all that they have in common where None.
        arrived: whether what the other one sent must have arrived.
        unless_done: whether it may go on, too, when the other one has nothing left to do.
    """
    common = common_loops(me, other)
    depth = common if depth is None else min(depth, common)
    me.needs.append(Need(other, depth, ahead, status, arrived, unless_done))


class _Again(Need):
    """A partial result must have been written before it is read again."""

    def least(self, me: Actor) -> int:
        return self.ahead - _visits_since(me)


def read_again(reader: Actor, writer: Actor) -> None:
    """Let the one that reads partial results wait until the same ones have been written.

    Args:
        reader: it moves partial results into a store, in loops that it has ``flags`` for where
            they do not change the tile.
        writer: it moves them out of it.
    """
    reader.needs.append(_Again(writer, len(reader.levels), 1, "input"))


def _visits_since(reader: Actor) -> int:
    """Visits from the last one of the same tile up to this one; all where it is the first."""
    cursor = reader.cursor
    turned = [i for i in reader.flags if cursor.at[i]]
    if not turned:
        return reader.finished[-1] + 1
    inside = range(turned[-1] + 1, len(cursor.count))
    since = math.prod(cursor.count[i] for i in inside)
    for i in inside:
        if i in reader.flags:
            since -= (cursor.count[i] - 1) * math.prod(cursor.count[i + 1 :])
    return since
