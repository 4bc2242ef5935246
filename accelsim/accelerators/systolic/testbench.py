"""A folder in which an array's Verilog is checked without Python: a test bench, and its beats."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from accelsim.accelerators import testbench
from accelsim.accelerators.systolic.algorithm import Product, product_of, reference
from accelsim.accelerators.systolic.parameters import SystolicParameters
from accelsim.accelerators.systolic.readme import readme_text
from accelsim.accelerators.testbench import check_bench

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["bench_files", "default_products"]


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
    check_bench(len(products), len(expected), seed)
    jobs = [
        _job(product_of(parameters, *sizes), seed + at, expected[at])
        for at, sizes in enumerate(products)
    ]
    return {
        **testbench.bench_files("systolic", parameters, jobs, seed=seed),
        "README.md": readme_text(parameters, products),
    }


def _job(product: Product, seed: int, cycles: int | None) -> testbench.BenchJob:
    activations, weights, results = _beats(product, seed)
    return testbench.BenchJob(
        product.units, activations, weights, results, cycles, _longest(product)
    )


def _longest(job: Product) -> int:
    """Multiplications that a PE does in a product, and more than what moves its words."""
    return prod(
        size + most for size, most in zip(job.units, job.parameters.tile_units, strict=True)
    )


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
    return job.activations(a), job.weights(b), job.beats_of(reference(a, b))
