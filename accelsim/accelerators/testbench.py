"""A folder in which an accelerator's Verilog is checked without Python: a test bench, its beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from accelsim.gateware.shell import ShellSizes

__all__ = ["BenchJob", "bench_files", "check_bench"]

FOLDER = Path(__file__).with_name("folder")
"""What is the same for every accelerator behind ``ProductShell``; ``@NAME@`` is the top module."""
_WATCHDOG_CYCLES = 10_000
_MOST_SEED = (1 << 16) - 1


@dataclass(frozen=True)
class BenchJob:
    """One product of the bench."""

    units: tuple[int, int, int]
    """Of ranks M, N and K: what the registers take."""
    activations: NDArray[np.uint8]
    """A row of bytes for each beat; so are the others."""
    weights: NDArray[np.uint8]
    results: NDArray[np.uint8]
    cycles: int | None
    """As predicted; None where they are not checked."""
    longest: int
    """More steps than a PE takes for it."""


def check_bench(products: int, cycles: int, seed: int) -> None:
    """Refuse what is no bench.

    Args:
        products: how many there are.
        cycles: of how many the cycles are given.
        seed: of the stalls.

    Raises:
        InputError: where the seed is not legal, or there is not a product for each.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 1 <= seed <= _MOST_SEED:
        rule = f"must be a whole number from 1 to {_MOST_SEED:,}"
        raise InputError(f"test bench: seed is {seed!r}, {rule}")
    if not products or cycles != products:
        raise InputError(
            f"test bench: there are {products} products and cycles of {cycles}, must "
            "be one or more, and as many of each"
        )


def bench_files(
    name: str, parameters: ShellSizes, jobs: Sequence[BenchJob], *, seed: int, waivers: str = ""
) -> dict[str, str]:
    """The files beside the Verilog, but for a README.

    Args:
        name: of the top module.
        parameters: of the accelerator.
        jobs: products, one after the other.
        seed: of the stalls.
        waivers: lines for Verilator's lint, besides those that all accelerators need.

    Returns:
        name of a file -> its text.
    """
    parts = [(job.activations, job.weights, job.results) for job in jobs]
    activations, weights, results = ([each[at] for each in parts] for at in range(3))
    constants = {
        **_fixed_constants(parameters, seed, max(job.longest for job in jobs)),
        "PRODUCTS": str(len(jobs)),
        "A_BEATS": str(sum(map(len, activations))),
        "B_BEATS": str(sum(map(len, weights))),
        "Z_BEATS": str(sum(map(len, results))),
        "A_COUNTS": _vector([len(each) for each in activations]),
        "B_COUNTS": _vector([len(each) for each in weights]),
        "Z_COUNTS": _vector([len(each) for each in results]),
        "M_UNITS": _vector([job.units[0] for job in jobs]),
        "N_UNITS": _vector([job.units[1] for job in jobs]),
        "K_UNITS": _vector([job.units[2] for job in jobs]),
        "CYCLES_EXPECTED": _vector([job.cycles or 0 for job in jobs]),
    }
    lines = [f"  localparam {_declared(name, text)};" for name, text in constants.items()]
    bench = _text("top_tb.v", name)
    return {
        f"{name}_tb.v": bench.replace("//@CONSTANTS@", "\n".join(lines).lstrip("\n")),
        "activations.hex": _hex(activations),
        "weights.hex": _hex(weights),
        "results.hex": _hex(results),
        "Makefile": _text("Makefile", name),
        f"{name}.vlt": _text("top.vlt", name) + waivers,
    }


def _text(file: str, name: str) -> str:
    return (FOLDER / file).read_text("utf-8").replace("@NAME@", name)


def _fixed_constants(parameters: ShellSizes, seed: int, longest: int) -> dict[str, str]:
    from accelsim.gateware.shell import ADDRESS_BITS, REGISTERS

    addresses = {
        register.name.upper(): f"{ADDRESS_BITS}'h{register.offset:02x}" for register in REGISTERS
    }
    return {
        "BITS": str(8 * parameters.stream_bytes),
        "SEED": f"16'h{seed:04x}",
        "WATCHDOG": str(_WATCHDOG_CYCLES + 16 * longest),
        **addresses,
        "SHAPE_VALUE": f"32'h{parameters.rows | parameters.columns << 16:08x}",
        "TILING_VALUE": f"32'h{parameters.tile | parameters.folds << 16:08x}",
    }


def _declared(name: str, text: str) -> str:
    if not text.startswith("{"):
        return f"{name} = {text}"
    return f"[{32 * (text.count(',') + 1) - 1}:0] {name} = {text}"


def _vector(values: Sequence[int]) -> str:
    """32 bits each, the first in the low ones."""
    return "{" + ", ".join(f"32'd{value}" for value in reversed(values)) + "}"


def _hex(parts: Sequence[NDArray[np.uint8]]) -> str:
    """A beat a line, its highest byte first, as Verilog reads it."""
    return "".join(f"{row[::-1].tobytes().hex()}\n" for part in parts for row in part)
