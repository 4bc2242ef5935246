"""A generation is its prefill and every step of decode, one at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.architecture.devices import Device, load_device
from accelsim.errors import InputError, UnsupportedError
from accelsim.roofline import Roofline, roofline
from accelsim.workload.models import Transformer

ON = ("a100-40g", "t4", "snapdragon-8-gen-3", "tpu-v4")
# Elements of 1 to 16 bits, scales and holes.
FORMATS = ("fp16", "int8", "int4-g128", "ternary-packed", "mxfp4", "fp16-2:4")
Windows = tuple[tuple[int | None, int], ...]


def model(windows: Windows = (), **changed: Any) -> Transformer:
    sizes: dict[str, Any] = {
        "layers": sum(count for _, count in windows) or 2,
        "hidden": 32,
        "heads": 4,
        "kv_heads": 2,
        "ffn": 48,
        "vocabulary": 100,
    }
    return Transformer("small", **{**sizes, **changed}, windows=windows)


def by_steps(made: Transformer, prompt: int, tokens: int, asked: dict[str, Any]) -> list[Roofline]:
    """The prefill, and each further token on its own."""
    first = roofline(made, stage="prefill", context=prompt, logits="last", **asked)
    contexts = range(prompt + 1, prompt + tokens)
    return [first, *(roofline(made, stage="decode", context=n, **asked) for n in contexts)]


@pytest.mark.slow
@settings(max_examples=12)
@given(st.data())
def test_a_generation_is_the_sum_of_its_steps(data: st.DataObject) -> None:
    spans = st.none() | st.integers(1, 24)
    windows = tuple(
        (window, data.draw(st.integers(1, 2)))
        for window in data.draw(st.lists(spans, min_size=1, max_size=3, unique=True))
    )
    made = model(windows)
    asked: dict[str, Any] = {
        "on": data.draw(st.sampled_from(ON)),
        "attention": data.draw(st.sampled_from(("fused", "unfused"))),
        "batch": data.draw(st.integers(1, 40)),
        "weights": data.draw(st.sampled_from(FORMATS)),
        "kv_cache": data.draw(st.sampled_from(("fp16", "int8", "mxfp4", "nvfp4"))),
    }
    prompt, tokens = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 24))
    whole = roofline(made, context=prompt, tokens=tokens, **asked)
    parts = by_steps(made, prompt, tokens, asked)
    for figure in ("operations", "bytes", "seconds"):
        for stage, runs in (("prefill", parts[:1]), ("decode", parts[1:])):
            total = sum(Fraction(run.total(figure)) for run in runs)
            assert whole.total(figure, stage) == pytest.approx(float(total), rel=1e-12)
    found = [row for row in whole.rows if row.stage == "decode"]
    for i, row in enumerate(found):
        steps = [run.rows[i] for run in parts[1:]]
        assert row.repeat == sum(step.repeat for step in steps)
        seconds = sum(step.seconds * step.repeat for step in steps)
        assert row.seconds * row.repeat == pytest.approx(seconds, rel=1e-12)
        assert row.kind == steps[0].kind


@settings(max_examples=8)
@given(st.integers(1, 20), st.integers(2, 20), st.sampled_from(ON[:2]))
def test_figures_of_a_generation(prompt: int, tokens: int, on: str) -> None:
    made = model(((None, 1), (7, 1)))
    whole = roofline(made, on=on, context=prompt, tokens=tokens, batch=3)
    parts = by_steps(made, prompt, tokens, {"on": on, "batch": 3})
    assert whole.stage == "generate"
    assert whole.time_to_first_token_s == pytest.approx(parts[0].seconds, rel=1e-12)
    each = sum(run.seconds for run in parts[1:]) / (tokens - 1)
    assert whole.time_per_output_token_s == pytest.approx(each, rel=1e-12)
    seconds = sum(run.seconds for run in parts)
    assert whole.seconds == pytest.approx(seconds, rel=1e-12)
    assert whole.tokens_per_s == pytest.approx(3 * tokens / seconds, rel=1e-12)
    # Memory: weights once, the cache at the end, activations where they are largest.
    assert whole.footprint
    needs = [run.footprint for run in parts if run.footprint]
    assert whole.footprint.weights == needs[0].weights
    assert whole.footprint.kv_cache == needs[-1].kv_cache
    positions = prompt + tokens - 1
    assert needs[-1].kv_cache == 3 * 2 * 2 * (2 * 8) * (positions + min(positions, 7))
    assert whole.footprint.activations == max(each.activations for each in needs)


def test_one_token_is_a_prefill_and_no_step() -> None:
    whole = roofline(model(), on="t4", context=9, tokens=1)
    prefill = roofline(model(), on="t4", stage="prefill", context=9, logits="last")
    assert whole.rows == prefill.rows
    assert whole.time_per_output_token_s is None
    assert whole.time_to_first_token_s == whole.seconds == prefill.seconds
    assert prefill.tokens_per_s == 9 / prefill.seconds


def test_a_step_alone() -> None:
    step = roofline(model(), on="t4", stage="decode", context=9, batch=4)
    assert step.time_to_first_token_s is None
    assert step.time_per_output_token_s == step.seconds
    assert step.tokens_per_s == 4 / step.seconds


# A step reads queries and writes results however short the context: then memory bounds.
ON_THE_EDGE = Device("edge", "edge", None, 1e9, {"fp16": 1e12}, {}, 2e9, None, {})


def test_what_bounds_a_generation_may_change_on_the_way() -> None:
    """The bound of a row is what bounds most of its time, not of its first step."""
    made = model(heads=64, kv_heads=1, hidden=8, head_size=8)
    asked: dict[str, Any] = {"on": ON_THE_EDGE, "attention": "fused"}
    shares: dict[str, float] = defaultdict(float)
    for run in by_steps(made, 1, 40, asked)[1:]:
        (row,) = (row for row in run.rows if row.kind == "attention")
        shares[row.bound] += row.seconds
    whole = roofline(made, context=1, tokens=40, **asked)
    (row,) = (row for row in whole.rows if row.kind == "attention" and row.stage == "decode")
    assert set(shares) == {"memory", "vector"}
    assert row.bound == max(shares, key=shares.__getitem__) == "vector"
    assert row.seconds * row.repeat == pytest.approx(2 * sum(shares.values()))


def test_a_default_context_and_default_tokens() -> None:
    whole = roofline(model(), on="t4")
    assert (whole.scenario and whole.scenario.context, whole.tokens) == (2048, 128)
    limited = roofline(model(positions=66, unused_positions=2), on="t4", stage="prefill")
    assert limited.scenario
    assert limited.scenario.context == 64


def test_a_context_ends_where_positions_do() -> None:
    made = model(positions=66, unused_positions=2)
    assert roofline(made, on="t4", context=60, tokens=5).seconds > 0
    with pytest.raises(InputError) as caught:
        roofline(made, on="t4", context=60, tokens=6)
    assert str(caught.value) == (
        "model 'small': a prompt of 60 and 6 tokens reach beyond the 64 positions that it can "
        "have; lower --context or --tokens"
    )
    assert roofline(made, on="t4", stage="decode", context=64).seconds > 0
    with pytest.raises(InputError, match=r"context is 65, must be at most the 64 positions of its"):
        roofline(made, on="t4", stage="decode", context=65)
    # The default prompt leaves room for what follows.
    found = roofline(made, on="t4", tokens=6)
    assert found.scenario
    assert found.scenario.context == 59
    with pytest.raises(InputError, match=r"a prompt of 1 and 66 tokens reach beyond the 64"):
        roofline(made, on="t4", tokens=66)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"tokens": 0}, "tokens is 0, must be a whole number from 1 to 2,147,483,648"),
        ({"tokens": True}, "tokens is True, must be a whole number from 1 to 2,147,483,648"),
        ({"tokens": 2.0}, "tokens is 2.0, must be a whole number from 1 to 2,147,483,648"),
        ({"batch": 0}, "batch is 0, must be a whole number from 1 to 2,147,483,648"),
        ({"batch": 2**31 + 1}, "batch is 2147483649, must be a whole number from 1 to "),
        ({"context": -1}, "context is -1, must be a whole number from 1 to 2,147,483,648"),
        ({"context": "9"}, "context is '9', must be a whole number from 1 to 2,147,483,648"),
        ({"stage": "decoding"}, "stage 'decoding' is unknown; did you mean 'decode'? valid: "),
        ({"attention": "flash"}, "attention 'flash' is unknown; valid: fused, unfused"),
        ({"logits": "lats"}, "logits 'lats' is unknown; did you mean 'last'? valid: all, last"),
        ({"weights": "int5"}, "weights: format 'int5' is unknown; did you mean 'int8'?"),
        ({"kv_cache": "mxfp4-g3"}, "kv_cache: format 'mxfp4-g3' has scales of its own; drop -gN"),
        ({"stage": "decode", "tokens": 3}, "tokens is 3, but belongs to generate; leave it out"),
        ({"stage": "decode", "logits": "all"}, "logits is 'all', but decode computes one position"),
    ],
)
def test_wrong_requests(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        roofline(model(), on="t4", **asked)
    (problem,) = caught.value.problems
    assert message in problem


def test_all_wrong_values_at_once() -> None:
    with pytest.raises(InputError) as caught:
        roofline(model(), on="t4", batch=0, attention="x", weights="y", embeddings="z")
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "batch",
        "attention",
        "weights:",
        "embeddings:",
    ]


def test_encoders_only_encode() -> None:
    encoder = model(causal=False)
    assert roofline(encoder, on="t4").stage == "prefill"
    with pytest.raises(UnsupportedError, match=r"encoder: it has no decode stage; ask for prefill"):
        roofline(encoder, on="t4", stage="decode")
    with pytest.raises(UnsupportedError, match=r"encoder: it generates nothing; ask for prefill"):
        roofline(encoder, on="t4", stage="generate")
    with pytest.raises(InputError, match=r"is an encoder and has no KV cache; leave its format"):
        roofline(encoder, on="t4", kv_cache="int8")
    # Every position of an encoder may have a logit, and none is the last to be generated.
    all_, last = (roofline(encoder, on="t4", logits=logits) for logits in ("all", "last"))
    assert all_.total("operations") == last.total("operations")


def test_bounds_add_up_by_time() -> None:
    found = roofline(model(), on="t4", stage="prefill", batch=64, context=256)
    shares: dict[str, float] = dict.fromkeys(("memory", "compute", "vector"), 0.0)
    for row in found.rows:
        shares[row.bound] += row.seconds * row.repeat
    assert found.bound == max(shares, key=lambda name: shares[name])
    assert sum(shares.values()) == pytest.approx(found.seconds)


@pytest.mark.parametrize("capacity", ["fits", "does not"])
def test_whether_all_fits_is_exact(capacity: str) -> None:
    found = roofline(model(), on="t4", stage="decode", context=64)
    assert found.footprint
    needed = int(found.footprint.total)
    assert needed == found.footprint.total
    memory = needed if capacity == "fits" else needed - 1
    again = roofline(
        model(), on=replace(load_device("t4"), memory_bytes=memory), stage="decode", context=64
    )
    assert again.fits == (capacity == "fits")
    nobody = replace(load_device("t4"), memory_bytes=None)
    assert roofline(model(), on=nobody, stage="decode", context=64).fits is None


def test_an_encoder_has_no_first_token() -> None:
    assert roofline("bert-base-uncased", on="t4").time_to_first_token_s is None
    found = roofline(model(), on="t4", stage="prefill", context=8)
    assert found.time_to_first_token_s == found.seconds
