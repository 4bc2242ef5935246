"""The bus interfaces of a system on chip: AXI4-Stream for data, AXI4-Lite for registers."""

from accelsim.gateware.axi.lite import AxiLiteRegisters, AxiLiteSignature
from accelsim.gateware.axi.registers import Register
from accelsim.gateware.axi.stream import AxiStreamIn, AxiStreamOut, AxiStreamSignature

__all__ = [
    "AxiLiteRegisters",
    "AxiLiteSignature",
    "AxiStreamIn",
    "AxiStreamOut",
    "AxiStreamSignature",
    "Register",
]
