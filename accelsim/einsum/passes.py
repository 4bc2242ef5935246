"""How many passes over each fiber a cascade needs on any machine, from its Einsums alone.

A pass is one traversal of every element of a fiber. Where a value depends on a whole fiber and is
then used along the same fiber, another pass starts (FuseMax, MICRO 2024, section 3). Values per
tile (a rank M1 that splits M) are summaries: to walk along them is no pass over M.

When a value is there is one number, its slot: ``2*n`` while pass n runs (the part at a position,
once the pass has come to it), ``2*n + 1`` after pass n, 1 before the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from accelsim.einsum.affine import Affine
from accelsim.einsum.cascade import Cascade, Einsum, Node, TensorAccess, Term, accesses, lag_of
from accelsim.einsum.fibers import Cover, Fiber, Reach, fibers_of

__all__ = ["FiberPasses", "Passes", "analyse"]

_BEFORE = 1


@dataclass(frozen=True, eq=False)
class FiberPasses:
    """When each Einsum runs, seen along one fiber."""

    fiber: Fiber
    cascade: Cascade
    earliest: Mapping[str, int]
    """Einsum -> slot in which it can run first."""
    fresh: frozenset[tuple[str, TensorAccess]]
    """(reader, access) of what the step before left: there when this step's passes begin."""

    @cached_property
    def covers(self) -> Mapping[str, Cover]:
        """Einsum -> how much of the fiber it walks along."""
        return {e.name: self.fiber.cover(e.sizes) for e in self.cascade.einsums}

    @cached_property
    def pass_of(self) -> Mapping[str, int]:
        """The pass of each Einsum that walks along every element."""
        return {
            name: self.earliest[name] // 2
            for name, cover in self.covers.items()
            if cover is Cover.FINE
        }

    @cached_property
    def count(self) -> int:
        """Passes over the fiber; 0 where no Einsum walks along it."""
        return max(self.pass_of.values(), default=0)

    def reach(self, access: TensorAccess) -> Reach:
        """Which part of the tensor's fiber an access needs."""
        return self.fiber.reach(access, self.cascade.tensors[access.tensor].ranks)

    @cached_property
    def readers(self) -> Mapping[str, tuple[tuple[str, bool], ...]]:
        """Einsum -> (reader, whether it needs what is there only after the Einsum's pass)."""
        found: dict[str, dict[str, bool]] = {name: {} for name in self.covers}
        for einsum in self.cascade.einsums:
            for access in einsum.inputs:
                if access.tensor in found and (einsum.name, access) not in self.fresh:
                    after = _there(self.cascade, self.fiber, access, 0) > 0
                    readers = found[access.tensor]
                    readers[einsum.name] = readers.get(einsum.name, False) or after
        return {name: tuple(readers.items()) for name, readers in found.items()}

    def slot_of(self, reader: str, slot: int, *, after: bool) -> int:
        """The first slot of a reader of what an Einsum makes in ``slot``."""
        return _run(self.covers[reader], slot | 1 if after else slot)

    @property
    def key(self) -> tuple[str, int]:
        """The rank, and how many of its outer parts are held fixed."""
        return self.fiber.rank, self.fiber.depth

    @cached_property
    def latest(self) -> Mapping[str, int]:
        """Einsum -> slot in which it can run last, without a further pass."""
        ends = {name: self._within(name, 2 * self.count + 1) for name in self.covers}
        for _ in range(len(ends) + 2):
            before = dict(ends)
            for einsum in reversed(self.cascade.einsums):
                ends[einsum.name] = self.limit(einsum.name, ends)
            if ends == before:
                break
        return ends

    def limit(self, name: str, slots: Mapping[str, int]) -> int:
        """The last slot of an Einsum that serves its readers in theirs."""
        end = 2 * self.count + 1
        for reader, after in self.readers[name]:
            slot = slots[reader]
            # What is there only after a pass must come in the pass before the reader's.
            end = min(end, slot - 1 if after and slot % 2 == 0 else slot)
        return self._within(name, end)

    def _within(self, name: str, end: int) -> int:
        """The slot itself, or the pass before it where the Einsum needs a pass."""
        return end // 2 * 2 if self.covers[name] is Cover.FINE else end

    def of_tensor(self, tensor: str) -> int:
        """The pass after which neither the tensor's fiber nor what was made of it is needed."""
        return self._last_passes[tensor]

    @cached_property
    def _last_passes(self) -> Mapping[str, int]:
        tensors = self.cascade.tensors
        fine = {n for n, t in tensors.items() if self.fiber.cover(t.ranks) is Cover.FINE}
        last = {name: self.pass_of.get(name, 1) for name in tensors}
        changed = True
        while changed:  # Readers stand further down, except for steps that feed the next one.
            changed = False
            for name in reversed(list(tensors)):
                found = last[name]
                for reader in self.cascade.consumers[name]:
                    if reader in self.pass_of:
                        through = name in fine and reader in fine
                        found = max(found, last[reader] if through else self.pass_of[reader])
                    else:
                        found = max(found, self._pass_elsewhere(name, reader))
                changed = changed or found > last[name]
                last[name] = found
        return last

    def _pass_elsewhere(self, tensor: str, reader: str) -> int:
        """The pass in which an Einsum reads the fiber that walks along it in no order of its own.

        By another rank, in steps, or where data say: as soon as what else it needs is there.
        """
        slot = self.earliest.get(tensor, _BEFORE)
        elsewhere = False
        for access in self.cascade[reader].inputs:
            if access.tensor == tensor:
                elsewhere = elsewhere or self.reach(access) is Reach.ANYWHERE
            elif access.tensor in self.earliest and (reader, access) not in self.fresh:
                there = _there(self.cascade, self.fiber, access, self.earliest[access.tensor])
                slot = max(slot, there)
        return (slot + 1) // 2 if elsewhere else 1


