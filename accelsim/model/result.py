"""What a simulation says: immutable, printable, with the source of every figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["BlockResult", "EinsumResult", "LayerResult", "Result"]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class EinsumResult:
    """One Einsum: busy cycles of its array, operations, energy, and what bounds it."""

    name: str
    unit: str
    """The array that it runs on."""
    cycles: int
    energy_pj: float | None
    operations: int
    bound: str
    """``compute`` or ``memory``: which takes longer for this Einsum alone."""
    limiting: str
    """The component that takes longest for this Einsum alone."""
    dram_bytes: float

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "cycles": self.cycles,
            "energy_pj": self.energy_pj,
            "operations": self.operations,
            "bound": self.bound,
            "limiting": self.limiting,
            "dram_bytes": self.dram_bytes,
        }


@dataclass(frozen=True)
class BlockResult:
    """Fused Einsums: how long they take together and which component is the reason."""

    name: str
    cycles: float
    limiting: str
    busy_cycles: Mapping[str, float]
    """Component -> cycles it is busy; ``epochs`` is the sum over the epochs."""
    spilled: Mapping[str, float]
    """Memory -> part of its tiles that goes to the memory above."""
    halo: str = "whole"
    """How tiles of windows were fetched: ``whole``, or what is new in them (``overlap``)."""
    rounds: Mapping[str, int] = field(default_factory=dict)
    """Memory -> how often it is sent what it keeps, where the block goes in rounds."""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "cycles": self.cycles,
            "limiting": self.limiting,
            "busy_cycles": dict(self.busy_cycles),
            "spilled": dict(self.spilled),
            "halo": self.halo,
            "rounds": dict(self.rounds),
        }


@dataclass(frozen=True)
class LayerResult:
    """One cascade of the workload; figures are for all its repeats together."""

    name: str
    cascade: str
    mapper: str
    repeat: int
    cycles: float
    energy_pj: float | None
    dram_bytes: float
    elementary_operations: int
    """Multiplications, additions, functions and comparisons that were asked for."""
    compulsory_bytes: float
    """Inputs and outputs that were asked for, once each run: no mapping moves less."""
    utilization: Mapping[str, float]
    """Array -> busy PE-cycles over PEs times the layer's cycles."""
    tiles: Mapping[str, int]
    blocks: tuple[BlockResult, ...]
    einsums: tuple[EinsumResult, ...]
    search: Mapping[str, str] = field(default_factory=dict)
    """Einsum -> the method that found its mapping; those of a mapper's cases are left out."""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "cascade": self.cascade,
            "mapper": self.mapper,
            "repeat": self.repeat,
            "cycles": self.cycles,
            "energy_pj": self.energy_pj,
            "dram_bytes": self.dram_bytes,
            "elementary_operations": self.elementary_operations,
            "compulsory_bytes": self.compulsory_bytes,
            "utilization": dict(self.utilization),
            "tiles": dict(self.tiles),
            "search": dict(self.search),
            "blocks": [block.as_json() for block in self.blocks],
        }


@dataclass(frozen=True)
class Result:
    """A workload on an architecture, mapped: the answer of ``simulate``."""

    workload: str
    architecture: str
    mapper: str
    objective: str
    fidelity: str
    version: str
    cycles: int
    seconds: float
    clock_hz: float
    energy_breakdown_pj: Mapping[str, Mapping[str, float]]
    """Component -> action -> energy; components without a published figure are missing."""
    energy_missing: tuple[str, ...]
    """Figures that would be needed for the total, ``component.action``."""
    area_um2: float | None
    area_missing: tuple[str, ...]
    utilization: Mapping[str, float]
    traffic_bytes: Mapping[str, float]
    occupancy_bytes: Mapping[str, float]
    operations: int
    peak_operations_per_s: Mapping[str, float]
    """Array -> PEs times clock."""
    outermost_memory: str
    bandwidth_bytes_per_s: Mapping[str, float]
    """Memory -> reads and writes together; memories without a limit are missing."""
    layers: tuple[LayerResult, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    timing: Mapping[str, Any] | None = None
    """How components spent the time, as JSON has it; None where it was not played out."""
    fpga: Mapping[str, Any] | None = None
    """What the machine takes of an FPGA, as JSON has it; None where it is none."""

    @property
    def energy_pj(self) -> float | None:
        """Total energy; None where a figure is missing (see ``energy_missing``)."""
        if self.energy_missing:
            return None
        return sum(sum(actions.values()) for actions in self.energy_breakdown_pj.values())

    @property
    def einsums(self) -> tuple[EinsumResult, ...]:
        """Every Einsum of every layer; names carry the layer's where there are several."""
        return tuple(einsum for layer in self.layers for einsum in layer.einsums)

    @property
    def elementary_operations(self) -> int:
        """What the workload asks for on every machine, each operation one."""
        return sum(layer.elementary_operations for layer in self.layers)

    @property
    def compulsory_bytes(self) -> float:
        """What crosses the outermost memory at least, with each layer on its own."""
        return sum(layer.compulsory_bytes for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form (docs/json.md); keys may be added, never changed."""
        return {
            "schema_version": SCHEMA_VERSION,
            "version": self.version,
            "workload": self.workload,
            "architecture": self.architecture,
            "mapper": self.mapper,
            "objective": self.objective,
            "fidelity": self.fidelity,
            "cycles": self.cycles,
            "seconds": self.seconds,
            "energy_pj": self.energy_pj,
            "energy_breakdown_pj": {k: dict(v) for k, v in self.energy_breakdown_pj.items()},
            "energy_missing": list(self.energy_missing),
            "area_um2": self.area_um2,
            "area_missing": list(self.area_missing),
            "utilization": dict(self.utilization),
            "traffic_bytes": dict(self.traffic_bytes),
            "occupancy_bytes": dict(self.occupancy_bytes),
            "operations": self.operations,
            "elementary_operations": self.elementary_operations,
            "compulsory_bytes": self.compulsory_bytes,
            "peak_operations_per_s": dict(self.peak_operations_per_s),
            "outermost_memory": self.outermost_memory,
            "clock_hz": self.clock_hz,
            "bandwidth_bytes_per_s": dict(self.bandwidth_bytes_per_s),
            "einsums": [einsum.as_json() for einsum in self.einsums],
            "layers": [layer.as_json() for layer in self.layers],
            "sources": dict(self.sources),
            **({} if self.timing is None else {"timing": dict(self.timing)}),
            **({} if self.fpga is None else {"fpga": dict(self.fpga)}),
        }
