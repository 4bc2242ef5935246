"""Pass counts by brute force: every schedule of every point of a small cascade.

A sweep visits the positions of one fiber in order. An Einsum that holds the fiber point by point
runs in one sweep, each point while the sweep is at its position; every other Einsum runs at any
time. The smallest sweep numbers with which everything finds its inputs are the passes.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accelsim.einsum.cascade import Cascade, Einsum, TensorAccess

Element = tuple[str, tuple[int, ...]]
Numbers = dict[str, int]

MOST_ENUMERATED = 5
"""Up to so many Einsums in the sweeps of a fiber every schedule is tried."""


@dataclass(frozen=True)
class Family:
    """A rank, and the two that split it; ``outer`` is the rank itself where nothing splits it."""

    rank: str
    outer: str
    inner: str | None = None
    tile: int = 1

    @property
    def ranks(self) -> set[str]:
        return {self.rank, self.outer, *([self.inner] if self.inner else [])}

    def spans(self, ranks: Sequence[str]) -> bool:
        """Whether these ranks hold the whole fiber: the rank, or all of its parts."""
        return self.rank in ranks or (self.outer in ranks and self.inner in ranks)

    def position(self, point: Mapping[str, int]) -> int | None:
        """Where a sweep must be for this point; None where it may run at any time."""
        if not self.spans(tuple(point)):
            return None
        return point[self.rank] // self.tile if self.rank in point else point[self.outer]


def families(cascade: Cascade) -> list[Family]:
    splits: dict[str, Family] = {}
    for einsum in cascade.einsums:
        for access in einsum.inputs:
            for rank, index in zip(
                cascade.tensors[access.tensor].ranks, access.indices, strict=True
            ):
                if len(index.terms) == 2:
                    (outer, tile), (inner, one) = sorted(index.terms, key=lambda term: -term[1])
                    assert one == 1
                    assert tile == cascade.sizes[inner]
                    splits[rank] = Family(rank, outer, inner, tile)
    parts = {part for family in splits.values() for part in (family.outer, family.inner)}
    ranks = dict.fromkeys(r for tensor in cascade.tensors.values() for r in tensor.ranks)
    ranks |= dict.fromkeys(splits)
    return [splits.get(rank, Family(rank, rank)) for rank in ranks if rank not in parts]


@dataclass
class Point:
    """One point of an Einsum: the elements that it needs, the one that it adds to."""

    einsum: str
    at: dict[str, int]
    needs: tuple[Element, ...]
    gives: Element


def element(access: TensorAccess, at: Mapping[str, int]) -> Element:
    place = (i.constant + sum(c * at[rank] for rank, c in i.terms) for i in access.indices)
    return access.tensor, tuple(place)


def points(einsum: Einsum) -> Iterator[Point]:
    for values in itertools.product(*map(range, einsum.sizes.values())):
        at = dict(zip(einsum.sizes, values, strict=True))
        if all(c.constant + sum(k * at[r] for r, k in c.terms) >= 0 for c in einsum.constraints):
            needs = tuple(element(access, at) for access in einsum.inputs)
            yield Point(einsum.name, at, needs, element(einsum.output, at))


def in_order(found: Sequence[Point]) -> list[Point]:
    """Sorted so that everything that contributes to an element stands before its readers."""
    missing = Counter(point.gives for point in found)
    readers: dict[Element, list[int]] = {}
    waits = []
    for i, point in enumerate(found):
        needs = {need for need in point.needs if missing[need]}
        waits.append(len(needs))
        for need in needs:
            readers.setdefault(need, []).append(i)
    ready = [i for i, count in enumerate(waits) if not count]
    for i in ready:
        gives = found[i].gives
        missing[gives] -= 1
        for reader in [] if missing[gives] else readers.get(gives, []):
            waits[reader] -= 1
            if not waits[reader]:
                ready.append(reader)
    assert len(ready) == len(found), "some point can never be executed"
    return [found[i] for i in ready]


def groups(cascade: Cascade) -> list[tuple[str, ...]]:
    """Einsums in an order of computation; those that feed each other stand together."""
    above = {e.name: {a.tensor for a in e.inputs} - {*cascade.inputs} for e in cascade.einsums}
    for _ in above:
        for name, before in above.items():
            above[name] = before.union(*(above[other] for other in before))
    together = {
        name: tuple(o for o in above if o == name or (o in above[name] and name in above[o]))
        for name in above
    }
    return list(
        dict.fromkeys(together[name] for name in sorted(above, key=lambda n: len(above[n])))
    )


class Sweeps:
    """The schedules of one family: a sweep number for each Einsum that visits its fiber."""

    def __init__(self, cascade: Cascade, family: Family) -> None:
        found = in_order([point for einsum in cascade.einsums for point in points(einsum)])
        names = {e: i for i, e in enumerate(dict.fromkeys(p.gives for p in found))}
        self.groups = groups(cascade)
        self.fine = [e.name for e in cascade.einsums if family.spans(tuple(e.sizes))]
        self.late = lookahead(cascade, family)
        size = cascade.sizes[family.outer]
        self.span = size + self.late + 1
        self.available = [0] * len(names)
        self.steps: dict[str, list[tuple[str, int | None, list[int], int]]] = {}
        group_of = {name: group[0] for group in self.groups for name in group}
        for point in found:
            # Inputs and starts have no number: they are there from the beginning.
            needs = [names[need] for need in dict.fromkeys(point.needs) if need in names]
            step = (point.einsum, family.position(point.at), needs, names[point.gives])
            self.steps.setdefault(group_of[point.einsum], []).append(step)

    def run(self, group: tuple[str, ...], numbers: Mapping[str, int]) -> str | None:
        """Execute a group as early as it can be; the first Einsum that is too late, if any."""
        available, steps = self.available, self.steps.get(group[0], [])
        for *_, gives in steps:
            available[gives] = 0
        for name, position, needs, gives in steps:
            time = max([available[need] for need in needs], default=0)
            if position is not None:
                start = numbers[name] * self.span + position
                if time > start + self.late:
                    return name
                time = max(time, start)
            available[gives] = max(time, available[gives])
        return None

    def valid(self, chosen: Numbers, depth: int = 0) -> Iterator[Numbers]:
        """Every valid schedule with at most as many sweeps as there are Einsums that sweep."""
        if depth == len(self.groups):
            yield dict(chosen)
            return
        mine = [name for name in self.groups[depth] if name in self.fine]
        for numbers in itertools.product(range(1, len(self.fine) + 1), repeat=len(mine)):
            trial = chosen | dict(zip(mine, numbers, strict=True))
            if self.run(self.groups[depth], trial) is None:
                yield from self.valid(trial, depth + 1)

    def raised(self) -> Numbers:
        """Smallest numbers: from all 1, whoever is too late moves to the next sweep."""
        numbers = dict.fromkeys(self.fine, 1)
        while late := next(filter(None, (self.run(g, numbers) for g in self.groups)), None):
            numbers[late] += 1
            assert numbers[late] <= len(self.fine), f"{late} fits no sweep"
        return numbers

    def smallest(self) -> Numbers:
        """Each Einsum's smallest sweep number, from all valid schedules where they are few."""
        numbers = self.raised()
        if len(self.fine) <= MOST_ENUMERATED:
            valid = list(self.valid({}))
            least = {name: min(schedule[name] for schedule in valid) for name in self.fine}
            assert least in valid, "the smallest numbers are no schedule together"
            assert numbers == least
        return numbers


