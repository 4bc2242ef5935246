"""The Verilog of an array, with a word on what its modules are."""

from __future__ import annotations

from dataclasses import fields

from accelsim.accelerators.systolic.parameters import SystolicParameters
from accelsim.version import __version__

__all__ = ["systolic_verilog"]

_COMMENTS = {
    "pe": "A processing element.",
    "core": "The array with its scratchpads, sums, and what leads tiles through them.",
    "core_array": "The PEs, and the registers that bring rows and columns into step.",
    "core_walker": "A product, tile by tile: K changes fastest, then N, then M.",
    "core_tiles": "Tiles that wait for a part.",
    "core_banks": "Which of two banks is filled, and which is used.",
    "core_load_a": "Words of A into their scratchpad.",
    "core_load_b": "Words of B into their scratchpad.",
    "core_feed_a": "Words of A to the array.",
    "core_feed_b": "Words of B to the array.",
    "core_scratchpad_a": "Two banks of words of A.",
    "core_scratchpad_b": "Two banks of words of B.",
    "core_sums": "Two banks of sums: one grows, the other is taken away.",
    "core_drain": "Sums on their way out.",
    "registers": "The registers behind AXI4-Lite.",
    "narrow_results": "Words of results in beats.",
    "widen_activations": "Beats of activations in words.",
    "widen_weights": "Beats of weights in words.",
    "widen": "Beats in words.",
}


def systolic_verilog(parameters: SystolicParameters) -> str:
    """Verilog of an array between AXI4-Streams and AXI4-Lite, in one text.

    Args:
        parameters: of the array.
    """
    from accelsim.accelerators.systolic.gateware import Systolic
    from accelsim.gateware.verilog import verilog_of

    chosen = "\n".join(
        f"  {each.name} = {getattr(parameters, each.name)}" for each in fields(parameters)
    )
    header = (
        f"{parameters.dataflow.capitalize()} systolic array, written by accelsim {__version__}.\n"
        f"Parameters:\n{chosen}\n"
        "Ports, registers and the order of the streams: see README.md."
    )
    return verilog_of(Systolic(parameters), "systolic", header=header, comments=_COMMENTS)
