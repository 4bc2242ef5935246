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
from accelsim.einsum.fibers import Cover, Fiber
from accelsim.einsum.nest import FusedNest, SharedLoop
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
    def nest(self) -> FusedNest:
        """The loops that the Einsums share where everything is fused that may be."""
        return FusedNest(self.passes)

    @cached_property
    def footprint(self) -> Mapping[str, tuple[str, ...]]:
        """Tensor -> the ranks whose product it must keep live; none: one element at a time."""
        return {name: self._live(name) for name in self.cascade.tensors}

    def _live(self, tensor: str) -> tuple[str, ...]:
        users = list(dict.fromkeys(name for name, _ in self._uses(tensor)))
        common = shared = self._common([self.nest.loops[user] for user in users])
        if tensor not in self.cascade.inputs:
            # It stays while it fills up, is used again, or goes from step to step; what lies
            # inside such a loop is live in full.
            stays = next((i for i, loop in enumerate(shared) if self._stays(tensor, loop)), None)
            shared = shared[:stays]
        names: dict[str, None] = {}
        for dim, rank in enumerate(self.cascade.tensors[tensor].ranks):
            if self._runs(tensor, rank, common):
                continue
            for live in self._uncovered(tensor, dim, rank, shared):
                names[live] = None
        return self._named(tensor, tuple(names))

    def _named(self, tensor: str, live: tuple[str, ...]) -> tuple[str, ...]:
        """All parts of a split as the whole."""
        names: dict[str, None] = {}
        for rank in live:
            fiber = self._fiber(rank)
            names[fiber.reported(rank) if fiber.cover(live) is Cover.FINE else rank] = None
        return tuple(names)

    def _fiber(self, rank: str) -> Fiber:
        return next(at.fiber for at in self.passes.fibers if rank in at.fiber.weights)

    @staticmethod
    def _common(paths: Sequence[tuple[SharedLoop, ...]]) -> tuple[SharedLoop, ...]:
        """The loops that all paths have in common, from the outermost inwards."""
        found = []
        for loops in zip(*paths, strict=False):
            if any(loop != loops[0] for loop in loops):
                break
            found.append(loops[0])
        return tuple(found)

    def _stays(self, tensor: str, loop: SharedLoop) -> bool:
        """Whether a computed tensor is held from one iteration of a loop to the next."""
        fiber, ranks = loop.level.fiber, self.cascade.tensors[tensor].ranks
        if self.cascade[tensor].iterated in fiber.weights:
            return True
        whole = self._fiber(fiber.rank)
        return whole.cover(ranks) is not Cover.FINE and fiber.cover(ranks) < Cover.COARSE

    def _runs(self, tensor: str, rank: str, common: tuple[SharedLoop, ...]) -> bool:
        """Whether a tensor is a running value along a loop: one element of the rank at a time."""
        if tensor in self.cascade.inputs or self.cascade[tensor].iterated != rank:
            return False
        return any(rank in loop.level.fiber.weights for loop in common)

    def _uncovered(
        self, tensor: str, dim: int, rank: str, shared: tuple[SharedLoop, ...]
    ) -> Iterator[str]:
        """What of a rank of a tensor no shared loop walks through one element at a time."""
        fiber = self._fiber(rank)
        depth = sum(loop.level.fiber.rank == fiber.rank for loop in shared)
        if not depth and (
            self._only_ends_outside(tensor, dim, fiber)
            or self._under_other_names(tensor, dim, fiber, shared)
        ):
            return
        split = next((s for s in fiber.splits if len(s) > 1 and self._walked(tensor, s)), None)
        if not depth:
            yield rank
        elif rank == fiber.rank and split:
            yield from split[depth:]
        elif split and rank in split and split.index(rank) >= depth:
            yield rank
        if depth and tensor not in self.cascade.inputs:
            yield from self._windows(tensor, dim, fiber, shared)

    def _under_other_names(
        self, tensor: str, dim: int, fiber: Fiber, shared: tuple[SharedLoop, ...]
    ) -> bool:
        """Whether an input is walked along by shared loops over other ranks: X[p+r]."""
        opened = {rank for loop in shared for rank in loop.level.fiber.weights}
        walking = [set(access.indices[dim].ranks) for _, access in self._uses(tensor)]
        mine = set(fiber.weights)
        return tensor in self.cascade.inputs and all(w and w <= opened - mine for w in walking)

    def _walked(self, tensor: str, split: tuple[str, ...]) -> bool:
        """Whether some user of the tensor walks along the parts of a split."""
        return any(set(split) <= set(self.cascade[user].sizes) for user, _ in self._uses(tensor))

    def _windows(
        self, tensor: str, dim: int, fiber: Fiber, shared: tuple[SharedLoop, ...]
    ) -> Iterator[str]:
        """Ranks of windows in which a tensor is read: `A[q+s]` needs S elements at a time."""
        for user, access in self._uses(tensor):
            if user != tensor:
                for rank in access.indices[dim].ranks:
                    opened = any(rank in loop.level.fiber.weights for loop in shared)
                    if rank not in fiber.weights and not opened:
                        yield rank

    def _only_ends_outside(self, tensor: str, dim: int, fiber: Fiber) -> bool:
        """Whether those who do not share the tensor's loop over a fiber read one element of it."""
        if tensor in self.cascade.inputs:
            return False

        def loops(name: str) -> list[SharedLoop]:
            return [each for each in self.nest.loops[name] if each.level.fiber.rank == fiber.rank]

        own = loops(tensor)[:1]
        outside = [
            access.indices[dim].ranks
            for user, access in self._uses(tensor)
            if loops(user)[:1] != own
        ]
        return bool(own and outside) and not any(outside)

    def _uses(self, tensor: str) -> Iterator[tuple[str, TensorAccess]]:
        if tensor not in self.cascade.inputs:
            yield tensor, self.cascade[tensor].output
        for reader in self.cascade.consumers[tensor]:
            for access in self.cascade[reader].inputs:
                if access.tensor == tensor:
                    yield reader, access


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
