"""Random transformers in random scenarios: every row, total and footprint by plain arithmetic."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.roofline import Roofline, Row, roofline
from accelsim.workload.models import Image, Transformer, kv_bytes_per_token, parameters

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("roofline_oracle", Path(__file__).with_name("oracle.py"))
assert _spec
assert _spec.loader
oracle: Any = module_from_spec(_spec)
sys.modules[_spec.name] = oracle
_spec.loader.exec_module(oracle)

FORMATS = sorted(oracle.BITS)
NORMS, ORDERS = ("rms", "layer"), ("pre", "post", "parallel", "sandwich")


@st.composite
def models(draw: st.DrawFn, *, causal: bool | None = None) -> tuple[Any, Transformer]:
    """A model twice: for the arithmetic, and for accelsim."""
    kv_heads, group = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    sizes: dict[str, int] = {
        "heads": kv_heads * group,
        "kv_heads": kv_heads,
        "layers": draw(st.integers(1, 5)),
        "ffn": draw(st.integers(1, 40)),
        "vocabulary": draw(st.integers(1, 50)),
    }
    flags = ["gated", "final_norm", "embedding_norm", "qkv_bias", "output_bias", "ffn_bias"]
    flags += ["head_bias", "tied", "pooler"]
    shared: dict[str, Any] = {name: draw(st.booleans()) for name in flags}
    shared |= sizes
    shared["causal"] = draw(st.booleans()) if causal is None else causal
    shared["norm"], shared["order"] = draw(st.sampled_from(NORMS)), draw(st.sampled_from(ORDERS))
    shared["head_norm"] = draw(st.sampled_from(("", *NORMS)))
    heads = ("none", "language", "masked-language", "classifier")
    shared["head"] = draw(st.sampled_from(heads))
    shared["labels"] = draw(st.integers(1, 9)) if shared["head"] == "classifier" else 0
    hidden, head_size = draw(st.integers(1, 30)), draw(st.integers(1, 12))
    rows, types = draw(st.sampled_from((0, 30, 70))), draw(st.sampled_from((0, 2)))
    unused = draw(st.integers(0, 3)) if rows else 0
    width = draw(st.sampled_from((0, 5)))
    sees = draw(windows(sizes["layers"]))
    data_type, gain = draw(st.sampled_from((("fp16", 16), ("fp32", 32), ("bf16", 16))))
    spec = oracle.Spec(
        **shared,
        d=hidden,
        head_dim=head_size,
        position_rows=rows,
        types=types,
        table_width=width,
        sees=sees,
        gain_bits=Fraction(gain),
    )
    made = Transformer(
        "random",
        **shared,
        hidden=hidden,
        head_size=head_size,
        positions=rows,
        unused_positions=unused,
        token_types=types,
        embedding_size=width,
        windows=tuple((each, sees.count(each)) for each in dict.fromkeys(sees)),
        data_type=data_type,
    )
    return spec, made


@st.composite
def windows(draw: st.DrawFn, layers: int) -> tuple[int | None, ...]:
    """What each layer sees, layers that see as far side by side."""
    kinds = draw(st.sampled_from([(None,), (5,), (None, 7), (7, None), (None, 3, 11), (2, 9)]))
    found = [draw(st.sampled_from(kinds)) for _ in range(layers)]
    return tuple(sorted(found, key=kinds.index))


@st.composite
def scenarios(draw: st.DrawFn, model: Transformer) -> tuple[Any, dict[str, Any]]:
    """A scenario twice."""
    stage = draw(st.sampled_from(("prefill", "decode"))) if model.causal else "prefill"
    names = {
        name: draw(st.sampled_from(FORMATS))
        for name in ("weights", "activations", "kv_cache", "embeddings")
    }
    batch, context = draw(st.integers(1, 4)), draw(st.integers(1, 24))
    fused, last = draw(st.booleans()), draw(st.booleans())
    weights, activations, kv, embeddings = (oracle.BITS[name] for name in names.values())
    asked = oracle.Asked(
        stage, batch, context, weights, activations, kv, embeddings, fused=fused, last=last
    )
    attention, logits = "fused" if fused else "unfused", "last" if last else "all"
    given_: dict[str, Any] = {
        "stage": stage,
        "batch": batch,
        "context": context,
        "attention": attention,
    }
    if stage == "prefill":
        given_["logits"] = logits
    if not model.causal:
        del names["kv_cache"]
    return asked, {**given_, **names}


def agree(rows: Iterable[Row], lines: list[Any]) -> None:
    """Row by row: names, repeats, operations of both kinds, bytes of every role."""
    rows = list(rows)
    assert [row.name for row in rows] == [line.name for line in lines]
    for row, line in zip(rows, lines, strict=True):
        load = row.segments[0].first
        assert row.repeat == line.repeat, row.name
        assert row.operations == line.operations, row.name
        assert load.vector_operations - load.converting_operations == line.other, row.name
        bits = {role: float(getattr(line, short) / 8) for role, short in ROLES.items()}
        assert dict(row.bytes_by_role) == pytest.approx(bits, rel=1e-14), row.name


ROLES = {"weights": "weights", "activations": "activations", "kv_cache": "kv"}


def agree_in_total(found: Roofline, lines: list[Any]) -> None:
    assert found.total("operations") == sum(oracle.every(lines, "operations"))
    moved = float(sum(oracle.every(lines, "bytes")))
    assert found.total("bytes") == pytest.approx(moved, rel=1e-12)


def check(data: st.DataObject) -> None:
    spec, model = data.draw(models())
    asked, settings_ = data.draw(scenarios(model))
    found = roofline(model, on="a100-40g", **settings_)
    lines = oracle.lines_of(spec, asked)
    agree(found.rows, lines)
    agree_in_total(found, lines)
    assert parameters(model) == oracle.parameters(spec)
    needs = found.footprint
    assert needs
    expected = oracle.footprint(spec, asked)
    assert needs.kv_cache == pytest.approx(float(expected["kv_cache"]), rel=1e-14)
    assert needs.activations == pytest.approx(float(expected["activations"]), rel=1e-14)
    bits = oracle.stored_bits(spec, asked)
    assert needs.weights == pytest.approx(float(bits) / 8, rel=1e-14)


@settings(max_examples=40)
@given(st.data())
def test_random_models(data: st.DataObject) -> None:
    check(data)


@pytest.mark.slow
@settings(max_examples=500)
@given(st.data())
def test_many_random_models(data: st.DataObject) -> None:
    check(data)


@settings(max_examples=10)
@given(st.data())
def test_all_grows_with_the_batch_but_weights(data: st.DataObject) -> None:
    """Tables apart, of which no more is read than there is."""
    _, model = data.draw(models())
    _, settings_ = data.draw(scenarios(model))
    one, three = (roofline(model, on="t4", **{**settings_, "batch": size}) for size in (1, 3))
    for single, triple in zip(one.rows, three.rows, strict=True):
        assert triple.operations == 3 * single.operations
        for role in ("activations", "kv_cache"):
            assert triple.bytes_by_role[role] == pytest.approx(3 * single.bytes_by_role[role])
        if not single.name.startswith("embed_") or single.kind != "embedding":
            assert triple.bytes_by_role["weights"] == single.bytes_by_role["weights"]
        assert triple.seconds >= single.seconds


@settings(max_examples=10)
@given(st.data())
def test_one_more_position_is_the_last_row_of_a_longer_prefill(data: st.DataObject) -> None:
    """Linear in the rows: a prefill of S is a prefill of S - 1 and a step, but for attention."""
    _, model = data.draw(models(causal=True))
    length = data.draw(st.integers(2, 20))
    whole, shorter = (
        roofline(model, on="t4", stage="prefill", context=n) for n in (length, length - 1)
    )
    step = roofline(model, on="t4", stage="decode", context=length)
    for long, short, one in zip(whole.rows, shorter.rows, step.rows, strict=True):
        if long.kind not in ("attention", "softmax") and long.name[:4] != "pool":
            whole_batch = long.name.startswith("classifier")
            both = one.operations if whole_batch else short.operations + one.operations
            assert long.operations == both


@settings(max_examples=10)
@given(st.data())
def test_a_fused_step_multiplies_what_an_unfused_one_does(data: st.DataObject) -> None:
    _, model = data.draw(models(causal=True))
    asked: dict[str, Any] = {
        "stage": "decode",
        "context": data.draw(st.integers(1, 20)),
        "batch": 2,
    }
    fused, unfused = (
        roofline(model, on="t4", attention=how, **asked) for how in ("fused", "unfused")
    )
    assert fused.total("operations") == unfused.total("operations")
    # Scores and weights of the values are written and read again.
    assert unfused.total("bytes") > fused.total("bytes")


@pytest.mark.parametrize("window", [None, 1, 4, 8, 9])
@pytest.mark.parametrize("group", [1, 2])
def test_a_fused_prefill_counts_the_pairs_that_are_seen(window: int | None, group: int) -> None:
    model = Transformer(
        "one", layers=1, hidden=12, heads=4, kv_heads=4 // group, ffn=5, vocabulary=7,
        windows=((window, 1),),
    )  # fmt: skip
    length, batch = 8, 3
    found = roofline(
        model, on="t4", stage="prefill", context=length, batch=batch, attention="fused"
    )
    (row,) = (row for row in found.rows if row.kind == "attention")
    pairs = sum(min(q + 1, window or length) for q in range(length))
    if window is None or window >= length:
        assert pairs == length * (length + 1) // 2
    assert row.operations == batch * 4 * pairs * (4 * 3 + 5)


@pytest.mark.parametrize(
    ("image", "patches", "values"),
    [
        (Image(224, 224, 16, 16), 196, 768),
        (Image(30, 20, 4, 3, channels=1), 42, 12),
        (Image(5, 7, 5, 7, channels=2), 1, 70),
    ],
)
@pytest.mark.parametrize("fused", [False, True])
def test_pictures(image: Image, patches: int, values: int, fused: bool) -> None:
    shared: dict[str, Any] = {
        "layers": 2, "heads": 2, "kv_heads": 2, "ffn": 9, "gated": False, "norm": "layer",
        "causal": False, "qkv_bias": True, "head": "classifier", "labels": 6,
    }  # fmt: skip
    model = Transformer("vision", **shared, hidden=8, head_size=4, image=image)
    spec = oracle.Spec(**shared, d=8, head_dim=4, patches=patches, patch_values=values)
    asked = oracle.Asked("prefill", 3, patches + 1, fused=fused)
    how = "fused" if fused else "unfused"
    found = roofline(model, on="t4", stage="prefill", batch=3, attention=how)
    agree(found.rows, oracle.lines_of(spec, asked))
    assert parameters(model) == oracle.parameters(spec)
    assert found.footprint
    assert found.footprint.weights == 2 * parameters(model)
    assert found.footprint.kv_cache == kv_bytes_per_token(model) == 0


@pytest.mark.parametrize(
    ("data_type", "bits"),
    [("fp32", 32), ("fp64", 64), ("bf16", 16), ("fp8", 16), ("int8", 16), ("fp4_e2m1", 16)],
)
def test_gains_and_biases_stay_wide_where_all_else_is_narrow(data_type: str, bits: int) -> None:
    model = Transformer(
        "own", layers=1, hidden=12, heads=2, ffn=5, vocabulary=7, data_type=data_type,
        weights="int4", ffn_bias=True,
    )  # fmt: skip
    rows = {row.name: row for row in roofline(model, on="t4", stage="prefill", context=2).rows}
    assert rows["attn_norm"].bytes_by_role["weights"] == 12 * bits / 8
    assert rows["up_proj.bias"].bytes_by_role["weights"] == 5 * bits / 8
    assert rows["up_proj"].bytes_by_role["weights"] == 12 * 5 * 4 / 8


def test_formats_that_nobody_gives_are_those_of_the_model() -> None:
    model = Transformer(
        "own", layers=1, hidden=8, heads=2, ffn=8, vocabulary=9, weights="int4-g128",
        data_type="bf16",
    )  # fmt: skip
    asked = roofline(model, on="t4", stage="decode", context=5).scenario
    assert asked
    assert (asked.weights, asked.activations) == ("int4-g128", "bf16")
    assert (asked.kv_cache, asked.embeddings) == ("bf16", "bf16")
