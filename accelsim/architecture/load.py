"""Architecture files -> Architectures: inheritance, overrides, sizes, and every rule checked."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from accelsim.architecture.architecture import (
    Architecture,
    Array,
    Dram,
    Fpga,
    Link,
    Memory,
    OperationCost,
    Systolic,
)
from accelsim.architecture.dram.load import load_dram
from accelsim.architecture.schema import (
    ArchitectureFile,
    ArrayFile,
    LinkFile,
    MemoryFile,
)
from accelsim.documents import Document, Plain, check_model, read_document
from accelsim.einsum.operations import OPERATIONS
from accelsim.errors import InputError, unknown_name
from accelsim.expressions import Number, evaluate_expression, names_in, whole_number
from accelsim.library import ARCHITECTURES, find

__all__ = ["FUSED_OPERATIONS", "load_architecture"]

FUSED_OPERATIONS = ("multiply-add", "subtract-exp")
"""Operations that a PE may perform as one: a product and its sum, a difference and its exp."""

_SIZES = ("rows", "columns", "lanes", "size_bytes", "bytes_per_cycle", "latency_cycles")
_FPGA = "fpga resources"
"""In front of the names of these, which no component can be called."""
_MAX_INHERITANCE = 8
_MAX_STEPS = 100
"""From a size to those that it refers to; Python's stack ends at some 300."""


def load_architecture(
    name: str, overrides: Mapping[str, int | float | str] | None = None
) -> Architecture:
    """A shipped architecture or a file, with single figures changed.

    Args:
        name: a shipped name (``"fusemax"``) or a path to a YAML file.
        overrides: ``component.field`` (or ``clock_hz``, ``word_bits``, ``mapper``) -> value.

    Raises:
        InputError: every problem of the file or the overrides, each with its place.

    Example:
        >>> load_architecture("fusemax", {"array_2d.rows": 128}).arrays["array_2d"].pes
        32768
    """
    document = _read(name, ())
    data = deepcopy(document.data)
    labels: dict[tuple[str | int, ...], str] = {}
    # A file that is no mapping is refused below, whatever is to be changed in it.
    for path, value in (overrides or {}).items() if isinstance(data, dict) else ():
        _override(data, path, value)
        steps = tuple(path.split("."))
        labels[("components", *steps) if len(steps) > 1 else steps] = f"--arch {path}={value}"
    document = replace(document, data=data, labels=labels)
    file = check_model(ArchitectureFile, document, what="architecture")
    return _build(name, file, document)


def _read(name: str, asked_by: tuple[str, ...]) -> Document:
    path, shown = find(ARCHITECTURES, name)
    document = _with_mapper_beside(path, read_document(path, name=shown))
    base_name = document.data.get("extends") if isinstance(document.data, dict) else None
    if base_name is None:
        return document
    place = document.place(("extends",))
    if not isinstance(base_name, str):
        raise InputError(f"{place}: extends is {base_name!r}, must be the name of an architecture")
    if base_name in asked_by or len(asked_by) >= _MAX_INHERITANCE or base_name == name:
        circle = " -> ".join((*asked_by, name, base_name))
        raise InputError(f"{place}: architectures extend each other in a circle: {circle}")
    target = _beside(path, base_name)
    try:
        base = _read(target, (*asked_by, name))
    except InputError as error:
        raise InputError([f"{place}: {problem}" for problem in error.problems]) from None
    merged = _lay_over(base.data, document.data)
    return replace(document, data=merged)


def _with_mapper_beside(path: Path, document: Document) -> Document:
    """A mapper file that is named may lie in the same folder."""
    data = document.data
    mapper = data.get("mapper") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(mapper, str):
        return document
    return replace(document, data={**data, "mapper": _beside(path, mapper)})


def _beside(path: Path, base_name: str) -> str:
    """A file of that name in the same folder, else the name as it is."""
    beside = path.parent / base_name
    try:
        found = bool(Path(base_name).suffix) and beside.is_file()
    except (OSError, ValueError):
        return base_name  # No name of a file; what is wrong with it is said where it is looked up.
    return str(beside) if found else base_name


_MERGED_LEVELS = 4
"""File, components, component, field: an entry of a field (one operation) is replaced whole."""


