"""In which order the Einsums of a block take turns on their arrays, and wait for epochs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from accelsim.simulator.actor import Actor, Waiting
from accelsim.simulator.needs import common_loops, wait_for
from accelsim.simulator.stages import Stages

__all__ = ["take_turns"]


def take_turns(turns: Mapping[str, Actor], stages: Stages, *, barriers: bool) -> None:
    """Let actors wait for each other so that each has its place in every turn of their loops.

    Args:
        turns: Einsum, or tensor that crosses a link in an epoch -> its actor, in their order.
        stages: the epoch of each, and how many tiles it is behind.
        barriers: whether an epoch waits for all of the one before it, on whatever array.
    """
    ordered = [name for name in turns if name in stages.epoch]
    for x, y in combinations(ordered, 2):
        first, second = (x, y) if stages.epoch[x] <= stages.epoch[y] else (y, x)
        a, b = turns[first], turns[second]
        same = a.components[0] is b.components[0]
        waits = barriers and stages.epoch[first] != stages.epoch[second]
        if not (same or waits):
            continue
        behind = stages.lag[second] - stages.lag[first]
        depth = common_loops(a, b)
        if behind or waits:
            depth = min(depth, stages.depth)
        status: Waiting = "turn" if same else "barrier"
        # In turn t, each works on its tile t - lag; the first goes before the second.
        wait_for(b, a, behind + 1, status, depth=depth, unless_done=True)
        wait_for(a, b, -behind, status, depth=depth, unless_done=True)
