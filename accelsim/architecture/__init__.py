"""Machines: memories, arrays of PEs and links, with the figures that ship and their sources."""

from accelsim.architecture.architecture import Architecture, Array, Link, Memory, OperationCost
from accelsim.architecture.load import load_architecture

__all__ = ["Architecture", "Array", "Link", "Memory", "OperationCost", "load_architecture"]
