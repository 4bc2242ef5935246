"""The Verilog of an array, with a word on what its modules are."""

from __future__ import annotations

from dataclasses import fields

from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.version import __version__

__all__ = ["bitmod_verilog"]

_COMMENTS = {
    "pe": "A processing element: terms times activations, a sum for each group, times its scale.",
    "core": "The array with its scratchpads, sums, and what leads tiles through them.",
    "core_array": "The PEs, and the registers that bring rows and columns into step.",
    "core_expander": "Codes and scales in, a term of each weight in each cycle out.",
    "core_walker": "A product, tile by tile: K changes fastest, then N, then M.",
    "core_tiles": "Tiles that wait for a part.",
    "core_banks": "Which of two banks is filled, and which is used.",
    "core_load_a": "Words of A into their scratchpad.",
    "core_load_b": "Words of B into their scratchpad.",
    "core_feed_a": "Words of A towards the array.",
    "core_feed_b": "Words of B towards the array.",
    "core_scratchpad_a": "Two banks of words of A.",
    "core_scratchpad_b": "Two banks of words of B.",
    "core_sums": "Two banks of sums in binary32: one grows, the other is taken away.",
    "core_drain": "Sums on their way out.",
    "registers": "The registers behind AXI4-Lite.",
    "narrow_results": "Words of results in beats.",
    "widen_activations": "Beats of activations in words.",
    "widen_weights": "Beats of weights in words.",
    "widen": "Beats in words.",
}


def bitmod_verilog(parameters: BitModParameters) -> str:
    """Verilog of an array between AXI4-Streams and AXI4-Lite, in one text.

    Args:
        parameters: of the array.
    """
    from accelsim.accelerators.bitmod.gateware import BitMod
    from accelsim.gateware.verilog import verilog_of

    chosen = "\n".join(
        f"  {each.name} = {getattr(parameters, each.name)}" for each in fields(parameters)
    )
    header = (
        f"BitMoD, output-stationary, written by accelsim {__version__}.\n"
        f"Parameters:\n{chosen}\n"
        "Ports, registers and the order of the streams: see README.md."
    )
    return verilog_of(BitMod(parameters), "bitmod", header=header, comments=_COMMENTS)
