"""A mapped block -> the actors that play it out, and what each of them waits for.

Every Einsum has an actor that computes its tiles, and every tensor that is kept somewhere one for
each pair of neighbouring stores. All of them walk through the same explicit loops, each as deep as
its tile is kept, and are ordered by counting completed iterations alone (:class:`Need`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accelsim.einsum.cascade import TensorAccess, lag_of
from accelsim.formats import Bits
from accelsim.mapping.mapping import Keep, Loop, Move
from accelsim.mapping.residency import Residency, Store
from accelsim.model.counts import BlockCounts
from accelsim.model.crossings import Crosser, Crossing
from accelsim.model.operations import operations_of
from accelsim.simulator.actor import Actor, Job, Ticks, Work
from accelsim.simulator.again import read_again
from accelsim.simulator.components.component import Component, MachinePart, component_of
from accelsim.simulator.components.link import LinkComponent
from accelsim.simulator.copies import Copies
from accelsim.simulator.durations import Durations, fold_levels
from accelsim.simulator.hiding import Hiding, whole_turns
from accelsim.simulator.loops import Address, Level, Way, explicit_loops, way_of
from accelsim.simulator.needs import Place, common_loops, place_of, wait_for
from accelsim.simulator.order import take_turns
from accelsim.simulator.stages import (
    Stages,
    crossed_links,
    shared_depth,
    stages_of,
    turns_between,
)
from accelsim.simulator.volumes import fresh_levels

__all__ = ["Program", "program_of"]


@dataclass
class Program:
    """What is played out."""

    name: str
    actors: tuple[Actor, ...]
    components: tuple[Component, ...]
    ticks_per_cycle: int
    copies: Copies
    stages: Stages


def program_of(residency: Residency, counts: BlockCounts, bits: Bits) -> Program:
    """The program of one block.

    Args:
        residency: the block, of sound structure.
        counts: what the analytic model counts of it.
        bits: tensor -> bits per element.

    Raises:
        InputError: where the block would wait for itself.
    """
    return _Builder(residency, counts, bits).build()


class _Builder:
    def __init__(self, residency: Residency, counts: BlockCounts, bits: Bits) -> None:
        self.residency, self.counts = residency, counts
        self.copies = Copies(residency, bits)
        self.components = _components(residency)
        self.ways = {
            name: way_of(residency, name, _depth(residency, name)) for name in residency.schedules
        }
        self.crossings = _crossings(residency, counts, bits)
        shared = shared_depth(residency, tuple(self.ways))
        self.cycles = {einsum.name: einsum for einsum in counts.einsums}
        self.stages = stages_of(
            residency,
            self.copies,
            cycles={name: einsum.cycles for name, einsum in self.cycles.items()},
            turns=whole_turns(next(iter(self.ways.values())), shared),
        )
        self.hiding = Hiding(residency, self.components, self.ways, self.crossings, counts)
        self.copies.prefetch(self.hiding.useful)
        self.actors: list[Actor] = []
        self.turns: dict[str, Actor] = {}
        self.durations = Durations(residency, self.components, self.ways, self.crossings)
        self.writers: dict[Place, Actor] = {}
        """Who brings results into a store, from below."""
        self.users: dict[Place, list[Actor]] = {}
        """Who takes a tensor from a store."""
        self.takers: dict[Place, Actor] = {}
        """Who takes space in a store for a new tile."""
        self.made: dict[str, Actor] = {}
        """Who brings a tensor into the outermost memory."""
        self.movers: dict[tuple[str, TensorAccess], list[Actor]] = {}
        """All that move an input of an Einsum, outermost first."""
        self.first: dict[tuple[str, TensorAccess], Actor] = {}
        """Who takes an input of an Einsum from the outermost store of its way."""

    def build(self) -> Program:
        for name in self.ways:
            self._einsum(name)
        self._links()
        for name in self.ways:
            self._producers(name)
        self._spaces()
        take_turns(self.turns, self.stages, barriers=bool(self.residency.block.epochs))
        for actor in self.actors:
            for need in actor.needs:
                if actor not in need.other.watchers:
                    need.other.watchers.append(actor)
            order = ("turn", "barrier", "space", "input")
            actor.needs.sort(key=lambda need: order.index(need.status))
        return Program(
            self.counts.name,
            tuple(self.actors),
            tuple(self.components.values()),
            self.durations.ticks_per_cycle,
            self.copies,
            self.stages,
        )

    # Actors.

    def _actor(
        self,
        name: str,
        what: str,
        levels: tuple[Level, ...],
        work: Work,
        components: Iterable[str],
        *,
        computes: bool = False,
        flags: tuple[int, ...] = (),
        latency: Ticks = 0,
    ) -> Actor:
        found = tuple(self.components[c] for c in dict.fromkeys(components))
        actor = Actor(len(self.actors), name, what, levels, work, found, computes, flags, latency)
        self.actors.append(actor)
        return actor

    def _einsum(self, name: str) -> None:
        """The actor of an Einsum, and those that bring its operands and take its results away."""
        way = self.ways[name]
        schedule = way.schedule
        passing = [c for c in self.crossings[name] if self.durations.kept_depth(way, c) is None]
        kept = [
            c
            for c in self.crossings[name]
            if self.durations.kept_depth(way, c) is not None
            and (c.kind != "partial" or (c.moved and not self._added_up(c)))
        ]
        memories = [m for c in passing for m in c.moved if self.durations.memory(m).limited]
        movers: dict[Crossing, Actor] = {}
        for i, crossing in enumerate(kept):
            if crossing.shared_with is None or crossing.moved:
                way_on = [(c.kind, c.access) for c in kept[i + 1 :]]
                last = (crossing.kind, crossing.access) not in way_on
                movers[crossing] = self._mover(way, crossing, last=last)
        again = [c for c in passing if c.kind == "partial"]
        flags = {i for c in again for i in fresh_levels(way, len(way.levels), c)}
        array = self.durations.array(schedule.array.name)
        turn = self._actor(
            name,
            name,
            way.levels,
            self.durations.compute(way, self.cycles[name], passing),
            (array.name, *memories),
            computes=True,
            flags=tuple(sorted(flags | set(fold_levels(way)))),
            latency=array.latency_cycles * self.durations.ticks_per_cycle,
        )
        self.turns[name] = turn
        for crossing in passing:
            if crossing.kind == "down" and not any(c.access == crossing.access for c in kept):
                self._stream(turn, crossing)
        for access in schedule.einsum.inputs:
            down = [c for c in kept if c.kind == "down" and c.access == access]
            self._inputs(turn, access, down, movers)
        self._results(turn, [c for c in kept if c.kind in ("up", "partial")], movers)

    def _added_up(self, crossing: Crossing) -> bool:
        """Whether partial results stay where they are, and new ones are added to them there."""
        machine = self.residency.architecture
        above, below = (machine.memories.get(s.memory) for s in (crossing.above, crossing.below))
        inside = below is None or below.parent in machine.arrays
        return above is not None and above.accumulates and inside

    def _mover(self, way: Way, crossing: Crossing, *, last: bool) -> Actor:
        depth = self.durations.kept_depth(way, crossing)
        assert depth is not None
        fresh = fresh_levels(way, depth, crossing) if crossing.kind == "partial" else ()
        tensor, above, below = crossing.access.tensor, crossing.above, crossing.below
        ends = (below, above) if crossing.kind == "up" else (above, below)
        machine = self.residency.architecture
        latency: Ticks = 0
        if crossing.kind != "up":
            # The array reads from the last store itself.
            latency = self._latency(above) + (self._latency(below) if last else 0)
        mover = self._actor(
            f"{tensor} from {ends[0].memory} to {ends[1].memory} for {crossing.einsum}",
            tensor,
            way.levels[:depth],
            self.durations.move(way, depth, crossing, latency),
            [*(s.memory for s in ends if s.memory in machine.memories), *crossing.moved],
            flags=fresh,
            latency=latency,
        )
        slow = [store.memory for store in (above, below) if self._latency(store)]
        mover.delayed_by = "+".join(slow if last else slow[:1])
        return mover

    def _stream(self, turn: Actor, crossing: Crossing) -> None:
        """Operands that pass by all stores: the first of them come after the latency."""
        if latency := self._latency(crossing.above):
            what, memory = crossing.access.tensor, crossing.above.memory
            name = f"first of {what} from {memory} for {crossing.einsum}"
            nothing = Job((), 0, latency=latency)
            first = self._actor(name, what, (), lambda _: nothing, [memory], latency=latency)
            wait_for(turn, first, 1, "input", arrived=True)

    def _latency(self, store: Store) -> Ticks:
        """Until the first data that are read from a store come; 0 inside the PEs."""
        memory = self.residency.architecture.memories.get(store.memory)
        if memory is None or memory.parent in self.residency.architecture.arrays:
            return 0
        cycles = self.durations.memory(memory.name).latency_cycles
        return cycles * self.durations.ticks_per_cycle

    def _inputs(
        self,
        turn: Actor,
        access: TensorAccess,
        kept: list[Crossing],
        movers: Mapping[Crossing, Actor],
    ) -> None:
        """The way of one input: each mover waits for the one above it, the turn for the last."""
        above: Place | None = None
        source: list[Actor] = []
        for crossing in kept:
            owner = crossing.shared_with or (crossing.einsum, crossing.access)
            place = place_of(crossing.below, access.tensor, f"{owner[0]}:{owner[1]}")
            found = [self.takers[place]] if crossing.shared_with else []
            if crossing in movers:
                mover = movers[crossing]
                found.append(mover)
                self.takers.setdefault(place, mover)
                if above is not None:
                    self._use(above, mover)
                for other in source:
                    wait_for(mover, other, 1, "input", arrived=True)
            self.movers.setdefault((turn.what, access), []).extend(found)
            self.first.setdefault((turn.what, access), movers.get(crossing, turn))
            above, source = place, found
        for other in source:
            wait_for(turn, other, 1, "input", arrived=True)
        if above is not None:
            self._use(above, turn)
        self.first.setdefault((turn.what, access), turn)

    def _use(self, place: Place, actor: Actor) -> None:
        users = self.users.setdefault(place, [])
        if actor not in users:
            users.append(actor)

    def _results(self, turn: Actor, kept: list[Crossing], movers: Mapping[Crossing, Actor]) -> None:
        opened: Actor | None = None
        for crossing in kept:
            if crossing.kind == "partial":
                place = place_of(crossing.below, turn.what)
                if opened is not None:
                    wait_for(movers[crossing], opened, 1, "input", arrived=True)
                opened = self.takers[place] = movers[crossing]
        if opened is not None:
            wait_for(turn, opened, 1, "input", arrived=True)
        writer = turn
        for crossing in reversed([c for c in kept if c.kind == "up"]):
            place = place_of(crossing.below, turn.what)
            self.writers[place] = writer
            self._use(place, movers[crossing])
            wait_for(movers[crossing], writer, 1, "input", arrived=True)
            taker = self.takers.get(place)
            if taker is not None:
                read_again(taker, movers[crossing])
            writer = movers[crossing]
        # The outermost store that it has: the outermost memory, or one that others read it from.
        way = self.residency.way(
            turn.what, self.residency.schedules[turn.what].einsum.output, output=True
        )
        if way and way[0].address is None:
            self.made[turn.what] = writer
        elif way:
            self.writers[place_of(way[0], turn.what)] = writer

    def _links(self) -> None:
        """What crosses a link: in an epoch of its own, or while others work."""
        for epoch in self.residency.block.epochs:
            for part in epoch:
                if isinstance(part, Move):
                    self._link(part.tensor, part.link, waited=True)
        for crossed in crossed_links(self.residency):
            self._link(crossed.tensor, crossed.link, waited=False)

    def _link(self, tensor: str, link: str, *, waited: bool) -> None:
        way = self.ways[tensor]
        depth = min(self.stages.depth, len(way.levels))
        component = self.components[link]
        assert isinstance(component, LinkComponent)
        latency = component.latency_cycles * self.durations.ticks_per_cycle
        taken, on_way = (latency, 0) if waited else (0, latency)
        work = self.durations.cross(way, depth, component, taken, on_way)
        actor = self._actor(
            f"{tensor}@{link}",
            tensor,
            way.levels[:depth],
            work,
            [link],
            latency=on_way,
        )
        self.turns[actor.name] = actor
        wait_for(actor, self.turns[tensor], 1, "input", arrived=True)
        for reader in self.residency.consumers[tensor]:
            if self.residency.schedules[reader].array.name == component.end:
                steps = self.residency.cascade.lags[tensor, reader]
                turns = turns_between(self.residency, tensor, reader)
                if steps <= 0 or turns:
                    wait_for(self.turns[reader], actor, 1 - turns, "input", arrived=True)

    def _producers(self, name: str) -> None:
        """What an Einsum reads of others in this block waits until they have made it."""
        schedule = self.residency.schedules[name]
        for access in schedule.einsum.inputs:
            tensor = access.tensor
            if tensor not in self.turns:
                continue
            stores = self.residency.way(name, access, output=False)
            first = self.first[name, access]
            writer = self.turns[tensor]
            if stores and stores[0].address is None:
                writer = self.made.get(tensor, writer)
            elif stores:
                place = place_of(stores[0], tensor)
                writer = self.writers.get(place, writer)
                self._use(place, first)
            # What was made in an earlier step was made so many turns of the loops ago.
            steps = lag_of(self.residency.cascade[tensor], access)
            turns = turns_between(self.residency, tensor, name) if steps > 0 else 0
            turn, maker = self.turns[name], self.turns[tensor]
            if steps > 0 and not turns:
                continue
            if maker is not writer and len(writer.levels) < common_loops(turn, maker):
                # It leaves the store that both of them use only after several turns: what is in
                # there is handed over at once, and the way out and back is but traffic.
                movers = self.movers.get((name, access), ())
                turn.needs = [need for need in turn.needs if need.other not in movers]
                if turn is not maker:
                    self._follow(turn, maker, turns)
                if first is turn:
                    continue
            if first is turn and writer is maker:
                self._follow(turn, maker, turns)
            elif first is not writer:
                wait_for(first, writer, 1 - turns, "input", arrived=True)

    def _follow(self, turn: Actor, maker: Actor, turns: int) -> None:
        """Read what another Einsum left in registers: on one array, its results need not leave."""
        if turn is not maker:
            apart = turn.components[0] is not maker.components[0]
            wait_for(turn, maker, 1 - turns, "input", arrived=apart)

    def _spaces(self) -> None:
        """A new tile waits until all that use the one whose place it takes are done with it."""
        for place, writer in self.writers.items():
            self.takers.setdefault(place, writer)
        for place, taker in self.takers.items():
            address, tensor, _ = place
            if address is None:
                self._space(place, taker, self.users.get(place, []))
                continue
            tensors: tuple[str, ...] = (tensor,)
            if self.residency.is_shared(tensor, address):
                # Tensors that share a space take it when the first of them is made.
                tensors = self.copies.group(address, tensor)
                if tensor != next(t for t in self.residency.schedules if t in tensors):
                    continue
            users = [u for t in tensors for u in self.users.get((address, t, place[2]), [])]
            self._space(place, taker, users)

    def _space(self, place: Place, taker: Actor, users: Iterable[Actor]) -> None:
        address, tensor, _ = place
        copies = 2
        if address is not None:
            copies = self.copies.of(address, tensor)
        elif taker.computes:
            # Inside the PEs, without a stated size.
            copies = self.hiding.useful_results(taker.what)
        depth = None if address is None else self._loops_around(address, taker)
        for user in users:
            if user is not taker:
                wait_for(taker, user, 1 - copies, "space", depth=depth)

    def _loops_around(self, address: Address, actor: Actor) -> int:
        """How many of an actor's loops are around a Keep."""
        paths = (schedule.path for schedule in self.residency.schedules.values())
        found = next(path.addresses for path in paths if address in path.addresses)
        around = found[: found.index(address)]
        return sum(level.address in around for level in actor.levels)


def _components(residency: Residency) -> dict[str, Component]:
    machine = residency.architecture
    parts: tuple[MachinePart, ...]
    parts = (*machine.arrays.values(), *machine.links.values(), *machine.memories.values())
    return {part.name: component_of(part, machine) for part in parts}


def _depth(residency: Residency, name: str) -> int:
    """Loops around the tiles of an Einsum that are played one by one: those that it shares with
    others, and those around the innermost tile that is kept."""
    path = residency.schedules[name].path
    live = set(explicit_loops(residency, name))
    kept = around = 0
    for step, address in zip(path.steps, path.addresses, strict=True):
        if isinstance(step, Loop):
            around += address in live
        elif isinstance(step, Keep):
            kept = around
    others = [
        shared_depth(residency, (name, other)) for other in residency.schedules if other != name
    ]
    return max([kept, *others])


def _crossings(
    residency: Residency, counts: BlockCounts, bits: Bits
) -> dict[str, tuple[Crossing, ...]]:
    crosser = Crosser(residency, bits, counts.spilled)
    return {
        name: tuple(crosser.crossings(name, operations_of(schedule.einsum, schedule.array)))
        for name, schedule in residency.schedules.items()
    }
