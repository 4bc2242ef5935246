"""Action counts -> cycles, energy, traffic, utilisation, area."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from accelsim.architecture.architecture import Architecture, Memory
from accelsim.model.counts import ActionCounts, BlockCounts, EinsumCounts, Exact, Transfer
from accelsim.model.result import BlockResult, EinsumResult, LayerResult, Result

__all__ = [
    "LayerPlan",
    "area_of",
    "block_cycles",
    "build_result",
    "energy_of",
    "layer_cycles",
    "traffic_of",
    "transfer_energy",
]


@dataclass(frozen=True)
class LayerPlan:
    """What a layer's result reports besides its counts."""

    counts: ActionCounts
    cascade: str
    mapper: str
    tiles: Mapping[str, int]
    search: Mapping[str, str] = field(default_factory=dict)
    """Einsum -> the method that found its mapping."""
    played: tuple[Fraction, ...] | None = None
    """Of every block, its cycles as played out in time; None: as counted."""
    elementary_operations: int = 0
    """Of the cascade that was asked for, in one run."""
    compulsory_bytes: float = 0.0
    """The same: its inputs and outputs, once."""

    @property
    def cycles(self) -> Fraction | None:
        """Cycles of all repeats as played out."""
        if self.played is None:
            return None
        return sum(self.played, Fraction(0)) * self.counts.repeat


def traffic_of(einsums: Sequence[EinsumCounts]) -> dict[str, Fraction]:
    """Memory -> bytes read and written by these Einsums, exact."""
    total: dict[str, Fraction] = {}
    for einsum in einsums:
        for transfer in einsum.transfers:
            bits = Fraction(transfer.read_bits + transfer.written_bits)
            total[transfer.memory] = total.get(transfer.memory, Fraction(0)) + bits / 8
    return total


def _memory_cycles(memory: Memory, moved_bytes: Exact, clock_hz: float) -> Fraction:
    if memory.bandwidth_bytes_per_s is None:
        return Fraction(0)
    rate = Fraction(memory.bandwidth_bytes_per_s) * memory.instances
    return Fraction(moved_bytes) / rate * Fraction(clock_hz)


def _busy(block: BlockCounts, architecture: Architecture) -> tuple[dict[str, Fraction], Fraction]:
    """Component -> busy cycles, and the sum over epochs of the longest component."""
    busy: dict[str, Fraction] = {}
    for epoch in block.epochs:
        for component, cycles in epoch.items():
            busy[component] = busy.get(component, Fraction(0)) + cycles
    for memory, moved in traffic_of(block.einsums).items():
        taken = _memory_cycles(architecture.memories[memory], moved, architecture.clock_hz)
        if taken:
            busy[memory] = taken
    return busy, Fraction(sum(max(epoch.values(), default=0) for epoch in block.epochs))


def block_cycles(block: BlockCounts, architecture: Architecture) -> Fraction:
    """Cycles of a block: its epochs one after the other, or its busiest memory if that is longer.

    An epoch takes as long as its busiest array or link. Memories work through all epochs: the
    next tile is fetched while this one is computed. (TeAAL's rule of the busiest component,
    MICRO 2023, section 4.)
    """
    busy, epochs = _busy(block, architecture)
    return max([epochs, *busy.values()])


def layer_cycles(counts: ActionCounts, architecture: Architecture) -> Fraction:
    """Cycles of a layer: its blocks one after the other, times its repeats."""
    total = sum((block_cycles(block, architecture) for block in counts.blocks), Fraction(0))
    return total * counts.repeat


def _add(table: dict[str, dict[str, float]], component: str, action: str, value: float) -> None:
    row = table.setdefault(component, {})
    row[action] = row.get(action, 0.0) + value


def transfer_energy(transfer: Transfer, memory: Memory) -> tuple[float, float] | None:
    """Energy in pJ of what is read and of what is written; None where the memory has no figures."""
    if memory.read_energy_pj is None or memory.write_energy_pj is None:
        return None
    assert memory.access_bits is not None
    rows, read_bits = 0.0, transfer.read_bits
    if memory.tile_energy_pj is not None and transfer.deliveries:
        rows = transfer.deliveries * memory.tile_energy_pj
        read_bits -= transfer.delivered_bits
    reads = float(read_bits) / memory.access_bits
    writes = float(transfer.written_bits) / memory.access_bits
    return rows + reads * memory.read_energy_pj, writes * memory.write_energy_pj


