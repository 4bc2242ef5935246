"""A folder in which an array's Verilog is checked without Python: a test bench, and its beats."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.accelerators.systolic.algorithm import Product, product_of, reference
from accelsim.accelerators.systolic.parameters import SystolicParameters
from accelsim.accelerators.systolic.readme import readme_text
from accelsim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FOLDER", "bench_files", "default_products"]

FOLDER = Path(__file__).with_name("folder")
"""What is the same for every array."""
_WATCHDOG_CYCLES = 10_000
_MOST_SEED = (1 << 16) - 1
_FIXED = ("Makefile", "systolic.vlt")


def default_products(parameters: SystolicParameters) -> tuple[tuple[int, int, int], ...]:
    """Two products with ragged edges: one of a tile, one of two or more along every rank."""
    m, n, k = (
        unit * most for unit, most in zip(parameters.units, parameters.tile_units, strict=True)
    )
    small = tuple(max(1, size // 2 - 1) for size in (m, n, k))
    return (small[0], small[1], small[2]), (m + 3, n + 1, 2 * k + 1)


def bench_files(
    parameters: SystolicParameters,
    products: Sequence[tuple[int, int, int]],
    *,
    seed: int = 1,
    cycles: Sequence[int | None] | None = None,
) -> dict[str, str]:
    """The files beside ``systolic.v``.

    Args:
        parameters: of the array.
        products: sizes M, N and K of each product, one after the other.
        seed: of the values, and of the stalls.
        cycles: of each product, as they are predicted; None where they are not checked.

    Returns:
        name of a file -> its text.

    Raises:
        InputError: where a size or the seed is not legal.
    """
    expected = list(cycles) if cycles is not None else [None] * len(products)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 1 <= seed <= _MOST_SEED:
        rule = f"must be a whole number from 1 to {_MOST_SEED:,}"
        raise InputError(f"test bench: seed is {seed!r}, {rule}")
    if not products or len(expected) != len(products):
        raise InputError(
            f"test bench: there are {len(products)} products and cycles of {len(expected)}, must "
            "be one or more, and as many of each"
        )
    jobs = [product_of(parameters, *sizes) for sizes in products]
    beats = [_beats(job, seed + at) for at, job in enumerate(jobs)]
    activations, weights, results = ([each[at] for each in beats] for at in range(3))
    constants = {
        **_fixed_constants(parameters, seed, _longest(jobs)),
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
        "CYCLES_EXPECTED": _vector([each or 0 for each in expected]),
    }
    lines = [f"  localparam {_declared(name, text)};" for name, text in constants.items()]
    bench = (FOLDER / "systolic_tb.v").read_text("utf-8")
    return {
        "systolic_tb.v": bench.replace("//@CONSTANTS@", "\n".join(lines).lstrip("\n")),
        "activations.hex": _hex(activations),
        "weights.hex": _hex(weights),
        "results.hex": _hex(results),
        "README.md": readme_text(parameters, products),
        **{name: (FOLDER / name).read_text("utf-8") for name in _FIXED},
    }


def _longest(jobs: Sequence[Product]) -> int:
    """Multiplications that a PE does in the largest product, and more than what moves its words."""
    return max(
        prod(size + most for size, most in zip(job.units, job.parameters.tile_units, strict=True))
        for job in jobs
    )


def _fixed_constants(parameters: SystolicParameters, seed: int, longest: int) -> dict[str, str]:
    from accelsim.accelerators.systolic.gateware import ADDRESS_BITS, REGISTERS

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


def _beats(job: Product, seed: int) -> tuple[NDArray[np.uint8], ...]:
    """Beats of random operands over their whole range, and of their product."""
    import numpy as np

    parameters, random = job.parameters, np.random.default_rng(seed)
    a, b = (
        random.integers(-(1 << bits - 1), 1 << bits - 1, sizes)
        for sizes, bits in (
            ((job.m, job.k), parameters.activation_bits),
            ((job.k, job.n), parameters.weight_bits),
        )
    )
    return job.activations(a), job.weights(b), result_beats(job, reference(a, b))


def result_beats(job: Product, values: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Beats of a product: what ``Product.results`` reads.

    Args:
        job: the product.
        values: [M, N].
    """
    import numpy as np

    columns = job.parameters.columns
    m, n, _ = (u * s for u, s in zip(job.units, job.parameters.units, strict=True))
    filled = np.zeros((m, n), np.int32)
    filled[: job.m, : job.n] = values
    words = [
        filled[tile.m, first : first + columns]
        for tile in job.tiles()
        if tile.ends
        for first in range(tile.n.start, tile.n.stop, columns)
    ]
    raw = np.concatenate(words).astype("<i4").tobytes()
    return np.frombuffer(raw, np.uint8).reshape(-1, job.parameters.stream_bytes)


def _hex(parts: Sequence[NDArray[np.uint8]]) -> str:
    """A beat a line, its highest byte first, as Verilog reads it."""
    return "".join(f"{row[::-1].tobytes().hex()}\n" for part in parts for row in part)
