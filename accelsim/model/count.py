"""Mapping -> action counts, in closed form and exact.

Counting rules:

- A store takes its tile anew for every iteration of the loops around it, loops that the tensor
  does not depend on included, unless those lie directly around it: then the tile is still there.
- Registers hold the tiles of the Einsum that their array works on: where an array takes turns, each
  Einsum's register tiles are fetched anew in every turn.
- One read of the memory above serves every PE that needs the same value (multicast), and what
  PEs reduce among themselves is written once (spatial reduction).
- A partial result is not read before it was first written.
- A partial tile on the array takes the time of a full one; a partial loop takes its own length.
  Traffic and operations count elements and points that exist.
- A window (several ranks in one index) is fetched whole, as one run from its first element to its
  last; what lies beyond a tensor's end is left out only where the run is longer than the tensor.
  PEs along one of its ranks take contiguous runs of values, and fetch a window each. With
  ``halo: overlap`` they share what they have in common, and a tile above the PEs, or in PEs that do
  not share the window, takes only what its neighbour along the innermost loop did not hold.
- What bypasses the registers is latched where it is used: the memory above is accessed whenever the
  value changes, the registers never.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from math import prod

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade, TensorAccess
from accelsim.mapping.extents import iterations
from accelsim.mapping.legality import check_capacity, check_operations
from accelsim.mapping.mapping import Block, MappedLayer, Move
from accelsim.mapping.residency import Residency, Store
from accelsim.mapping.schedule import Schedule
from accelsim.mapping.volume import moved_elements, same_elements, tile_elements
from accelsim.mapping.windows import in_runs, sweep_of
from accelsim.model.counts import ActionCounts, BlockCounts, EinsumCounts, Exact, Transfer
from accelsim.model.operations import operations_of, register_accesses

__all__ = ["count_block", "count_layer"]

Bits = Callable[[str], int]


def count_layer(
    mapped: MappedLayer,
    cascade: Cascade,
    architecture: Architecture,
    *,
    bits: Bits,
    layer: str = "",
    repeat: int = 1,
) -> ActionCounts:
    """Actions of one cascade, mapped.

    Args:
        mapped: its mapping, of sound structure.
        cascade: the cascade.
        architecture: the machine.
        bits: tensor -> bits per element.
        layer: name of the layer, for results.
        repeat: how often the layer runs.

    Raises:
        InputError: where an array lacks an operation or tiles do not fit.
    """
    where = f"mapping '{mapped.mapper}' of '{cascade.name}'"
    blocks = tuple(
        count_block(block, cascade, architecture, bits=bits, where=where) for block in mapped.blocks
    )
    return ActionCounts(layer=layer, blocks=blocks, repeat=repeat)


def count_block(
    block: Block, cascade: Cascade, architecture: Architecture, *, bits: Bits, where: str
) -> BlockCounts:
    """Actions of the Einsums of one block."""
    residency = Residency(cascade, architecture, block)
    occupancy = check_capacity(residency, bits, where=where)
    spilled = _spilled(block, architecture, occupancy)
    counter = _Counter(residency, bits, spilled)
    einsums = {name: counter.einsum(name) for name in residency.schedules}
    return BlockCounts(
        name=block.name,
        einsums=tuple(einsums.values()),
        epochs=_epochs(block, einsums, residency),
        occupancy_bits=occupancy,
        spilled=spilled,
        halo=block.halo,
    )


def _epochs(
    block: Block, einsums: Mapping[str, EinsumCounts], residency: Residency
) -> tuple[Mapping[str, int], ...]:
    busy = []
    for epoch in block.epochs or (tuple(einsums),):
        cycles: dict[str, int] = {}
        for part in epoch:
            if isinstance(part, Move):
                # Nothing hides the link here: every tile waits for it.
                link = residency.architecture.links[part.link]
                used = _tiles(residency.schedules[part.tensor]) * link.latency_cycles
                cycles[part.link] = cycles.get(part.link, 0) + used
            else:
                einsum = einsums[part]
                cycles[einsum.array] = cycles.get(einsum.array, 0) + einsum.cycles
        busy.append(cycles)
    return tuple(busy)


def _tiles(schedule: Schedule) -> int:
    """Tiles of its result that an Einsum completes."""
    depth = _still_there(schedule, schedule.einsum.output, len(schedule.loops))
    return prod(iterations(extents) for extents in schedule.cuts[depth].extents)


def _spilled(
    block: Block, architecture: Architecture, occupancy: Mapping[str, Mapping[str, int]]
) -> dict[str, Fraction]:
    found = {}
    for name in block.spill:
        held = architecture.memories[name].capacity_bytes
        needed = sum(occupancy.get(name, {}).values())
        if held is not None and needed > held * 8:
            found[name] = 1 - Fraction(held * 8, needed)
    return found


class _Book:
    """Bits that the memories read and write on behalf of one Einsum."""

    def __init__(self, residency: Residency, bits: Bits, spilled: Mapping[str, Fraction]) -> None:
        self.memories, self.bits, self.spilled = residency.architecture.memories, bits, spilled
        self.moved: dict[tuple[str, str], tuple[Exact, Exact]] = {}

    def cross(
        self,
        above: Store,
        below: Store,
        tensor: str,
        *,
        down: tuple[int, int] = (0, 0),
        up: tuple[int, int] = (0, 0),
    ) -> None:
        """Elements that two neighbouring memories hand each other.

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

    def access(self, memory: str, tensor: str, *, reads: Exact, writes: Exact) -> None:
        """Elements that are read and written; what spills is accessed in the memory above."""
        part = self.spilled.get(memory, 0)
        self._add(memory, tensor, reads * (1 - part), writes * (1 - part))
        if part:
            outer = self.memories[memory].parent
            assert outer is not None
            self._add(outer, tensor, reads * part, writes * part)

    def _add(self, memory: str, tensor: str, reads: Exact, writes: Exact) -> None:
        # PEs without registers take values, but store none.
        if memory in self.memories and (reads or writes):
            before = self.moved.get((memory, tensor), (0, 0))
            bits = self.bits(tensor)
            self.moved[memory, tensor] = before[0] + reads * bits, before[1] + writes * bits

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        return tuple(
            Transfer(memory, tensor, _tidy(reads), _tidy(writes))
            for (memory, tensor), (reads, writes) in self.moved.items()
        )


