"""Weights in few bits: BitMoD, integers, ANT and OliVe, with the error that each makes."""

from accelsim.quantization.errors import ErrorReport, error_report
from accelsim.quantization.quantize import quantize
from accelsim.quantization.quantized import Quantized
from accelsim.quantization.schemes import SCHEMES, Scheme, scheme_named

__all__ = [
    "SCHEMES",
    "ErrorReport",
    "Quantized",
    "Scheme",
    "error_report",
    "quantize",
    "scheme_named",
]
