"""Float units, long: millions of operands, all edges with all, fused products of many types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from float_bench import Bench, Bits
from float_reference import (
    fused,
    fused_by_fractions,
    pairs,
    product,
    random_patterns,
    same,
    special_patterns,
    total,
)

from accelsim.formats import NumberFormat, number_format
from accelsim.formats.floating import encode_float, float_bits
from accelsim.formats.rounding import round_to_bits
from accelsim.gateware.floats import FloatAdd, FloatFused, FloatMultiply, IntegerToFloat

pytestmark = pytest.mark.slow

FP32, FP16, BF16 = map(number_format, ("fp32", "fp16", "bf16"))
E4M3, E5M2 = map(number_format, ("fp8_e4m3", "fp8_e5m2"))
E2M3, E3M2, E2M1 = map(number_format, ("fp6_e2m3", "fp6_e3m2", "fp4_e2m1"))
MOST_AT_ONCE = 2**19
"""Cases of a run: what stays in the processor's caches and in little memory."""


@dataclass(frozen=True)
class Unit:
    """A unit with what its results should be."""

    part: Callable[[], Any]
    operands: tuple[NumberFormat, ...]
    result: NumberFormat
    reference: Callable[..., Bits]


def multiply(left: NumberFormat, right: NumberFormat, to: NumberFormat) -> Unit:
    def reference(a: Bits, b: Bits) -> Bits:
        return product(a, left, b, right, to)

    return Unit(lambda: FloatMultiply(left, right, to), (left, right), to, reference)


def add(number: NumberFormat) -> Unit:
    def reference(a: Bits, b: Bits) -> Bits:
        return total(a, b, number)

    return Unit(lambda: FloatAdd(number), (number, number), number, reference)


def fuse(left: NumberFormat, right: NumberFormat, to: NumberFormat) -> Unit:
    def reference(a: Bits, b: Bits, c: Bits) -> Bits:
        return fused(a, left, b, right, c, to)

    return Unit(lambda: FloatFused(left, right, to), (left, right, to), to, reference)


def compiled(units: dict[str, Unit]) -> Bench:
    return Bench({name: unit.part() for name, unit in units.items()})


def compare(bench: Bench, units: dict[str, Unit], cases: dict[str, list[Bits]]) -> None:
    """All cases of all units, at most so many at once."""
    longest = max(len(operands[0]) for operands in cases.values())
    for begin in range(0, longest, MOST_AT_ONCE):
        some = {
            name: [each[begin : begin + MOST_AT_ONCE] for each in operands]
            for name, operands in cases.items()
            if begin < len(operands[0])
        }
        found = bench.run(some)
        for name, operands in some.items():
            unit = units[name]
            right = same(found[name], unit.reference(*operands), unit.result)
            wrong = np.flatnonzero(~right)
            assert not len(wrong), (name, *(hex(each[wrong[0]]) for each in operands))


def edges(unit: Unit, most: int = 2**22) -> list[Bits]:
    """Each edge with each; of too many combinations some."""
    found = np.meshgrid(*map(special_patterns, unit.operands), indexing="ij")
    chosen = [each.ravel() for each in found]
    if len(chosen[0]) > most:
        rows = np.random.default_rng(5).choice(len(chosen[0]), most, replace=False)
        chosen = [each[rows] for each in chosen]
    return chosen


PAIRS = {
    "multiply_fp16": multiply(FP16, FP16, FP16),
    "multiply_bf16": multiply(BF16, BF16, BF16),
    "add_fp16": add(FP16),
    "add_bf16": add(BF16),
}


def test_products_and_sums_of_16_bits() -> None:
    bench, generator = compiled(PAIRS), np.random.default_rng(6)
    compare(bench, PAIRS, {name: edges(unit) for name, unit in PAIRS.items()})
    for _ in range(20):
        compare(
            bench,
            PAIRS,
            {
                name: random_patterns(generator, list(unit.operands), MOST_AT_ONCE)
                for name, unit in PAIRS.items()
            },
        )


