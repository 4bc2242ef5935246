"""Mappings: loop nests, where tensors stay, epochs, and the rules that make them legal."""

from accelsim.mapping.mapping import Block, Compute, Keep, Loop, MappedLayer, Move, Nest

__all__ = ["Block", "Compute", "Keep", "Loop", "MappedLayer", "Move", "Nest"]
