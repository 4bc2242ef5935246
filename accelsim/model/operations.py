"""Which operations of an array an Einsum takes at every point, and what they do to registers."""

from __future__ import annotations

import math

from accelsim.architecture.architecture import Architecture, Array, OperationCost
from accelsim.einsum.cascade import Cascade, Einsum, Node, Term
from accelsim.einsum.operations import OPERATIONS, REDUCTIONS
from accelsim.formats import storage_format

__all__ = ["operations_of", "point_cycles", "register_accesses"]

_INSTEAD = {"negate": "subtract"}
"""Operations that are performed by another one: 0 - x."""

_READS_OF_ACTION = {"mac": 3}
"""Register reads of one action in a sequence of several; two operands where it is not listed."""


def operations_of(einsum: Einsum, array: Array) -> tuple[str, ...]:
    """Operations at one point, in the order of the expression, the reduction's last.

    A product that is summed is one ``multiply-add``, and a difference under an exponential one
    ``subtract-exp``, where the array has it.
    """
    found = list(_elementwise(einsum.expression, array))
    if einsum.reduction is None:
        return tuple(found)
    reduction = REDUCTIONS[einsum.reduction].operation
    root = einsum.expression
    product = isinstance(root, Term) and root.operation == "multiply"
    if reduction == "add" and product and "multiply-add" in array.operations:
        return (*found[:-1], "multiply-add")
    return (*found, _performed(reduction, array))


def _elementwise(node: Node, array: Array) -> list[str]:
    if not isinstance(node, Term):
        return []
    operands = node.operands
    if node.operation == "exp" and "subtract-exp" in array.operations:
        (inner,) = operands
        if isinstance(inner, Term) and inner.operation == "subtract":
            below = [op for operand in inner.operands for op in _elementwise(operand, array)]
            return [*below, "subtract-exp"]
    below = [op for operand in operands for op in _elementwise(operand, array)]
    return [*below, _performed(node.operation, array)]


def _performed(operation: str, array: Array) -> str:
    operation = _INSTEAD.get(operation, operation)
    if operation in ("multiply", "add") and operation not in array.operations:
        # A multiply-add unit does both: with an addend of 0, or a factor of 1.
        return "multiply-add" if "multiply-add" in array.operations else operation
    return operation


def register_accesses(operation: str, cost: OperationCost, *, reduces: bool) -> tuple[int, int]:
    """Register reads and writes of one operation at one point.

    An operation that takes one cycle reads its operands (the partial result among them, where it
    reduces) and writes its result; one that is a sequence of actions does so for each action.
    """
    if cost.cycles > 1:
        reads = sum(n * _READS_OF_ACTION.get(action, 2) for action, n in cost.actions.items())
        return reads, sum(cost.actions.values())
    if operation == "multiply-add":
        return 3, 1
    if operation == "subtract-exp" or reduces:
        return 2, 1
    return OPERATIONS[operation].arity, 1


def point_cycles(einsum: Einsum, cascade: Cascade, architecture: Architecture, array: Array) -> int:
    """Cycles that a PE takes at one point, all operations one after the other.

    A copy passes through the PEs all the same: one cycle. Operations that take an operand bit by
    bit take as long as the narrowest input of the Einsum has bits, scales left out.
    """
    costs = [array.operations[operation] for operation in operations_of(einsum, array)]
    narrowest = 0
    if any(cost.serial_bits for cost in costs):
        formats = [cascade.tensors[access.tensor].format for access in einsum.inputs]
        narrowest = min(
            math.ceil(storage_format(name).number.bits) if name else architecture.word_bits
            for name in formats
        )
    return sum(cost.cycles_of(narrowest) for cost in costs) or 1
