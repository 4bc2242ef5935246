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

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import prod

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade
from accelsim.formats import Bits
from accelsim.mapping.extents import iterations
from accelsim.mapping.legality import check_capacity, check_operations
from accelsim.mapping.mapping import Block, MappedLayer, Move
from accelsim.mapping.residency import Residency
from accelsim.mapping.schedule import Schedule
from accelsim.model.counts import ActionCounts, BlockCounts, EinsumCounts, Exact, Transfer, tidy
from accelsim.model.crossings import Crosser, Crossing, still_there
from accelsim.model.operations import operations_of, point_cycles
from accelsim.model.rounds import rounds_of

__all__ = ["count_block", "count_layer"]


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
    rounds = rounds_of(residency, occupancy)
    crosser = Crosser(residency, bits, spilled, rounds)
    einsums = {name: _einsum(schedule, crosser) for name, schedule in residency.schedules.items()}
    return BlockCounts(
        name=block.name,
        einsums=tuple(einsums.values()),
        epochs=_epochs(block, einsums, residency),
        occupancy_bits=occupancy,
        spilled=spilled,
        halo=block.halo,
        rounds=rounds,
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
    depth = still_there(schedule, schedule.einsum.output, len(schedule.loops))
    return prod(iterations(extents) for extents in schedule.cuts[depth].extents)


def _spilled(
    block: Block, architecture: Architecture, occupancy: Mapping[str, Mapping[str, int | Fraction]]
) -> dict[str, Fraction]:
    found = {}
    for name in block.spill:
        held = architecture.memories[name].capacity_bytes
        needed = sum(occupancy.get(name, {}).values())
        if held is not None and needed > held * 8:
            found[name] = 1 - Fraction(held * 8, needed)
    return found


def _einsum(schedule: Schedule, crosser: Crosser) -> EinsumCounts:
    einsum, array = schedule.einsum, schedule.array
    operations = operations_of(einsum, array)
    check_operations(einsum.name, operations, array)
    cycles = point_cycles(einsum, crosser.residency.cascade, crosser.residency.architecture, array)
    actions: dict[str, int] = {}
    for cost in (array.operations[operation] for operation in operations):
        for action, times in cost.actions.items():
            actions[action] = actions.get(action, 0) + times * einsum.points
    crossings = tuple(crosser.crossings(einsum.name, operations))
    return EinsumCounts(
        name=einsum.name,
        array=array.name,
        steps=schedule.steps,
        cycles=schedule.steps * cycles,
        points=einsum.points,
        pe_cycles=einsum.points * cycles,
        actions=actions,
        transfers=_transfers(crossings),
    )


def _transfers(crossings: Iterable[Crossing]) -> tuple[Transfer, ...]:
    moved: dict[tuple[str, str], tuple[Exact, Exact, Exact, int]] = {}
    for crossing in crossings:
        for memory, (reads, writes) in crossing.moved.items():
            before = moved.get((memory, crossing.access.tensor), (0, 0, 0, 0))
            given = crossing.deliveries if reads and memory == crossing.above.memory else 0
            moved[memory, crossing.access.tensor] = (
                before[0] + reads,
                before[1] + writes,
                before[2] + (reads if given else 0),
                before[3] + given,
            )
    return tuple(
        Transfer(memory, tensor, tidy(reads), tidy(writes), tidy(delivered), deliveries)
        for (memory, tensor), (reads, writes, delivered, deliveries) in moved.items()
    )
