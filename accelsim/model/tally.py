"""A mapped workload, counted and added up: what figures of the machine are multiplied with.

Counts do not depend on bandwidths, energies and areas. Where only these differ between machines,
one tally gives the cycles and energy of each, as :func:`accelsim.model.cost.build_result` would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from accelsim.architecture.architecture import Architecture
from accelsim.model.cost import traffic_of
from accelsim.model.counts import ActionCounts, Exact, tidy

__all__ = ["Tally", "tally_of"]


@dataclass(frozen=True)
class _Moved:
    """Of one memory, all Einsums and repeats together."""

    read_bits: Exact = 0
    written_bits: Exact = 0
    delivered_bits: Exact = 0
    deliveries: int = 0


@dataclass(frozen=True)
class _Block:
    """Of one block, in all its repeats."""

    epochs: int
    """Cycles of its epochs, one after the other."""
    moved_bytes: tuple[tuple[str, Exact], ...]
    """Memory -> bytes."""


@dataclass(frozen=True)
class Tally:
    """What a workload does on a machine of some structure."""

    blocks: tuple[_Block, ...]
    actions: tuple[tuple[str, str, int], ...]
    """Array, functional unit, how often it works."""
    array_cycles: Mapping[str, int]
    """Array -> cycles in which it works, Einsum by Einsum."""
    pe_cycles: Mapping[str, int]
    """Array -> cycles in which PEs work, summed over PEs."""
    moved: Mapping[str, _Moved]

    def cycles(self, architecture: Architecture) -> Exact:
        """Cycles, not rounded."""
        rates = {
            name: Fraction(architecture.clock_hz)
            / (Fraction(memory.bandwidth_bytes_per_s) * memory.instances)
            for name, memory in architecture.memories.items()
            if memory.bandwidth_bytes_per_s is not None
        }
        total: Exact = 0
        for block in self.blocks:
            longest: Exact = block.epochs
            for name, moved in block.moved_bytes:
                if name in rates:
                    longest = max(longest, moved * rates[name])
            total += longest
        return total

    def energy_pj(self, architecture: Architecture) -> float | None:
        """Energy; None where a figure is missing."""
        total = 0.0
        for name, action, times in self.actions:
            energy = architecture.arrays[name].energy_pj.get(action)
            if energy is None:
                return None
            total += times * energy
        for name, cycles in self.array_cycles.items():
            array = architecture.arrays[name]
            total += cycles * array.pes * array.cycle_energy_pj
        for name, moved in self.moved.items():
            memory = architecture.memories[name]
            if memory.read_energy_pj is None or memory.write_energy_pj is None:
                return None
            assert memory.access_bits is not None
            read_bits = moved.read_bits
            if memory.tile_energy_pj is not None:
                total += moved.deliveries * memory.tile_energy_pj
                read_bits -= moved.delivered_bits
            total += float(read_bits) / memory.access_bits * memory.read_energy_pj
            total += float(moved.written_bits) / memory.access_bits * memory.write_energy_pj
        return total

    def utilization(self, architecture: Architecture, cycles: Exact) -> dict[str, float]:
        """Array -> busy PE-cycles over PEs times cycles."""
        return {
            name: float(self.pe_cycles.get(name, 0) / (array.points_at_once * cycles))
            if cycles
            else 0.0
            for name, array in architecture.arrays.items()
        }


def tally_of(layers: Iterable[ActionCounts]) -> Tally:
    """Add up the counts of all layers and repeats."""
    blocks: list[_Block] = []
    actions: dict[tuple[str, str], int] = {}
    array_cycles: dict[str, int] = {}
    pe_cycles: dict[str, int] = {}
    moved: dict[str, list[Exact]] = {}
    for layer in layers:
        for block in layer.blocks:
            epochs = sum(max(epoch.values(), default=0) for epoch in block.epochs)
            traffic = traffic_of(block.einsums)
            blocks.append(
                _Block(
                    epochs * layer.repeat,
                    tuple((name, tidy(each * layer.repeat)) for name, each in traffic.items()),
                )
            )
            for einsum in block.einsums:
                name = einsum.array
                for action, times in einsum.actions.items():
                    key = (name, action)
                    actions[key] = actions.get(key, 0) + times * layer.repeat
                array_cycles[name] = array_cycles.get(name, 0) + einsum.cycles * layer.repeat
                pe_cycles[name] = pe_cycles.get(name, 0) + einsum.pe_cycles * layer.repeat
                for transfer in einsum.transfers:
                    row = moved.setdefault(transfer.memory, [0, 0, 0, 0])
                    row[0] += transfer.read_bits * layer.repeat
                    row[1] += transfer.written_bits * layer.repeat
                    row[2] += transfer.delivered_bits * layer.repeat
                    row[3] += transfer.deliveries * layer.repeat
    return Tally(
        tuple(blocks),
        tuple((*key, times) for key, times in actions.items()),
        array_cycles,
        pe_cycles,
        {
            name: _Moved(tidy(reads), tidy(writes), tidy(delivered), int(deliveries))
            for name, (reads, writes, delivered, deliveries) in moved.items()
        },
    )
