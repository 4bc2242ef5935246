"""What stands in the README of a folder with the Verilog of an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from accelsim.accelerators.readme import register_rows
from accelsim.accelerators.systolic.parameters import SystolicParameters
from accelsim.version import __version__

__all__ = ["readme_text"]

_TEMPLATE = Path(__file__).with_name("folder") / "README.md"

_STREAMS = {
    "weight-stationary": """\
- A: for each {rows} of its K, one word for each of its M: {rows} values, the lowest K first
- B: for each {columns} of its N, one word for each of its K: {columns} values, the lowest N first
- Z, after the last tile along K: for each {columns} of its N, one word for each of its M: {columns}
  sums, the lowest N first""",
    "output-stationary": """\
- A: for each {rows} of its M, one word for each of its K: {rows} values, the lowest M first
- B: for each {columns} of its N, one word for each of its K: {columns} values, the lowest N first
- Z, after the last tile along K: for each {columns} of its N, one word for each of its M: {columns}
  sums, the lowest N first""",
}


def readme_text(parameters: SystolicParameters, products: Sequence[tuple[int, int, int]]) -> str:
    """The README.

    Args:
        parameters: of the array.
        products: sizes M, N and K that the test bench has.
    """
    from accelsim.gateware.shell import ADDRESS_BITS, REGISTERS

    values = {
        "VERSION": __version__,
        "DESCRIPTION": f"{parameters.dataflow.capitalize()}, {parameters.rows} x "
        f"{parameters.columns} PEs, {parameters.activations} x {parameters.weights}.",
        "PRODUCTS": " and ".join(f"{m} x {k} by {k} x {n}" for m, n, k in products),
        "PARAMETERS": "\n".join(
            f"| `{each.name}` | {getattr(parameters, each.name)} |" for each in fields(parameters)
        ),
        "ADDRESS_BITS": str(ADDRESS_BITS),
        "STREAM_BYTES": str(parameters.stream_bytes),
        "REGISTERS": register_rows(REGISTERS),
        "UNITS": "\n".join(
            f"| {rank} | {unit} | {most} |"
            for rank, unit, most in zip("MNK", parameters.units, parameters.tile_units, strict=True)
        ),
        "STREAMS": _STREAMS[parameters.dataflow].format(
            rows=parameters.rows, columns=parameters.columns
        ),
    }
    text = _TEMPLATE.read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
