"""The analytic model: action counts, and what follows from them."""

from accelsim.model.cost import build_result
from accelsim.model.count import count_block, count_layer
from accelsim.model.counts import ActionCounts, BlockCounts, EinsumCounts, Transfer
from accelsim.model.result import EinsumResult, LayerResult, Result

__all__ = [
    "ActionCounts",
    "BlockCounts",
    "EinsumCounts",
    "EinsumResult",
    "LayerResult",
    "Result",
    "Transfer",
    "build_result",
    "count_block",
    "count_layer",
]
