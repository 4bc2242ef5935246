"""One loop nest that fuses a cascade as far as its passes allow, and where each Einsum lies in it.

The loop that most Einsums share is the outermost; within it, the same again. Where two shared loops
would each have to lie inside the other, the one that more Einsums share wins, so that what is said
of the nest holds for one order of loops.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from accelsim.einsum.fibers import Cover, Reach
from accelsim.einsum.passes import FiberPasses, Passes

__all__ = ["FusedNest", "SharedLoop"]


@dataclass(frozen=True)
class SharedLoop:
    """A loop over a fiber, and the Einsums inside it."""

    level: FiberPasses
    members: frozenset[str]


@dataclass(frozen=True)
class FusedNest:
    """The loops around each Einsum, outermost first."""

    passes: Passes

    @cached_property
    def loops(self) -> Mapping[str, tuple[SharedLoop, ...]]:
        """Einsum -> the loops around it; those that it has to itself are the innermost."""
        found: dict[str, tuple[SharedLoop, ...]] = {}
        everything = frozenset(einsum.name for einsum in self.passes.cascade.einsums)
        pending: list[tuple[frozenset[str], tuple[SharedLoop, ...]]] = [(everything, ())]
        while pending:
            members, outer = pending.pop()
            shared = self._widest(members, outer)
            if shared is None:
                for name in members:
                    found[name] = (*outer, *self._own(name, outer))
                continue
            rest = members
            for loop in shared:
                pending.append((loop.members, (*outer, loop)))
                rest -= loop.members
            if rest:
                pending.append((rest, outer))
        return found

    def _widest(
        self, members: frozenset[str], outer: tuple[SharedLoop, ...]
    ) -> list[SharedLoop] | None:
        """The loops over the fiber that most of some Einsums can share next.

        Of two, the one that is walked along step by step, then the one that fewer reduce: results
        then fill up in an inner loop.
        """
        best: list[SharedLoop] = []
        most = (1, False, 0)
        opened = {loop.level.key for loop in outer}
        for level in self.passes.levels:
            rank, depth = level.key
            if level.key in opened or (depth and (rank, depth - 1) not in opened):
                continue
            groups = [g for g in self._groups(level, members) if len(g) > 1]
            score = self._score(level, max(groups, key=len, default=frozenset()))
            if score[0] > 1 and score > most:
                best, most = [SharedLoop(level, group) for group in groups], score
        return best or None

    def _score(self, level: FiberPasses, group: frozenset[str]) -> tuple[int, bool, int]:
        cascade, ranks = self.passes.cascade, set(level.fiber.weights)
        steps = any(cascade[name].iterated in ranks for name in group)
        reducing = sum(bool(ranks & set(cascade[name].reduced)) for name in group)
        return len(group), steps, -reducing

    def _groups(self, level: FiberPasses, members: frozenset[str]) -> set[frozenset[str]]:
        """Einsums that can share a loop: joined by what one hands another in the same pass."""
        group = {n: frozenset({n}) for n in members if level.covers[n] >= Cover.COARSE}
        slots = self._placed[level.key]
        for reader in group:
            for access in level.cascade[reader].inputs:
                other = access.tensor
                if other not in group or slots[reader] != slots[other]:
                    continue
                if level.reach(access) is Reach.ALIGNED:
                    merged = group[reader] | group[other]
                    group.update(dict.fromkeys(merged, merged))
        return set(group.values())

    def _own(self, name: str, outer: tuple[SharedLoop, ...]) -> Iterator[SharedLoop]:
        """Loops that no other Einsum shares: those of its result outside of those it reduces."""
        opened = {loop.level.key for loop in outer}
        ranks = self.passes.cascade.tensors[name].ranks
        own = [
            SharedLoop(level, frozenset({name}))
            for level in self.passes.levels
            if level.covers[name] >= Cover.COARSE and level.key not in opened
        ]
        yield from sorted(own, key=lambda loop: not set(loop.level.fiber.weights) & set(ranks))

    @cached_property
    def _placed(self) -> Mapping[tuple[str, int], Mapping[str, int]]:
        """Level -> Einsum -> the slot that it is given.

        As early as it can run. What is made of inputs only waits until it is needed, since inputs
        can be read at any time.
        """
        return {at.key: self._placed_along(at) for at in self.passes.levels}

    def _placed_along(self, at: FiberPasses) -> Mapping[str, int]:
        cascade = self.passes.cascade
        made = {
            einsum.name: {
                access.tensor
                for access in einsum.inputs
                if access.tensor not in cascade.inputs and at.reach(access) is not Reach.NONE
            }
            for einsum in cascade.einsums
        }
        fixed = {name for names in cascade.circles for name in names}
        while True:
            slots = dict(at.earliest)
            for einsum in reversed(cascade.einsums):
                if einsum.name not in fixed:
                    slots[einsum.name] = at.limit(einsum.name, slots)
            # To wait for what did not wait itself would keep that live in between.
            early = {
                name
                for name, tensors in made.items()
                if name not in fixed
                and any(slots[other] == at.earliest[other] for other in tensors)
                and slots[name] != at.earliest[name]
            }
            if not early:
                return slots
            fixed |= early
