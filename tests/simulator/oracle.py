"""An independent event simulator of one Einsum on one array without registers, to compare with.

It shares nothing with the engine but its input. Tiles are enumerated one by one, every transfer is
a job of its own with a list of the jobs that it waits for, and time passes from event to event:

- Each store on a tensor's way takes a tile in every iteration of the loops around it; loops
  directly around it that do not change the tile are left out.
- A tile is fetched when the store above has it and there is space: with c copies, when the c-th
  tile before it is done with. What lies in the PEs through loops that are played has two.
- A result's tile that was begun before is read again first; it is written when it is computed.
- Innermost transfers happen while the array works; the array is held until all of them are done.
- A transfer takes a port of both memories at once, each for its own time; first come first served,
  the array before the others of one moment. What an array job moves is shared out among ports.
- Where memories have latencies and there is space, more tiles than two are held to hide them.
- What was fetched arrives a latency later: that of the memory that is read, and of the one that
  the array then reads it from. An input that is kept nowhere streams: its first value is late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import prod

from accelsim.architecture import Architecture
from accelsim.mapping import Block, Keep, Loop

__all__ = ["Rules", "Task", "makespan", "tasks_of"]

Index = tuple[int, ...]
Box = dict[str, tuple[int, int]]
"""Rank -> first value and number of values."""
F = Fraction


@dataclass(frozen=True)
class Rules:
    """Where the engine was found to differ; all of them hold of a machine."""

    latency_once: bool = True
    """The latency of a memory in the middle of the way counts once: when it is read."""
    nothing_waits_for_nothing: bool = True
    """A tile of which nothing was begun is not waited for."""
    written_first: bool = True
    """What was begun is read again after it was written, also where a loop at the end turns only
    once and the tile before is the same."""


@dataclass(eq=False)
class Step:
    """One job: the pieces that it takes of each component, and the jobs before it."""

    parts: dict[str, list[Fraction]]
    index: Index
    held: str = ""
    """The component that is held until the last part is over."""
    latency: Fraction = Fraction(0)
    after: list[Step] = field(default_factory=list)
    """They must have ended."""
    behind: list[Step] = field(default_factory=list)
    """What they fetched must have arrived."""
    ended: Fraction | None = None


@dataclass
class Task:
    """Jobs that happen one after the other; earlier tasks go first at the same moment."""

    name: str
    depth: int
    steps: list[Step]

    def groups(self, depth: int) -> list[list[Step]]:
        """Its jobs by iteration of the outermost loops."""
        found: dict[Index, list[Step]] = {}
        for step in self.steps:
            found.setdefault(step.index[:depth], []).append(step)
        return list(found.values())


# Time.


def makespan(tasks: Sequence[Task], ports: Mapping[str, int]) -> Fraction:
    """When the last job ends; ``ports`` holds the components that serve more than one at a time."""
    now, end = F(0), F(0)
    todo = [list(reversed(task.steps)) for task in tasks]
    at_work: list[Step | None] = [None] * len(tasks)
    queue: list[int] = []
    used: dict[str, int] = {}
    frees: list[tuple[Fraction, str]] = []

    def met(step: Step) -> bool:
        return all(s.ended is not None and s.ended <= now for s in step.after) and all(
            s.ended is not None and s.ended + s.latency <= now for s in step.behind
        )

    while any(todo) or any(at_work):
        for i, step in enumerate(at_work):
            if step is not None and step.ended is not None and step.ended <= now:
                at_work[i] = None
        for at, component in frees:
            used[component] -= at <= now
        frees = [(at, component) for at, component in frees if at > now]
        again, readied = True, []
        while again:
            again = False
            for i, steps in enumerate(todo):
                waits = at_work[i] is None and i not in queue and i not in readied
                if waits and steps and met(steps[-1]):
                    if steps[-1].parts:
                        readied.append(i)
                    else:
                        steps.pop().ended = end = now
                        again = True
        queue += sorted(readied, key=lambda i: (not todo[i][-1].held, i))
        blocked: set[str] = set()
        for i in list(queue):
            step = todo[i][-1]
            served = {c: shared_out(parts, ports.get(c, 1)) for c, parts in step.parts.items()}
            free = all(used.get(c, 0) + len(p) <= ports.get(c, 1) for c, p in served.items())
            if not free or blocked & step.parts.keys():
                blocked |= step.parts.keys()
                continue
            queue.remove(i)
            todo[i].pop()
            step.ended = now + max(max(parts) for parts in served.values())
            end = max(end, step.ended)
            at_work[i] = step
            for component, parts in served.items():
                used[component] = used.get(component, 0) + len(parts)
                for cycles in parts:
                    until = step.ended if component == step.held else now + cycles
                    frees.append((until, component))
        times = [at for at, _ in frees]
        for task in tasks:
            for step in task.steps:
                if step.ended is not None:
                    times += [step.ended, step.ended + step.latency]
        later = [at for at in times if at > now]
        if not later:
            assert not any(todo), "the oracle waits for itself"
            break
        now = min(later)
    return end


def shared_out(parts: Iterable[Fraction], ports: int) -> list[Fraction]:
    """The longest first, each to the port with the least to do."""
    found: list[Fraction] = []
    for part in sorted(parts, reverse=True):
        if len(found) < ports:
            found.append(part)
        else:
            found[found.index(min(found))] += part
    return found


# What happens.


@dataclass(frozen=True)
class Hop:
    """A tensor's way from one store to the next; the PEs are called by their array."""

    tensor: str
    above: str
    below: str
    loops: int
    """Around its tile, those left out that do not change it."""
    copies: int


