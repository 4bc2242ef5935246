"""What a design takes on an FPGA, and how fast it runs: open synthesis, place and route."""

from accelsim.gateware.fpga.flow import require_tools, synthesise
from accelsim.gateware.fpga.synthesis import Step, Synthesis
from accelsim.gateware.fpga.targets import TARGETS, Target
from accelsim.gateware.fpga.text import critical_path_rows, synthesis_rows

__all__ = [
    "TARGETS",
    "Step",
    "Synthesis",
    "Target",
    "critical_path_rows",
    "require_tools",
    "synthesis_rows",
    "synthesise",
]
