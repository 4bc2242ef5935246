"""All files of an array: Verilog, a bench for it, and the machine that simulates as it behaves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

from accelsim.accelerators import testbench
from accelsim.accelerators.bitmod.algorithm import product_of, reference
from accelsim.accelerators.bitmod.bench.layers import event_cycles, layer_trial
from accelsim.accelerators.bitmod.model import architecture_text, mapper_text
from accelsim.accelerators.bitmod.parameters import BitModParameters, bitmod_parameters
from accelsim.accelerators.bitmod.readme import readme_text
from accelsim.accelerators.bitmod.verilog import bitmod_verilog
from accelsim.errors import InputError, unknown_name

__all__ = ["PARTS", "TOP_FILE", "default_products", "files", "parameters", "part"]

PARTS = {"accelerator": "bitmod", "array": "bitmod_array", "pe": "bitmod_pe"}
"""What can be synthesised by itself -> name of its top module."""
TOP_FILE = "bitmod.v"
"""The one of ``files`` that says in its head that accelsim wrote it."""
_SEED = 1


def parameters(settings: dict[str, str]) -> BitModParameters:
    """Parameters from texts.

    Raises:
        InputError: with every setting that is unknown, or is not legal.
    """
    return bitmod_parameters(settings)


def default_products(chosen: BitModParameters) -> tuple[tuple[int, int, int], ...]:
    """Two products with ragged edges: one of a tile, one of two or more along every rank."""
    rows, columns, lanes = chosen.units
    m, n, group = rows * chosen.folds, columns * chosen.folds, chosen.group
    small = (max(1, rows - 1), max(1, columns - 1), group - lanes + 1)
    return small, (m + 1, n + 1, 2 * group + 1)


def files(chosen: BitModParameters) -> dict[str, str]:
    """Name of a file -> its text."""
    products = default_products(chosen)
    jobs = [_job(chosen, sizes, _SEED + at) for at, sizes in enumerate(products)]
    name = f"bitmod-{chosen.rows}x{chosen.columns}"
    return {
        TOP_FILE: bitmod_verilog(chosen),
        **testbench.bench_files("bitmod", chosen, jobs, seed=_SEED, waivers=_waivers()),
        "README.md": readme_text(chosen, products),
        "architecture.yaml": architecture_text(chosen, name=name, mapper="mapper.yaml"),
        "mapper.yaml": mapper_text(chosen, name=name),
    }


def _waivers() -> str:
    return Path(__file__).with_name("folder").joinpath("bitmod.vlt").read_text("utf-8")


def _job(chosen: BitModParameters, sizes: tuple[int, int, int], seed: int) -> testbench.BenchJob:
    import numpy as np

    product = product_of(chosen, *sizes)
    trial = layer_trial(chosen, sizes, np.random.default_rng(seed))
    longest = prod(size + most for size, most in zip(product.units, chosen.tile_units, strict=True))
    return testbench.BenchJob(
        product.units,
        product.activations(trial.activations),
        product.weights(trial.weights),
        product.beats_of(reference(chosen, trial.activations, trial.weights)),
        event_cycles(product),
        longest * chosen.format.steps,
    )


def part(chosen: BitModParameters, name: str) -> tuple[Callable[[], Any], str]:
    """What makes a component to be synthesised, and the name of its top module.

    Raises:
        InputError: where there is no part of that name.
    """
    from accelsim.accelerators.bitmod.gateware import BitMod, array_of
    from accelsim.accelerators.bitmod.pe.group import GroupPe

    makers: dict[str, Callable[[], Any]] = {
        "accelerator": partial(BitMod, chosen),
        "array": partial(array_of, chosen),
        "pe": partial(GroupPe, chosen.lanes),
    }
    if name not in PARTS:
        raise InputError(unknown_name("bitmod: part", name, PARTS))
    return makers[name], PARTS[name]
