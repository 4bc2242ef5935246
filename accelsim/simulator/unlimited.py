"""The same program without latencies and with buffers that have no limit.

Such buffers hold what a block reads before it begins, and what it makes until after it has ended,
and all tiles in between: no tile waits for another. What remains is that each component does one
thing at a time, and that an epoch waits for the one before it, now of all tiles together. Then a
block takes as long as the analytic model says, exactly.
"""

from __future__ import annotations

from dataclasses import replace

from accelsim.simulator.actor import Actor, Job, Need, Work, job_of
from accelsim.simulator.components.component import Component
from accelsim.simulator.loops import Cursor
from accelsim.simulator.program import Program

__all__ = ["without_waits"]


def without_waits(program: Program) -> Program:
    """Every part of every job as an actor of its own that waits for nothing but epochs."""
    actors: list[Actor] = []
    epochs: list[tuple[int, Actor]] = []
    for actor in program.actors:
        for component in dict.fromkeys(actor.components):
            part = Actor(
                len(actors),
                actor.name,
                actor.what,
                actor.levels,
                _only(actor.work, component),
                (component,),
                component is actor.components[0] and actor.computes,
                actor.flags,
            )
            actors.append(part)
            if component is actor.components[0] and actor.name in program.stages.epoch:
                epochs.append((program.stages.epoch[actor.name], part))
    for epoch, later in epochs:
        for before, earlier in epochs:
            if before < epoch:
                later.needs.append(Need(earlier, 0, 1, "barrier"))
                earlier.watchers.append(later)
    return replace(program, actors=tuple(actors))


def _only(work: Work, component: Component) -> Work:
    """What a job takes of one component."""

    def part(cursor: Cursor) -> Job:
        return job_of(p for p in work(cursor).parts if p.component is component)

    return part
