"""Neighbouring loops that make no difference to anything between them count as one.

Heads and batches, say: where every tensor depends on both or on neither, no tile is kept between
the two and all tiles are whole, then an iteration of the outer loop is like one of the inner. With
one loop less around everything, what repeats is found that much sooner.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from accelsim.mapping.mapping import Loop
from accelsim.mapping.residency import Residency
from accelsim.mapping.schedule import Schedule

__all__ = ["Address", "loop_groups", "turns_of"]

Address = tuple[int, ...]


@lru_cache(maxsize=8)
def loop_groups(residency: Residency) -> dict[Address, tuple[Address, ...]]:
    """Every explicit loop that cuts some Einsum, those that count as one together.

    Returns:
        the first loop of each group -> all of it, outermost first.
    """
    live = {a for s in residency.schedules.values() for a in s.addresses if a is not None}
    groups: dict[Address, tuple[Address, ...]] = {}
    first: dict[Address, Address] = {}
    for schedule in residency.schedules.values():
        for before, address in _neighbours(schedule, live):
            if address in first:
                continue
            together = before is not None and _alike(residency, before, address)
            first[address] = first[before] if together and before else address
            groups[first[address]] = (*groups.get(first[address], ()), address)
    return groups


def _neighbours(schedule: Schedule, live: set[Address]) -> Iterator[tuple[Address | None, Address]]:
    """Every live loop on an Einsum's path, with the one before it where nothing stands between."""
    before: Address | None = None
    for step, address in zip(schedule.path.steps, schedule.path.addresses, strict=True):
        if not isinstance(step, Loop):
            before = None
        elif address in live:
            inside = before is not None and before[:-1] == address[:-1]
            yield before if inside else None, address
            before = address


def _alike(residency: Residency, outer: Address, inner: Address) -> bool:
    for schedule in residency.schedules.values():
        if (outer in schedule.addresses) != (inner in schedule.addresses):
            return False
        if outer not in schedule.addresses:
            if outer in schedule.path.addresses:
                return False
            continue
        places = [schedule.addresses.index(address) for address in (outer, inner)]
        ranks = [schedule.loops[i].rank for i in places]
        if schedule.einsum.iterated in ranks or not all(_whole(schedule, i) for i in places):
            return False
        for access in (schedule.einsum.output, *schedule.einsum.inputs):
            if len({rank in access.ranks for rank in ranks}) > 1:
                return False
    return True


def _whole(schedule: Schedule, place: int) -> bool:
    """Whether all tiles of a loop, and those that it cuts, are of one size."""
    before, after = schedule.cuts[place], schedule.cuts[place + 1]
    return all(len(cut.of(schedule.loops[place].rank)[1]) == 1 for cut in (before, after))


def turns_of(schedule: Schedule, address: Address) -> int:
    """Iterations of a loop whose tiles are all of one size."""
    place = schedule.addresses.index(address)
    rank = schedule.loops[place].rank
    ((outside, _),) = schedule.cuts[place].of(rank)[1]
    ((inside, _),) = schedule.cuts[place + 1].of(rank)[1]
    return outside // inside
