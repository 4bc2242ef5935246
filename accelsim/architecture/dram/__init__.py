"""DRAM parts: what their data sheets say of one channel, each figure with its source."""

from accelsim.architecture.dram.load import load_dram
from accelsim.architecture.dram.spec import DramSpec

__all__ = ["DramSpec", "load_dram"]