def energy_of(
    einsum: EinsumCounts, architecture: Architecture
) -> tuple[dict[str, dict[str, float]], set[str]]:
    """Component -> action -> energy in pJ of one Einsum, and the figures that are missing."""
    table: dict[str, dict[str, float]] = {}
    missing: set[str] = set()
    array = architecture.arrays[einsum.array]
    for action, times in einsum.actions.items():
        if action in array.energy_pj:
            _add(table, array.name, action, times * array.energy_pj[action])
        else:
            missing.add(f"{array.name}.energy_pj.{action}")
    if array.cycle_energy_pj:
        _add(table, array.name, "cycle", einsum.cycles * array.pes * array.cycle_energy_pj)
    for transfer in einsum.transfers:
        memory = architecture.memories[transfer.memory]
        spent = transfer_energy(transfer, memory)
        if spent is None:
            missing.add(f"{memory.name}.energy_pj")
            continue
        _add(table, memory.name, "read", spent[0])
        _add(table, memory.name, "write", spent[1])
    return table, missing


def area_of(architecture: Architecture) -> tuple[float | None, tuple[str, ...]]:
    """Area of everything on the chip; None where a figure is missing."""
    total, missing = 0.0, []
    for memory in architecture.memories.values():
        if memory is architecture.root:
            continue
        if memory.area_um2 is None:
            missing.append(f"{memory.name}.area_um2")
        else:
            total += memory.area_um2 * memory.instances
    for array in architecture.arrays.values():
        if not array.area_um2:
            missing.append(f"{array.name}.area_um2")
        total += sum(array.area_um2.values()) * array.pes
    return (None if missing else total), tuple(missing)


def _einsum_result(
    einsum: EinsumCounts, architecture: Architecture, *, prefix: str, repeat: int
) -> EinsumResult:
    energy, missing = energy_of(einsum, architecture)
    total = sum(sum(actions.values()) for actions in energy.values())
    traffic = traffic_of([einsum])
    times = {einsum.array: Fraction(einsum.cycles)}
    for memory, moved in traffic.items():
        times[memory] = _memory_cycles(architecture.memories[memory], moved, architecture.clock_hz)
    limiting = max(times, key=times.__getitem__)
    return EinsumResult(
        name=f"{prefix}.{einsum.name}" if prefix else einsum.name,
        unit=einsum.array,
        cycles=einsum.cycles * repeat,
        energy_pj=None if missing else total * repeat,
        operations=einsum.operations * repeat,
        bound="compute" if limiting == einsum.array else "memory",
        limiting=limiting,
        dram_bytes=float(traffic.get(architecture.root.name, 0)) * repeat,
    )


def _utilization(
    layers: Sequence[ActionCounts], architecture: Architecture, cycles: Fraction
) -> dict[str, float]:
    """Array -> busy PE-cycles over PEs times cycles."""
    work = dict.fromkeys(architecture.arrays, 0)
    for counts in layers:
        for block in counts.blocks:
            for einsum in block.einsums:
                work[einsum.array] += einsum.pe_cycles * counts.repeat
    return {
        name: float(Fraction(busy) / (architecture.arrays[name].points_at_once * cycles))
        for name, busy in work.items()
    }


def _block_result(
    block: BlockCounts, architecture: Architecture, prefix: str, played: Fraction | None
) -> BlockResult:
    busy, epochs = _busy(block, architecture)
    cycles = max([epochs, *busy.values()]) if played is None else played
    candidates = {**busy, "epochs": epochs} if len(block.epochs) > 1 else busy
    return BlockResult(
        name=f"{prefix}.{block.name}" if prefix else block.name,
        cycles=float(cycles),
        limiting=max(candidates, key=candidates.__getitem__),
        busy_cycles={name: float(value) for name, value in candidates.items()},
        spilled={memory: float(part) for memory, part in block.spilled.items()},
        halo=block.halo,
        rounds=block.rounds,
    )


