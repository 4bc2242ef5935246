"""Who does something in time: an Einsum on its array, or what moves tiles of a tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal

from accelsim.simulator.components.component import Component
from accelsim.simulator.loops import Cursor, Level
from accelsim.simulator.timing import State

__all__ = ["Actor", "Job", "Need", "Part", "Waiting", "Work", "job_of"]

Ticks = int | Fraction
"""Time in a unit that durations are whole numbers of, but for those of DRAM with banks."""

Status = State | Literal["turn", "done"]
"""A state; ``turn``: other Einsums of its array come first; ``done``: nothing left."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a job takes of one component."""

    component: Component
    ticks: Ticks
    what: str
    """The Einsum, or the tensor that is moved."""
    write: bool | None = None
    """Of a transfer: whether it writes."""
    turn: Ticks = 0
    """What it takes more where the transfer before went the other way."""


@dataclass(frozen=True, eq=False)
class Job:
    """One tile: its parts begin together, each component is free again after its own."""

    parts: tuple[Part, ...]
    """Shortest first."""
    ticks: Ticks
    """Of the longest part."""
    holder: Component | None = None
    """The array, which is held until all of its operands are there."""
    latency: Ticks = 0
    """From its end until what was sent has arrived."""

    @property
    def fits(self) -> bool:
        """Whether all components can take their parts now."""
        return all(
            part.component.in_use + count <= part.component.servers
            for part, count in self.ports.values()
        )

    @cached_property
    def ports(self) -> dict[str, tuple[Part, int]]:
        """Component -> one of its parts, and how many there are."""
        found: dict[str, tuple[Part, int]] = {}
        for part in self.parts:
            found[part.component.name] = part, found.get(part.component.name, (part, 0))[1] + 1
        return found

    @property
    def turned(self) -> Job:
        """The same where the data bus must turn around first, for those of its parts that do."""
        parts = (
            replace(part, ticks=part.ticks + part.turn, turn=0)
            if part.turn and part.component.wrote not in (None, part.write)
            else part
            for part in self.parts
        )
        return job_of(parts, self.holder, self.latency)


def job_of(parts: Iterable[Part], holder: Component | None = None, latency: Ticks = 0) -> Job:
    """The job of some parts: those of one component are shared out among its ports, and what one
    port serves is served together."""
    of: dict[str, list[Part]] = {}
    for part in parts:
        if part.ticks:
            of.setdefault(part.component.name, []).append(part)
    found = [served for each in of.values() for served in _shared_out(each)]
    found.sort(key=lambda part: part.ticks)
    return Job(tuple(found), found[-1].ticks if found else 0, holder, latency)


def _shared_out(parts: list[Part]) -> list[Part]:
    """The longest first, each to the port that has least to do."""
    ports: list[Part] = []
    ordered = sorted(parts, key=lambda part: -part.ticks) if len(parts) > 1 else parts
    for part in ordered:
        if len(ports) < part.component.servers:
            ports.append(part)
        else:
            least = min(range(len(ports)), key=lambda i: ports[i].ticks)
            before = ports[least]
            ports[least] = replace(part, ticks=part.ticks + before.ticks, what=before.what)
    return ports


Work = Callable[[Cursor], Job]
"""The job of an actor at its position."""


Waiting = Literal["turn", "barrier", "space", "input"]


@dataclass(eq=False, slots=True)
class Need:
    """What another actor must have completed before an actor may begin an iteration.

    Both stand in the same ``depth`` outermost loops; of iterations of these, the other one must
    have completed ``ahead`` more than this one (a negative number: it may be behind).
    """

    other: Actor
    depth: int
    ahead: int
    status: Waiting
    """What an actor does while it waits for this."""
    arrived: bool = False
    """Whether what the other one sent must have arrived; else that it has finished is enough."""
    unless_done: bool = False
    """Met when the other one has nothing left to do."""

    def least(self, me: Actor) -> int:
        """How far the other actor must be ahead where this one stands."""
        return self.ahead

    def met(self, me: Actor) -> bool:
        """Whether the other actor is far enough."""
        counts = self.other.arrived if self.arrived else self.other.finished
        return counts[self.depth] - me.finished[self.depth] >= self.least(me) or (
            self.unless_done and self.other.status == "done"
        )


@dataclass(eq=False)
class Actor:
    """Walks through its loops; in each iteration it waits for its needs, then does its job."""

    index: int
    name: str
    what: str
    levels: tuple[Level, ...]
    work: Work
    components: tuple[Component, ...]
    """Those that its jobs may take; the first is the one that it belongs to."""
    computes: bool = False
    """Whether it is an Einsum on its array."""
    flags: tuple[int, ...] = ()
    """Loops whose first iteration is unlike the others."""
    latency: Ticks = 0
    """From the end of a job until what it sent has arrived, at most."""
    needs: list[Need] = field(default_factory=list)
    watchers: list[Actor] = field(default_factory=list)
    """Actors that have needs of this one."""

    # What changes in time.
    cursor: Cursor = field(init=False)
    status: Status = field(init=False, default="turn")
    finished: list[int] = field(init=False)
    """After 0, 1, ... loops: iterations completed."""
    arrived: list[int] = field(init=False)
    """The same of what has arrived; the same list where there is no latency."""
    waits_for: int = field(init=False, default=0)
    """The first need that may not be met yet."""
    job: Job | None = field(init=False, default=None)
    began: Ticks = field(init=False, default=0)
    delayed_by: str = ""
    """What the latency is of, where it is not that of the first component."""
    lands: Ticks = field(init=False, default=0)
    """When the last of what it sent arrives."""

    def __post_init__(self) -> None:
        self.cursor = Cursor(self.levels)
        self.finished = [0] * (len(self.levels) + 1)
        self.arrived = list(self.finished) if self.latency else self.finished

    def complete(self) -> int:
        """One iteration is done; returns how many loops go on around it, 0 where none is left."""
        self.job = None
        self.waits_for = 0
        depth = self.cursor.advance()
        for i in range(depth, len(self.finished)):
            self.finished[i] += 1
        return depth
