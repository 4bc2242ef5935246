"""Parameters of a model, and what its cache holds."""

from __future__ import annotations

from fractions import Fraction

from accelsim.workload.models.build import build_workload
from accelsim.workload.models.scenario import Scenario
from accelsim.workload.models.transformer import Transformer
from accelsim.workload.workload import Layer, Workload

__all__ = [
    "kv_bytes_per_token",
    "kv_cache_bytes",
    "kv_positions",
    "parameters",
    "weight_bytes",
    "weight_tensors",
]

Bits = int | Fraction


def weight_tensors(layer: Layer) -> dict[str, int]:
    """Tensor -> elements, of the weights of a layer."""
    tensors = layer.cascade.tensors
    return {name: tensors[name].size for name, role in layer.roles.items() if role == "weights"}


def _stored(model: Transformer, workload: Workload) -> list[tuple[Layer, str, int]]:
    """(layer, tensor, elements in all repeats) of every weight, a shared table once."""
    return [
        (layer, tensor, size * layer.repeat)
        for layer in workload.layers
        for tensor, size in weight_tensors(layer).items()
        if not (model.tied and layer.name == "lm_head" and tensor == "B")
    ]


def parameters(model: Transformer) -> int:
    """How many numbers a model has learned; a table that serves twice counts once.

    Example:
        >>> parameters(Transformer("tiny", layers=1, hidden=8, heads=2, ffn=16, vocabulary=10))
        824
    """
    workload = build_workload(model, Scenario(context=None if model.image else 1))
    return sum(size for _, _, size in _stored(model, workload)) + _class_token(model)


def _class_token(model: Transformer) -> int:
    """The row in front of a picture's patches, which no layer multiplies."""
    return model.hidden if model.image else 0


def weight_bytes(model: Transformer, workload: Workload) -> float:
    """Bytes of all weights, in the formats of a workload of the model."""
    bits = sum(
        (Fraction(layer.bits(tensor)) * size for layer, tensor, size in _stored(model, workload)),
        Fraction(0),
    )
    table = next((layer for layer in workload.layers if layer.name == "embed_positions"), None)
    token = Fraction(table.bits("TABLE")) * _class_token(model) if table else 0
    return float((bits + token) / 8)


def kv_bytes_per_token(model: Transformer, bits: Bits = 16) -> float:
    """Bytes of keys and values of one position, all layers; 0 of an encoder."""
    return kv_cache_bytes(model, 1, bits)


def kv_cache_bytes(model: Transformer, context: int, bits: Bits = 16, batch: int = 1) -> float:
    """Bytes of the keys and values of some sequences of one context, all layers."""
    width = 2 * model.kv_heads * model.head_size * batch
    return float(Fraction(bits) * width * kv_positions(model, context) / 8)


def kv_positions(model: Transformer, context: int) -> int:
    """Positions that are cached, summed over layers: a layer with a window keeps no more.

    Example:
        >>> kv_positions(Transformer("w", layers=4, hidden=8, heads=2, ffn=16, vocabulary=10,
        ...                          windows=((None, 1), (64, 3))), 100)
        292
    """
    if not model.causal:
        return 0
    return sum(count * min(context, window or context) for window, count in model.windows)
