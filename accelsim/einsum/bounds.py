"""What a cascade costs at least on every machine: operations, compulsory traffic, intensity.

Compulsory traffic: every element of the inputs that is read crosses the chip's edge once, and every
element of the outputs. Masks are not looked at, and gathered positions count as all different, as
everywhere. Operations over it is the arithmetic intensity that no mapping exceeds (the roofline's
upper end; Williams, Waterman and Patterson, CACM 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

from accelsim.einsum.cascade import Cascade, Einsum, Node, Term

__all__ = ["Bounds", "einsum_operations"]


@dataclass(frozen=True)
class Bounds:
    """Lower bounds of a cascade at its sizes."""

    cascade: Cascade

    @cached_property
    def operations(self) -> int:
        """Signs, functions and reductions, each one operation a point."""
        return sum(map(einsum_operations, self.cascade.einsums))

    @cached_property
    def compulsory(self) -> Mapping[str, str]:
        """Input or output -> its elements that cross, as a product of ranks.

        Of a rank that is gathered from, or walked through in steps, no more than the positions.
        """
        return {name: self._text(name) for name in self._named}

    @property
    def _named(self) -> tuple[str, ...]:
        return (*self.cascade.inputs, *self.cascade.outputs)

    @cached_property
    def elements(self) -> Mapping[str, int]:
        """Input or output -> how many of its elements exist and are needed."""
        return {
            name: min(self.cascade.tensors[name].size, prod(map(self._length, self._dims(name))))
            for name in self._named
        }

    @property
    def compulsory_elements(self) -> int:
        """Those of all inputs and outputs."""
        return sum(self.elements.values())

    def _dims(self, name: str) -> list[tuple[str, int, tuple[str, ...]]]:
        """(rank, length, positions) of each dimension; positions where they are fewer, as ranks."""
        tensor = self.cascade.tensors[name]
        reads = [a for e in self.cascade.einsums for a in e.inputs if a.tensor == name]
        found = []
        for dim, (rank, length) in enumerate(zip(tensor.ranks, tensor.shape, strict=True)):
            # Several accesses may need different positions; the one that needs most is a bound.
            walked = [access.indices[dim].ranks for access in reads]
            widest = max(walked, key=self._product, default=())
            fewer = name in self.cascade.inputs and walked and self._product(widest) < length
            found.append((rank, length, widest if fewer else (rank,)))
        return found

    def _product(self, ranks: Sequence[str]) -> int:
        return prod(self.cascade.sizes[rank] for rank in ranks)

    def _length(self, dim: tuple[str, int, tuple[str, ...]]) -> int:
        rank, length, positions = dim
        return length if positions == (rank,) else self._product(positions)

    def _text(self, name: str) -> str:
        factors = [factor for _, _, positions in self._dims(name) for factor in positions]
        return "*".join(factors) or "1"

    def compulsory_bytes(self, bits: Callable[[str], int | Fraction]) -> float:
        """The same in bytes, with ``bits`` per element of each tensor."""
        total = sum(count * bits(name) for name, count in self.elements.items())
        return float(total / 8)

    @property
    def intensity_per_element(self) -> float:
        """Operations per element of compulsory traffic: no mapping has more."""
        return self.operations / self.compulsory_elements


def einsum_operations(einsum: Einsum) -> int:
    """Of one Einsum: signs, functions and its reduction, each one operation a point."""
    return einsum.points * (_operations(einsum.expression) + (einsum.reduction is not None))


def _operations(node: Node) -> int:
    if not isinstance(node, Term):
        return 0
    return 1 + sum(_operations(operand) for operand in node.operands)
