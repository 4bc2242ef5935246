"""Figures of a machine that change what its work costs, and never how the work is done.

Bandwidths, energies and areas can be exchanged in an Architecture that is already built, which
takes microseconds where loading its file anew takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from accelsim.architecture.architecture import Architecture

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["is_figure", "with_figures"]

_MEMORY = {
    "bandwidth_bytes_per_s": "bandwidth_bytes_per_s",
    "energy_pj.read": "read_energy_pj",
    "energy_pj.write": "write_energy_pj",
    "energy_pj.tile": "tile_energy_pj",
    "area_um2": "area_um2",
}
"""Field of a file -> field of a memory."""
_ARRAY_TABLES = ("energy_pj", "area_um2")


def is_figure(architecture: Architecture, path: str, value: object) -> bool:
    """Whether a change is one of a figure that the machine has, to a number that it may have.

    Whatever else it is must be told to :func:`accelsim.architecture.load_architecture`.
    """
    if path == "clock_hz":
        # Bandwidths that are given by the cycle follow the clock.
        by_cycle = any(memory.bytes_per_cycle for memory in architecture.memories.values())
        return not by_cycle and _fits("rate", value)
    component, _, field = path.partition(".")
    if component in architecture.memories:
        memory = architecture.memories[component]
        if field not in _MEMORY or getattr(memory, _MEMORY[field]) is None:
            return False
        if field == "bandwidth_bytes_per_s":
            return not memory.bytes_per_cycle and not memory.dram and _fits("rate", value)
        return _fits("figure", value)
    if component in architecture.arrays:
        array = architecture.arrays[component]
        if field == "cycle_energy_pj":
            return _fits("figure", value)
        table, _, unit = field.partition(".")
        return table in _ARRAY_TABLES and unit in getattr(array, table) and _fits("figure", value)
    return False


def with_figures(architecture: Architecture, figures: Mapping[str, float]) -> Architecture:
    """The machine with other figures, all of which ``is_figure`` accepts; sources stay as they
    were."""
    memories, arrays = dict(architecture.memories), dict(architecture.arrays)
    clock_hz = architecture.clock_hz
    for path, value in figures.items():
        number = float(value)
        component, _, field = path.partition(".")
        if path == "clock_hz":
            clock_hz = number
        elif component in memories:
            memory: Any = {_MEMORY[field]: number}
            memories[component] = replace(memories[component], **memory)
        elif field == "cycle_energy_pj":
            arrays[component] = replace(arrays[component], cycle_energy_pj=number)
        else:
            table, _, unit = field.partition(".")
            changed: Any = {table: {**getattr(arrays[component], table), unit: number}}
            arrays[component] = replace(arrays[component], **changed)
    return replace(architecture, clock_hz=clock_hz, memories=memories, arrays=arrays)


def _fits(kind: str, value: object) -> bool:
    """Whether an architecture file may have that number there, by the rule of its model."""
    if not isinstance(value, int | float):
        return False
    from pydantic import ValidationError

    try:
        _rule(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@cache
def _rule(kind: str) -> TypeAdapter[float]:
    from pydantic import TypeAdapter

    from accelsim.architecture.schema import NotNegative, Rate

    return TypeAdapter(Rate if kind == "rate" else NotNegative)
