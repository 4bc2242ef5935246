"""The actors of a block in SimPy: they wait, take components, work, and free them again.

At every moment all completions come first; then whoever can begin does, in a fixed order. So the
outcome does not depend on the order in which events of one moment are handled.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator, Hashable
from fractions import Fraction
from typing import Any, cast

import simpy
from simpy.events import EventPriority

from accelsim.errors import InputError
from accelsim.simulator.actor import Actor, Job, Status, Ticks
from accelsim.simulator.books import Books, Chain
from accelsim.simulator.forward import Forward
from accelsim.simulator.program import Program

__all__ = ["Engine", "PlayInterruptedError"]

_LAST = EventPriority(9)
"""Priority of what comes after all completions of one moment."""

_NOTHING = Job((), 0)

_WAITING = ("turn", "barrier", "space", "input")


class _AfterAll(simpy.Event):
    """Happens at this moment, after everything else that does. (SimPy's own events set the same
    two attributes.)"""

    def __init__(self, environment: simpy.Environment, then: Callable[[simpy.Event], None]) -> None:
        super().__init__(environment)
        self._ok, self._value = True, None
        self.callbacks = [then]
        environment.schedule(self, priority=_LAST)


class PlayInterruptedError(Exception):
    """The user stopped the simulation; ``cycles`` is how far it came."""

    def __init__(self, cycles: Fraction) -> None:
        super().__init__(cycles)
        self.cycles = cycles


class Engine:
    """Plays one program."""

    def __init__(self, program: Program, *, fast_forward: bool = True) -> None:
        self.program = program
        self.actors = program.actors
        self.environment = simpy.Environment()
        self.skipped: Ticks = 0
        """Time that was not played out."""
        self.events = 0
        self.books = Books(program.actors, program.components)
        self.forward = Forward(self) if fast_forward else None
        self.ready: deque[Actor] = deque()
        """Actors whose needs are met, in the order in which they came to be so."""
        self.readied: list[Actor] = []
        """Those that came to be so at this moment."""
        self.flights: list[tuple[Ticks, int, int]] = []
        """What is on its way: when it arrives, of which actor, and at what depth."""
        self.go = [self.environment.event() for _ in self.actors]
        self.due: list[int] = []
        """Actors to look at."""
        self.is_due = [False] * len(self.actors)
        self.planned = False
        self.moved: list[tuple[Actor, int]] = []
        """Actors that completed an iteration at this moment, and how many loops go on."""
        self.ended: Ticks = 0
        """When the last result was there, and the chain up to then."""
        self.chain: Chain = {}

    @property
    def now(self) -> Ticks:
        """The time of the machine, what was skipped included."""
        return self.played + self.skipped

    @property
    def played(self) -> Ticks:
        """The time that was played out."""
        return cast(Ticks, self.environment.now)

    def _wait(self, ticks: Ticks) -> simpy.Event:
        self.events += 1
        # SimPy takes any number, fractions included.
        return self.environment.timeout(cast(int, ticks))

    def run(self) -> None:
        """From the beginning to the end.

        Raises:
            InputError: where all wait for each other.
            PlayInterruptedError: where the user stops it.
        """
        for actor in self.actors:
            self.environment.process(self._process(actor))
            self._look_at(actor)
        try:
            self.environment.run()
        except KeyboardInterrupt:
            cycles = Fraction(self.now) / self.program.ticks_per_cycle
            raise PlayInterruptedError(cycles) from None
        left = [actor for actor in self.actors if actor.status != "done"]
        if left:
            raise InputError(_deadlock(self.program, left))
        self.books.close(self.ended)

    def pending(self) -> Hashable:
        """All that is under way, relative to now."""
        now = self.played
        return (
            tuple((a.index, now - a.began, a.job.ticks) for a in self.actors if a.job is not None),
            tuple((at - now, index, depth) for at, index, depth in sorted(self.flights)),
            tuple(actor.index for actor in self.ready),
            tuple(component.wrote for component in self.program.components),
        )

    # Processes.

    def _process(self, actor: Actor) -> Generator[simpy.Event, Any, None]:
        """One actor: whenever it may go, it does its job, part by part."""
        while actor.status != "done":
            yield self.go[actor.index]
            self.go[actor.index] = self.environment.event()
            job = actor.job
            assert job is not None
            passed: Ticks = 0
            for part in job.parts:
                if part.ticks > passed:
                    yield self._wait(part.ticks - passed)
                    passed = part.ticks
                if part.component is not job.holder:
                    part.component.in_use -= 1
                    self.books.free(actor, part, part.ticks, self.now)
                elif part.ticks < job.ticks:
                    self.books.starve(actor, part.component, job)
                self._plan()
            for part in job.parts:
                if part.component is job.holder:
                    part.component.in_use -= 1
                    self.books.free(actor, part, job.ticks, self.now)
            self._complete(actor)

    def _arrive(self, actor: Actor, depth: int) -> None:
        for i in range(depth, len(actor.arrived)):
            actor.arrived[i] += 1

    def _flight(
        self, actor: Actor, depth: int, latency: Ticks
    ) -> Generator[simpy.Event, Any, None]:
        """What an actor sent arrives."""
        chain = self.books.arriving(actor, latency)
        yield self._wait(latency)
        heapq.heappop(self.flights)
        self.books.fly(actor, off=False)
        self._arrive(actor, depth)
        if actor.computes:
            self.ended, self.chain = self.now, chain
        self._wake(actor, chain, arrived=True)

    def _complete(self, actor: Actor) -> None:
        """An iteration is done: whoever waits for it may go on."""
        self.books.complete(actor)
        latency = actor.job.latency if actor.job is not None else 0
        depth = actor.complete()
        self.ended = self.now
        self.chain = self.books.chain[actor.index]
        # Nothing overtakes what was sent before.
        actor.lands = max(self.played + latency, actor.lands)
        flies = actor.lands > self.played
        if flies:
            heapq.heappush(self.flights, (actor.lands, actor.index, depth))
            self.books.fly(actor, off=True)
            self.environment.process(self._flight(actor, depth, actor.lands - self.played))
        elif actor.latency:
            self._arrive(actor, depth)
        self._set(actor, "done" if depth == 0 else "turn")
        self.moved.append((actor, depth))
        self._wake(actor, self.books.chain[actor.index], arrived=not flies)
        if depth:
            self.books.cause[actor.index] = self.books.chain[actor.index]
            self._look_at(actor)

    # Who goes next.

    def _wake(self, actor: Actor, chain: Chain, *, arrived: bool) -> None:
        """Look at those who wait for an actor."""
        for watcher in actor.watchers:
            if watcher.status in _WAITING and watcher.waits_for < len(watcher.needs):
                need = watcher.needs[watcher.waits_for]
                if need.other is actor and (arrived or not need.arrived):
                    self.books.cause[watcher.index] = chain
                    self._look_at(watcher)
        self._plan()

    def _look_at(self, actor: Actor) -> None:
        if not self.is_due[actor.index]:
            self.is_due[actor.index] = True
            heapq.heappush(self.due, actor.index)
        self._plan()

    def _plan(self) -> None:
        """Decide who goes next, once everything of this moment has happened."""
        if not self.planned:
            self.planned = True
            _AfterAll(self.environment, self._decide)

    def _decide(self, _: simpy.Event) -> None:
        self.events += 1
        while self.due:
            actor = self.actors[heapq.heappop(self.due)]
            self.is_due[actor.index] = False
            self._try(actor)
        # Of those that come to be ready at one moment, an array goes before what is fetched ahead.
        self.ready.extend(sorted(self.readied, key=lambda a: (not a.computes, a.index)))
        self.readied.clear()
        self._grant()
        self.planned = False
        self.books.look(self.now)
        moved, self.moved = self.moved, []
        if self.forward is not None:
            self.forward.look(moved)

    def _try(self, actor: Actor) -> None:
        """On to the first unmet need, or to work. An iteration in which there is nothing to do
        needs no operands, but keeps its place in the order."""
        if actor.status not in _WAITING:
            return
        active = actor.cursor.active
        while actor.waits_for < len(actor.needs):
            need = actor.needs[actor.waits_for]
            if (active or need.status != "input") and not need.met(actor):
                self._set(actor, need.status)
                return
            actor.waits_for += 1
        actor.job = actor.work(actor.cursor) if active else _NOTHING
        if actor.job.parts:
            self._set(actor, "resource")
            self.readied.append(actor)
        else:
            self._complete(actor)

    def _grant(self) -> None:
        """Begin what can begin, first come first served at each component."""
        taken: set[str] = set()
        waiting, self.ready = self.ready, deque()
        for actor in waiting:
            job = actor.job
            assert job is not None
            names = {part.component.name for part in job.parts}
            if names & taken or not job.fits:
                taken |= names
                self.ready.append(actor)
                continue
            if any(part.turn for part in job.parts):
                job = actor.job = job.turned
            for part in job.parts:
                part.component.in_use += 1
                part.component.wrote = part.write
            self.books.begin(actor, job, self.now)
            self._set(actor, "busy")
            actor.began = self.played
            self.go[actor.index].succeed()

    def _set(self, actor: Actor, status: Status) -> None:
        if actor.status != status:
            self.books.change(actor, status, self.now)
            actor.status = status


def _deadlock(program: Program, left: list[Actor]) -> str:
    words = {
        "turn": "its turn on the array after",
        "barrier": "the epoch of",
        "space": "space that is held until it is read by",
        "input": "what comes from",
    }
    waits = [
        f"'{actor.name}' for {words[need.status]} '{need.other.name}'"
        for actor in left
        if actor.waits_for < len(actor.needs)
        for need in [actor.needs[actor.waits_for]]
    ]
    return (
        f"block '{program.name}' waits for itself: {'; '.join(waits[:6])}; a tile must be read "
        "before its space is needed again: hold two tiles (double_buffer), keep fewer loops "
        "between maker and reader, or reorder the epochs"
    )
