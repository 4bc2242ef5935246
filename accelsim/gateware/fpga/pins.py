"""A shell of registers around a design, for tools that want a pin for every port."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SHELL", "shell_of"]

SHELL = "register_shell"
"""Name of the shell's module."""


def shell_of(top: str, ports: Mapping[str, tuple[str, int]]) -> str:
    """Verilog of a shell with four pins: inputs come from a shift register, outputs go into one.

    Args:
        top: the design.
        ports: port -> direction (``input``, ``output``) and bits; ``clk`` and ``rst`` stay pins.

    No input is constant and no output unused, so nothing of the design is left out.
    """
    connections = [f".{name}({name})" for name in ("clk", "rst") if name in ports]
    used = {"input": 0, "output": 0}
    for name, (direction, bits) in ports.items():
        if name in ("clk", "rst"):
            continue
        at = used[direction]
        side = "ins" if direction == "input" else "outs"
        connections.append(f".\\{name} ({side}[{at + bits - 1}:{at}])")
        used[direction] += bits
    ins, outs = (max(used[side], 1) for side in ("input", "output"))
    wires = ",\n        ".join(connections)
    return f"""module {SHELL} (input clk, input rst, input d, output q);
    reg [{ins - 1}:0] ins;
    reg [{outs - 1}:0] held;
    wire [{outs - 1}:0] outs;
    assign q = held[{outs - 1}];
    always @(posedge clk) begin
        ins <= {{ins, d}};
        held <= {{held, d}} ^ outs;
    end
    \\{top} design (
        {wires}
    );
endmodule
"""
