"""Software pipelining of a block: which tile each Einsum works on while others work on the next.

Where a consumer stands in an earlier epoch than its producer, it works on the tile before. Where
what it needs crosses a link that no epoch waits for, it works so many tiles behind that the link's
latency is hidden, if the registers hold as many tiles. Without epochs, an array that works again on
a tile after another array did goes on with the next tile first, if there is space for both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from accelsim.errors import InputError
from accelsim.mapping.mapping import Move
from accelsim.mapping.residency import Residency
from accelsim.simulator.components.component import ArrayLike, component_of
from accelsim.simulator.copies import Copies
from accelsim.simulator.loops import Address, explicit_loops, least_counts, way_of

__all__ = ["Crossed", "Stages", "crossed_links", "shared_depth", "stages_of", "turns_between"]


@dataclass(frozen=True)
class Crossed:
    """A tensor that one array leaves in the registers of another, over a link."""

    tensor: str
    link: str
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Stages:
    """When each Einsum of a block (or move, ``LM@column_link``) runs, in each turn of the loops
    that all of them share."""

    depth: int
    """How many loops all of them share."""
    epoch: Mapping[str, int]
    lag: Mapping[str, int]
    """How many tiles behind it works."""


def shared_depth(residency: Residency, names: tuple[str, ...]) -> int:
    """How many explicit loops Einsums have in common."""
    ways = [explicit_loops(residency, name) for name in names]
    depth = 0
    while all(len(way) > depth for way in ways) and len({way[depth] for way in ways}) == 1:
        depth += 1
    return depth


def crossed_links(residency: Residency) -> Iterator[Crossed]:
    """What is handed over between arrays by a link, epochs that wait for it left out."""
    waited = {
        (part.tensor, part.link)
        for epoch in residency.block.epochs
        for part in epoch
        if isinstance(part, Move)
    }
    for name, schedule in residency.schedules.items():
        for link in residency.architecture.links.values():
            readers = tuple(
                reader
                for reader in residency.consumers[name]
                if residency.schedules[reader].array.name == link.end
                and residency.made_here(name)
                and _in_registers(residency, name, link.end)
            )
            if schedule.array.name == link.start and readers and (name, link.name) not in waited:
                yield Crossed(name, link.name, readers)


def _in_registers(residency: Residency, tensor: str, array: str) -> bool:
    registers = residency.architecture.registers(array)
    return registers is not None and any(
        store.memory == registers.name for store in residency.keeps(tensor, tensor)
    )


def stages_of(
    residency: Residency, copies: Copies, *, cycles: Mapping[str, int], turns: int
) -> Stages:
    """The stages of a block.

    Args:
        residency: the block.
        copies: space for tiles that are worked on; what is needed is taken from it.
        cycles: Einsum -> cycles that it keeps its array busy, in all turns.
        turns: how often the shared loops turn.

    Raises:
        InputError: where epochs need more tiles at a time than a memory holds.
    """
    names = tuple(residency.schedules)
    depth = shared_depth(residency, names)
    if residency.block.epochs:
        return _with_epochs(residency, copies, depth, cycles, turns)
    lag = _returns(residency, depth)
    # Where a later step needs what an earlier one made, it must have been made by then.
    in_time = all(
        lag[u] - lag[v] < turns for u, v, turns in _edges(residency, carried=True) if turns
    )
    wanted = _alive(residency, copies, depth, lag, dict.fromkeys(names, 0))
    held = in_time and copies.ask(wanted)
    return Stages(depth, dict.fromkeys(names, 0), lag if held else dict.fromkeys(names, 0))


def _with_epochs(
    residency: Residency, copies: Copies, depth: int, cycles: Mapping[str, int], turns: int
) -> Stages:
    epoch: dict[str, int] = {}
    for i, parts in enumerate(residency.block.epochs):
        epoch |= {str(p) if isinstance(p, str) else f"{p.tensor}@{p.link}": i for p in parts}
    edges = {
        (u, v): _comes_before(residency, epoch, v, u) - turns
        for u, v, turns in _edges(residency, carried=True)
    }
    lag = _longest(edges, epoch)
    if lag is None:
        raise InputError(
            f"block '{residency.block.name}': Einsums that feed each other along an iterated rank "
            "stand in epochs in which one waits for the other's next tile; order the epochs as "
            "the cascade computes them"
        )
    wanted = list(_alive(residency, copies, depth, lag, epoch))
    if not copies.ask(wanted):
        raise InputError(_too_many(residency, copies, wanted))
    # Hide what links take as far as there is space: all of them, or one after the other.
    period = _period(residency, epoch, cycles) / turns
    links = list(crossed_links(residency))
    for crossed in (links,) if len(links) == 1 else (links, *([link] for link in links)):
        later = _later(residency, edges, crossed, period)
        longer = _longest(later, epoch)
        if longer and copies.ask(_alive(residency, copies, depth, longer, epoch)):
            edges, lag = later, longer
            if crossed is links:
                break
    return Stages(depth, epoch, lag)


def _later(
    residency: Residency,
    edges: Mapping[tuple[str, str], int],
    crossed: Iterable[Crossed],
    period: Fraction,
) -> dict[tuple[str, str], int]:
    """The edges, with as many turns more as hide what links take."""
    later = dict(edges)
    for each in crossed:
        # Before a result crosses, it must have left the array that made it.
        component = component_of(residency.schedules[each.tensor].array, residency.architecture)
        assert isinstance(component, ArrayLike)
        latency = residency.architecture.links[each.link].latency_cycles + component.latency_cycles
        for reader in each.readers:
            if period and (each.tensor, reader) in later:
                later[each.tensor, reader] += -int(-latency // period)
    return later


def _too_many(
    residency: Residency, copies: Copies, wanted: Iterable[tuple[Address, str, int]]
) -> str:
    address, tensor, needed = next(w for w in wanted if not copies.ask([w]))
    keeps = (
        keep
        for schedule in residency.schedules.values()
        for keep, at, _ in schedule.keeps
        if at == address
    )
    return (
        f"block '{residency.block.name}': the epochs work on {needed} tiles of '{tensor}' at a "
        f"time, but {next(keeps).memory} has space for {copies.of(address, tensor)}, so that the "
        "block would wait for itself; order the epochs so that a tile is read before the next is "
        "made, or use smaller tiles"
    )


def _comes_before(residency: Residency, epoch: Mapping[str, int], v: str, u: str) -> bool:
    """Whether ``v`` has its place before ``u`` in every turn: in an earlier epoch, or on the same
    array."""
    if epoch[v] != epoch[u]:
        return epoch[v] < epoch[u]
    order = list(residency.schedules)
    if v not in order or u not in order:
        return False
    same = residency.schedules[v].array is residency.schedules[u].array
    return same and order.index(v) < order.index(u)


def _period(residency: Residency, epoch: Mapping[str, int], cycles: Mapping[str, int]) -> Fraction:
    """Cycles of all epochs, the longest array of each."""
    busy: dict[tuple[int, str], int] = {}
    for name, schedule in residency.schedules.items():
        key = epoch[name], schedule.array.name
        busy[key] = busy.get(key, 0) + cycles[name]
    longest: dict[int, int] = {}
    for (i, _), used in busy.items():
        longest[i] = max(used, longest.get(i, 0))
    return Fraction(sum(longest.values()))


def turns_between(residency: Residency, producer: str, consumer: str) -> int:
    """Turns of the shared loops between making a value and the next step, which reads it; 0 where
    it is read in the same step. The fewest, where tiles at the end are smaller."""
    steps = residency.cascade.lags.get((producer, consumer), 0)
    iterated = residency.schedules[producer].einsum.iterated if steps > 0 else None
    if iterated is None:
        return 0
    depth = shared_depth(residency, (producer, consumer))
    counts = least_counts(way_of(residency, producer, depth))
    ranks = [level.rank for level in way_of(residency, producer, depth).levels]
    if iterated not in ranks:
        return 0
    return steps * math.prod(counts[ranks.index(iterated) + 1 :])


def _edges(residency: Residency, *, carried: bool = False) -> Iterator[tuple[str, str, int]]:
    """Producer and consumer, and the turns between them; links that epochs wait for stand in
    between.

    Args:
        residency: the block.
        carried: whether those that read what an earlier step made are wanted, too.
    """
    moves = [part for epoch in residency.block.epochs for part in epoch if isinstance(part, Move)]
    for move in moves:
        yield move.tensor, f"{move.tensor}@{move.link}", 0
    for (producer, consumer), lag in residency.cascade.lags.items():
        inside = {producer, consumer} <= set(residency.schedules)
        if inside and producer != consumer and (lag <= 0 or carried):
            turns = turns_between(residency, producer, consumer)
            if lag > 0 and not turns:
                continue
            yield producer, consumer, turns
            for move in moves:
                end = residency.architecture.links[move.link].end
                if move.tensor == producer and residency.schedules[consumer].array.name == end:
                    yield f"{move.tensor}@{move.link}", consumer, turns


def _longest(
    edges: Mapping[tuple[str, str], int], nodes: Mapping[str, int]
) -> dict[str, int] | None:
    """The least lags that all edges allow; None where a circle allows none."""
    lag = dict.fromkeys(nodes, 0)
    for _ in range(len(nodes) + 1):
        before = dict(lag)
        for (u, v), more in edges.items():
            lag[v] = max(lag[v], lag[u] + more)
        if lag == before:
            return lag
    return None


def _returns(residency: Residency, depth: int) -> dict[str, int]:
    """One tile behind for each return to an array after another one; nothing where Einsums of one
    inner nest would differ."""
    lag: dict[str, int] = {}
    arrays: dict[str, frozenset[str]] = {}
    before: dict[str, list[str]] = {name: [] for name in residency.schedules}
    for producer, consumer, _ in _edges(residency):
        before[consumer].append(producer)
    for name, schedule in residency.schedules.items():
        array = schedule.array.name
        lag[name], arrays[name] = 0, frozenset({array})
        for producer in before[name]:
            if producer not in lag:
                continue
            back = array in arrays[producer] and (residency.schedules[producer].array.name != array)
            behind = lag[producer] + back
            used = frozenset({array}) if back else arrays[producer] | {array}
            if behind > lag[name]:
                lag[name], arrays[name] = behind, used
            elif behind == lag[name]:
                arrays[name] |= used
    names = tuple(lag)
    for i, name in enumerate(names):
        for other in names[:i]:
            if lag[name] != lag[other] and shared_depth(residency, (name, other)) > depth:
                return dict.fromkeys(names, 0)
    return lag if depth else dict.fromkeys(names, 0)


def _alive(
    residency: Residency,
    copies: Copies,
    depth: int,
    lag: Mapping[str, int],
    epoch: Mapping[str, int],
) -> Iterator[tuple[Address, str, int]]:
    """Keeps that several Einsums use a tensor from, the tensor, and the tiles in use at a time."""
    for (address, tensor), users in _users(residency).items():
        # Tensors that share a space take it from when the first of them is made.
        group = copies.group(address, tensor)
        first = min((lag[name], epoch[name]) for name in users)
        if residency.is_shared(tensor, address):
            first = min((lag[t], epoch[t]) for t in group if t in lag)
        last = max((lag[name], epoch[name]) for name in users)
        needed = last[0] - first[0] + (last[1] >= first[1])
        around = _loops_around(residency, users[0], address)
        # A tile of an outer loop is used by several turns: two of them at most.
        yield address, tensor, needed if around >= depth else min(needed, 2)


def _users(residency: Residency) -> dict[tuple[Address, str], list[str]]:
    """Keeps that several Einsums read from or write to, and these; those that read what an
    earlier step made are left out."""
    users: dict[tuple[Address, str], list[str]] = {}
    for name, schedule in residency.schedules.items():
        tensors = dict.fromkeys((name, *(access.tensor for access in schedule.einsum.inputs)))
        for tensor in tensors:
            if residency.cascade.lags.get((tensor, name), 0) <= 0:
                for store in residency.keeps(name, tensor):
                    if store.address is not None:
                        users.setdefault((store.address, tensor), []).append(name)
    return {place: names for place, names in users.items() if len(names) > 1}


def _loops_around(residency: Residency, name: str, keep: Address) -> int:
    addresses = residency.schedules[name].path.addresses
    loops = explicit_loops(residency, name)
    return sum(addresses.index(loop) < addresses.index(keep) for loop in loops)
