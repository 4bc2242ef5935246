"""The elementwise operations and reductions of the language: names, arity, meaning in NumPy.

NumPy itself is imported when an operation is applied, not when the language is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FUNCTIONS",
    "INFIX",
    "OPERATIONS",
    "REDUCTIONS",
    "REDUCTION_ALIASES",
    "Operation",
    "ReductionKind",
]


@dataclass(frozen=True, slots=True)
class Operation:
    """An elementwise operation: how many operands it takes and what it computes."""

    name: str
    arity: int
    apply: Callable[..., NDArray[Any]]


Reduce = Callable[["NDArray[Any]", "NDArray[Any] | None", int], "NDArray[Any]"]
"""(array, which elements take part or None for all, how many results to keep) -> results."""


@dataclass(frozen=True, slots=True)
class ReductionKind:
    """A reduction: what it computes, the operation it costs per point, and its neutral value."""

    name: str
    apply: Reduce
    """Reduces the last axis of an array."""
    operation: str
    neutral: float
    ranks: bool = False
    """Whether it keeps several results, best first, along an index of their own."""
    position: bool = False
    """Whether the result is the position of the element, not its value."""


def _numpy(name: str) -> Callable[..., NDArray[Any]]:
    def apply(*operands: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        result: NDArray[Any] = getattr(np, name)(*operands)
        return result

    return apply


def _sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    # Written with exp(-|x|) so that large inputs neither overflow nor lose precision.
    small = np.exp(-np.abs(x))
    result: NDArray[Any] = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return result


def _gelu(x: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    # The exact form with the error function (Hendrycks and Gimpel, arXiv 1606.08415, section 2).
    erf = np.asarray(np.frompyfunc(math.erf, 1, 1)(x / math.sqrt(2.0)), np.float64)
    result: NDArray[Any] = 0.5 * x * (1.0 + erf)
    return result


def _relu(x: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    result: NDArray[Any] = np.maximum(x, 0)
    return result


OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("add", 2, _numpy("add")),
        Operation("subtract", 2, _numpy("subtract")),
        Operation("multiply", 2, _numpy("multiply")),
        Operation("divide", 2, _numpy("divide")),
        Operation("max", 2, _numpy("maximum")),
        Operation("min", 2, _numpy("minimum")),
        Operation("negate", 1, _numpy("negative")),
        Operation("exp", 1, _numpy("exp")),
        Operation("log", 1, _numpy("log")),
        Operation("sqrt", 1, _numpy("sqrt")),
        Operation("reciprocal", 1, lambda x: 1.0 / x),
        Operation("tanh", 1, _numpy("tanh")),
        Operation("relu", 1, _relu),
        Operation("gelu", 1, _gelu),
        Operation("sigmoid", 1, _sigmoid),
        Operation("silu", 1, lambda x: x * _sigmoid(x)),
    )
}

INFIX = ("add", "subtract", "multiply", "divide", "negate")
"""Operations that are written as signs, not called by name."""

FUNCTIONS = tuple(sorted(set(OPERATIONS) - set(INFIX)))
"""Operations that are called by name, such as ``exp(A[m])`` or ``max(A[m], B[m])``."""


def _over(ufunc: str) -> Reduce:
    def apply(array: NDArray[Any], present: NDArray[Any] | None, kept: int) -> NDArray[Any]:
        import numpy as np

        return np.asarray(getattr(np, ufunc).reduce(array, axis=-1))

    return apply


def _topk(array: NDArray[Any], present: NDArray[Any] | None, kept: int) -> NDArray[Any]:
    import numpy as np

    result: NDArray[Any] = np.sort(array, axis=-1)[..., ::-1][..., :kept]
    return result


def _positions(
    array: NDArray[Any], present: NDArray[Any] | None, kept: int, *, least: bool = False
) -> NDArray[Any]:
    """Positions of the largest elements, largest first, the earlier of two equal ones first.

    -1 stands for none: where fewer elements take part.
    """
    import numpy as np

    if least:
        order = np.argsort(array, axis=-1, kind="stable")
    else:
        # The stable sort runs from the far end, so that reversing it puts the earlier one first.
        order = array.shape[-1] - 1 - np.argsort(array[..., ::-1], axis=-1, kind="stable")
        order = order[..., ::-1]
    if present is None:
        return order[..., :kept]
    absent = ~np.take_along_axis(present, order, axis=-1)
    first = np.argsort(absent, axis=-1, kind="stable")[..., :kept]
    order, absent = (np.take_along_axis(each, first, axis=-1) for each in (order, absent))
    result: NDArray[Any] = np.where(absent, -1, order)
    return result


def _argmax(array: NDArray[Any], present: NDArray[Any] | None, kept: int) -> NDArray[Any]:
    return _positions(array, present, 1)[..., 0]


def _argmin(array: NDArray[Any], present: NDArray[Any] | None, kept: int) -> NDArray[Any]:
    return _positions(array, present, 1, least=True)[..., 0]


REDUCTIONS: dict[str, ReductionKind] = {
    kind.name: kind
    for kind in (
        ReductionKind("sum", _over("add"), "add", 0.0),
        ReductionKind("product", _over("multiply"), "multiply", 1.0),
        ReductionKind("max", _over("maximum"), "max", -math.inf),
        ReductionKind("min", _over("minimum"), "min", math.inf),
        # Truth values are 1 and 0; anything but 0 is true.
        ReductionKind("any", _over("logical_or"), "max", 0.0),
        ReductionKind("all", _over("logical_and"), "min", 1.0),
        ReductionKind("logsumexp", _over("logaddexp"), "logaddexp", -math.inf),
        ReductionKind("argmax", _argmax, "max", -math.inf, position=True),
        ReductionKind("argmin", _argmin, "min", math.inf, position=True),
        # Each element is compared with every one that is kept so far.
        ReductionKind("topk", _topk, "max", -math.inf, ranks=True),
        ReductionKind("argtopk", _positions, "max", -math.inf, ranks=True, position=True),
    )
}

REDUCTION_ALIASES = {"prod": "product"}
"""Other spellings; the formatter writes the name they stand for."""
