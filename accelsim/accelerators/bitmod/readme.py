"""What stands in the README of a folder with BitMoD's Verilog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.accelerators.readme import register_rows
from accelsim.formats.bitmod import MAGNITUDES, Selector, special_values
from accelsim.version import __version__

__all__ = ["readme_text"]

_TEMPLATE = Path(__file__).with_name("folder") / "README.md"
_SPECIALS = "terms of the special value of each selector, 8 bits each: two of sign, 2 bits of "
_SPECIALS += "exponent, and 1 where there is a term"


def readme_text(parameters: BitModParameters, products: Sequence[tuple[int, int, int]]) -> str:
    """The README.

    Args:
        parameters: of the array.
        products: sizes M, N and K that the test bench has.
    """
    from accelsim.accelerators.bitmod.gateware import registers_of
    from accelsim.gateware.shell import ADDRESS_BITS

    heads = parameters.heads
    values = {
        "VERSION": __version__,
        "DESCRIPTION": f"Output-stationary, {parameters.rows} x {parameters.columns} PEs of "
        f"{parameters.lanes} lanes, fp16 x {parameters.weights}.",
        "PRODUCTS": " and ".join(f"{m} x {k} by {k} x {n}" for m, n, k in products),
        "PARAMETERS": "\n".join(
            f"| `{each.name}` | {getattr(parameters, each.name)} |" for each in fields(parameters)
        ),
        "ADDRESS_BITS": str(ADDRESS_BITS),
        "STREAM_BYTES": str(parameters.stream_bytes),
        "REGISTERS": register_rows(registers_of(parameters), {"specials": _SPECIALS}),
        "UNITS": "\n".join(
            f"| {rank} | {unit} | {most} |"
            for rank, unit, most in zip("MNK", parameters.units, parameters.tile_units, strict=True)
        ),
        "GROUP": str(parameters.group),
        "UNIT": f"{parameters.format.unit:g}",
        "SHORTEST": str(parameters.shortest),
        "ROWS": str(parameters.rows),
        "COLUMNS": str(parameters.columns),
        "LANES": str(parameters.lanes),
        "HEADS": "one word" if heads == 1 else f"{heads} words",
        "CODE_BITS": str(parameters.format.code_bits),
        "CODES": _codes(parameters),
    }
    text = _TEMPLATE.read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _codes(parameters: BitModParameters) -> str:
    bits = parameters.format.code_bits
    if not parameters.format.is_float:
        return f"Codes are whole numbers of {bits} bits in two's complement."
    magnitudes = ", ".join(f"{each:g}" for each in MAGNITUDES[bits])
    special = ", ".join(f"{special_values(bits)[each]:g} ({each.value})" for each in Selector)
    return (
        f"A code has its sign on top and a magnitude below it, of {magnitudes}. What would be -0\n"
        f"is the special value of its group's selector: {special}."
    )
