"""What an architecture file may say, as checked models; sizes may be expressions of one another."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from accelsim.sizes import Size, no_truth_value

__all__ = [
    "ArchitectureFile",
    "ArrayFile",
    "DramFile",
    "FpgaFile",
    "LinkFile",
    "MemoryFile",
    "OperationFile",
    "SystolicFile",
]

# The bounds are far beyond any machine; they keep results within floating point.
_Plain = BeforeValidator(no_truth_value)
Rate = Annotated[float, _Plain, Field(ge=1, le=1e24, allow_inf_nan=False)]
NotNegative = Annotated[float, _Plain, Field(ge=0, le=1e24, allow_inf_nan=False)]
Bits = Annotated[int, _Plain, Field(ge=1, le=2**30)]
Count = Annotated[int, _Plain, Field(ge=1, le=2**30)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class AccessEnergy(_Strict):
    """Energy of one access of ``access_bits`` bits, in pJ."""

    read: NotNegative
    """Energy of one access that reads, in pJ."""
    write: NotNegative
    """Energy of one access that writes, in pJ."""
    tile: NotNegative | None = None
    """Energy of reading what all PEs together take at once, however much of it there is, in pJ: a
    wide row. Without it, ``read`` for each ``access_bits`` of it."""


class DramFile(_Strict):
    """A DRAM part, whose rows, banks, refresh and turnaround take their time. For ``event``."""

    part: str
    """``ddr4``, ``lpddr4``, ``hbm2``, ``hbm2e``, ``gddr6``, or a file."""
    channels: Count
    """Channels that work side by side."""


class MemoryFile(_Strict):
    """A memory. Inside an array (its parent is one) there is an instance for every PE."""

    kind: Literal["memory"]
    parent: str | None = None
    """The memory that fills it, or the array that it is inside of; null for the outermost."""
    size_bytes: Size | None = None
    """Capacity of one instance; null is unlimited."""
    bandwidth_bytes_per_s: Rate | None = None
    """Reads and writes together; null is unlimited."""
    bytes_per_cycle: Size | None = None
    """The same a cycle of the machine, a whole number or an expression of other sizes."""
    latency_cycles: Size | None = None
    """Cycles from a request to its first data; null where it is unknown. For ``event`` only."""
    ports: Count = 1
    """Transfers at a time, which share the bandwidth. For ``event`` only."""
    accumulates: bool = False
    """Whether partial results are added up in it as they leave the array, instead of going back
    into the PEs first. For ``event`` only."""
    aligned: bool = False
    """Whether tiles lie in it as the array takes them, so that those that do not fill the array
    take as long to move as those that do. For ``event`` only."""
    dram: DramFile | None = None
    """The part that it is made of, in place of a bandwidth; the outermost memory only."""
    access_bits: Bits | None = None
    """Bits that one access moves; needed where ``energy_pj`` is given."""
    energy_pj: AccessEnergy | None = None
    """Energy of one access of ``access_bits`` bits, in pJ; null where it is unknown."""
    area_um2: NotNegative | None = None
    """Area of one instance."""
    sources: dict[str, str] = {}
    """Figure (``size``, ``bandwidth``, ``energy``, ``area``) -> where it is from."""

    @model_validator(mode="after")
    def _one_bandwidth(self) -> MemoryFile:
        rates = ("dram", "bandwidth_bytes_per_s", "bytes_per_cycle")
        given = [name for name in rates if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"must have {given[0]} or {given[1]}, not both; remove one")
        if self.dram is not None and self.parent is not None:
            raise ValueError("must be the outermost memory to have dram; remove dram, or parent")
        if self.dram is not None and self.ports != 1:
            raise ValueError(
                "must have one port where it has dram, whose channels work together; remove ports"
            )
        return self

    @model_validator(mode="after")
    def _energy_has_width(self) -> MemoryFile:
        if self.energy_pj is not None and self.access_bits is None:
            raise ValueError("energy_pj needs access_bits, the bits of one access; add it")
        return self


class SystolicFile(_Strict):
    """Operands enter an array at its edges and pass from PE to PE, a cycle each. For ``event``."""

    overlap_folds: bool = True
    """Whether a tile follows its predecessor without a bubble; else each fills and drains the
    array by itself (2 * rows + columns + length - 2 cycles)."""
    drain: bool = True
    """Whether the results' own way out is counted (SCALE-Sim's paper does, its version 3 does
    not): ``rows`` cycles."""
    pipeline_cycles: Annotated[int, _Plain, Field(ge=0, le=2**30)] = 0
    """Registers that a result passes besides one in each PE."""


class OperationFile(_Strict):
    """How an array performs one operation of the language at one point."""

    actions: dict[str, Count] = Field(min_length=1)
    """Functional unit -> how often it works."""
    cycles: Count | None = None
    """Cycles a PE is busy; without it, one for each action, one after the other."""
    serial_bits: Count | None = None
    """In place of ``cycles``: the PE takes the narrowest operand by so many bits a cycle."""

    @model_validator(mode="after")
    def _one_duration(self) -> OperationFile:
        if self.cycles is not None and self.serial_bits is not None:
            raise ValueError("must have cycles or serial_bits, not both; remove one")
        return self


class ArrayFile(_Strict):
    """Processing elements in rows and columns, all doing the same operation."""

    kind: Literal["array"]
    parent: str
    """The memory that feeds it."""
    rows: Size = 1
    """Rows of PEs; a whole number, or an expression."""
    columns: Size
    """Columns of PEs; a whole number, or an expression such as ``array_2d.columns``."""
    lanes: Size = 1
    """Multipliers of each PE, which take as many points at a time and add up their products."""
    systolic: SystolicFile | None = None
    """How tiles fill and drain it; null: all PEs begin and end a tile at the same time."""
    operations: dict[str, OperationFile] = Field(min_length=1)
    """Operation of the language -> how a PE performs it."""
    energy_pj: dict[str, NotNegative] = {}
    """Functional unit -> energy of one action."""
    cycle_energy_pj: NotNegative = 0.0
    """Energy of each PE in every cycle in which the array works, whether that PE has work or not:
    clocks that nothing gates."""
    area_um2: dict[str, NotNegative] = {}
    """Functional unit -> area of one; each PE holds one of each."""
    sources: dict[str, str] = {}
    """Figure (``energy``, ``area``, ``operations``) -> where it is from."""


class LinkFile(_Strict):
    """A connection between two arrays."""

    kind: Literal["link"]
    start: str
    """The array that sends."""
    end: str
    """The array that receives."""
    latency_cycles: Size
    """Cycles until the last value of a tile has arrived, where nothing else overlaps it."""
    sources: dict[str, str] = {}
    """Figure (``latency``) -> where it is from."""


Component = Annotated[MemoryFile | ArrayFile | LinkFile, Field(discriminator="kind")]


class FpgaFile(_Strict):
    """What the machine takes of an FPGA."""

    part: str
    """The device, with its speed grade."""
    resources: dict[str, Size] = Field(min_length=1, max_length=32)
    """Kind, such as ``LUT4`` -> how many; whole numbers, or expressions of sizes."""
    available: dict[str, Count] = Field(default={}, max_length=32)
    """Kind, one of ``resources`` -> how many the device has."""

    @model_validator(mode="after")
    def _same_kinds(self) -> FpgaFile:
        if unknown := [kind for kind in self.available if kind not in self.resources]:
            raise ValueError(
                f"must name kinds of resources in available; '{unknown[0]}' is none of "
                f"{', '.join(self.resources)}"
            )
        return self


class ArchitectureFile(_Strict):
    """A machine: ``fusemax.yaml`` and its like."""

    name: str
    """Name of the machine, for results."""
    description: str = ""
    """One line for ``accelsim list``."""
    extends: str | None = None
    """Another architecture; what is written here is laid over it, key by key."""
    clock_hz: Rate
    """Clock of the machine, in Hz."""
    word_bits: Bits
    """Bits of an element whose format the workload leaves open."""
    mapper: str = "auto"
    """The mapper that is used where none is asked for."""
    components: dict[str, Component] = Field(min_length=1)
    """Name -> memory, array or link; exactly one memory has no parent."""
    fpga: FpgaFile | None = None
    """What it takes of an FPGA; null where it is none, or that is not known."""
    sources: dict[str, str] = {}
    """Figure of the machine (``clock_hz``, ``word_bits``, ``fpga``) -> where it is from."""
