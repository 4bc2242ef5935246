"""Who spent which time how: states of components, the critical chain, and what was drawn of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from accelsim.simulator.actor import Actor, Job, Part, Status, Ticks
from accelsim.simulator.components.component import Component
from accelsim.simulator.timing import STATES, State

__all__ = ["Books", "Chain", "Drawn"]

Chain = Mapping[tuple[str, str], Ticks]
"""(component, what it did) -> time on the longest chain of causes up to some moment."""

Drawn = tuple[str, Ticks, Ticks, str, State]
"""Component, start, end, what, state."""

_MOST_DRAWN = 20_000
"""Spans at the beginning, and again at the end, of which a record is kept."""

_WAITS: tuple[State, ...] = ("resource", "space", "input", "barrier")


@dataclass
class _Ledger:
    """One component's states so far."""

    state: State = "idle"
    what: str = ""
    since: Ticks = 0
    """Up to when ``spent`` is complete."""
    opened: Ticks = 0
    """When it came into its state."""
    spent: dict[State, Ticks] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    working: list[tuple[Actor, str]] = field(default_factory=list)
    """Actors that it works for, and at what."""
    starved: str = ""
    """What an array waits for whose work on a tile is done before all operands are there."""
    waiting: dict[Status, dict[int, str]] = field(
        default_factory=lambda: {state: {} for state in _WAITS}
    )
    """State -> actors in it, by index, and what they wait for."""
    flying: list[str] = field(default_factory=list)
    """What is on its way over a link."""
    freed: tuple[Ticks, Chain] = (0, {})
    """When it was freed last, and the chain up to there."""

    def shown(self) -> tuple[State, str]:
        """What it does now: busy, else the first of the waits that any of its actors is in."""
        if self.starved:
            return "input", self.starved
        if self.working:
            return "busy", self.working[0][1]
        if self.flying:
            return "busy", self.flying[0]
        for state in _WAITS:
            if found := self.waiting[state]:
                return state, found[min(found)]
        return "idle", ""