def by_numpy(function: Callable[..., Any], kind: type) -> Callable[..., Bits]:
    def reference(a: Bits, b: Bits) -> Bits:
        word = np.dtype(f"u{np.dtype(kind).itemsize}")
        with np.errstate(all="ignore"):
            found = function(a.astype(word).view(kind), b.astype(word).view(kind))
        return np.asarray(found.view(word).astype(np.uint32))

    return reference


NATIVE = {
    "multiply_fp32": (multiply(FP32, FP32, FP32), np.multiply, np.float32),
    "add_fp32": (add(FP32), np.add, np.float32),
    "multiply_fp16": (multiply(FP16, FP16, FP16), np.multiply, np.float16),
    "add_fp16": (add(FP16), np.add, np.float16),
}


def test_products_and_sums_are_those_of_numpy() -> None:
    # The processor's own arithmetic, and for binary16 NumPy's: no part of the reference is used.
    units = {
        name: Unit(unit.part, unit.operands, unit.result, by_numpy(function, kind))
        for name, (unit, function, kind) in NATIVE.items()
    }
    bench, generator = compiled(units), np.random.default_rng(7)
    compare(bench, units, {name: edges(unit) for name, unit in units.items()})
    for _ in range(4):
        drawn = {
            name: random_patterns(generator, list(unit.operands), MOST_AT_ONCE)
            for name, unit in units.items()
        }
        compare(bench, units, drawn)


MIXED = {
    f"m{at}": multiply(*numbers)
    for at, numbers in enumerate(
        [
            # 0 times the largest bfloat16 has a far larger exponent than any result.
            (E4M3, BF16, FP32),
            (E4M3, BF16, FP16),
            (FP32, FP32, E4M3),
            (FP32, BF16, E3M2),
            (E5M2, E4M3, FP16),
            (E2M1, E2M3, BF16),
        ]
    )
}


def test_products_of_two_types_in_a_third() -> None:
    bench, generator = compiled(MIXED), np.random.default_rng(8)
    compare(bench, MIXED, {name: edges(unit) for name, unit in MIXED.items()})
    drawn = {
        name: random_patterns(generator, list(unit.operands), MOST_AT_ONCE)
        for name, unit in MIXED.items()
    }
    compare(bench, MIXED, drawn)


FUSED = {
    f"{left.name}_{right.name}_{to.name}": fuse(left, right, to)
    for left, right, to in [
        (FP16, FP16, FP32),
        (FP16, FP16, FP16),
        (BF16, BF16, FP32),
        (FP32, FP32, FP32),
        (E4M3, E4M3, FP16),
        (E5M2, BF16, FP32),
        (FP16, FP32, E5M2),
    ]
}


@pytest.fixture(scope="module")
def fused_bench() -> Bench:
    return compiled(FUSED)


def test_fused_products_are_rounded_once(fused_bench: Bench) -> None:
    generator = np.random.default_rng(9)
    compare(fused_bench, FUSED, {name: edges(unit) for name, unit in FUSED.items()})
    for _ in range(4):
        drawn = {
            name: random_patterns(generator, list(unit.operands), MOST_AT_ONCE)
            for name, unit in FUSED.items()
        }
        compare(fused_bench, FUSED, drawn)


def test_fused_products_of_a_sample_are_those_of_exact_arithmetic(fused_bench: Bench) -> None:
    generator = np.random.default_rng(10)
    for name, unit in FUSED.items():
        drawn = random_patterns(generator, list(unit.operands), 20_000)
        special = [generator.choice(special_patterns(number), 20_000) for number in unit.operands]
        operands = [np.concatenate(each) for each in zip(drawn, special, strict=True)]
        found = fused_bench.run({name: operands})[name]
        left, right, to = unit.operands
        expected = [
            fused_by_fractions(a, left, b, right, c, to)
            for a, b, c in zip(*(each.tolist() for each in operands), strict=True)
        ]
        assert same(found, np.array(expected, np.uint32), to).all(), name


def test_a_second_rounding_would_lose_what_is_left(fused_bench: Bench) -> None:
    # (1 + 3 * 2^-10)^2 - (1 + 6 * 2^-10) = 9 * 2^-20; the product in binary16 leaves nothing.
    factor, addend = np.array([0x3C03], np.uint32), np.array([0xBC06], np.uint32)
    found = fused_bench.run({"fp16_fp16_fp16": (factor, factor, addend)})["fp16_fp16_fp16"]
    assert found.astype(np.uint16).view(np.float16)[0] == 9 * 2.0**-20