@dataclass(frozen=True)
class Passes:
    """What the text of a cascade says about every machine."""

    cascade: Cascade
    levels: tuple[FiberPasses, ...]
    """Every fiber, each followed by the fibers inside its tiles."""

    @cached_property
    def max_passes(self) -> int:
        """The most passes over any rank of any tensor."""
        return max((n for ranks in self.passes.values() for n in ranks.values()), default=1)

    @cached_property
    def passes(self) -> Mapping[str, Mapping[str, int]]:
        """Tensor -> rank -> the pass after which the tensor's fiber is done with.

        A part of a split rank is reported as the rank that it splits.
        """
        return {name: self._of_tensor(name) for name in self.cascade.tensors}

    def _of_tensor(self, name: str) -> dict[str, int]:
        ranks = self.cascade.tensors[name].ranks
        found: dict[str, int] = {}
        for rank in ranks:
            # The outermost level that the tensor walks along; a tile's where it has no tiles.
            level = next(
                at
                for at in self.levels
                if rank in at.fiber.weights and at.fiber.cover(ranks) >= Cover.COARSE
            )
            known = level.fiber.reported(rank)
            count = max(level.of_tensor(name), self._under_other_names(name, rank))
            found[known] = max(found.get(known, 1), count)
        return found

    def _under_other_names(self, name: str, rank: str) -> int:
        """The same, where readers walk along the tensor with other ranks: X[t] read as X[m].

        Of a window, X[p+r], the rank that the reader keeps walks along it.
        """
        count = 1
        dim = self.cascade.tensors[name].ranks.index(rank)
        for reader in self.cascade.consumers[name]:
            einsum = self.cascade[reader]
            for access in einsum.inputs:
                if access.tensor != name or not isinstance(access.indices[dim], Affine):
                    continue
                walking = [r for r in access.indices[dim].ranks if r != rank]
                walking = [r for r in walking if r not in einsum.reduced] or walking
                for level in self.fibers:
                    weights = level.fiber.weights
                    if rank not in weights and set(walking) & set(weights):
                        count = max(count, level.of_tensor(reader))
        return count

    @property
    def of_einsums(self) -> dict[str, dict[str, int]]:
        """Einsum -> rank -> the pass in which it runs, where it walks along every element."""
        return {
            einsum.name: {
                level.fiber.rank: level.pass_of[einsum.name]
                for level in self.fibers
                if einsum.name in level.pass_of
            }
            for einsum in self.cascade.einsums
        }

    @cached_property
    def rescales(self) -> tuple[str, ...]:
        """Einsums that only multiply or divide what an earlier pass made by one value per fiber.

        `A[m] = SN[m] / SD[]`: one that sums over A may divide its sum instead, and saves the pass.
        """
        return tuple(
            einsum.name
            for einsum in self.cascade.einsums
            if einsum.reduction is None and any(self._rescales(einsum, at) for at in self.fibers)
        )

    def _rescales(self, einsum: Einsum, at: FiberPasses) -> bool:
        mine = at.pass_of.get(einsum.name, 1)
        scaled = _scaled(einsum.expression, at.fiber)
        return scaled is not None and at.pass_of.get(scaled, mine) < mine

    @property
    def fibers(self) -> tuple[FiberPasses, ...]:
        """The whole fibers."""
        return tuple(level for level in self.levels if not level.fiber.depth)