def _lay_over(base: Plain, over: Plain, levels: int = _MERGED_LEVELS) -> Plain:
    """Keys of ``over`` win; a key that is null there is removed."""
    if not (isinstance(base, dict) and isinstance(over, dict)) or levels == 0:
        return over
    merged = {**base}
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _lay_over(merged.get(key), value, levels - 1)
    return merged


def _override(data: Any, path: str, value: int | float | str) -> None:
    where = f"--arch {path}={value}"
    head, *rest = path.split(".")
    components = data.get("components")
    # What is no mapping is refused with the rest of the file, by its model.
    components = components if isinstance(components, dict) else {}
    if not rest:
        figures = ("clock_hz", "word_bits", "mapper")
        if head not in figures:
            names = [*figures, *(f"{c}.FIELD" for c in components)]
            raise InputError(unknown_name("figure", head, names, where=where))
        data[head] = value
        if isinstance(data.get("sources"), dict) and head in data["sources"]:
            data["sources"][head] = f"set by the user ({path}={value})"
        return
    if head not in components:
        raise InputError(unknown_name("component", head, components, where=where))
    at: Any = components[head]
    kind = str(at.get("kind")) if isinstance(at, dict) else ""
    models: dict[str, type[BaseModel]] = {
        "memory": MemoryFile,
        "array": ArrayFile,
        "link": LinkFile,
    }
    if kind in models and rest[0] not in models[kind].model_fields:
        fields = tuple(f for f in models[kind].model_fields if f not in ("kind", "sources"))
        raise InputError(unknown_name(f"field of {kind} '{head}'", rest[0], fields, where=where))
    for step in rest[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else None
    if not isinstance(at, dict) or isinstance(at.get(rest[-1]), dict):
        raise InputError(f"{where}: does not name a single figure; name one below it")
    at[rest[-1]] = None if value == "null" else value
    # A figure that the user states is the user's: its former source no longer holds.
    sources = components[head].setdefault("sources", {})
    if isinstance(sources, dict):
        figure = rest[0].removesuffix("_pj").removesuffix("_um2")
        figure = figure.removesuffix("_bytes_per_s").removesuffix("_bytes")
        figure = "bandwidth" if figure == "bytes_per_cycle" else figure
        # Of several figures with one source (the energy of each unit), only this one changes hands.
        figure = ".".join([figure, *rest[1:]])
        sources[figure] = f"set by the user ({path}={value})"
        if figure == "size":
            for other in ("energy", "area"):
                if other in sources:
                    sources[other] = f"{sources[other]}; published for another size"


def _build(name: str, file: ArchitectureFile, document: Document) -> Architecture:
    checker = _Checker(file, document)
    checker.check()
    sizes = checker.sizes
    memories, arrays, links = {}, {}, {}
    for key, part in file.components.items():
        match part:
            case MemoryFile():
                memories[key] = _memory(key, part, sizes, file.clock_hz)
            case ArrayFile():
                arrays[key] = _array(key, part, sizes)
            case LinkFile():
                latency = sizes[f"{key}.latency_cycles"]
                links[key] = Link(key, part.start, part.end, latency)
    memories = {
        key: replace(memory, instances=arrays[memory.parent].pes)
        if memory.parent in arrays
        else memory
        for key, memory in memories.items()
    }
    sources = dict(file.sources)
    for key, part in file.components.items():
        sources |= {f"{key}.{figure}": source for figure, source in part.sources.items()}
    return Architecture(
        name=name,
        clock_hz=file.clock_hz,
        word_bits=file.word_bits,
        mapper=file.mapper,
        memories=memories,
        arrays=arrays,
        links=links,
        sources=sources,
        description=file.description,
        fpga=Fpga(
            file.fpga.part,
            {kind: sizes[f"{_FPGA}.{kind}"] for kind in file.fpga.resources},
            file.fpga.available,
        )
        if file.fpga
        else None,
    )


def _memory(name: str, file: MemoryFile, sizes: Mapping[str, int], clock_hz: float) -> Memory:
    dram = Dram(load_dram(file.dram.part), file.dram.channels) if file.dram else None
    bandwidth: float | Fraction | None = file.bandwidth_bytes_per_s
    per_cycle = sizes.get(f"{name}.bytes_per_cycle")
    if dram is not None:
        bandwidth = float(dram.peak_bytes_per_s)
    elif per_cycle is not None:
        # Exact: bytes over this bandwidth are a whole number of cycles again.
        bandwidth = per_cycle * Fraction(clock_hz)
    return Memory(
        name=name,
        parent=file.parent,
        size_bytes=sizes.get(f"{name}.size_bytes"),
        bandwidth_bytes_per_s=bandwidth,
        bytes_per_cycle=per_cycle,
        dram=dram,
        access_bits=file.access_bits,
        read_energy_pj=file.energy_pj.read if file.energy_pj else None,
        write_energy_pj=file.energy_pj.write if file.energy_pj else None,
        tile_energy_pj=file.energy_pj.tile if file.energy_pj else None,
        area_um2=file.area_um2,
        latency_cycles=sizes.get(f"{name}.latency_cycles"),
        ports=file.ports,
        accumulates=file.accumulates,
        aligned=file.aligned,
    )


def _array(name: str, file: ArrayFile, sizes: Mapping[str, int]) -> Array:
    operations = {
        operation: OperationCost(
            cost.cycles or sum(cost.actions.values()), cost.actions, cost.serial_bits
        )
        for operation, cost in file.operations.items()
    }
    return Array(
        name=name,
        parent=file.parent,
        rows=sizes[f"{name}.rows"],
        columns=sizes[f"{name}.columns"],
        lanes=sizes[f"{name}.lanes"],
        operations=operations,
        energy_pj=file.energy_pj,
        cycle_energy_pj=file.cycle_energy_pj,
        area_um2=file.area_um2,
        systolic=Systolic(
            file.systolic.overlap_folds, file.systolic.drain, file.systolic.pipeline_cycles
        )
        if file.systolic
        else None,
    )


class _Checker:
    """Rules that go beyond single fields; ``sizes`` holds every size as a whole number."""

    def __init__(self, file: ArchitectureFile, document: Document) -> None:
        self.file, self.document = file, document
        self.problems: list[str] = []
        self.sizes: dict[str, int] = {}
        self.failed: set[str] = set()
        """Sizes that are wrong, or refer to wrong ones; said once."""

    def check(self) -> None:
        for name, part in self.file.components.items():
            if isinstance(part, ArrayFile):
                self._operations(name, part)
            self._references(name, part)
            if isinstance(part, MemoryFile):
                self._in_time(name, part)
        roots = [
            name
            for name, part in self.file.components.items()
            if isinstance(part, MemoryFile) and part.parent is None
        ]
        if len(roots) != 1:
            found = " and ".join(roots) if roots else "no memory"
            self.problems.append(
                f"{self._place()}: {found} without a parent, must be exactly one memory (DRAM)"
            )
        if not any(isinstance(part, ArrayFile) for part in self.file.components.values()):
            self.problems.append(f"{self._place()}: has no array, must have at least one")
        self._resolve_sizes()
        for name, part in self.file.components.items():
            if isinstance(part, MemoryFile) and part.parent is not None:
                self._registers(name, part, part.parent)
        if self.problems:
            raise InputError(self.problems)
        self._tree()
        if self.problems:
            raise InputError(self.problems)

    def _place(self, *path: str) -> str:
        where = ("components", *path) if path else ()
        return f"{self.document.place(where)}: architecture"

    def _operations(self, name: str, part: ArrayFile) -> None:
        valid = [*OPERATIONS, *FUSED_OPERATIONS]
        units = {unit for cost in part.operations.values() for unit in cost.actions}
        for field in ("energy_pj", "area_um2"):
            for unit in getattr(part, field):
                if unit not in units:
                    place = self._place(name, field, unit)
                    self.problems.append(
                        unknown_name(f"array '{name}': functional unit", unit, units, where=place)
                    )
        for operation in part.operations:
            if operation not in valid:
                place = self._place(name, "operations", operation)
                self.problems.append(
                    unknown_name(f"array '{name}': operation", operation, valid, where=place)
                )

    def _references(self, name: str, part: MemoryFile | ArrayFile | LinkFile) -> None:
        components = self.file.components
        if isinstance(part, LinkFile):
            wanted = {"start": part.start, "end": part.end}
        else:
            wanted = {"parent": part.parent} if part.parent is not None else {}
        kinds = {"array": ("memory",), "memory": ("memory", "array"), "link": ("array",)}[part.kind]
        for key, target in wanted.items():
            if target == name or target not in components or components[target].kind not in kinds:
                valid = [n for n, other in components.items() if other.kind in kinds and n != name]
                place = self._place(name, key)
                self.problems.append(
                    unknown_name(f"{part.kind} '{name}': {key}", target, valid, where=place)
                )

    def _in_time(self, name: str, part: MemoryFile) -> None:
        """What only a simulation in time uses."""
        inside = part.parent is not None and isinstance(
            self.file.components.get(part.parent), ArrayFile
        )
        if inside and part.latency_cycles is not None:
            self.problems.append(
                f"{self._place(name, 'latency_cycles')}: memory '{name}': latency_cycles is for "
                "memories outside of the arrays; count it in the cycles of the operations"
            )
        if part.dram is not None:
            try:
                load_dram(part.dram.part)
            except InputError as error:
                place = self._place(name, "dram", "part")
                self.problems += [f"{place}: memory '{name}': {p}" for p in error.problems]

    def _registers(self, name: str, part: MemoryFile, parent: str) -> None:
        """What lies inside the PEs of an array."""
        if not isinstance(self.file.components.get(parent), ArrayFile):
            return
        if part.energy_pj and part.energy_pj.tile is not None:
            self.problems.append(
                f"{self._place(name, 'energy_pj', 'tile')}: memory '{name}': tile is for memories "
                "outside of the arrays; remove it"
            )
        # Which lanes of a PE share a register, and which sums they keep, nothing says.
        lanes = self.sizes.get(f"{parent}.lanes", 1)
        if lanes > 1:
            self.problems.append(
                f"{self._place(name, 'parent')}: memory '{name}': registers of PEs with {lanes} "
                f"lanes are not modelled; remove them, or the lanes of '{parent}'"
            )

    def _tree(self) -> None:
        """Following parents from anywhere must end at the outermost memory."""
        ends: set[str] = set()
        for name in self.file.components:
            seen: dict[str, None] = {}
            at: str | None = name
            while at is not None and at not in seen and at not in ends:
                seen[at] = None
                at = getattr(self.file.components[at], "parent", None)
            if at in seen:
                circle = " -> ".join([*seen, at or ""])
                self.problems.append(f"{self._place(name)}: parents form a circle: {circle}")
                return
            ends |= set(seen)

    def _resolve_sizes(self) -> None:
        written: dict[str, int | float | str] = {}
        for name, part in self.file.components.items():
            for key in _SIZES:
                value = getattr(part, key, None)
                if value is not None:
                    written[f"{name}.{key}"] = value
        if self.file.fpga is not None:
            for kind, value in self.file.fpga.resources.items():
                written[f"{_FPGA}.{kind}"] = value
        for key in written:
            self._size(key, written, ())

    def _size(
        self, key: str, written: Mapping[str, int | float | str], asked_by: tuple[str, ...]
    ) -> Number | None:
        if key in self.sizes or key in self.failed:
            return self.sizes.get(key)
        component, _, field = key.rpartition(".")
        place = self._place(component, field)
        if component == _FPGA:
            where = self.document.place(("fpga", "resources", field))
            place = f"{where}: architecture"
        if key in asked_by:
            circle = " -> ".join((*asked_by, key))
            self.problems.append(f"{place}: sizes refer to each other in a circle: {circle}")
            return None
        value = written[key]
        try:
            if len(asked_by) > _MAX_STEPS:
                raise InputError(f"{key} is asked for through over {_MAX_STEPS} other figures")
            names: dict[str, Number] = {}
            for name in sorted(names_in(value)):
                if name not in written:
                    valid = [each for each in written if not each.startswith(_FPGA)]
                    raise InputError(unknown_name(f"{key}: figure", name, valid))
                found = self._size(name, written, (*asked_by, key))
                if found is None:
                    self.failed.add(key)
                    return None
                names[name] = found
            least = 0 if field == "latency_cycles" or component == _FPGA else 1
            number = whole_number(evaluate_expression(value, names), what=key, least=least)
        except InputError as error:
            problem = f"{place}: {error}"
            self.problems.append(problem)
            self.failed.add(key)
            return None
        self.sizes[key] = number
        return number
