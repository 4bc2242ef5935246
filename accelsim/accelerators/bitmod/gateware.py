"""BitMoD's array with scratchpads and a sequencer, between AXI4-Streams and AXI4-Lite registers."""

from __future__ import annotations

from functools import partial
from typing import Any

from amaranth.hdl import Module

from accelsim.accelerators.bitmod.encoder import special_file
from accelsim.accelerators.bitmod.expander import TermExpander
from accelsim.accelerators.bitmod.gather import GatheringArithmetic
from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.gateware.arrays.output_stationary import OutputStationaryArray
from accelsim.gateware.axi import Register
from accelsim.gateware.sequencer.core import MatrixCore
from accelsim.gateware.shell import REGISTERS, ProductShell

__all__ = ["BitMod", "array_of", "core_of", "registers_of"]


def array_of(parameters: BitModParameters) -> OutputStationaryArray:
    """The PEs by themselves."""
    arithmetic = GatheringArithmetic(parameters.lanes)
    return OutputStationaryArray(parameters.rows, parameters.columns, arithmetic)


def core_of(parameters: BitModParameters) -> MatrixCore:
    """The accelerator without its AXI side."""
    return MatrixCore(
        "output-stationary",
        parameters.rows,
        parameters.columns,
        GatheringArithmetic(parameters.lanes),
        steps=parameters.tile,
        folds=parameters.folds,
        expander=partial(TermExpander, parameters),
    )


def registers_of(parameters: BitModParameters) -> tuple[Register, ...]:
    """All of them; integers have no special values."""
    if not parameters.format.is_float:
        return REGISTERS
    reset = special_file(parameters.format)
    return (*REGISTERS, Register("specials", 0x24, "rw", reset=reset))


class BitMod(ProductShell):
    """An array of bit-serial PEs that multiplies FP16 activations with weights of few bits.

    The register ``specials`` has the terms of the four special values, 8 bits each; after reset
    those of the paper. Arrays for integers have none.

    Parameters
    ----------
    parameters : BitModParameters
        Of the array and its memories.
    """

    def __init__(self, parameters: BitModParameters) -> None:
        self.parameters: BitModParameters
        more = registers_of(parameters)[len(REGISTERS) :]
        super().__init__(parameters, partial(core_of, parameters), more)

    def connect_registers(self, m: Module, file: Any, core: Any) -> None:
        if self.parameters.format.is_float:
            m.d.comb += core.expander.specials.eq(file.specials.value)
