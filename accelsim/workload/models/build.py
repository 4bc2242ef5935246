"""A transformer at a scenario -> a workload: one layer for each step between two memories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from accelsim.einsum.template import CascadeTemplate
from accelsim.errors import UnsupportedError
from accelsim.formats import storage_format
from accelsim.workload.models.scenario import Scenario
from accelsim.workload.models.transformer import Transformer
from accelsim.workload.templates import load_template
from accelsim.workload.workload import Layer, Workload

__all__ = ["build_workload"]

Sizes = Mapping[str, int]

_PRODUCTS = ("linear", "attention", "head")
"""Kinds of layers that multiply matrices."""


def build_workload(model: Transformer, scenario: Scenario | None = None) -> Workload:
    """What a model computes in one stage.

    Every layer reads from memory and writes to it, as kernels do that run one after the other.
    Names of layers follow LLM-Viewer (arXiv 2402.16363), so that tables can be compared.

    Args:
        model: the transformer.
        scenario: stage, sizes and formats; a prefill where None.

    Raises:
        UnsupportedError: decode of a model that has no cache.
        InputError: a context beyond what the model has positions for.

    Example:
        >>> tiny = Transformer("tiny", layers=2, hidden=64, heads=4, ffn=256, vocabulary=1000)
        >>> [layer.name for layer in build_workload(tiny, Scenario("decode")).layers][:3]
        ['embed_tokens', 'attn_norm', 'q_proj']
    """
    scenario = (scenario or Scenario()).of(model)
    if scenario.stage == "decode" and not model.causal:
        raise UnsupportedError(
            f"model '{model.name}' is an encoder: it has no decode stage; ask for prefill"
        )
    layers = tuple(
        layer
        for layer in _Builder(model, scenario).whole()
        if scenario.parts == "all" or layer.kind in _PRODUCTS
    )
    return Workload(name=model.name, layers=layers, title=model.name)


@lru_cache(maxsize=64)
def _template(name: str) -> CascadeTemplate:
    return load_template(name)


@dataclass(frozen=True)
class _Builder:
    model: Transformer
    scenario: Scenario

    @cached_property
    def kv_cache(self) -> str:
        """Format of keys and values; an encoder keeps none, they are activations."""
        if not self.model.causal:
            return self.scenario.activations
        return self.scenario.kv_cache

    @cached_property
    def vectors(self) -> str:
        """Format of gains and biases: they stay wide where matrices do not."""
        number = storage_format(self.model.data_type).number
        return self.model.data_type if number.is_float and number.bits >= 16 else "fp16"

    @cached_property
    def rows(self) -> int:
        """Positions of all sequences that are computed."""
        return self.scenario.batch * self.scenario.new_tokens

    @cached_property
    def read_rows(self) -> int:
        """Positions that the head reads."""
        last = self.scenario.logits == "last" and self.model.causal
        return self.scenario.batch if last else self.rows

    def layer(
        self,
        name: str,
        kind: str,
        cascade: str,
        sizes: Sizes,
        *,
        repeat: int = 1,
        formats: Mapping[str, str] | None = None,
        weights: tuple[str, ...] = (),
        cached: tuple[str, ...] = (),
        epilogues: Mapping[str, str] | None = None,
    ) -> Layer:
        """A layer; tensors in ``weights`` and ``cached`` have a role, all have a format."""
        given = {"default": self.scenario.activations, **(formats or {})}
        given |= dict.fromkeys(cached, self.kv_cache)
        roles = dict.fromkeys(weights, "weights")
        if self.model.causal:
            roles |= dict.fromkeys(cached, "kv_cache")
        template = replace(_template(cascade), formats=given)
        return Layer(name, template, dict(sizes), repeat, kind, roles, dict(epilogues or {}))

    def linear(
        self,
        name: str,
        inputs: int,
        outputs: int,
        *,
        bias: bool,
        rows: int | None = None,
        repeat: int | None = None,
        weights: str = "",
        kind: str = "linear",
        cached: bool = False,
    ) -> Layer:
        """A linear layer, its bias added before the result is stored."""
        return self.layer(
            name,
            kind,
            "transformer/linear-bias" if bias else "matmul",
            {"M": rows or self.rows, "K": inputs, "N": outputs},
            repeat=repeat or self.model.layers,
            formats={
                "B": weights or self.scenario.weights,
                **({"BIAS": self.vectors} if bias else {}),
            },
            weights=("B", "BIAS") if bias else ("B",),
            cached=("Z",) if cached else (),
            epilogues={"Z": "bias"} if bias else None,
        )

    def norm(
        self,
        name: str,
        *,
        kind: str = "",
        rows: int | None = None,
        width: int | None = None,
        repeat: int | None = None,
        cached: bool = False,
    ) -> Layer:
        """A norm over the last rank, with its gain and, of layer norms, its bias."""
        rms = (kind or self.model.norm) == "rms"
        weights = ("G",) if rms else ("G", "BIAS")
        return self.layer(
            name,
            "norm",
            "transformer/rms-norm" if rms else "layer-norm",
            {"T": rows or self.rows, "D": width or self.model.hidden},
            repeat=repeat or self.model.layers,
            formats=dict.fromkeys(weights, self.vectors),
            weights=weights,
            cached=("Y",) if cached else (),
        )

    def residual(self, name: str) -> Layer:
        sizes = {"T": self.rows, "D": self.model.hidden}
        return self.layer(name, "residual", "transformer/residual", sizes, repeat=self.model.layers)

    def model_layers(self) -> Iterator[Layer]:
        """The layers that repeat."""
        order = self.model.order
        post = order == "post"
        if not post:
            yield self.norm("attn_norm")
        yield from self.attention()
        if order == "parallel":
            yield from self.feed_forward()
            yield self.residual("attn_add")
            yield self.residual("mlp_add")
            return
        if order == "sandwich":
            yield self.norm("attn_post_norm")
        yield self.residual("attn_add")
        yield self.norm("attn_norm" if post else "mlp_norm")
        yield from self.feed_forward()
        if order == "sandwich":
            yield self.norm("mlp_post_norm")
        yield self.residual("mlp_add")
        if post:
            yield self.norm("mlp_norm")

    def attention(self) -> Iterator[Layer]:
        model = self.model
        queries, keys = model.heads * model.head_size, model.kv_heads * model.head_size
        normed = bool(model.head_norm)
        yield self.linear("q_proj", model.hidden, queries, bias=model.qkv_bias)
        yield self.linear("k_proj", model.hidden, keys, bias=model.qkv_bias, cached=not normed)
        yield self.linear("v_proj", model.hidden, keys, bias=model.qkv_bias, cached=True)
        if normed:
            width, heads = model.head_size, model.heads
            yield self.norm("q_norm", kind=model.head_norm, rows=self.rows * heads, width=width)
            rows = self.rows * model.kv_heads
            yield self.norm("k_norm", kind=model.head_norm, rows=rows, width=width, cached=True)
        for window, count in model.windows:
            yield from self.products(window, count, self._suffix(window))
        yield self.linear("out_proj", queries, model.hidden, bias=model.output_bias)

    def _suffix(self, window: int | None) -> str:
        """What tells the attention of layers that see as far from that of others."""
        if window is None or len(self.model.windows) == 1:
            return ""
        several = len({each for each, _ in self.model.windows if each is not None}) > 1
        return f".window-{window}" if several else ".window"

    def products(self, window: int | None, count: int, suffix: str) -> Iterator[Layer]:
        """Scores, softmax and values, of the layers that see as far."""
        model = self.model
        decode = self.scenario.stage == "decode"
        seen = self.scenario.positions
        seen = min(seen, window) if decode and window else seen
        # Queries that share a head of keys stand side by side: none of them sees the others.
        folded = {
            "B": self.scenario.batch,
            "H": model.kv_heads,
            "M": seen,
            "P": model.group * self.scenario.new_tokens,
        }
        width = {"E": model.head_size, "F": model.head_size}
        if self.scenario.attention == "fused":
            name, sizes = "attention/three-pass", {**folded, **width}
            if model.causal and not decode:
                name, sizes = self._masked({**folded, **width}, window)
            yield self.layer(
                f"fused_attention{suffix}",
                "attention",
                name,
                sizes,
                repeat=count,
                cached=("K", "V"),
            )
            return
        parts: tuple[tuple[str, str, str, Sizes, tuple[str, ...]], ...] = (
            ("qk_matmul", "attention", "scores", {"E": model.head_size}, ("K",)),
            ("softmax", "softmax", "softmax", {}, ()),
            ("sv_matmul", "attention", "values", {"F": model.head_size}, ("V",)),
        )
        for name, kind, cascade, more, cached in parts:
            yield self.layer(
                name + suffix,
                kind,
                f"attention/{cascade}",
                {**folded, **more},
                repeat=count,
                cached=cached,
            )

    def _masked(self, sizes: Sizes, window: int | None) -> tuple[str, dict[str, int]]:
        """The cascade that leaves out what a position does not see."""
        grouped = "grouped-" if self.model.group > 1 else ""
        sizes = {**sizes, "P": self.scenario.new_tokens}
        if grouped:
            sizes = {**sizes, "G": self.model.group}
        if window and window < self.scenario.new_tokens:
            return f"attention/{grouped}sliding-window", {**sizes, "W": window}
        return f"attention/{grouped}causal", sizes

    def feed_forward(self) -> Iterator[Layer]:
        model = self.model
        if model.gated:
            yield self.linear("gate_proj", model.hidden, model.ffn, bias=model.ffn_bias)
        yield self.linear("up_proj", model.hidden, model.ffn, bias=model.ffn_bias)
        name = f"transformer/{'gated-' if model.gated else ''}{model.activation}"
        sizes = {"T": self.rows, "S": model.ffn}
        yield self.layer("mlp_act", "activation", name, sizes, repeat=model.layers)
        yield self.linear("down_proj", model.ffn, model.hidden, bias=model.ffn_bias)

    def whole(self) -> Iterator[Layer]:
        """All layers, in the order in which they run."""
        yield from self.picture() if self.model.image else self.embedding()
        yield from self.model_layers()
        if self.model.final_norm:
            yield self.norm("final_norm", repeat=1)
        yield from self.head()

    def embedding(self) -> Iterator[Layer]:
        model = self.model
        yield self.layer(
            "embed_tokens",
            "embedding",
            "embedding",
            {"T": self.rows, "VOCAB": model.vocabulary, "D": model.table_width},
            formats={"TABLE": self.scenario.embeddings, "TOKEN": "int32"},
            weights=("TABLE",),
        )
        if model.embedding_size:
            width = model.embedding_size
            yield self.linear("embed_proj", width, model.hidden, bias=False, repeat=1)
        if model.positions:
            yield self.table("embed_positions", model.positions)
        if model.token_types:
            yield self.table("embed_types", model.token_types)
        if model.embedding_norm:
            yield self.norm("embed_norm", repeat=1)

    def table(self, name: str, slots: int) -> Layer:
        """Rows of a further table, added."""
        return self.layer(
            name,
            "embedding",
            "transformer/embedding-add",
            {"T": self.rows, "SLOTS": slots, "D": self.model.hidden},
            formats={"TABLE": self.scenario.embeddings, "AT": "int32"},
            weights=("TABLE",),
        )

    def picture(self) -> Iterator[Layer]:
        image = self.model.image
        assert image is not None
        rows = self.scenario.batch * image.patches
        width = self.model.hidden
        yield self.linear(
            "embed_patches", image.patch_values, width, bias=True, rows=rows, repeat=1
        )
        yield self.table("embed_positions", self.scenario.new_tokens)

    def head(self) -> Iterator[Layer]:
        model, batch = self.model, self.scenario.batch
        if model.embedding_size:
            width = model.embedding_size
            rows = self.read_rows
            yield self.linear("head_proj", model.hidden, width, bias=False, rows=rows, repeat=1)
        if model.pooler:
            yield self.linear("pooler", model.hidden, model.hidden, bias=True, rows=batch, repeat=1)
            sizes = {"T": batch, "S": model.hidden}
            yield self.layer("pooler_act", "activation", "transformer/tanh", sizes)
        if model.head == "classifier":
            yield self.linear(
                "classifier",
                model.hidden,
                model.labels,
                bias=True,
                rows=batch,
                repeat=1,
                weights=self.scenario.embeddings,
                kind="head",
            )
        if model.head == "masked-language":
            yield self.linear("mlm_proj", model.hidden, model.hidden, bias=True, repeat=1)
            sizes = {"T": self.rows, "S": model.hidden}
            yield self.layer("mlm_act", "activation", f"transformer/{model.activation}", sizes)
            yield self.norm("mlm_norm", repeat=1)
        if model.head in ("language", "masked-language"):
            yield from self.logits()

    def logits(self) -> Iterator[Layer]:
        model = self.model
        yield self.linear(
            "lm_head",
            model.table_width,
            model.vocabulary,
            bias=model.head_bias or model.head == "masked-language",
            rows=self.read_rows,
            repeat=1,
            weights=self.scenario.embeddings,
            kind="head",
        )
