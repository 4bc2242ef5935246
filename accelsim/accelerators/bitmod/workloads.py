"""What BitMoD's evaluation runs: the products of language models, in two versions of attention.

The artifact of July 2025 multiplies queries with the keys of their own head. That of November
2024, from which the published figures come, gives each layer one product for all heads: as many
tokens as queries and heads together, and every one of them contracts over the whole hidden size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from accelsim.errors import InputError, unknown_name
from accelsim.workload import Layer, Workload, load_template
from accelsim.workload.models import Scenario, Transformer, build_workload

__all__ = ["VERSIONS", "Version", "products_of"]

Version = Literal["july-2025", "november-2024"]
VERSIONS: tuple[Version, ...] = ("july-2025", "november-2024")


def products_of(
    model: Transformer,
    *,
    stage: str,
    context: int,
    weights: str,
    kv_cache: str = "fp16",
    activations: str = "fp16",
    version: Version = "july-2025",
) -> Workload:
    """The linear layers, attention and head of a model, without biases.

    Args:
        model: the transformer.
        stage: ``prefill`` or ``decode``.
        context: positions of a sequence; in ``decode`` the new one among them.
        weights: format of all matrices, the head's included.
        kv_cache: format of keys and values as they are read.
        activations: format of all else.
        version: how attention is shaped, one of ``VERSIONS``.

    Raises:
        InputError: where the version or a format is unknown.
    """
    if version not in VERSIONS:
        raise InputError(unknown_name("version", version, VERSIONS, where="BitMoD's workload"))
    plain = replace(model, qkv_bias=False, output_bias=False, ffn_bias=False, head_bias=False)
    scenario = Scenario(
        stage=stage,
        context=context,
        parts="products",
        weights=weights,
        embeddings=weights,
        kv_cache=kv_cache,
        activations=activations,
    )
    workload = build_workload(plain, scenario)
    layers = [_stored_as_activations(layer) for layer in workload.layers]
    if version == "november-2024":
        rest = [layer for layer in layers if layer.kind != "attention"]
        layers = [*rest, *_Mixed(model, context, decode=stage == "decode", weights=weights).layers]
    return replace(workload, layers=tuple(layers))


def _stored_as_activations(layer: Layer) -> Layer:
    """Keys and values leave their projections as activations: they are quantised later."""
    if layer.kind == "attention":
        return layer
    formats = {k: v for k, v in layer.template.formats.items() if k != "Z"}
    return replace(layer, template=replace(layer.template, formats=formats))


@dataclass(frozen=True)
class _Mixed:
    """Attention as the version of November 2024 has it."""

    model: Transformer
    context: int
    decode: bool
    weights: str

    @property
    def layers(self) -> Iterator[Layer]:
        """Per layer of the model: scores of all heads at once, and what these make of the values.

        Their figures for bytes and for operations do not go together: a row of keys has
        ``kv_heads`` heads where the products contract over all, and a row of values as many
        elements where they contract over the context. The bytes of an element say so.
        """
        model, context = self.model, self.context
        hidden, keys = model.heads * model.head_size, model.kv_heads * model.head_size
        new = 1 if self.decode else context
        scores = {"M": model.heads * new, "K": hidden, "N": new if self.decode else context}
        values = {"M": new, "K": context, "N": model.heads * new}
        yield self._product("qk_matmul", scores, row=keys)
        yield self._product("sv_matmul", values, row=keys)

    def _product(self, name: str, sizes: dict[str, int], *, row: int) -> Layer:
        """One product; ``row`` elements of 16 bits are read for each row of activations."""
        operand = self.weights.partition("~")[0]
        bits = Fraction(16 * row, sizes["K"])
        formats = {
            "default": "fp16",
            "A": f"fp16~{float(bits):.9f}".rstrip("0").rstrip("."),
            "B": f"{operand}~16",
        }
        template = replace(load_template("matmul"), formats=formats)
        return Layer(name, template, dict(sizes), self.model.layers, "attention")
