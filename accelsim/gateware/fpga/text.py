"""Synthesis results as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable

from accelsim.gateware.fpga.synthesis import Synthesis

__all__ = ["synthesis_rows"]

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
