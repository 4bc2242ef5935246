"""Compiled simulation: a component as machine code, its streams driven cycle by cycle."""

from accelsim.gateware.compiled.simulator import Compiled, Run, compile_component

__all__ = ["Compiled", "Run", "compile_component"]
