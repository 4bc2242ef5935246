"""Float units, quick: all pairs of 8-bit floats, edges and random operands of the others."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from float_bench import Bench
from float_reference import (
    fused,
    fused_by_fractions,
    pairs,
    random_patterns,
    same,
    special_patterns,
)

from accelsim.formats import number_format
from accelsim.gateware.floats import FloatAdd, FloatFused, FloatMultiply, IntegerToFloat

E4M3, E5M2 = number_format("fp8_e4m3"), number_format("fp8_e5m2")
FP16, FP32, BF16 = number_format("fp16"), number_format("fp32"), number_format("bf16")
ALL = np.arange(256, dtype=np.uint32)
TYPES = {
    "e4m3": (E4M3, np.uint8, ml_dtypes.float8_e4m3fn),
    "e5m2": (E5M2, np.uint8, ml_dtypes.float8_e5m2),
    "fp16": (FP16, np.uint16, np.float16),
}


@pytest.fixture(scope="module")
def bench() -> Bench:
    units = {}
    for name, (number, _, _) in TYPES.items():
        units[f"multiply_{name}"] = FloatMultiply(number, number, number)
        units[f"add_{name}"] = FloatAdd(number)
    return Bench(
        {
            **units,
            # 0 times the largest bfloat16 has a far larger exponent than any fp16.
            "multiply_mixed": FloatMultiply(E4M3, BF16, FP16),
            "fused": FloatFused(FP16, FP16, FP32),
            "integer": IntegerToFloat(8, FP16),
        }
    )


def by_numpy(name: str, operation, a, b):
    """Products and sums of NumPy's and ml_dtypes' own types, as patterns."""
    _, word, kind = TYPES[name]
    with np.errstate(all="ignore"):
        values = operation(a.astype(word).view(kind), b.astype(word).view(kind))
    return values.view(word).astype(np.uint32)


def test_all_pairs_of_8_bits_and_specials_of_16_have_the_products_and_sums_of_numpy(
    bench: Bench,
) -> None:
    generator = np.random.default_rng(1)
    operands = {name: pairs(ALL, ALL) for name in ("e4m3", "e5m2")}
    edges = special_patterns(FP16)
    operands["fp16"] = tuple(
        np.concatenate(each)
        for each in zip(
            pairs(edges, edges), random_patterns(generator, [FP16, FP16], 30_000), strict=True
        )
    )
    found = bench.run(
        {f"{operation}_{name}": operands[name] for operation in OPERATIONS for name in operands}
    )
    for operation, function in OPERATIONS.items():
        for name, (a, b) in operands.items():
            right = same(
                found[f"{operation}_{name}"], by_numpy(name, function, a, b), TYPES[name][0]
            )
            assert right.all(), (operation, name, np.argmin(right))


OPERATIONS = {"multiply": np.multiply, "add": np.add}


def test_products_of_two_types_in_a_third(bench: Bench) -> None:
    edges = special_patterns(BF16)
    a, b = pairs(ALL, edges)
    with np.errstate(all="ignore"):
        values = a.astype(np.uint8).view(ml_dtypes.float8_e4m3fn).astype(np.float64)
        exact = values * b.astype(np.uint16).view(ml_dtypes.bfloat16).astype(np.float64)
        expected = exact.astype(np.float16).view(np.uint16).astype(np.uint32)
    assert same(bench.run({"multiply_mixed": (a, b)})["multiply_mixed"], expected, FP16).all()


def test_fused_rounds_once(bench: Bench) -> None:
    generator = np.random.default_rng(2)
    factors, addends = special_patterns(FP16)[::3], special_patterns(FP32)[::3]
    a, b = pairs(factors, factors)
    edges = [np.repeat(a, len(addends)), np.repeat(b, len(addends)), np.tile(addends, len(a))]
    chosen = generator.choice(len(edges[0]), 20_000)
    drawn = random_patterns(generator, [FP16, FP16, FP32], 20_000)
    operands = [
        np.concatenate([some[chosen], others]) for some, others in zip(edges, drawn, strict=True)
    ]
    found = bench.run({"fused": operands})["fused"]
    a, b, c = operands
    assert same(found, fused(a, FP16, b, FP16, c, FP32), FP32).all()
    some = generator.choice(len(found), 1_000)
    exact = np.array(
        [
            fused_by_fractions(int(x), FP16, int(y), FP16, int(z), FP32)
            for x, y, z in zip(a[some], b[some], c[some], strict=True)
        ],
        np.uint32,
    )
    assert same(found[some], exact, FP32).all()


def test_a_product_and_an_addend_that_cancel_leave_what_a_second_rounding_would_lose(
    bench: Bench,
) -> None:
    # (1 + 2^-10)^2 - 1 = 2^-9 + 2^-20
    near_one, minus_one = np.array([0x3C01], np.uint32), np.array([0xBF800000], np.uint32)
    found = bench.run({"fused": (near_one, near_one, minus_one)})["fused"]
    assert found.view(np.float32)[0] == 2.0**-9 + 2.0**-20


def test_an_infinite_product_with_a_small_exponent_beats_a_larger_addend(bench: Bench) -> None:
    # Infinity times 2^-14, and as much as its exponents would make of it.
    infinity, small = np.full(64, 0x7C00, np.uint32), np.full(64, 0x0400, np.uint32)
    addends = np.array([-(2.0**e) * 1.5 for e in range(-10, 54)], np.float32).view(np.uint32)
    assert (bench.run({"fused": (infinity, small, addends)})["fused"] == 0x7F800000).all()


def test_all_integers_of_8_bits(bench: Bench) -> None:
    integers = np.arange(-128, 128)
    found = bench.run({"integer": [integers.astype(np.uint32)]})["integer"]
    assert (found == integers.astype(np.float16).view(np.uint16)).all()


def test_streams_that_are_held_up_lose_and_repeat_nothing(bench: Bench) -> None:
    generator = np.random.default_rng(3)
    count = 3_000
    cases = {
        "fused": random_patterns(generator, [FP16, FP16, FP32], count),
        "add_fp16": random_patterns(generator, [FP16, FP16], count),
        "integer": [generator.integers(0, 256, count).astype(np.uint32)],
    }
    free = bench.run(cases)
    # Of different lengths, so that they meet in ever other ways.
    stalls = {
        f"{name}_{port}": (generator.random(length) < share).astype(np.uint8)
        for name in cases
        for port, length, share in (("i", 997, 0.4), ("o", 1009, 0.6))
    }
    held = bench.run(cases, stalls)
    for name in cases:
        assert (held[name] == free[name]).all(), name


def test_a_result_comes_as_many_cycles_after_its_operands_as_there_are_steps(bench: Bench) -> None:
    one = np.ones(5, np.uint32)
    rows = {"fused_i": bench.words("fused", [one, one, one]), "integer_i": one}
    run = bench.compiled.run(rows, {"fused_o": 5, "integer_o": 5})
    for name, cycles in (("fused", 4), ("integer", 2)):
        assert (run.stamps[f"{name}_o"] - run.stamps[f"{name}_i"] == cycles).all()
        assert (np.diff(run.stamps[f"{name}_o"]) == 1).all()
