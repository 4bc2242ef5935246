"""Rooflines by plain arithmetic, from the keys of a ``config.json`` and the figures of a device.

Written from what a transformer computes (operations: a multiplication, an addition, a function or a
comparison each count one), not from accelsim: nothing here imports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

Raw = Mapping[str, Any]
Number = int | Fraction

BITS: dict[str, Fraction] = {
    "fp64": Fraction(64),
    "fp32": Fraction(32),
    "fp16": Fraction(16),
    "bf16": Fraction(16),
    "fp8": Fraction(8),
    "int8": Fraction(8),
    "int4": Fraction(4),
    "mxfp4": 4 + Fraction(8, 32),
    "nvfp4": 4 + Fraction(8, 16),
    "int4-g128": 4 + Fraction(16 + 4, 128),
    "int3-g64": 3 + Fraction(16 + 3, 64),
    "fp16-2:4": Fraction(16 + 2, 2),
    "ternary-packed": Fraction(8, 5),
}
"""Bits an element on average, by hand."""


@dataclass(frozen=True)
class Spec:
    """A model, in the words of its ``config.json``."""

    layers: int
    d: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocabulary: int = 0
    gated: bool = True
    norm: str = "rms"
    order: str = "pre"
    final_norm: bool = True
    embedding_norm: bool = False
    head_norm: str = ""
    qkv_bias: bool = False
    output_bias: bool = False
    ffn_bias: bool = False
    head_bias: bool = False
    position_rows: int = 0
    types: int = 0
    table_width: int = 0
    tied: bool = False
    causal: bool = True
    sees: tuple[int | None, ...] = ()
    """Of each layer, how many positions it sees; empty: all see all."""
    head: str = "language"
    pooler: bool = False
    labels: int = 0
    patches: int = 0
    patch_values: int = 0
    gain_bits: Fraction = Fraction(16)


@dataclass(frozen=True)
class Asked:
    """A stage, its sizes, and bits of each role."""

    stage: str
    batch: int
    context: int
    weights: Fraction = Fraction(16)
    activations: Fraction = Fraction(16)
    kv: Fraction = Fraction(16)
    embeddings: Fraction = Fraction(16)
    fused: bool = False
    last: bool = False
    """Whether only the last position of a prefill has logits."""


class Line(NamedTuple):
    """A row of the table: figures of one of its repeats."""

    name: str
    repeat: int
    products: int
    """Operations of sums of products."""
    other: int
    """All other operations."""
    weights: Fraction = Fraction(0)
    """Bits of weights that move, and so on."""
    activations: Fraction = Fraction(0)
    kv: Fraction = Fraction(0)

    @property
    def operations(self) -> int:
        return self.products + self.other

    @property
    def bytes(self) -> Fraction:
        return (self.weights + self.activations + self.kv) / 8


@dataclass
class _Table:
    spec: Spec
    asked: Asked
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        one = self.asked.stage == "decode"
        self.tokens = 1 if one else self.asked.context
        self.rows = self.asked.batch * self.tokens
        self.a = self.asked.activations
        self.kv = self.asked.kv if self.spec.causal else self.a

    def add(
        self,
        name: str,
        products: int,
        other: int,
        weights: Number = 0,
        activations: Number = 0,
        kv: Number = 0,
        *,
        repeat: int | None = None,
    ) -> None:
        times = self.spec.layers if repeat is None else repeat
        moved = [Fraction(bits) for bits in (weights, activations, kv)]
        self.lines.append(Line(name, times, products, other, *moved))

    def linear(
        self,
        name: str,
        k: int,
        n: int,
        *,
        bias: bool,
        m: int | None = None,
        repeat: int | None = None,
        bits: Fraction | None = None,
        cached: bool = False,
    ) -> None:
        m = self.rows if m is None else m
        bits = self.asked.weights if bits is None else bits
        goes = m * n
        if cached and self.spec.causal:
            moved = (bits * k * n, self.a * m * k, self.kv * goes)
        else:
            moved = (bits * k * n, self.a * (m * k + goes), Fraction(0))
        self.add(name, 2 * m * k * n, 0, *moved, repeat=repeat)
        if bias:
            self.add(f"{name}.bias", 0, m * n, self.spec.gain_bits * n, repeat=repeat)

    def norm(
        self,
        name: str,
        *,
        rows: int | None = None,
        width: int | None = None,
        kind: str = "",
        repeat: int | None = None,
        cached: bool = False,
    ) -> None:
        t, d = self.rows if rows is None else rows, width or self.spec.d
        if (kind or self.spec.norm) == "rms":
            # Square and sum; then divide, add, root, reciprocal; then two multiplications.
            operations, gains = 4 * t * d + 4 * t, 1
        else:
            # Sum, subtract, square and sum, scale twice and shift; the mean on top.
            operations, gains = 7 * t * d + 5 * t, 2
        weights = self.spec.gain_bits * gains * d
        size = Fraction(t * d)
        if cached and self.spec.causal:
            self.add(name, 0, operations, weights, self.a * size, self.kv * size, repeat=repeat)
        else:
            self.add(name, 0, operations, weights, self.a * 2 * size, repeat=repeat)

    def residual(self, name: str) -> None:
        size = self.rows * self.spec.d
        self.add(name, 0, size, 0, 3 * size * self.a)

    def table(self, name: str, slots: int) -> None:
        """Added rows: an index of 32 bits each, no more of the table than there is."""
        size = self.rows * self.spec.d
        read = min(slots, self.rows) * self.spec.d * self.asked.embeddings
        self.add(name, 0, size, read, 2 * size * self.a + 32 * self.rows, repeat=1)

    def attention(self) -> None:
        spec = self.spec
        h, k, w = spec.heads, spec.kv_heads, spec.head_dim
        normed = bool(spec.head_norm)
        self.linear("q_proj", spec.d, h * w, bias=spec.qkv_bias)
        self.linear("k_proj", spec.d, k * w, bias=spec.qkv_bias, cached=not normed)
        self.linear("v_proj", spec.d, k * w, bias=spec.qkv_bias, cached=True)
        if normed:
            self.norm("q_norm", rows=self.rows * h, width=w, kind=spec.head_norm)
            self.norm("k_norm", rows=self.rows * k, width=w, kind=spec.head_norm, cached=True)
        sees = spec.sees or (None,) * spec.layers
        kinds = list(dict.fromkeys(sees))
        for window in kinds:
            count = sum(each == window for each in sees)
            several = len({each for each in kinds if each}) > 1
            suffix = f".window-{window}" if several else ".window"
            suffix = suffix if window and len(kinds) > 1 else ""
            self.scores(window, count, suffix)
        self.linear("out_proj", h * w, spec.d, bias=spec.output_bias)

    def scores(self, window: int | None, count: int, suffix: str) -> None:
        spec, b, w = self.spec, self.asked.batch, self.spec.head_dim
        held = self.asked.context
        if self.asked.stage == "decode" and window:
            held = min(held, window)
        keys = b * spec.kv_heads * held * w
        queries = b * spec.heads * self.tokens * w
        kv_keys = (keys * self.kv, 0) if spec.causal else (0, keys * self.a)
        if self.asked.fused:
            each = pairs(self.asked.context, window) if self.masked else self.tokens * held
            n = b * spec.heads * each
            moved = 2 * queries * self.a + 2 * kv_keys[1]
            self.add(
                f"fused_attention{suffix}", 4 * n * w, 5 * n, 0, moved, 2 * kv_keys[0], repeat=count
            )
            return
        n = b * spec.heads * self.tokens * held
        act = (queries + n) * self.a + kv_keys[1]
        self.add(f"qk_matmul{suffix}", 2 * n * w, 0, 0, act, kv_keys[0], repeat=count)
        self.add(f"softmax{suffix}", 0, 5 * n, 0, 2 * n * self.a, repeat=count)
        self.add(f"sv_matmul{suffix}", 2 * n * w, 0, 0, act, kv_keys[0], repeat=count)

    @property
    def masked(self) -> bool:
        return self.spec.causal and self.asked.stage == "prefill"

    def feed_forward(self) -> None:
        spec = self.spec
        if spec.gated:
            self.linear("gate_proj", spec.d, spec.ffn, bias=spec.ffn_bias)
        self.linear("up_proj", spec.d, spec.ffn, bias=spec.ffn_bias)
        size = self.rows * spec.ffn
        reads = 2 if spec.gated else 1
        self.add("mlp_act", 0, reads * size, 0, (reads + 1) * size * self.a)
        self.linear("down_proj", spec.ffn, spec.d, bias=spec.ffn_bias)

    def layer(self) -> None:
        steps = {
            "pre": "an attn ar mn ffn mr",
            "post": "attn ar an ffn mr mn",
            "parallel": "an attn ffn ar mr",
            "sandwich": "an attn ap ar mn ffn mp mr",
        }
        names = {"an": "attn_norm", "mn": "mlp_norm", "ap": "attn_post_norm", "mp": "mlp_post_norm"}
        for step in steps[self.spec.order].split():
            if step == "attn":
                self.attention()
            elif step == "ffn":
                self.feed_forward()
            elif step in names:
                self.norm(names[step])
            else:
                self.residual("attn_add" if step == "ar" else "mlp_add")

    def embedding(self) -> None:
        spec = self.spec
        width = spec.table_width or spec.d
        read = min(spec.vocabulary, self.rows) * width * self.asked.embeddings
        moved = self.rows * width * self.a + 32 * self.rows
        self.add("embed_tokens", 0, 0, read, moved, repeat=1)
        if spec.table_width:
            self.linear("embed_proj", spec.table_width, spec.d, bias=False, repeat=1)
        if spec.position_rows:
            self.table("embed_positions", spec.position_rows)
        if spec.types:
            self.table("embed_types", spec.types)
        if spec.embedding_norm:
            self.norm("embed_norm", repeat=1)

    def picture(self) -> None:
        spec = self.spec
        rows = self.asked.batch * spec.patches
        self.linear("embed_patches", spec.patch_values, spec.d, bias=True, m=rows, repeat=1)
        self.table("embed_positions", spec.patches + 1)

    def head(self) -> None:
        spec, b, table = self.spec, self.asked.batch, self.asked.embeddings
        read = b if self.asked.last and spec.causal else self.rows
        if spec.table_width:
            self.linear("head_proj", spec.d, spec.table_width, bias=False, m=read, repeat=1)
        if spec.pooler:
            self.linear("pooler", spec.d, spec.d, bias=True, m=b, repeat=1)
            self.add("pooler_act", 0, b * spec.d, 0, 2 * b * spec.d * self.a, repeat=1)
        if spec.head == "classifier":
            self.linear("classifier", spec.d, spec.labels, bias=True, m=b, repeat=1, bits=table)
        if spec.head == "masked-language":
            self.linear("mlm_proj", spec.d, spec.d, bias=True, repeat=1)
            size = self.rows * spec.d
            self.add("mlm_act", 0, size, 0, 2 * size * self.a, repeat=1)
            self.norm("mlm_norm", repeat=1)
        if spec.head in ("language", "masked-language"):
            self.linear(
                "lm_head",
                spec.table_width or spec.d,
                spec.vocabulary,
                bias=spec.head_bias or spec.head == "masked-language",
                m=read,
                repeat=1,
                bits=table,
            )

    def whole(self) -> list[Line]:
        if self.spec.patches:
            self.picture()
        else:
            self.embedding()
        self.layer()
        if self.spec.final_norm:
            self.norm("final_norm", repeat=1)
        self.head()
        return self.lines


def pairs(length: int, window: int | None) -> int:
    """Pairs of a query and a key that it sees: itself, and those before it within the window."""
    return sum(min(q + 1, window or length) for q in range(length))


def lines_of(spec: Spec, asked: Asked) -> list[Line]:
    """Every row of one stage."""
    return _Table(spec, asked).whole()


def parameters(spec: Spec) -> int:
    """Numbers that a model has learned, from the shapes of its weights."""
    bare = Asked("prefill", 1, spec.patches + 1 if spec.patches else 1)
    d, width = spec.d, spec.table_width or spec.d
    count = Fraction(0)
    ones = Spec(**{**spec.__dict__, "gain_bits": Fraction(1)})
    for line in lines_of(ones, Asked(**{**bare.__dict__, "weights": Fraction(1)})):
        if line.name in ("embed_tokens", "embed_positions", "embed_types", "lm_head", "classifier"):
            continue
        count += line.weights * line.repeat
    if spec.patches:
        return int(count) + d + (spec.patches + 1) * d + spec.labels * d
    count += spec.vocabulary * width + (spec.position_rows + spec.types) * d
    if spec.head in ("language", "masked-language"):
        count += 0 if spec.tied else spec.vocabulary * width
    return int(count + spec.labels * d * (spec.head == "classifier"))


def cached_positions(spec: Spec, context: int) -> int:
    """Positions that are cached, all layers: with a window no more than it holds."""
    if not spec.causal:
        return 0
    sees = spec.sees or (None,) * spec.layers
    return sum(min(context, window or context) for window in sees)


def footprint(spec: Spec, asked: Asked) -> dict[str, Fraction]:
    """Bytes of cached keys and values, and of what is live: the largest layer, and the residual."""
    kv = 2 * spec.kv_heads * spec.head_dim * asked.batch * asked.kv
    lines = lines_of(spec, asked)
    tokens = 1 if asked.stage == "decode" else asked.context
    residual = asked.activations * asked.batch * tokens * spec.d
    return {
        "kv_cache": kv * cached_positions(spec, asked.context) / 8,
        "activations": (max(line.activations for line in lines) + residual) / 8,
    }


def seconds(line: Line, *, peak: float, vector: float, bandwidth: float) -> float:
    """Williams et al. (CACM 2009): the longest of what overlaps."""
    moved = float(line.bytes) / bandwidth
    return max(moved, line.products / peak, line.other / vector)


def spec_of(raw: Raw) -> Spec:
    """A ``config.json`` of the families llama, qwen2, phi, gemma2, opt and bert, keys complete."""
    family = raw["model_type"]
    return {
        "llama": _llama,
        "qwen2": _llama,
        "phi": _phi,
        "gemma2": _gemma2,
        "opt": _opt,
        "bert": _bert,
    }[family](raw)


def _common(raw: Raw) -> dict[str, Any]:
    heads = raw["num_attention_heads"]
    return {
        "layers": raw["num_hidden_layers"],
        "d": raw["hidden_size"],
        "heads": heads,
        "kv_heads": raw.get("num_key_value_heads", heads),
        "head_dim": raw.get("head_dim", raw["hidden_size"] // heads),
        "ffn": raw.get("intermediate_size", raw.get("ffn_dim")),
        "vocabulary": raw["vocab_size"],
        "gain_bits": Fraction(32 if raw.get("torch_dtype", "float32") == "float32" else 16),
    }


_ALL_BIASES: dict[str, Any] = dict.fromkeys(("qkv_bias", "output_bias", "ffn_bias"), True)


def _llama(raw: Raw) -> Spec:
    return Spec(**_common(raw), qkv_bias=raw["model_type"] == "qwen2")


def _phi(raw: Raw) -> Spec:
    return Spec(
        **_common(raw), **_ALL_BIASES, gated=False, norm="layer", order="parallel", head_bias=True
    )


def _gemma2(raw: Raw) -> Spec:
    layers, window = raw["num_hidden_layers"], raw["sliding_window"]
    # Even layers slide. Rows of the full ones stand first.
    sees = tuple(sorted((None if i % 2 else window for i in range(layers)), key=bool))
    return Spec(**_common(raw), order="sandwich", tied=True, sees=sees)


def _opt(raw: Raw) -> Spec:
    before, width = raw["do_layer_norm_before"], raw["word_embed_proj_dim"]
    return Spec(
        **_common(raw),
        **_ALL_BIASES,
        gated=False,
        norm="layer",
        order="pre" if before else "post",
        final_norm=before,
        position_rows=raw["max_position_embeddings"] + 2,
        table_width=0 if width == raw["hidden_size"] else width,
        tied=True,
    )


def _bert(raw: Raw) -> Spec:
    return Spec(
        **_common(raw),
        **_ALL_BIASES,
        gated=False,
        norm="layer",
        order="post",
        final_norm=False,
        embedding_norm=True,
        position_rows=raw["max_position_embeddings"],
        types=raw["type_vocab_size"],
        causal=False,
        tied=True,
        head="masked-language",
    )


def every(lines: list[Line], attribute: str) -> Iterator[Fraction]:
    """A figure of every line, repeats included."""
    for line in lines:
        yield Fraction(getattr(line, attribute)) * line.repeat


def stored_bits(spec: Spec, asked: Asked) -> Fraction:
    """Of all weights, in the formats of a scenario: whole tables, a shared one once."""
    once = Asked("prefill", 1, spec.patches + 1 if spec.patches else 1, weights=asked.weights)
    tables = ("embed_tokens", "embed_positions", "embed_types", "lm_head", "classifier")
    bits = sum(
        line.weights * line.repeat for line in lines_of(spec, once) if line.name not in tables
    )
    width = spec.table_width or spec.d
    rows = spec.position_rows + spec.types + (spec.patches + 1 if spec.patches else 0)
    numbers = spec.vocabulary * width + rows * spec.d
    if spec.head in ("language", "masked-language") and not spec.tied:
        numbers += spec.vocabulary * width
    if spec.head == "classifier":
        numbers += spec.labels * spec.d
    return Fraction(bits + numbers * asked.embeddings)
