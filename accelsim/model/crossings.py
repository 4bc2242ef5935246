"""What crosses between two neighbouring memories on a tensor's way, on behalf of one Einsum.

Every crossing is counted in closed form here (the rules: :mod:`accelsim.model.count`), once for all
fidelities: the analytic model adds them up, a simulation spreads each over the visits of its tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Literal

from accelsim.einsum.cascade import TensorAccess
from accelsim.formats import Bits
from accelsim.mapping.extents import Cut, iterations
from accelsim.mapping.residency import Residency, Store
from accelsim.mapping.schedule import Schedule
from accelsim.mapping.volume import moved_elements, same_elements, tile_elements
from accelsim.mapping.windows import Sweep, in_runs, sweep_of
from accelsim.model.counts import Exact, tidy
from accelsim.model.operations import register_accesses

__all__ = ["Crosser", "Crossing", "Moved", "delivered_elements", "still_there"]


Moved = Mapping[str, tuple[Exact, Exact]]
"""Memory -> bits that it reads and writes."""


@dataclass(frozen=True, eq=False)
class Crossing:
    """All tiles of one access that go from one store to the next."""

    einsum: str
    access: TensorAccess
    kind: Literal["down", "partial", "up", "operands"]
    """``down``: an input; ``partial``: a result that was begun before; ``up``: a result, or what is
    there of it; ``operands``: what the operations themselves do to the registers."""
    above: Store
    below: Store
    depth: int
    """Loops of the Einsum around it that change the tile."""
    moved: Moved
    shared_with: tuple[str, TensorAccess] | None = None
    """The Einsum and access whose fill of the same store serves this one, too; ``moved`` is what
    exceeds it."""
    deliveries: int = 0
    """How often an input goes to the PEs: once for each tile that they take together; 0 where it
    goes to another memory."""


def delivered_elements(
    residency: Residency, schedule: Schedule, access: TensorAccess, below: Store, cut: Cut
) -> int:
    """Elements that the memory above delivers for the tiles of a cut, each fetched whole."""
    widths = _widths(residency, schedule, below)
    shared = in_runs(access, cut, widths) if widths else cut
    return moved_elements(access, residency.cascade.tensors[access.tensor], shared)


def still_there(schedule: Schedule, access: TensorAccess, depth: int, evicted: int = 0) -> int:
    """Outermost depth at which the tile at ``depth`` already lies in its store.

    Loops directly around a store that do not change the tile leave it where it is, but for the
    first ``evicted``.
    """
    ranks = access.ranks
    while depth > evicted and schedule.loops[depth - 1].rank not in ranks:
        depth -= 1
    return depth


def _widths(residency: Residency, schedule: Schedule, store: Store) -> tuple[int, ...] | None:
    """PEs along each axis, where the store is one that each PE has."""
    return schedule.widths if residency.in_pes(schedule.array.name, store) else None


class _Book:
    """Bits that the memories read and write for one crossing."""

    def __init__(self, residency: Residency, bits: Bits, spilled: Mapping[str, Fraction]) -> None:
        self.memories, self.bits, self.spilled = residency.architecture.memories, bits, spilled
        self.moved: dict[str, tuple[Exact, Exact]] = {}

    def cross(
        self,
        above: Store,
        below: Store,
        tensor: str,
        *,
        down: tuple[int, int] = (0, 0),
        up: tuple[int, int] = (0, 0),
    ) -> Moved:
        """What two neighbouring memories hand each other.

        Args:
            above: the outer one.
            below: the inner one; what spills from it is not moved into it first.
            tensor: the tensor.
            down: elements read above, and written below.
            up: elements written above, and read below.
        """
        held = 1 - self.spilled.get(below.memory, 0)
        self.access(above.memory, tensor, reads=down[0] * held, writes=up[0] * held)
        self._add(below.memory, tensor, up[1] * held, down[1] * held)
        return self.moved

    def access(self, memory: str, tensor: str, *, reads: Exact, writes: Exact) -> Moved:
        """What is read and written; what spills is accessed in the memory above."""
        part = self.spilled.get(memory, 0)
        self._add(memory, tensor, reads * (1 - part), writes * (1 - part))
        if part:
            outer = self.memories[memory].parent
            assert outer is not None
            self._add(outer, tensor, reads * part, writes * part)
        return self.moved

    def _add(self, memory: str, tensor: str, reads: Exact, writes: Exact) -> None:
        # PEs without registers take values, but store none.
        if memory in self.memories and (reads or writes):
            before = self.moved.get(memory, (0, 0))
            bits = self.bits(tensor)
            self.moved[memory] = tidy(before[0] + reads * bits), tidy(before[1] + writes * bits)


class Crosser:
    """Counts the crossings of one block; a fill that several Einsums share is counted once."""

    def __init__(
        self,
        residency: Residency,
        bits: Bits,
        spilled: Mapping[str, Fraction],
        rounds: Mapping[str, int] | None = None,
    ) -> None:
        self.residency, self.bits, self.spilled = residency, bits, spilled
        self.rounds = rounds or {}
        self.filled: dict[tuple[tuple[int, ...], str], list[_Fill]] = {}
        """(address of a Keep, tensor) -> what filled it."""

    def crossings(self, name: str, operations: tuple[str, ...]) -> Iterator[Crossing]:
        """What crosses on behalf of one Einsum; Einsums are asked for in order of execution.

        Args:
            name: the Einsum.
            operations: what its array performs at every point.
        """
        schedule = self.residency.schedules[name]
        einsum = schedule.einsum
        for access in einsum.inputs:
            for above, below in pairwise(self.residency.way(name, access, output=False)):
                depth = self._depth(schedule, access, below)
                down, other = self._once(
                    schedule, access, below, *self._count(schedule, access, below)
                )
                turns = self.rounds.get(below.memory, 1)
                down = down[0] * turns, down[1] * turns
                moved = self._book().cross(above, below, access.tensor, down=down)
                times = self._deliveries(schedule, below, depth)
                yield Crossing(name, access, "down", above, below, depth, moved, other, times)
        # What is there for the first time was not written before: one copy of each element, or
        # one in each PE that reduces it.
        tensor, whole = self.residency.cascade.tensors[name], schedule.cuts[0]
        written = moved_elements(einsum.output, tensor, whole)
        begun = moved_elements(einsum.output, tensor, whole, schedule.widths)
        for above, below in pairwise(self.residency.way(name, einsum.output, output=True)):
            depth = self._depth(schedule, einsum.output, below)
            drained, given = self._count(schedule, einsum.output, below)
            first = begun if _widths(self.residency, schedule, below) else written
            again = drained - written, given - first
            moved = self._book().cross(above, below, name, down=again)
            yield Crossing(name, einsum.output, "partial", above, below, depth, moved)
            moved = self._book().cross(above, below, name, up=(drained, given))
            yield Crossing(name, einsum.output, "up", above, below, depth, moved)
        yield from self._operands(schedule, operations, begun)

    def _book(self) -> _Book:
        return _Book(self.residency, self.bits, self.spilled)

    def _operands(
        self, schedule: Schedule, operations: tuple[str, ...], begun: int
    ) -> Iterator[Crossing]:
        """What the operations themselves read from and write to the PEs' registers."""
        registers = self.residency.architecture.registers(schedule.array.name)
        if registers is None:
            return
        einsum, reads, writes = schedule.einsum, 0, 0
        for i, operation in enumerate(operations):
            cost = schedule.array.operations[operation]
            last = i == len(operations) - 1
            per_point = register_accesses(
                operation, cost, reduces=last and einsum.reduction is not None
            )
            reads += per_point[0] * einsum.points
            writes += per_point[1] * einsum.points
        bypass = schedule.path.compute.bypass
        reads -= einsum.points * sum(access.tensor in bypass for access in einsum.inputs)
        if einsum.name in bypass:
            reads -= einsum.points * (einsum.reduction is not None)
            writes = max(writes - einsum.points, 0)
        elif einsum.reduction is not None:
            reads -= begun
        moved = self._book().access(registers.name, einsum.name, reads=max(reads, 0), writes=writes)
        depth = len(schedule.loops)
        store = Store(registers.name, None, depth)
        yield Crossing(einsum.name, einsum.output, "operands", store, store, depth, moved)

    def _deliveries(self, schedule: Schedule, below: Store, depth: int) -> int:
        """Tiles that all PEs together take one after the other; 0 for a store outside of them."""
        if not self.residency.in_pes(schedule.array.name, below):
            return 0
        return prod(iterations(extents) for extents in schedule.cuts[depth].extents)

    def _depth(self, schedule: Schedule, access: TensorAccess, below: Store) -> int:
        evicted = self.residency.evicted_by_others(schedule.einsum.name, below)
        return still_there(schedule, access, below.depth, evicted)

    def _count(self, schedule: Schedule, access: TensorAccess, below: Store) -> tuple[int, int]:
        """Elements that the memory above delivers, and that the one below takes in all its
        instances."""
        tensor = self.residency.cascade.tensors[access.tensor]
        depth = self._depth(schedule, access, below)
        cut, widths = schedule.cuts[depth], _widths(self.residency, schedule, below)
        sweep: Sweep | None = None
        shared = cut
        if self.residency.block.halo == "overlap":
            sweep = sweep_of(access, schedule.loops, schedule.cuts, depth, widths)
        elif widths:
            shared = in_runs(access, cut, widths)
        delivered = moved_elements(access, tensor, shared, sweep=sweep)
        if widths is None:
            return delivered, delivered
        return delivered, moved_elements(access, tensor, cut, widths, sweep=sweep)

    def _once(
        self,
        schedule: Schedule,
        access: TensorAccess,
        below: Store,
        delivered: int,
        taken: int,
    ) -> tuple[tuple[int, int], tuple[str, TensorAccess] | None]:
        """Only what exceeds the fill that an earlier access to the same elements already caused,
        and that access."""
        if below.address is None:
            return (delivered, taken), None
        tensor = self.residency.cascade.tensors[access.tensor]
        # A tile that holds the whole tensor serves every access.
        whole = tile_elements(access, tensor, schedule.cuts[below.depth]) >= tensor.size
        fills = self.filled.setdefault((below.address, access.tensor), [])
        for fill in fills:
            same = same_elements(fill.access, access, self.residency.cascade.sizes)
            if same or (whole and fill.whole):
                more = max(0, delivered - fill.delivered)
                fill.delivered = max(fill.delivered, delivered)
                return (more, more * taken // delivered), (fill.einsum, fill.access)
        fills.append(_Fill(schedule.einsum.name, access, delivered, whole))
        return (delivered, taken), None


@dataclass
class _Fill:
    """What filled a store first, and how many elements crossed."""

    einsum: str
    access: TensorAccess
    delivered: int
    whole: bool
    """Whether the tile is the whole tensor."""