SMALL = {
    f"s{at}": fuse(*numbers)
    for at, numbers in enumerate(
        [
            (E4M3, E4M3, E4M3),
            (E5M2, E4M3, E5M2),
            (E3M2, E3M2, E4M3),
            (E2M3, E3M2, E3M2),
            (E2M1, E2M3, E5M2),
            (E2M1, E2M1, E2M1),
        ]
    )
}


def everything(unit: Unit) -> list[Bits]:
    """All patterns of all operands."""
    bits = [float_bits(number) for number in unit.operands]
    all_of_them = np.arange(1 << sum(bits), dtype=np.uint32)
    starts = np.cumsum([0, *bits])
    return [
        (all_of_them >> np.uint32(start)) & np.uint32((1 << width) - 1)
        for start, width in zip(starts, bits, strict=False)
    ]


def test_all_there_is_of_fused_products_of_8_bits_and_fewer() -> None:
    compare(compiled(SMALL), SMALL, {name: everything(unit) for name, unit in SMALL.items()})


def from_integers(to: NumberFormat) -> Callable[[Bits], Bits]:
    def reference(words: Bits) -> Bits:
        return round_to_bits(words.view(np.int32).astype(np.float64), to)

    return reference


INTEGERS = {
    f"integer_{to.name}": Unit(lambda to=to: IntegerToFloat(32, to), (), to, from_integers(to))
    for to in (FP32, FP16, BF16, E4M3)
}


def powers(most: int) -> list[int]:
    """Sums of two powers of two, among them halves at all precisions, and what is beside them."""
    ones = [1 << at for at in range(most)]
    sums = [first + second for first in ones for second in (0, *ones)]
    return [sign * (each + beside) for each in sums for beside in (-1, 0, 1) for sign in (-1, 1)]


def wrapped(values: Sequence[int], bits: int) -> list[int]:
    return [value & ((1 << bits) - 1) for value in values]


def test_integers_of_32_bits() -> None:
    bench, generator = compiled(INTEGERS), np.random.default_rng(11)
    drawn = generator.integers(0, 2**32, 2**20, np.uint64) >> generator.integers(
        0, 32, 2**20, np.uint64
    )
    signs = np.where(
        generator.integers(0, 2, 2**20) == 0, drawn, (1 << 32) - drawn.astype(np.int64)
    )
    cases = np.concatenate([wrapped(powers(32), 32), signs.astype(np.int64)])
    words = (cases & 0xFFFFFFFF).astype(np.uint32)
    compare(bench, INTEGERS, {name: [words] for name in INTEGERS})


WIDTHS = {"integer_1": (1, FP16), "integer_8": (8, FP16), "integer_16": (16, FP16)}
WIDE = {"integer_128": (128, FP16), "integer_100": (100, FP32)}


def test_integers_of_other_widths() -> None:
    bench = Bench({name: IntegerToFloat(*unit) for name, unit in {**WIDTHS, **WIDE}.items()})
    for name, (width, _) in WIDTHS.items():
        values = np.arange(-(1 << (width - 1)), 1 << (width - 1))
        found = bench.run({name: [values.astype(np.uint32)]})[name]
        assert (found == values.astype(np.float16).view(np.uint16)).all(), name
    for name, (width, to) in WIDE.items():
        patterns = wrapped(powers(width)[::11], width)
        signed = [each - (1 << width) if each >> (width - 1) else each for each in patterns]
        words = [
            np.array([each >> at & 0xFFFFFFFF for each in patterns], np.uint32)
            for at in range(0, width, 32)
        ]
        found = bench.run({name: words})[name]
        assert found.tolist() == [encode_float(Fraction(each), to) for each in signed], name


def test_edges_are_many_and_hold_what_they_should() -> None:
    for number in (FP16, BF16):
        found = special_patterns(number)
        assert len(np.unique(found)) == len(found) >= 90
        a, b = pairs(found, found)
        assert len(a) == len(b) >= 8_100
