"""What a cascade costs at least on every machine: operations, compulsory traffic, intensity.

Compulsory traffic: every element of the inputs crosses the chip's edge once, and every element of
the outputs. Operations over it is the arithmetic intensity that no mapping exceeds (the roofline's
upper end; Williams, Waterman and Patterson, CACM 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from accelsim.einsum.cascade import Cascade, Node, Term

__all__ = ["Bounds"]


@dataclass(frozen=True)
class Bounds:
    """Lower bounds of a cascade at its sizes."""

    cascade: Cascade

    @cached_property
    def operations(self) -> int:
        """Signs, functions and reductions, each one operation a point."""
        return sum(
            einsum.points * (_operations(einsum.expression) + (einsum.reduction is not None))
            for einsum in self.cascade.einsums
        )

    @cached_property
    def compulsory(self) -> Mapping[str, tuple[str, ...]]:
        """Input or output -> the ranks whose product is its number of elements."""
        named = (*self.cascade.inputs, *self.cascade.outputs)
        return {name: self.cascade.tensors[name].ranks for name in named}

    @cached_property
    def compulsory_elements(self) -> int:
        """Elements of all inputs and outputs that exist."""
        return sum(self.cascade.tensors[name].size for name in self.compulsory)

    def compulsory_bytes(self, bits: Callable[[str], int]) -> float:
        """The same in bytes, with ``bits`` per element of each tensor."""
        total = sum(self.cascade.tensors[name].size * bits(name) for name in self.compulsory)
        return total / 8

    @property
    def intensity_per_element(self) -> float:
        """Operations per element of compulsory traffic: no mapping has more."""
        return self.operations / self.compulsory_elements


def _operations(node: Node) -> int:
    if not isinstance(node, Term):
        return 0
    return 1 + sum(_operations(operand) for operand in node.operands)
