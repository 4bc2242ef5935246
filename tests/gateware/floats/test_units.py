"""Float units, quick: all pairs of 8-bit floats, and fused products of them in 16 bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from float_bench import Bench, Bits
from float_reference import (
    fused,
    fused_by_fractions,
    pairs,
    random_patterns,
    same,
    special_patterns,
)

from accelsim.formats import number_format
from accelsim.gateware.floats import FloatAdd, FloatFused, FloatMultiply

E4M3, E5M2, FP16 = map(number_format, ("fp8_e4m3", "fp8_e5m2", "fp16"))
TYPES = {"e4m3": (E4M3, ml_dtypes.float8_e4m3fn), "e5m2": (E5M2, ml_dtypes.float8_e5m2)}
OPERATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "multiply": (lambda number: FloatMultiply(number, number, number), np.multiply),
    "add": (FloatAdd, np.add),
}
FUSED = (E4M3, E5M2, FP16)
ALL = np.arange(256, dtype=np.uint32)


# To compile the units takes most of the time.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench() -> Bench:
    units = {
        f"{operation}_{name}": unit(number)
        for operation, (unit, _) in OPERATIONS.items()
        for name, (number, _) in TYPES.items()
    }
    return Bench({**units, "fused": FloatFused(*FUSED)})


def test_all_pairs_of_8_bits_have_the_products_and_sums_of_another_library(bench: Bench) -> None:
    a, b = pairs(ALL, ALL)
    found = bench.run({f"{each}_{name}": (a, b) for each in OPERATIONS for name in TYPES})
    for operation, (_, function) in OPERATIONS.items():
        for name, (number, kind) in TYPES.items():
            with np.errstate(all="ignore"):
                values = function(a.astype(np.uint8).view(kind), b.astype(np.uint8).view(kind))
            expected = values.view(np.uint8).astype(np.uint32)
            wrong = np.flatnonzero(~same(found[f"{operation}_{name}"], expected, number))
            assert not len(wrong), (operation, name, a[wrong[0]], b[wrong[0]])


def test_fused_products_of_all_pairs_and_an_edge_or_any_addend(bench: Bench) -> None:
    generator = np.random.default_rng(2)
    a, b = pairs(ALL, ALL)
    edges = generator.choice(special_patterns(FP16), len(a))
    drawn = random_patterns(generator, list(FUSED), 60_000)
    a, b, c = (np.concatenate(each) for each in zip((a, b, edges), drawn, strict=True))
    found = bench.run({"fused": (a, b, c)})["fused"]
    wrong = np.flatnonzero(~same(found, fused(a, E4M3, b, E5M2, c, FP16), FP16))
    assert not len(wrong), (a[wrong[0]], b[wrong[0]], c[wrong[0]])
    some = generator.choice(len(a), 1_500)
    assert same(found[some], by_fractions(a[some], b[some], c[some]), FP16).all()


def by_fractions(a: Bits, b: Bits, c: Bits) -> Bits:
    return np.array(
        [
            fused_by_fractions(int(x), E4M3, int(y), E5M2, int(z), FP16)
            for x, y, z in zip(a, b, c, strict=True)
        ],
        np.uint32,
    )


def test_an_infinite_product_beats_an_addend_with_a_larger_exponent(bench: Bench) -> None:
    # 2^-6 times infinity has the exponent of 2^10 without its meaning.
    addends = np.array([-1.5 * 2.0**exponent for exponent in range(-14, 16)], np.float16)
    small, infinity = (np.full(len(addends), each, np.uint32) for each in (0x08, 0x7C))
    cases = (small, infinity, addends.view(np.uint16).astype(np.uint32))
    assert (bench.run({"fused": cases})["fused"] == 0x7C00).all()


def test_streams_that_are_held_up_lose_and_repeat_nothing(bench: Bench) -> None:
    generator = np.random.default_rng(3)
    count = 4_000
    cases = {
        "fused": random_patterns(generator, list(FUSED), count),
        "add_e5m2": random_patterns(generator, [E5M2, E5M2], count),
    }
    free = bench.run(cases)
    # Of different lengths, so that they meet in other ways each time.
    stalls = {
        f"{name}_{port}": (generator.random(length) < share).astype(np.uint8)
        for name in cases
        for port, length, share in (("i", 997, 0.4), ("o", 1009, 0.6))
    }
    held = bench.run(cases, stalls)
    for name in cases:
        assert (held[name] == free[name]).all(), name


def test_a_result_comes_as_many_cycles_after_its_operands_as_there_are_steps(bench: Bench) -> None:
    cases = {"fused": 4, "add_e4m3": 3, "multiply_e4m3": 3}
    rows = {f"{name}_i": np.zeros((5, 1), np.uint32) for name in cases}
    run = bench.compiled.run(rows, {f"{name}_o": 5 for name in cases})
    for name, cycles in cases.items():
        assert bench.units[name].latency_cycles == cycles
        assert (run.stamps[f"{name}_o"] - run.stamps[f"{name}_i"] == cycles).all()
        assert (np.diff(run.stamps[f"{name}_o"]) == 1).all()
