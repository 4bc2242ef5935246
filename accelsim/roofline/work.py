"""What a layer has to do on every device: products, elementwise operations, bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from accelsim.einsum.bounds import Bounds, einsum_operations
from accelsim.einsum.cascade import Cascade, Einsum, Term
from accelsim.workload.workload import ROLES, Layer

__all__ = ["Operand", "Product", "Work", "works_of"]

_DEFAULT = "fp16"
"""Of a tensor whose format nobody gives."""


@dataclass(frozen=True)
class Operand:
    """A side of a product."""

    format: str
    elements: int


@dataclass(frozen=True)
class Product:
    """A sum of products of two tensors."""

    operations: int
    """Multiplications and additions."""
    operands: tuple[Operand, Operand]
    results: int
    contracted: int
    """Products that a result sums up."""


@dataclass(frozen=True)
class Work:
    """One row of a table: what a layer, or a small step at its end, has to do in one run."""

    name: str
    kind: str
    repeat: int
    products: tuple[Product, ...]
    vector_operations: int
    """All other operations."""
    bytes: Mapping[str, float]
    """Role -> compulsory traffic: what comes in once and what goes out once."""

    @property
    def operations(self) -> int:
        """Of products and of all else."""
        return self.vector_operations + sum(product.operations for product in self.products)


def works_of(layer: Layer) -> list[Work]:
    """The rows of a layer: itself, and each of its epilogues.

    An epilogue brings its own inputs; the result is that of the layer.
    """
    cascade = layer.cascade
    bounds = Bounds(cascade)
    rest = [einsum for einsum in cascade.einsums if einsum.name not in layer.epilogues]
    groups = [(layer.name or layer.template.name, layer.kind or _kind(cascade), rest)]
    groups += [
        (f"{layer.name}.{kind}", kind, [cascade[name]]) for name, kind in layer.epilogues.items()
    ]
    read: set[str] = set()
    found = []
    for i, (name, kind, einsums) in enumerate(groups):
        inputs = {a.tensor for e in einsums for a in e.inputs} & set(cascade.inputs)
        crossing = [tensor for tensor in bounds.elements if tensor in inputs - read]
        crossing += [] if i else cascade.outputs
        read |= inputs
        products = tuple(_product(e, layer) for e in einsums if _is_product(e))
        vector = sum(einsum_operations(e) for e in einsums if not _is_product(e))
        moved = _bytes(layer, bounds.elements, crossing)
        found.append(Work(name, kind, layer.repeat, products, vector, moved))
    return found


def _kind(cascade: Cascade) -> str:
    """Of a layer that nobody classified: its largest part."""
    largest = max(cascade.einsums, key=einsum_operations)
    return "product" if _is_product(largest) else "elementwise"


def _is_product(einsum: Einsum) -> bool:
    """Whether an Einsum is a sum of products of two tensors, as matrix units perform it."""
    root = einsum.expression
    return (
        einsum.reduction == "sum"
        and isinstance(root, Term)
        and root.operation == "multiply"
        and len(root.operands) == 2
        and not any(isinstance(operand, Term) for operand in root.operands)
        and len(einsum.inputs) == 2
    )


def _product(einsum: Einsum, layer: Layer) -> Product:
    tensors = layer.cascade.tensors
    left, right = (
        Operand(layer.format_of(access.tensor) or _DEFAULT, tensors[access.tensor].size)
        for access in einsum.inputs
    )
    results = tensors[einsum.output.tensor].size
    contracted = -(-einsum.points // max(results, 1))
    return Product(einsum_operations(einsum), (left, right), results, contracted)


def _bytes(layer: Layer, elements: Mapping[str, int], tensors: Sequence[str]) -> dict[str, float]:
    bits = {role: Fraction(0) for role in ROLES}
    for tensor in tensors:
        role = layer.roles.get(tensor, "activations")
        bits[role] += elements[tensor] * Fraction(layer.bits(tensor))
    return {role: float(total / 8) for role, total in bits.items()}