class Books:
    """The ledgers of all components of a program."""

    def __init__(self, actors: tuple[Actor, ...], components: tuple[Component, ...]) -> None:
        self.ledgers = {component.name: _Ledger() for component in components}
        self.drawn = {component.name for component in components if component.shown}
        """Those of whose states a record is kept."""
        self.touched: dict[str, None] = {}
        self.base: dict[tuple[str, str], Ticks] = {}
        """Of every chain, what was not played out."""
        self.chain: list[Chain] = [{} for _ in actors]
        """Up to the last completion of every actor."""
        self.cause: list[Chain] = [{} for _ in actors]
        """Up to the moment at which an actor's last need was met."""
        self.begun: list[Chain] = [{} for _ in actors]
        self.granted: Chain = {}
        """Up to the last job that began."""
        self.ready_at: list[Ticks] = [0] * len(actors)
        self.first: list[Drawn] = []
        self.last: deque[Drawn] = deque(maxlen=_MOST_DRAWN)
        self.left_out = 0

    # What actors do.

    def change(self, actor: Actor, status: Status, now: Ticks) -> None:
        """An actor comes into another status."""
        for component in self._shows(actor):
            ledger = self.ledgers[component.name]
            if actor.status in _WAITS:
                ledger.waiting[actor.status].pop(actor.index, None)
            if status in _WAITS:
                what = actor.what
                if status != "resource" and actor.waits_for < len(actor.needs):
                    what = actor.needs[actor.waits_for].other.what
                ledger.waiting[status][actor.index] = what
            self.touched[component.name] = None
        if status == "resource":
            self.ready_at[actor.index] = now

    def _shows(self, actor: Actor) -> tuple[Component, ...]:
        """Components that wait when the actor does: its array, or all memories between which it
        moves."""
        return actor.components[:1] if actor.computes else actor.components

    def begin(self, actor: Actor, job: Job, now: Ticks) -> None:
        """The parts of a job begin."""
        chain = self.cause[actor.index]
        if self.ready_at[actor.index] < now:
            # It waited for a component, or for those before it that did.
            freed = [self.ledgers[part.component.name].freed for part in job.parts]
            chain = next((c for at, c in freed if at == now), self.granted)
        self.begun[actor.index] = self.granted = chain
        for part in job.parts:
            self.ledgers[part.component.name].working.append((actor, part.what))
            self.touched[part.component.name] = None

    def starve(self, actor: Actor, component: Component, job: Job) -> None:
        """An array has done its work on a tile, but not all operands have come."""
        ledger = self.ledgers[component.name]
        ledger.starved = job.parts[-1].what
        self.touched[component.name] = None

    def free(self, actor: Actor, part: Part, ticks: Ticks, now: Ticks) -> None:
        """A component is done with a job, which took it so long."""
        ledger = self.ledgers[part.component.name]
        ledger.working.remove((actor, part.what))
        ledger.starved = ""
        ledger.freed = now, _longer(self.begun[actor.index], part, ticks)
        self.touched[part.component.name] = None

    def complete(self, actor: Actor) -> None:
        """An iteration is done; the longest part of its job is what it took."""
        job, chain = actor.job, self.cause[actor.index]
        if job is not None and job.parts:
            chain = _longer(self.begun[actor.index], job.parts[-1], job.ticks)
        self.chain[actor.index] = chain

    def fly(self, actor: Actor, *, off: bool) -> None:
        """Something sets off over a link, or arrives."""
        component = actor.components[0]
        if component.carries:
            ledger = self.ledgers[component.name]
            ledger.flying.append(actor.what) if off else ledger.flying.pop(0)
            self.touched[component.name] = None

    def arriving(self, actor: Actor, latency: Ticks) -> Chain:
        """The chain up to the arrival of what an actor has just sent."""
        name = actor.delayed_by or actor.components[0].name
        chain, key = self.chain[actor.index], (name, "latency")
        return {**chain, key: chain.get(key, 0) + latency}

    # Time.

    def look(self, now: Ticks) -> None:
        """Note what has changed, once everything of this moment has happened."""
        for name in self.touched:
            ledger = self.ledgers[name]
            shown = ledger.shown()
            if shown != (ledger.state, ledger.what):
                self._spend(ledger, now)
                self._draw(name, ledger, now)
                ledger.state, ledger.what = shown
                ledger.opened = now
        self.touched.clear()

    def settle(self, now: Ticks) -> list[list[Ticks]]:
        """Time spent up to now, by component and state."""
        for ledger in self.ledgers.values():
            self._spend(ledger, now)
        return [list(ledger.spent.values()) for ledger in self.ledgers.values()]

    def skip(self, more: list[list[Ticks]], chain: Chain, start: Ticks, end: Ticks) -> None:
        """Add what was not played out.

        Args:
            more: time by component and state.
            chain: what every chain grows by.
            start: when it begins.
            end: when it ends.
        """
        for (name, ledger), states in zip(self.ledgers.items(), more, strict=True):
            for state, ticks in zip(STATES, states, strict=True):
                ledger.spent[state] += ticks
            self._draw(name, ledger, start)
            ledger.since = ledger.opened = end
            freed_at, freed = ledger.freed
            ledger.freed = freed_at + end - start, freed
        self.ready_at = [at + end - start for at in self.ready_at]
        for key, ticks in chain.items():
            self.base[key] = self.base.get(key, 0) + ticks

    def close(self, now: Ticks) -> None:
        """The end."""
        for name, ledger in self.ledgers.items():
            self._spend(ledger, now)
            self._draw(name, ledger, now)

    def whole(self, chain: Chain) -> dict[tuple[str, str], Ticks]:
        """A chain with what was not played out."""
        found = dict(self.base)
        for key, ticks in chain.items():
            found[key] = found.get(key, 0) + ticks
        return {key: ticks for key, ticks in found.items() if ticks}

    def _spend(self, ledger: _Ledger, now: Ticks) -> None:
        ledger.spent[ledger.state] += now - ledger.since
        ledger.since = now

    def _draw(self, name: str, ledger: _Ledger, now: Ticks) -> None:
        if now == ledger.opened or ledger.state == "idle" or name not in self.drawn:
            return
        span = name, ledger.opened, now, ledger.what, ledger.state
        if len(self.first) < _MOST_DRAWN:
            self.first.append(span)
        else:
            self.left_out += len(self.last) == _MOST_DRAWN
            self.last.append(span)


def _longer(chain: Chain, part: Part, ticks: Ticks) -> Chain:
    key = part.component.name, part.what
    return {**chain, key: chain.get(key, 0) + ticks}
