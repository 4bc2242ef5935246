"""All files of an array: Verilog, a bench for it, and the machine that simulates as it behaves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from accelsim.accelerators.systolic.bench.layers import event_cycles
from accelsim.accelerators.systolic.bench.tiles import array_of
from accelsim.accelerators.systolic.model import architecture_text, mapper_text
from accelsim.accelerators.systolic.parameters import SystolicParameters, systolic_parameters
from accelsim.accelerators.systolic.testbench import bench_files, default_products
from accelsim.accelerators.systolic.verilog import systolic_verilog
from accelsim.errors import InputError, unknown_name

__all__ = ["PARTS", "TOP_FILE", "files", "parameters", "part"]

PARTS = {"accelerator": "systolic", "array": "systolic_array"}
"""What can be synthesised by itself -> name of its top module."""
TOP_FILE = "systolic.v"
"""The one of ``files`` that says in its head that accelsim wrote it."""


def parameters(settings: dict[str, str]) -> SystolicParameters:
    """Parameters from texts.

    Raises:
        InputError: with every setting that is unknown, or is not legal.
    """
    return systolic_parameters(settings)


def files(chosen: SystolicParameters) -> dict[str, str]:
    """Name of a file -> its text."""
    products = default_products(chosen)
    cycles = [event_cycles(chosen, *sizes) for sizes in products]
    name = f"systolic-{chosen.rows}x{chosen.columns}"
    return {
        TOP_FILE: systolic_verilog(chosen),
        **bench_files(chosen, products, cycles=cycles),
        "architecture.yaml": architecture_text(chosen, name=name, mapper="mapper.yaml"),
        "mapper.yaml": mapper_text(chosen, name=name),
    }


def part(chosen: SystolicParameters, name: str) -> tuple[Callable[[], Any], str]:
    """What makes a component to be synthesised, and the name of its top module.

    Raises:
        InputError: where there is no part of that name.
    """
    from accelsim.accelerators.systolic.gateware import Systolic

    if name not in PARTS:
        raise InputError(unknown_name("systolic: part", name, PARTS))
    make = array_of if name == "array" else Systolic
    return partial(make, chosen), PARTS[name]
