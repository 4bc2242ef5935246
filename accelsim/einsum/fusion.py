"""Which Einsums may be fused on which ranks, and what must stay live when all that may are.

Two Einsums may share a loop over a rank where both walk along it in the same pass and what one
hands the other lies at the same position. What crosses passes must be kept whole (or be written
out and read again): its footprint holds the rank. So do results that fill up over a shared loop
which must lie outside of some of their own ranks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

from accelsim.einsum.cascade import Cascade, TensorAccess
from accelsim.einsum.fibers import Cover, Reach
from accelsim.einsum.passes import FiberPasses, Passes

__all__ = ["Fusion"]


@dataclass(frozen=True)
class Fusion:
    """Fusion of a cascade's Einsums, from the passes alone."""

    passes: Passes

    @property
    def cascade(self) -> Cascade:
        """The cascade."""
        return self.passes.cascade

    @cached_property
    def fusable(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """(Einsum, Einsum, ranks): pairs of which one feeds the other, or that share an operand."""
        found = []
        for first, second in self._neighbours():
            ranks = [at.fiber.rank for at in self.passes.fibers if _may_fuse(at, first, second)]
            if ranks:
                found.append((first, second, tuple(ranks)))
        return tuple(found)

    def _neighbours(self) -> Iterator[tuple[str, str]]:
        order = {einsum.name: i for i, einsum in enumerate(self.cascade.einsums)}
        pairs = set()
        for tensor, readers in self.cascade.consumers.items():
            near = [*readers, tensor] if tensor in order else list(readers)
            pairs |= {(a, b) for a in near for b in near if order[a] < order[b]}
        yield from sorted(pairs, key=lambda pair: (order[pair[0]], order[pair[1]]))

    @cached_property
    def footprint(self) -> Mapping[str, tuple[str, ...]]:
        """Tensor -> the ranks whose product it must keep live; none: one element at a time."""
        return {name: self._live(name) for name in self.cascade.tensors}

    def _live(self, tensor: str) -> tuple[str, ...]:
        live: set[str] = set()
        for at in self.passes.levels:
            ranks = self.cascade.tensors[tensor].ranks
            mine = [rank for rank in ranks if rank in at.fiber.weights]
            whole = at.fiber.cover(ranks) >= Cover.COARSE and not live & set(mine)
            if whole and self._crosses(at, tensor):
                live.update(mine)
            if tensor not in self.cascade.inputs:
                live.update(self._held(at, tensor))
        return self._named(tensor, live)

    def _named(self, tensor: str, live: set[str]) -> tuple[str, ...]:
        """The live ranks in the tensor's order, all parts of a split as the whole."""
        names: dict[str, None] = {}
        for rank in self.cascade.tensors[tensor].ranks:
            if rank in live:
                fiber = next(at.fiber for at in self.passes.fibers if rank in at.fiber.weights)
                names[fiber.reported(rank) if fiber.cover(live) is Cover.FINE else rank] = None
        return tuple(names)

    def _crosses(self, at: FiberPasses, tensor: str) -> bool:
        """Whether the fiber is used in another pass than the one that writes or first reads it."""
        slots = self._placed[at.fiber.rank, at.fiber.depth]
        used = {slots[tensor]} if tensor in slots else set()
        for reader in self.cascade.consumers[tensor]:
            for access in self.cascade[reader].inputs:
                if access.tensor != tensor or (reader, access) in at.fresh:
                    continue
                reach = at.reach(access)
                if reach is Reach.ANYWHERE and tensor in slots:
                    return True
                if reach in (Reach.ALIGNED, Reach.ANYWHERE):
                    used.add(slots[reader])
        return len(used) > 1

    def _held(self, at: FiberPasses, tensor: str) -> set[str]:
        """Ranks of a computed tensor that lie inside a loop over the fiber through which it stays.

        It stays while it fills up, while it is used again at each position, or from step to step.
        """
        producer, ranks = self.cascade[tensor], self.cascade.tensors[tensor].ranks
        runs = producer.iterated in at.fiber.weights
        if at.fiber.cover(ranks) >= Cover.COARSE and not runs:
            return set()
        held: set[str] = set()
        for name, access in self._uses(tensor):
            group = self._groups[at.fiber.rank, at.fiber.depth].get(name, frozenset())
            if len(group) > 1:
                held |= {
                    rank
                    for rank, index in zip(ranks, access.indices, strict=True)
                    if rank != producer.iterated
                    and not all(self._walks(index.ranks, each) for each in group)
                }
        return held

    def _uses(self, tensor: str) -> Iterator[tuple[str, TensorAccess]]:
        yield tensor, self.cascade[tensor].output
        for reader in self.cascade.consumers[tensor]:
            for access in self.cascade[reader].inputs:
                if access.tensor == tensor:
                    yield reader, access

    def _walks(self, ranks: Sequence[str], einsum: str) -> bool:
        """Whether an Einsum has a loop over each of some ranks, whatever it calls them."""
        for rank in ranks:
            at = next(at for at in self.passes.fibers if rank in at.fiber.weights)
            cover = at.covers[einsum]
            outermost = at.fiber.weights[rank] == max(at.fiber.weights.values())
            if cover < (Cover.COARSE if outermost else Cover.FINE):
                return False
        return True

    @cached_property
    def _placed(self) -> Mapping[tuple[str, int], Mapping[str, int]]:
        """Level -> Einsum -> the slot that it is given.

        As early as it can run; what is made of inputs only waits until it is needed, since inputs
        can be read at any time.
        """
        return {
            (at.fiber.rank, at.fiber.depth): self._placed_along(at) for at in self.passes.levels
        }

    def _placed_along(self, at: FiberPasses) -> Mapping[str, int]:
        circles = {name for names in self.cascade.circles for name in names}
        waits: set[str] = set()
        for einsum in self.cascade.einsums:
            fibers = {a.tensor for a in einsum.inputs if at.reach(a) is not Reach.NONE}
            if einsum.name not in circles and fibers <= waits | set(self.cascade.inputs):
                waits.add(einsum.name)
        slots = dict(at.earliest)
        for einsum in reversed(self.cascade.einsums):
            if einsum.name in waits:
                slots[einsum.name] = at.limit(einsum.name, slots)
        return slots

    @cached_property
    def _groups(self) -> Mapping[tuple[str, int], Mapping[str, frozenset[str]]]:
        """Level -> Einsum -> the Einsums that share a loop over the fiber with it.

        Where two shared loops would each have to lie inside the other, the one that more Einsums
        share is kept.
        """
        levels = list(self.passes.levels)
        alone = {level: self._groups_along(level, {}) for level in levels}
        levels.sort(key=lambda level: -max(map(len, alone[level].values()), default=0))
        kept: dict[FiberPasses, Mapping[str, frozenset[str]]] = {}
        for level in levels:
            kept[level] = self._groups_along(level, kept)
        return {(at.fiber.rank, at.fiber.depth): kept[at] for at in levels}

    def _groups_along(
        self, at: FiberPasses, kept: Mapping[FiberPasses, Mapping[str, frozenset[str]]]
    ) -> Mapping[str, frozenset[str]]:
        slots = self._placed[at.fiber.rank, at.fiber.depth]
        group = {name: {name} for name, cover in at.covers.items() if cover >= Cover.COARSE}
        # Loops outside of this one: of a group that holds Einsums without it.
        outside = [
            groups[name]
            for groups in kept.values()
            for name in group
            if any(other not in group for other in groups.get(name, ()))
        ]
        for einsum in self.cascade.einsums:
            for access in einsum.inputs:
                pair = {einsum.name, access.tensor}
                if not pair <= set(group) or at.reach(access) is not Reach.ALIGNED:
                    continue
                apart = any(len(pair & members) == 1 for members in outside)
                if slots[einsum.name] == slots[access.tensor] and not apart:
                    merged = group[einsum.name] | group[access.tensor]
                    group.update(dict.fromkeys(merged, merged))
        return {name: frozenset(members) for name, members in group.items()}


def _may_fuse(at: FiberPasses, first: str, second: str) -> bool:
    """Whether two Einsums can run in the same pass, what one hands the other being in place."""
    covers = at.covers[first], at.covers[second]
    if min(covers) < Cover.COARSE:
        return False
    begin = max(at.earliest[first], at.earliest[second])
    end = min(at.latest[first], at.latest[second])
    if Cover.FINE in covers:
        begin, end = (begin + 1) // 2 * 2, end // 2 * 2
    if begin > end:
        return False
    rigid = all(at.earliest[name] == at.latest[name] for name in (first, second))
    return rigid or (_delay(at, first, second) == 0 and _delay(at, second, first) == 0)


def _delay(at: FiberPasses, first: str, second: str) -> int:
    """Slots that must lie between two Einsums, because the second needs the first."""
    position = {einsum.name: i for i, einsum in enumerate(at.cascade.einsums)}
    slots = {first: 2}
    pending = [(position[first], first)]
    while pending:
        _, name = heappop(pending)
        for reader, after in at.readers[name]:
            slot = at.slot_of(reader, slots[name], after=after)
            if slot > slots.get(reader, 0):
                slots[reader] = slot
                heappush(pending, (position[reader], reader))
    return max(0, slots.get(second, 2) - 2)
