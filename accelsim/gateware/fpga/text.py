"""Synthesis results as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable

from accelsim.gateware.fpga.synthesis import Step, Synthesis

__all__ = ["critical_path_rows", "synthesis_rows"]

_HEAD = ["design", "target", "LUT", "FF", "DSP", "block RAM", "LUT RAM", "carry", "Fmax"]


def synthesis_rows(results: Iterable[Synthesis]) -> list[list[str]]:
    """A row for each result, under a head."""
    rows = [list(_HEAD)]
    for each in results:
        counts = (
            *(each.luts, each.ffs, each.dsps),
            *(each.block_rams, each.distributed_rams, each.carry_cells),
        )
        fmax = "unknown" if each.fmax_hz is None else f"{each.fmax_hz / 1e6:.1f} MHz"
        rows.append([each.design, each.target, *(f"{count:,}" for count in counts), fmax])
    return rows


_SHORT_NS = 0.1


def critical_path_rows(result: Synthesis) -> list[list[str]]:
    """A row for each step of the slowest path, under a head; short steps, such as those of carry
    chains, together."""
    rows = [["step", "name", "ns"]]
    short: list[Step] = []
    for step in result.critical_path:
        if step.delay_ns < _SHORT_NS:
            short.append(step)
            continue
        rows += _together(short)
        short = []
        rows.append([step.kind, step.name, f"{step.delay_ns:.2f}"])
    return rows + _together(short)


def _together(steps: list[Step]) -> list[list[str]]:
    if not steps:
        return []
    name = steps[-1].name if len(steps) == 1 else f"{len(steps)} steps up to {steps[-1].name}"
    return [[steps[-1].kind, name, f"{sum(step.delay_ns for step in steps):.2f}"]]
