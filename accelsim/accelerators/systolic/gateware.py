"""The array with scratchpads and a sequencer, between AXI4-Streams and AXI4-Lite registers."""

from __future__ import annotations

from functools import partial

from accelsim.accelerators.systolic.parameters import SUM_BITS, SystolicParameters
from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.sequencer.core import MatrixCore
from accelsim.gateware.shell import ADDRESS_BITS, REGISTERS, ProductShell

__all__ = ["ADDRESS_BITS", "REGISTERS", "Systolic", "arithmetic_of", "core_of"]


def arithmetic_of(parameters: SystolicParameters) -> DenseArithmetic:
    """Of a PE."""
    return DenseArithmetic(
        activation_bits=parameters.activation_bits,
        weight_bits=parameters.weight_bits,
        result_bits=SUM_BITS,
    )


def core_of(parameters: SystolicParameters) -> MatrixCore:
    """The accelerator without its AXI side."""
    return MatrixCore(
        parameters.dataflow,
        parameters.rows,
        parameters.columns,
        arithmetic_of(parameters),
        steps=parameters.tile,
        folds=parameters.folds,
    )


class Systolic(ProductShell):
    """A systolic array that multiplies matrices of any size.

    Parameters
    ----------
    parameters : SystolicParameters
        Of the array and its memories.
    """

    def __init__(self, parameters: SystolicParameters) -> None:
        super().__init__(parameters, partial(core_of, parameters))