class _Counter:
    """Counts the Einsums of one block; a fill that several share is counted once."""

    def __init__(self, residency: Residency, bits: Bits, spilled: Mapping[str, Fraction]) -> None:
        self.residency, self.bits, self.spilled = residency, bits, spilled
        self.filled: dict[tuple[tuple[int, ...], str], list[tuple[TensorAccess, int, bool]]] = {}
        """(address of a Keep, tensor) -> accesses that filled it, how many elements crossed, and
        whether its tile is the whole tensor."""

    def einsum(self, name: str) -> EinsumCounts:
        schedule = self.residency.schedules[name]
        einsum, array = schedule.einsum, schedule.array
        operations = operations_of(einsum, array)
        check_operations(name, operations, array)
        costs = [array.operations[operation] for operation in operations]
        # A copy still passes through the PEs: one cycle a point.
        cycles = sum(cost.cycles for cost in costs) or 1
        actions: dict[str, int] = {}
        for cost in costs:
            for action, times in cost.actions.items():
                actions[action] = actions.get(action, 0) + times * einsum.points
        return EinsumCounts(
            name=name,
            array=array.name,
            steps=schedule.steps,
            cycles=schedule.steps * cycles,
            points=einsum.points,
            pe_cycles=einsum.points * cycles,
            actions=actions,
            transfers=self._transfers(schedule, operations),
        )

    def _transfers(self, schedule: Schedule, operations: tuple[str, ...]) -> tuple[Transfer, ...]:
        name, einsum = schedule.einsum.name, schedule.einsum
        book = _Book(self.residency, self.bits, self.spilled)
        for access in einsum.inputs:
            way = self.residency.way(name, access, output=False)
            for above, below in pairwise(way):
                crossing = self._crossing(schedule, access, below)
                down = self._once(schedule, access, below, *crossing)
                book.cross(above, below, access.tensor, down=down)
        # What is there for the first time was not written before: one copy of each element, or
        # one in each PE that reduces it.
        tensor, whole = self.residency.cascade.tensors[name], schedule.cuts[0]
        written = moved_elements(einsum.output, tensor, whole)
        begun = moved_elements(einsum.output, tensor, whole, schedule.widths)
        for above, below in pairwise(self.residency.way(name, einsum.output, output=True)):
            drained, given = self._crossing(schedule, einsum.output, below)
            first = begun if self._widths(schedule, below) else written
            book.cross(
                above, below, name, up=(drained, given), down=(drained - written, given - first)
            )
        self._register_accesses(schedule, operations, begun, book)
        return book.transfers

    def _register_accesses(
        self,
        schedule: Schedule,
        operations: tuple[str, ...],
        begun: int,
        book: _Book,
    ) -> None:
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
        book.access(registers.name, einsum.name, reads=max(reads, 0), writes=writes)

    def _crossing(self, schedule: Schedule, access: TensorAccess, below: Store) -> tuple[int, int]:
        """Elements that the memory above delivers, and that the one below takes in all its
        instances."""
        tensor = self.residency.cascade.tensors[access.tensor]
        evicted = self.residency.evicted_by_others(schedule.einsum.name, below)
        depth = _still_there(schedule, access, below.depth, evicted)
        cut, widths, sweep = schedule.cuts[depth], self._widths(schedule, below), None
        shared = cut
        if self.residency.block.halo == "overlap":
            sweep = sweep_of(access, schedule.loops, schedule.cuts, depth, widths)
        elif widths:
            shared = in_runs(access, cut, widths)
        delivered = moved_elements(access, tensor, shared, sweep=sweep)
        if widths is None:
            return delivered, delivered
        return delivered, moved_elements(access, tensor, cut, widths, sweep=sweep)

    def _widths(self, schedule: Schedule, store: Store) -> tuple[int, ...] | None:
        """PEs along each axis, where the store is one that each PE has."""
        return schedule.widths if self.residency.in_pes(schedule.array.name, store) else None

    def _once(
        self,
        schedule: Schedule,
        access: TensorAccess,
        below: Store,
        delivered: int,
        taken: int,
    ) -> tuple[int, int]:
        """Only what exceeds the fill that an earlier access to the same elements already caused."""
        if below.address is None:
            return delivered, taken
        tensor = self.residency.cascade.tensors[access.tensor]
        # A tile that holds the whole tensor serves every access.
        whole = tile_elements(access, tensor, schedule.cuts[below.depth]) >= tensor.size
        fills = self.filled.setdefault((below.address, access.tensor), [])
        for i, (other, before, all_of_it) in enumerate(fills):
            same = same_elements(other, access, self.residency.cascade.sizes)
            if same or (whole and all_of_it):
                fills[i] = other, max(before, delivered), all_of_it
                more = max(0, delivered - before)
                return more, more * taken // delivered
        fills.append((access, delivered, whole))
        return delivered, taken


def _tidy(value: Exact) -> Exact:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def _still_there(schedule: Schedule, access: TensorAccess, depth: int, evicted: int = 0) -> int:
    """Outermost depth at which the tile at ``depth`` already lies in its store.

    Loops directly around a store that do not change the tile leave it where it is, but for the
    first ``evicted``.
    """
    ranks = access.ranks
    while depth > evicted and schedule.loops[depth - 1].rank not in ranks:
        depth -= 1
    return depth
