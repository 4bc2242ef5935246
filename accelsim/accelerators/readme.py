"""What the READMEs of folders with Verilog have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accelsim.gateware.axi import Register

__all__ = ["register_rows"]

_NOTES = {
    "version": "of this interface: 1",
    "control": "1 starts a product; ignored while one is under way",
    "status": "bit 0: a product is under way; bit 1: one is done",
    "m": "units of rank M",
    "n": "units of rank N",
    "k": "units of rank K",
    "cycles": "of the last product, from its first operand to its last result",
    "shape": "rows in the low, columns in the high 16 bits",
    "tiling": "the longest tile in the low, the most folds in the high 16 bits",
}


def register_rows(registers: Sequence[Register], more: Mapping[str, str] | None = None) -> str:
    """Rows of a table.

    Args:
        registers: of the accelerator.
        more: name -> what it is for, of those that not all accelerators have.
    """
    notes = {**_NOTES, **(more or {})}
    return "\n".join(
        f"| {each.offset:#04x} | `{each.name}` | {each.access} | {each.bits} | "
        f"{_reset(each)} | {notes[each.name]} |"
        for each in registers
    )


def _reset(register: Register) -> str:
    if register.access != "rw":
        return ""
    return f"{register.reset:#x}" if register.bits == 32 else str(register.reset)
