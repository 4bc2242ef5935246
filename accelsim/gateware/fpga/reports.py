"""What the tools report, read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from accelsim.gateware.fpga.synthesis import Step
from accelsim.gateware.fpga.targets import Target

__all__ = ["cell_counts", "critical_path", "error_line", "fmax_hz", "ports_of", "summary"]


def cell_counts(stat: Mapping[str, Any]) -> dict[str, int]:
    """Cell type -> how many, of Yosys' ``stat -json`` of a flat design."""
    cells = stat["design"]["num_cells_by_type"]
    return {str(name): int(count) for name, count in cells.items()}


def summary(target: Target, cells: Mapping[str, int]) -> dict[str, int]:
    """Counts by what cells are, under the names that ``Synthesis`` has for them."""
    luts = sum(weight * _count(cells, (name,)) for name, weight in target.luts.items())
    return {
        "luts": luts,
        "ffs": _count(cells, target.ffs),
        "block_rams": _count(cells, target.block_rams),
        "distributed_rams": _count(cells, target.distributed_rams),
        "dsps": _count(cells, target.dsps),
        "carry_cells": _count(cells, target.carry_cells),
    }


def fmax_hz(report: Mapping[str, Any]) -> float | None:
    """The slowest clock of nextpnr's ``--report``; None where no two registers are connected."""
    clocks = [float(clock["achieved"]) for clock in report["fmax"].values()]
    return min(clocks) * 1e6 if clocks else None


def critical_path(report: Mapping[str, Any]) -> tuple[Step, ...]:
    """The slowest path between registers."""
    between: list[list[Mapping[str, Any]]] = [
        path["path"]
        for path in report["critical_paths"]
        if "<async>" not in (path["from"], path["to"])
    ]
    slowest: list[Mapping[str, Any]] = max(between, key=_delay, default=[])
    return tuple(
        Step(
            str(piece["type"]),
            str(piece.get("net") or piece["to"]["cell"]),
            round(float(piece["delay"]), 3),
        )
        for piece in slowest
    )


def ports_of(design: Mapping[str, Any], top: str) -> dict[str, tuple[str, int]]:
    """Port -> direction and bits, of a design as Yosys writes it."""
    ports = design["modules"][top]["ports"]
    return {name: (port["direction"], len(port["bits"])) for name, port in ports.items()}


def error_line(output: str) -> str:
    """The first error that a tool names, in one line; empty where it names none."""
    found = re.search(r"^ERROR: *(.+)$", output, re.MULTILINE)
    return found.group(1).strip().rstrip(".") if found else ""


def _count(cells: Mapping[str, int], names: Iterable[str]) -> int:
    return sum(
        count
        for cell, count in cells.items()
        if any(cell == name or (name[-1] == "*" and cell.startswith(name[:-1])) for name in names)
    )


def _delay(path: Iterable[Mapping[str, Any]]) -> float:
    return sum(float(piece["delay"]) for piece in path)