@dataclass
class _Nest:
    loops: list[Loop]
    """All that cut, those on the array last."""
    played: int
    """How many are around the innermost kept tile."""
    ranks: dict[str, dict[str, None]]
    sizes: Mapping[str, int]

    def boxes(self, depth: int) -> list[tuple[Index, Box]]:
        """Every iteration of the outermost loops, in order."""
        found: list[tuple[Index, Box]] = [((), {rank: (0, n) for rank, n in self.sizes.items()})]
        for loop in self.loops[:depth]:
            found = [
                ((*index, i), {**box, loop.rank: (start + at, min(loop.tile, length - at))})
                for index, box in found
                for start, length in [box[loop.rank]]
                for i, at in enumerate(range(0, length, loop.tile))
            ]
        return found

    def whole_turns(self, depth: int) -> int:
        """Turns of the outermost loops, if all tiles were whole."""
        tiles, turns = dict(self.sizes), 1
        for loop in self.loops[:depth]:
            turns *= -(-tiles[loop.rank] // loop.tile)
            tiles[loop.rank] = loop.tile
        return turns

    def around(self, depth: int, tensor: str) -> int:
        while depth and self.loops[depth - 1].rank not in self.ranks[tensor]:
            depth -= 1
        return depth

    def elements(self, tensor: str, box: Box) -> int:
        return prod(box[rank][1] for rank in self.ranks[tensor])

    def place(self, tensor: str, box: Box) -> tuple[tuple[int, int], ...]:
        return tuple(box[rank] for rank in self.ranks[tensor])


def tasks_of(
    block: Block,
    machine: Architecture,
    *,
    sizes: Mapping[str, int],
    inputs: Mapping[str, Sequence[str]],
    output: Sequence[str],
    bits: Mapping[str, int],
    cycles_per_step: int,
    rules: Rules,
) -> list[Task]:
    """Everything that happens in a block with one Einsum, ``Z``.

    Args:
        block: the block.
        machine: without registers.
        sizes: rank -> its length.
        inputs: tensor -> its ranks, in the order in which the Einsum names them.
        output: ranks of Z.
        bits: tensor -> bits per element.
        cycles_per_step: what one operation on all PEs takes.
        rules: which of those in doubt hold.
    """
    tensors = {**inputs, "Z": output}
    nest, keeps = _nest(block, machine, sizes, tensors)
    cycles = cycles_per_step * len(nest.boxes(len(nest.loops)))
    hops = _hops(block, machine, nest, keeps, bits, cycles)
    maker = _Maker(machine, nest, bits, rules)
    array = next(iter(machine.arrays))
    turn = Task("turn", nest.played, [])
    for index, _ in nest.boxes(nest.played):
        turn.steps.append(Step({}, index, held=array))
    tasks: list[Task] = []
    passing = [hop for hop in hops if _passes(hop, nest, array)]
    for tensor in inputs:
        own = [hop for hop in hops if hop.tensor == tensor]
        if own[0] in passing:
            late = Step({}, (), latency=F(maker.latency(own[0].above)))
            tasks.append(Task(f"{tensor}:first", 0, [late]))
            follow(turn, tasks[-1], arrived=True)
        tasks += maker.fetch([hop for hop in own if hop not in passing], turn)
    tasks += maker.results([h for h in hops if h.tensor == "Z" and h not in passing], turn)
    maker.work(turn, array, passing, cycles_per_step)
    return [*tasks, turn]


def _nest(
    block: Block,
    machine: Architecture,
    sizes: Mapping[str, int],
    tensors: Mapping[str, Sequence[str]],
) -> tuple[_Nest, list[tuple[str, str, int]]]:
    """The loops that cut, and of every kept tensor the memory and the loops around it."""
    (path,) = block.paths()
    compute, array = path.compute, machine.arrays[path.compute.array]
    tiles, loops, keeps = dict(sizes), [], []

    def add(loop: Loop) -> None:
        if loop.tile < tiles[loop.rank]:
            tiles[loop.rank] = loop.tile
            loops.append(loop)

    for step in path.steps:
        if isinstance(step, Keep):
            keeps += [(tensor, step.memory, len(loops)) for tensor in step.tensors]
        else:
            add(step)
    played = max((depth for _, _, depth in keeps), default=0)
    widths = compute.widths(array)
    for rank, width in widths.items():
        add(Loop(rank, width))
    rest = [r for r in sizes if r not in widths and r not in compute.order]
    for rank in (*rest, *(r for r in compute.order if r not in widths)):
        add(Loop(rank))
    ranks = {tensor: dict.fromkeys(of) for tensor, of in tensors.items()}
    return _Nest(loops, played, ranks, sizes), keeps


def _hops(
    block: Block,
    machine: Architecture,
    nest: _Nest,
    keeps: list[tuple[str, str, int]],
    bits: Mapping[str, int],
    cycles: int,
) -> list[Hop]:
    array = next(iter(machine.arrays))
    filled: dict[str, int] = {}
    sizes = []
    for tensor, memory, depth in keeps:
        tile = max(nest.elements(tensor, box) for _, box in nest.boxes(depth))
        whole = tile == nest.elements(tensor, nest.boxes(0)[0][1])
        twice = memory in block.double_buffer and not whole
        sizes.append(tile * bits[tensor])
        filled[memory] = filled.get(memory, 0) + sizes[-1] * (1 + twice)
    copies = {}
    for i in reversed(range(len(keeps))):
        tensor, memory, depth = keeps[i]
        held, replaced = machine.memories[memory].size_bytes, nest.around(depth, tensor)
        copies[i] = 2 if memory in block.double_buffer else 1
        fits = held is None or filled[memory] + sizes[i] <= held * 8
        if memory not in block.double_buffer and replaced and fits:
            filled[memory] += sizes[i]
            copies[i] = 2
    for i in reversed(range(len(keeps))):
        tensor, memory, depth = keeps[i]
        held, around = machine.memories[memory].size_bytes, nest.around(depth, tensor)
        if memory in block.double_buffer or not around:
            continue
        outside = [m for t, m, _ in keeps[:i] if t == tensor]
        root = next(m.name for m in machine.memories.values() if m.parent is None)
        ends = (outside[-1] if outside else root, memory)
        latency = sum(machine.memories[end].latency_cycles or 0 for end in ends)
        wanted = min(64, 2 + -(-latency * nest.whole_turns(around) // cycles))
        while wanted > copies[i]:
            more = (wanted - copies[i]) * sizes[i]
            if held is None or filled[memory] + more <= held * 8:
                filled[memory] += more
                copies[i] = wanted
            wanted -= 1
    found = []
    for tensor in nest.ranks:
        above = next(m.name for m in machine.memories.values() if m.parent is None)
        for i, (kept, memory, depth) in enumerate(keeps):
            if kept == tensor:
                found.append(Hop(tensor, above, memory, nest.around(depth, tensor), copies[i]))
                above = memory
        found.append(Hop(tensor, above, array, nest.around(len(nest.loops), tensor), 2))
    return found


def _passes(hop: Hop, nest: _Nest, array: str) -> bool:
    return hop.below == array and hop.loops >= nest.played


class _Maker:
    """Makes the jobs, and says which waits for which."""

    def __init__(
        self, machine: Architecture, nest: _Nest, bits: Mapping[str, int], rules: Rules
    ) -> None:
        self.machine, self.nest, self.bits, self.rules = machine, nest, bits, rules

    def fetch(self, hops: list[Hop], turn: Task) -> list[Task]:
        """An input: from store to store, each when the one above it has arrived."""
        tasks = [self.move(hop, last=hop is hops[-1]) for hop in hops]
        for hop, (task, user) in zip(hops, pairwise([*tasks, turn]), strict=True):
            follow(user, task, arrived=True)
            make_space(task, user, hop.copies)
        return tasks

    def results(self, hops: list[Hop], turn: Task) -> list[Task]:
        """Z: what was begun comes down the same way, what is computed goes up."""
        ups = {hop: self.move(hop, up=True) for hop in hops}
        downs = {}
        for hop in hops:
            if self.begun(hop):
                downs[hop] = self.move(hop, again=True, last=hop is hops[-1])
        way = [*downs.values(), turn]
        for task, after in pairwise(way):
            follow(after, task, arrived=True)
        if self.rules.written_first:
            for hop, down in downs.items():
                self.wait_for_written(hop, down, ups[hop])
        writer = turn
        for hop in reversed(hops):
            follow(ups[hop], writer, arrived=False)
            make_space(downs.get(hop, writer), ups[hop], hop.copies)
            writer = ups[hop]
        return [t for hop in hops for t in (downs.get(hop), ups[hop]) if t is not None]

    def wait_for_written(self, hop: Hop, down: Task, up: Task) -> None:
        written: dict[object, Step] = {}
        for (_, box), read, write in zip(
            self.nest.boxes(hop.loops), down.steps, up.steps, strict=True
        ):
            place = self.nest.place("Z", box)
            if place in written:
                read.after.append(written[place])
            written[place] = write

    def begun(self, hop: Hop) -> set[Index]:
        """Visits of tiles of Z that were visited before."""
        seen, found = set(), set()
        for index, box in self.nest.boxes(hop.loops):
            place = self.nest.place("Z", box)
            if place in seen:
                found.add(index)
            seen.add(place)
        return found

    def move(self, hop: Hop, *, up: bool = False, again: bool = False, last: bool = False) -> Task:
        """The jobs of one hop.

        Args:
            hop: the hop.
            up: whether tiles go up.
            again: whether only those are moved that were begun before.
            last: whether the array reads from the store below.
        """
        begun = self.begun(hop) if again else set()
        task = Task(f"{hop.tensor}:{hop.above}:{hop.below}", hop.loops, [])
        last = last or not self.rules.latency_once
        latency = 0 if up else self.latency(hop.above) + self.latency(hop.below) * last
        for index, box in self.nest.boxes(hop.loops):
            step = Step({}, index)
            if not (again and self.rules.nothing_waits_for_nothing) or index in begun:
                step.latency = F(latency)
            if not again or index in begun:
                for store in (hop.above, hop.below):
                    self.take(step, store, hop.tensor, self.nest.elements(hop.tensor, box))
            task.steps.append(step)
        return task

    def work(self, turn: Task, array: str, passing: Iterable[Hop], cycles: int) -> None:
        """What the array does in each of its turns, and what passes meanwhile."""
        where = {step.index: step for step in turn.steps}
        for step in turn.steps:
            step.parts[array] = [F(0)]
        for index, _ in self.nest.boxes(len(self.nest.loops)):
            where[index[: turn.depth]].parts[array][0] += cycles
        for hop in passing:
            begun = self.begun(hop) if hop.tensor == "Z" else set()
            moved: dict[tuple[Index, bool], int] = {}
            for index, box in self.nest.boxes(hop.loops):
                elements = self.nest.elements(hop.tensor, box)
                for again in {False, index in begun}:
                    key = index[: turn.depth], again
                    moved[key] = moved.get(key, 0) + elements
            for (turned, _), elements in moved.items():
                self.take(where[turned], hop.above, hop.tensor, elements)

    def take(self, step: Step, store: str, tensor: str, elements: int) -> None:
        memory = self.machine.memories.get(store)
        if memory is None or memory.bandwidth_bytes_per_s is None:
            return
        rate = F(memory.bandwidth_bytes_per_s) * memory.instances / F(self.machine.clock_hz)
        cycles = F(elements * self.bits[tensor], 8) / rate * memory.ports
        step.parts.setdefault(store, []).append(cycles)

    def latency(self, store: str) -> int:
        memory = self.machine.memories.get(store)
        return memory.latency_cycles or 0 if memory else 0


def follow(later: Task, earlier: Task, *, arrived: bool) -> None:
    """In every iteration of the loops around both, one waits for the other."""
    depth = min(later.depth, earlier.depth)
    for mine, other in zip(later.groups(depth), earlier.groups(depth), strict=True):
        for step in mine:
            (step.behind if arrived else step.after).append(other[-1])


def make_space(taker: Task, user: Task, copies: int) -> None:
    """A tile waits until the one whose place it takes is done with."""
    depth = min(taker.depth, user.depth)
    users = user.groups(depth)
    for i, steps in enumerate(taker.groups(depth)):
        if i >= copies:
            for step in steps:
                step.after.append(users[i - copies][-1])
