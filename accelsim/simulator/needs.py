"""What actors have in common, loops and stores; and how one waits for another."""

from __future__ import annotations

from accelsim.mapping.residency import Store
from accelsim.simulator.actor import Actor, Need, Waiting
from accelsim.simulator.loops import Address

__all__ = ["Place", "common_loops", "place_of", "wait_for"]

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
