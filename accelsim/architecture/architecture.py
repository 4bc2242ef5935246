"""A machine with known sizes: memories, arrays of PEs, links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from accelsim.architecture.dram.spec import DramSpec

__all__ = ["Architecture", "Array", "Dram", "Link", "Memory", "OperationCost", "Systolic"]


@dataclass(frozen=True)
class Dram:
    """Channels of a DRAM part, side by side."""

    spec: DramSpec
    channels: int

    @property
    def peak_bytes_per_s(self) -> Fraction:
        """Of all channels, as if data moved without a break."""
        return self.spec.peak_bytes_per_s * self.channels


@dataclass(frozen=True)
class Memory:
    """A memory; figures that are not known are None."""

    name: str
    parent: str | None
    size_bytes: int | None
    bandwidth_bytes_per_s: float | Fraction | None
    access_bits: int | None
    read_energy_pj: float | None
    """Energy of reading ``access_bits`` bits."""
    write_energy_pj: float | None
    area_um2: float | None
    instances: int = 1
    latency_cycles: int | None = None
    """From a request to its first data; None where it is unknown."""
    ports: int = 1
    """Transfers at a time, which share the bandwidth."""
    accumulates: bool = False
    """Whether partial results are added up where they lie, instead of going back into the PEs."""
    aligned: bool = False
    """Whether a tile that does not fill the array takes as long to move as one that does."""
    bytes_per_cycle: int | None = None
    """The bandwidth by the machine's clock, where it was given so."""
    dram: Dram | None = None
    """The part that it is made of, where that is known."""
    tile_energy_pj: float | None = None
    """Energy of reading what all PEs together take at once; None: by ``access_bits``."""

    @property
    def capacity_bytes(self) -> int | None:
        """Capacity of all instances together."""
        return None if self.size_bytes is None else self.size_bytes * self.instances


@dataclass(frozen=True)
class OperationCost:
    """What one operation at one point takes on a PE."""

    cycles: int
    actions: Mapping[str, int]
    serial_bits: int | None = None
    """Bits of the narrowest operand that are taken in a cycle; ``cycles`` is then of no account."""

    def cycles_of(self, operand_bits: int) -> int:
        """Cycles at one point, with a narrowest operand of so many bits."""
        return -(-operand_bits // self.serial_bits) if self.serial_bits else self.cycles


@dataclass(frozen=True)
class Systolic:
    """How tiles fill and drain an array whose operands pass from PE to PE."""

    overlap_folds: bool = True
    """Whether a tile follows its predecessor without a bubble."""
    drain: bool = True
    """Whether the results' own way out is counted."""
    pipeline_cycles: int = 0
    """Registers that a result passes besides one in each PE."""


@dataclass(frozen=True)
class Array:
    """PEs in rows and columns."""

    name: str
    parent: str
    rows: int
    columns: int
    operations: Mapping[str, OperationCost]
    energy_pj: Mapping[str, float]
    area_um2: Mapping[str, float]
    systolic: Systolic | None = None
    """None: all PEs begin and end a tile at the same time."""
    lanes: int = 1
    """Multipliers of each PE, which work on as many points at a time and add up their products."""
    cycle_energy_pj: float = 0.0
    """Of each PE in every cycle in which the array works, whether that PE has work or not."""

    @property
    def pes(self) -> int:
        """Number of processing elements."""
        return self.rows * self.columns

    @property
    def points_at_once(self) -> int:
        """Points that all PEs together work on at a time."""
        return self.pes * self.lanes


@dataclass(frozen=True)
class Link:
    """A connection between two arrays."""

    name: str
    start: str
    end: str
    latency_cycles: int


@dataclass(frozen=True)
class Fpga:
    """What a machine takes of an FPGA."""

    part: str
    resources: Mapping[str, int]
    """Kind -> how many."""
    available: Mapping[str, int]
    """Kind -> how many the device has; kinds of which that is not known are missing."""

    @property
    def fits(self) -> bool:
        """Whether the device has enough of all whose number is known."""
        return all(self.resources.get(kind, 0) <= most for kind, most in self.available.items())

    def as_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "resources": dict(self.resources),
            "available": dict(self.available),
            "fits": self.fits,
        }


@dataclass(frozen=True)
class Architecture:
    """A machine; built by :func:`accelsim.architecture.load_architecture`."""

    name: str
    clock_hz: float
    word_bits: int
    mapper: str
    memories: Mapping[str, Memory]
    arrays: Mapping[str, Array]
    links: Mapping[str, Link]
    sources: Mapping[str, str] = field(default_factory=dict)
    """``component.figure`` -> where the figure is from."""
    description: str = ""
    fpga: Fpga | None = None

    @cached_property
    def root(self) -> Memory:
        """The outermost memory, usually DRAM."""
        return next(memory for memory in self.memories.values() if memory.parent is None)

    def registers(self, array: str) -> Memory | None:
        """The memory inside each PE of an array, or None."""
        inside = [memory for memory in self.memories.values() if memory.parent == array]
        return inside[0] if inside else None

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """``component.field`` -> whole number, for expressions in mappers."""
        values: dict[str, int] = {}
        for array in self.arrays.values():
            sides = ("rows", "columns", "lanes")
            values |= {f"{array.name}.{key}": getattr(array, key) for key in sides}
            values[f"{array.name}.pes"] = array.pes
        for memory in self.memories.values():
            if memory.size_bytes is not None:
                values[f"{memory.name}.size_bytes"] = memory.size_bytes
        return values
