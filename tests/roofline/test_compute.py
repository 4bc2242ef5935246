"""Which peak a product runs at and what is converted for it: by hand, and what always holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.architecture.devices import Device, load_device
from accelsim.formats import number_format, storage_format
from accelsim.roofline import roofline
from accelsim.roofline.bound import load_of
from accelsim.roofline.compute import Way, ways_of
from accelsim.roofline.row import row_of
from accelsim.roofline.work import Operand, Product, Work
from accelsim.workload.models import Transformer

M, K, N = 64, 256, 128
LEFT, RIGHT, RESULTS = M * K, K * N, M * N
GROUPS = K // 128


def product(left: str, right: str, *, m: int = M, k: int = K, n: int = N) -> Product:
    operands = (Operand(left, m * k), Operand(right, k * n))
    return Product(2 * m * k * n, operands, m * n, k)


def device(
    peaks: Mapping[str, float],
    sparse: Mapping[str, Mapping[str, float]] | None = None,
    *,
    vector: float | None = 1e12,
    bandwidth: float = 1e12,
) -> Device:
    return Device("own", "own", None, bandwidth, peaks, sparse or {}, vector, None, {})


# (device, left, right) -> name of the peak, operations per second, conversions.
def way_of(asked: Product, on: Device) -> Way:
    """The way of a product that is all of its row."""
    (way,) = ways_of((asked,), 0, on)
    return way


WAYS: list[tuple[str, str, str, str, float, int]] = [
    # A weight of 4 bits is widened to what the activations are in.
    ("a100-40g", "fp16", "fp16", "fp16", 312e12, 0),
    ("a100-40g", "fp16", "int4", "fp16", 312e12, RIGHT),
    ("a100-40g", "int4", "fp16", "fp16", 312e12, LEFT),
    # Widen, subtract the zero point, multiply by the scale.
    ("a100-40g", "fp16", "int4-g128", "fp16", 312e12, 3 * RIGHT),
    ("a100-40g", "fp16", "fp8-g128", "fp16", 312e12, 2 * RIGHT),
    ("a100-40g", "fp16", "fp16-g128", "fp16", 312e12, RIGHT),
    ("a100-40g", "int8", "int8", "int8", 624e12, 0),
    ("a100-40g", "int6", "int8", "int8", 624e12, LEFT),
    ("a100-40g", "int4", "int4", "int4", 1248e12, 0),
    ("a100-40g", "int3", "ternary", "int4", 1248e12, LEFT + RIGHT),
    ("v100", "int8", "int8", "fp16", 125e12, LEFT + RIGHT),
    # Scales of narrow units apply to partial sums: a multiplication and an addition each.
    ("a100-40g", "int8", "int4-g128", "int8", 624e12, 2 * RIGHT + 2 * RESULTS * GROUPS),
    ("a100-40g", "int8", "int8-g128", "int8", 624e12, RIGHT + 2 * RESULTS * GROUPS),
    ("a100-40g", "fp8", "fp8", "fp16", 312e12, LEFT + RIGHT),
    ("h100-sxm", "fp8", "fp8", "fp8_e4m3", 1978.9e12, 0),
    ("h100-sxm", "fp8_e5m2", "fp8_e5m2", "fp8_e5m2", 1978.9e12, 0),
    ("h100-sxm", "fp8", "fp16", "fp16", 989.4e12, LEFT),
    ("h100-sxm", "bf16", "fp8", "bf16", 989.4e12, RIGHT),
    ("h100-sxm", "fp8", "fp6_e3m2", "fp8_e4m3", 1978.9e12, RIGHT),
    ("a100-40g", "bf16", "fp16", "tf32", 156e12, LEFT + RIGHT),
    # No matrix unit holds 32 bits: the general units.
    ("a100-40g", "fp32", "fp32", "fp32", 19.5e12, 0),
    ("a100-40g", "fp32", "int8", "fp32", 19.5e12, RIGHT),
    ("mi300x", "fp32", "fp32", "fp32", 163.4e12, 0),
    ("m2-ultra", "bf16", "bf16", "fp32", 27.2e12, LEFT + RIGHT),
    # Blackwell computes with shared scales; others multiply by them.
    ("b200", "mxfp4", "mxfp4", "mxfp4", 9e15, 0),
    ("b200", "nvfp4", "nvfp4", "nvfp4", 9e15, 0),
    # One instruction takes operands of 8, 6 and 4 bits (PTX ISA, tcgen05.mma, kind mxf8f6f4).
    ("b200", "mxfp8", "mxfp4", "mxfp8", 4.5e15, 0),
    ("b200", "fp8", "mxfp4", "mxfp8", 4.5e15, 0),
    ("b200", "fp16", "mxfp4", "fp16", 2.25e15, 2 * RIGHT),
    ("b200", "fp16", "nvfp4", "fp16", 2.25e15, 2 * RIGHT),
    ("h100-sxm", "mxfp4", "mxfp4", "fp16", 989.4e12, 2 * (LEFT + RIGHT)),
    ("h100-sxm", "fp16", "mxfp4", "fp16", 989.4e12, 2 * RIGHT),
    # Sparse operands at the sparse peak, also where they are sparser than the pattern.
    ("a100-40g", "fp16", "fp16-2:4", "fp16 2:4", 624e12, 0),
    ("a100-40g", "fp16", "fp16-1:4", "fp16 2:4", 624e12, 0),
    ("a100-40g", "fp16", "fp16-1:2", "fp16 2:4", 624e12, 0),
    ("a100-40g", "fp16", "fp16-2:8", "fp16 2:4", 624e12, 0),
    ("a100-40g", "int8", "int8-2:4", "int8 2:4", 1248e12, 0),
    ("a100-40g", "int4", "int4-4:8", "int4 4:8", 2496e12, 0),
    ("a100-40g", "int4", "int4-2:4", "int4 4:8", 2496e12, 0),
    ("a100-40g", "fp16", "int4-2:4", "fp16 2:4", 624e12, RIGHT // 2),
    # Only one side of a product may be sparse there: the other is expanded.
    ("a100-40g", "int8-2:4", "int8-2:4", "int8 2:4", 1248e12, RIGHT // 2),
    # 3 or 4 of 4 in a row may be there: zeros are put back, and all is multiplied.
    ("a100-40g", "fp16", "fp16-3:4", "fp16", 312e12, RIGHT * 3 // 4),
    ("a100-40g", "fp16", "fp16-4:8", "fp16", 312e12, RIGHT // 2),
    ("a100-40g", "fp16", "fp16-3:8", "fp16", 312e12, RIGHT * 3 // 8),
    ("v100", "fp16", "fp16-2:4", "fp16", 125e12, RIGHT // 2),
    ("v100", "fp16", "int8-2:4", "fp16", 125e12, 2 * RIGHT // 2),
    # Nothing is known of what would compute these.
    ("a100-40g", "fp64", "fp64", "", inf, 0),
    ("a100-40g", "int32", "fp16", "", inf, 0),
    ("snapdragon-8-gen-3", "fp16", "fp16", "", inf, 0),
    ("tpu-v4", "fp32", "fp32", "", inf, 0),
]


@pytest.mark.parametrize(("on", "left", "right", "name", "rate", "converting"), WAYS)
def test_way(on: str, left: str, right: str, name: str, rate: float, converting: int) -> None:
    assert way_of(product(left, right), load_device(on)) == Way(name, rate, converting)


def test_integers_are_multiplied_as_integers() -> None:
    way = way_of(product("int4", "int4"), load_device("h100-sxm"))
    assert way == Way("int8", 1978.9e12, LEFT + RIGHT)


@pytest.mark.parametrize(
    ("on", "left", "right", "name", "converting", "stands"),
    [
        ("v100", "bf16", "bf16", "fp16", 0, "bf16"),
        ("v100", "bf16", "fp16", "fp16", 0, "bf16"),
        ("v100", "bf16", "int4", "fp16", RIGHT, "bf16"),
        ("t4", "bf16", "fp8", "fp16", RIGHT, "bf16"),
        ("tpu-v4", "fp16", "fp16", "bf16", 0, "fp16"),
        ("tpu-v5e", "fp16", "int8", "bf16", RIGHT, "fp16"),
        ("tpu-v5e", "int8", "int8", "int8", 0, ""),
        ("tpu-v4", "int8", "int8", "int8", 0, ""),
    ],
)
def test_types_of_16_bits_stand_in_for_each_other(
    on: str, left: str, right: str, name: str, converting: int, stands: str
) -> None:
    way = way_of(product(left, right), load_device(on))
    assert (way.name, way.converting_operations, way.stands_in_for) == (name, converting, stands)


def test_conversions_have_a_say_in_what_is_fastest() -> None:
    """Partial sums of a group are many where few positions are contracted between scales."""
    asked = product("int8", "int8-g2")
    quick = {"int8": 2e15, "fp16": 1e15}
    assert way_of(asked, device(quick, vector=1e16)).name == "int8"
    assert way_of(asked, device(quick, vector=1e12)).name == "fp16"
    # An unknown rate converts for nothing.
    assert way_of(asked, device(quick, vector=None)).name == "int8"


@pytest.mark.parametrize("order", [("bf16", "tf32", "fp16"), ("fp16", "tf32", "bf16")])
@pytest.mark.parametrize("name", ["fp16", "bf16"])
def test_at_equal_speed_nothing_is_converted(order: tuple[str, ...], name: str) -> None:
    way = way_of(product(name, name), device(dict.fromkeys(order, 1e12)))
    assert (way.name, way.converting_operations) == (name, 0)


@pytest.mark.parametrize("order", [("fp16", "fp8_e4m3"), ("fp8_e4m3", "fp16")])
def test_where_conversions_take_longest_the_higher_peak_is_named(order: tuple[str, ...]) -> None:
    rates = {"fp16": 1e12, "fp8_e4m3": 2e12}
    machine = device({name: rates[name] for name in order}, vector=1.0)
    assert way_of(product("int4", "int4"), machine).name == "fp8_e4m3"


def test_a_part_of_a_group_has_a_scale_too() -> None:
    way = way_of(product("int8", "int8-g128", k=130), device({"int8": 1e12}, vector=1e20))
    assert way.converting_operations == 130 * N + 2 * RESULTS * 2


def test_stored_elements_are_whole() -> None:
    asked = Product(2 * 5, (Operand("fp16", 5), Operand("fp16-3:7", 5)), 1, 5)
    assert way_of(asked, device({"fp16": 1e12})).converting_operations == 3


def obeys(kept: int, block: int, allowed: int, of: int) -> bool:
    """The most that a window of a pattern can hold, by looking at every aligned window."""
    for start in range(0, block * of, of):
        held = 0
        for first in range(start // block * block, start + of, block):
            held += min(kept, min(first + block, start + of) - max(first, start))
        if held > allowed:
            return False
    return True


def test_no_pattern_is_used_that_a_format_may_break() -> None:
    for block in range(2, 17):
        for kept in range(1, block):
            for pattern in ("1:2", "2:4", "4:8"):
                allowed, of = map(int, pattern.split(":"))
                machine = device({"fp16": 1e12}, {pattern: {"fp16": 2e12}})
                way = way_of(product("fp16", f"fp16-{kept}:{block}"), machine)
                if way.name != "fp16":
                    assert way.name == f"fp16 {pattern}"
                    assert obeys(kept, block, allowed, of), (kept, block, pattern)
                elif block % of == 0 or of % block == 0:
                    assert not obeys(kept, block, allowed, of), (kept, block, pattern)


PEAKS = ("tf32", "fp16", "bf16", "fp8_e4m3", "int8", "int4", "mxfp4", "mxfp8")
STORED = ("fp16", "bf16", "fp8", "int8", "int4", "int4-g128", "mxfp4", "fp16-2:4", "int8-g16")


@st.composite
def machines(draw: st.DrawFn) -> Device:
    rates = st.sampled_from((1e9, 1e10, 7e10, 1e12))
    peaks = {name: draw(rates) for name in PEAKS if draw(st.booleans())}
    sparse = {"2:4": {name: 2 * peak for name, peak in peaks.items() if draw(st.booleans())}}
    vector = draw(st.sampled_from((1e8, 1e10, 1e12)))
    return device(peaks, sparse, vector=vector, bandwidth=draw(st.sampled_from((1e8, 1e12))))


@st.composite
def works(draw: st.DrawFn) -> Work:
    left, right = draw(st.sampled_from(STORED)), draw(st.sampled_from(STORED))
    m, k, n = (draw(st.integers(1, 300)) for _ in range(3))
    moved = {"weights": float(draw(st.integers(0, 10**6))), "activations": 0.0, "kv_cache": 0.0}
    return Work("row", "linear", 1, (product(left, right, m=m, k=k, n=n),), 0, moved)


def seconds(work: Work, on: Device) -> float:
    return row_of([(1, work, work)], on, "prefill").seconds


@given(works(), machines(), st.data())
def test_nothing_is_slower_where_something_is_faster(
    work: Work, on: Device, data: st.DataObject
) -> None:
    before = seconds(work, on)
    assert on.vector_operations_per_s
    faster: list[dict[str, Any]] = [
        {"bandwidth_bytes_per_s": 3 * on.bandwidth_bytes_per_s},
        {"vector_operations_per_s": 3 * on.vector_operations_per_s},
        {"sparse_peak_operations_per_s": {}},
    ]
    for name, peak in on.peak_operations_per_s.items():
        faster.append({"peak_operations_per_s": {**on.peak_operations_per_s, name: 1.5 * peak}})
    change = data.draw(st.sampled_from(faster))
    after = seconds(work, replace(on, **change))
    if "sparse_peak_operations_per_s" in change:
        assert after >= before
    else:
        assert after <= before


@given(works(), machines())
def test_time_is_the_longest_of_what_overlaps(work: Work, on: Device) -> None:
    (asked,) = work.products
    way = way_of(asked, on)
    assert on.vector_operations_per_s
    parts = (
        sum(work.bytes.values()) / on.bandwidth_bytes_per_s,
        asked.operations / way.operations_per_s,
        way.converting_operations / on.vector_operations_per_s,
    )
    row = row_of([(1, work, work)], on, "prefill")
    assert row.seconds == max(parts)
    assert row.bound == ("memory", "compute", "vector")[parts.index(max(parts))]
    name, _, pattern = way.name.partition(" ")
    if way.name and not way.stands_in_for:
        unit = storage_format(name).number
        for operand in asked.operands:
            assert storage_format(operand.format).number.within(unit)
    if pattern:
        assert any(storage_format(each.format).sparse for each in asked.operands)


@given(works(), machines())
def test_no_other_peak_would_be_faster(work: Work, on: Device) -> None:
    """Against each dense peak on its own, as if the device had no other."""
    (asked,) = work.products
    found = way_of(asked, on)
    if not found.name or found.stands_in_for or found.name == "fp32":
        return
    best = seconds(work, on)
    for name, peak in on.peak_operations_per_s.items():
        numbers = [storage_format(each.format).number for each in asked.operands]
        unit = storage_format(name)
        if all(number.within(unit.number) for number in numbers) and not unit.group:
            assert best <= seconds(work, device({name: peak}, vector=on.vector_operations_per_s,
                                                bandwidth=on.bandwidth_bytes_per_s))  # fmt: skip


def test_a_load_tells_what_stands_in_and_what_is_unknown() -> None:
    work = Work("row", "linear", 1, (product("bf16", "bf16"),), 7, {"weights": 10.0})
    load = load_of(work, load_device("v100"))
    assert (load.stands_in, load.unknown, load.vector_operations) == (
        frozenset({"bf16"}),
        frozenset(),
        7,
    )
    assert load.matrix_operations == {"fp16": 2 * M * K * N}
    unknown = load_of(work, load_device("snapdragon-8-gen-3"))
    assert unknown.unknown == {"bf16"}
    assert (unknown.matrix_operations, unknown.matrix_seconds) == ({}, 0.0)
    assert unknown.seconds(load_device("snapdragon-8-gen-3")) == (10 / 76.8e9, 0.0, 0.0)


TINY = Transformer(
    "tiny", layers=1, hidden=64, heads=2, ffn=64, vocabulary=100, weights="bf16", data_type="bf16"
)


def test_notes_say_what_a_device_lacks() -> None:
    (note,) = roofline(TINY, on="v100", stage="prefill").notes
    assert note == "v100 has no bf16: computed as another type of 16 bits"
    (note,) = roofline(TINY, on="tpu-v4", stage="prefill").notes
    assert note == (
        "tpu-v4: the rate of elementwise operations is unknown; they take the time of their bytes"
    )
    first, second = roofline(TINY, on="snapdragon-8-gen-3", stage="prefill").notes
    assert first == (
        "snapdragon-8-gen-3: no peak is known for bf16; products of it take the time of their bytes"
    )
    assert "elementwise" in second
    assert roofline(TINY, on="a100-40g", stage="prefill").notes == ()


def test_without_peaks_time_is_that_of_the_bytes() -> None:
    found = roofline(TINY, on="snapdragon-8-gen-3", stage="prefill", batch=3)
    for row in found.rows:
        assert row.seconds == row.bytes / 76.8e9
        assert row.bound == "memory"


@settings(max_examples=20)
@given(
    machines(), st.sampled_from(["fused", "unfused"]), st.sampled_from(["int8", "fp16", "mxfp4"])
)
def test_a_model_is_no_faster_than_its_bytes_or_its_operations(
    on: Device, attention: str, name: str
) -> None:
    found = roofline(
        TINY, on=on, stage="prefill", context=33, attention=attention, weights=name,
        activations=name, kv_cache=name,
    )  # fmt: skip
    assert found.seconds >= found.total("bytes") / on.bandwidth_bytes_per_s * (1 - 1e-12)
    fastest = max(
        [
            on.vector_operations_per_s or 0,
            *on.peak_operations_per_s.values(),
            *(
                peak
                for peaks in on.sparse_peak_operations_per_s.values()
                for peak in peaks.values()
            ),
        ]
    )
    for row in found.rows:
        load = row.segments[0].first
        assert row.seconds * fastest >= sum(load.matrix_operations.values()) * (1 - 1e-12)
        assert row.seconds * (on.vector_operations_per_s or 0) >= load.vector_operations * (
            1 - 1e-12
        )


def test_numbers_are_widened_only_to_what_holds_them() -> None:
    assert not number_format("bf16").within(number_format("fp16"))
    assert way_of(product("bf16", "bf16"), device({"fp16": 1e15, "bf16": 1e9})).name == "bf16"


def test_a_row_with_a_softmax_is_no_slower_where_a_peak_is_higher() -> None:
    peaks = {"fp16": 3e9, "int8": 3e9, "tf32": 3e9}
    times = []
    for tf32 in (3e9, 5.7e9):
        on = device({**peaks, "tf32": tf32}, vector=1e9)
        found = roofline(
            TINY, on=on, stage="prefill", context=3, attention="fused",
            activations="int8-g16", kv_cache="fp16",
        )  # fmt: skip
        times += [row.seconds for row in found.rows if row.kind == "attention"]
    before, after = times
    assert after <= before