def _layer_result(plan: LayerPlan, architecture: Architecture) -> LayerResult:
    counts, repeat = plan.counts, plan.counts.repeat
    einsums = tuple(
        _einsum_result(einsum, architecture, prefix=counts.layer, repeat=repeat)
        for block in counts.blocks
        for einsum in block.einsums
    )
    energies = [einsum.energy_pj for einsum in einsums]
    known = [energy for energy in energies if energy is not None]
    cycles = _cycles(plan, architecture)
    played = plan.played or (None,) * len(counts.blocks)
    return LayerResult(
        name=counts.layer,
        cascade=plan.cascade,
        mapper=plan.mapper,
        repeat=repeat,
        cycles=float(cycles),
        energy_pj=sum(known) if len(known) == len(energies) else None,
        dram_bytes=sum(einsum.dram_bytes for einsum in einsums),
        elementary_operations=plan.elementary_operations * repeat,
        compulsory_bytes=plan.compulsory_bytes * repeat,
        utilization=_utilization([counts], architecture, cycles),
        tiles=plan.tiles,
        search=plan.search,
        blocks=tuple(
            _block_result(block, architecture, counts.layer, cycles)
            for block, cycles in zip(counts.blocks, played, strict=True)
        ),
        einsums=einsums,
    )


def _cycles(plan: LayerPlan, architecture: Architecture) -> Fraction:
    if plan.cycles is not None:
        return plan.cycles
    return layer_cycles(plan.counts, architecture)


def build_result(
    plans: Sequence[LayerPlan],
    architecture: Architecture,
    *,
    workload: str,
    mapper: str,
    objective: str,
    version: str,
    timing: Mapping[str, Any] | None = None,
) -> Result:
    """The result of a workload from the counts of its layers.

    Args:
        plans: the layers, counted, in the order in which they run.
        architecture: the machine.
        workload: its name, for the result.
        mapper: name of the mapper that was asked for.
        objective: what it was mapped for.
        version: of accelsim.
        timing: how time was spent, where the plans were played out.
    """
    exact = sum((_cycles(plan, architecture) for plan in plans), Fraction(0))
    cycles = math.ceil(exact)
    energy: dict[str, dict[str, float]] = {}
    missing: set[str] = set()
    traffic = {name: Fraction(0) for name in architecture.memories}
    occupancy: dict[str, float] = {}
    operations = 0
    for plan in plans:
        repeat = plan.counts.repeat
        for block in plan.counts.blocks:
            for memory, moved in traffic_of(block.einsums).items():
                traffic[memory] += Fraction(moved) * repeat
            for memory, spaces in block.occupancy_bits.items():
                filled = float(sum(spaces.values()) / 8)
                held = architecture.memories[memory].capacity_bytes
                filled = min(filled, held) if held is not None else filled
                occupancy[memory] = max(occupancy.get(memory, 0.0), filled)
            for einsum in block.einsums:
                operations += einsum.operations * repeat
                table, lacking = energy_of(einsum, architecture)
                missing |= lacking
                for component, actions in table.items():
                    for action, value in actions.items():
                        _add(energy, component, action, value * repeat)
    area, area_missing = area_of(architecture)
    return Result(
        workload=workload,
        architecture=architecture.name,
        mapper=mapper,
        objective=objective,
        fidelity="analytic" if timing is None else "event",
        version=version,
        cycles=cycles,
        seconds=cycles / architecture.clock_hz,
        clock_hz=architecture.clock_hz,
        energy_breakdown_pj=energy,
        energy_missing=tuple(sorted(missing)),
        area_um2=area,
        area_missing=area_missing,
        utilization=_utilization([plan.counts for plan in plans], architecture, exact),
        traffic_bytes={name: float(moved) for name, moved in traffic.items()},
        occupancy_bytes=occupancy,
        operations=operations,
        peak_operations_per_s={
            name: array.points_at_once * architecture.clock_hz
            for name, array in architecture.arrays.items()
        },
        outermost_memory=architecture.root.name,
        bandwidth_bytes_per_s={
            name: float(memory.bandwidth_bytes_per_s * memory.instances)
            for name, memory in architecture.memories.items()
            if memory.bandwidth_bytes_per_s is not None
        },
        layers=tuple(_layer_result(plan, architecture) for plan in plans),
        sources=architecture.sources,
        timing=timing,
        fpga=None if architecture.fpga is None else architecture.fpga.as_json(),
    )