def _scaled(node: Node, fiber: Fiber) -> str | None:
    """The one tensor along the fiber that the others, which are not along it, scale; or None."""
    if not isinstance(node, Term) or node.operation not in ("multiply", "divide"):
        return None
    left, right = node.operands
    fine = [
        any(fiber.cover(access.ranks) is Cover.FINE for access in accesses(side))
        for side in (left, right)
    ]
    if fine == [False, True] and node.operation == "multiply":
        left, fine = right, [True, False]
    if fine != [True, False]:
        return None
    return left.tensor if isinstance(left, TensorAccess) else _scaled(left, fiber)


def analyse(cascade: Cascade) -> Passes:
    """Count the passes of a cascade.

    Sizes play no role, except that they tell a split (``2*m1 + m0`` with M0 = 2) from a window.

    Example:
        >>> from accelsim.workload import load_cascade
        >>> analyse(load_cascade("attention/three-pass")).passes["K"]
        {'B': 1, 'H': 1, 'E': 1, 'M': 3}
    """
    levels: list[FiberPasses] = []
    for whole in fibers_of(cascade):
        fiber: Fiber | None = whole
        while fiber is not None:
            fresh = _fresh_each_step(cascade, fiber)
            levels.append(FiberPasses(fiber, cascade, _earliest(cascade, fiber, fresh), fresh))
            fiber = fiber.inside
    return Passes(cascade, tuple(levels))


def _earliest(
    cascade: Cascade, fiber: Fiber, fresh: frozenset[tuple[str, TensorAccess]]
) -> dict[str, int]:
    """The first slot of each Einsum; those that feed each other settle after some rounds."""
    slots = dict.fromkeys((einsum.name for einsum in cascade.einsums), 0)
    covers = {einsum.name: fiber.cover(einsum.sizes) for einsum in cascade.einsums}
    for _ in range(len(slots) + 2):
        before = dict(slots)
        for einsum in cascade.einsums:
            needed = [
                _there(cascade, fiber, access, slots[access.tensor])
                for access in einsum.inputs
                if access.tensor in slots and (einsum.name, access) not in fresh
            ]
            slots[einsum.name] = _run(covers[einsum.name], max([_BEFORE, *needed]))
        if slots == before:
            return slots
    raise AssertionError(f"{cascade.name}: passes over {fiber.name} do not settle")


def _fresh_each_step(cascade: Cascade, fiber: Fiber) -> frozenset[tuple[str, TensorAccess]]:
    """What a step of another rank than the fiber's carried over to the next."""
    found = set()
    made = {einsum.name: einsum for einsum in cascade.einsums if einsum.iterated}
    for reader in cascade.einsums:
        for access in reader.inputs:
            producer = made.get(access.tensor)
            if producer is None or producer.iterated in fiber.weights:
                continue
            if producer.iterated in reader.sizes and lag_of(producer, access) > 0:
                found.add((reader.name, access))
    return frozenset(found)


def _run(cover: Cover, there: int) -> int:
    """The first slot in which an Einsum can run, once all that it needs is there."""
    return (there + 1) // 2 * 2 if cover is Cover.FINE else there


def _there(cascade: Cascade, fiber: Fiber, access: TensorAccess, slot: int) -> int:
    """When what an access needs of a tensor is there, if its Einsum runs in ``slot``."""
    reach = fiber.reach(access, cascade.tensors[access.tensor].ranks)
    if reach in (Reach.LAST, Reach.ANYWHERE):
        return slot | 1
    # A result without the fiber is there once its Einsum has walked along all of it.
    reduced = reach is Reach.NONE and fiber.cover(cascade[access.tensor].sizes) >= Cover.COARSE
    return slot | 1 if reduced else slot
