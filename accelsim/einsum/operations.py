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

__all__ = ["FUNCTIONS", "INFIX", "OPERATIONS", "REDUCTIONS", "Operation", "ReductionKind"]


@dataclass(frozen=True, slots=True)
class Operation:
    """An elementwise operation: how many operands it takes and what it computes."""

    name: str
    arity: int
    apply: Callable[..., NDArray[Any]]


@dataclass(frozen=True, slots=True)
class ReductionKind:
    """A reduction: its NumPy ufunc, the operation it costs per point, and its neutral value."""

    name: str
    ufunc: str
    operation: str
    neutral: float


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

REDUCTIONS: dict[str, ReductionKind] = {
    kind.name: kind
    for kind in (
        ReductionKind("sum", "add", "add", 0.0),
        ReductionKind("product", "multiply", "multiply", 1.0),
        ReductionKind("max", "maximum", "max", -math.inf),
        ReductionKind("min", "minimum", "min", math.inf),
    )
}