def lookahead(cascade: Cascade, family: Family) -> int:
    """By how many positions points may be late: the sum of all reads ahead."""
    ahead = 0
    for einsum in cascade.einsums:
        for access in einsum.inputs:
            tensor = cascade.tensors[access.tensor]
            for index, offset in zip(access.indices, tensor.offsets, strict=True):
                forward = all(c > 0 and rank in family.ranks for rank, c in index.terms)
                # What step i writes at i+1 is no read ahead at i+1.
                ahead += max(0, index.constant - offset) if index.terms and forward else 0
    return ahead


def touching(cascade: Cascade, family: Family, tensor: str) -> set[str]:
    """The Einsums that visit a tensor's fiber, directly or through what they compute from it."""
    writers = {einsum.name for einsum in cascade.einsums}
    if not family.spans(cascade.tensors[tensor].ranks):
        return {tensor, *cascade.consumers[tensor]} & writers
    found, queue = {tensor} & writers, [tensor]
    for current in queue:
        for reader in cascade.consumers[current]:
            found.add(reader)
            if reader not in queue and family.spans(cascade.tensors[reader].ranks):
                queue.append(reader)
    return found


def brute_force(cascade: Cascade, ranks: Sequence[str] = ()) -> dict[str, Numbers]:
    """Tensor -> rank -> passes, by trying schedules; only for some ranks where these are named."""
    result: dict[str, Numbers] = {name: {} for name in cascade.tensors}
    for family in families(cascade):
        if ranks and family.rank not in ranks:
            continue
        numbers = Sweeps(cascade, family).smallest()
        for name, tensor in cascade.tensors.items():
            if family.ranks & set(tensor.ranks):
                touched = touching(cascade, family, name) & set(numbers)
                result[name][family.rank] = max((numbers[e] for e in touched), default=1)
    return result
