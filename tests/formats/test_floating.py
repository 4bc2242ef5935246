"""Patterns of floats and their values, one at a time and as arrays, against other libraries."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from accelsim.errors import InputError
from accelsim.formats import NumberFormat, number_format
from accelsim.formats.floating import (
    decode_float,
    encode_float,
    float_bits,
    infinity_bits,
    largest_finite_bits,
    nan_bits,
)
from accelsim.formats.rounding import bits_to_values, round_to_bits

KINDS = {
    "fp4_e2m1": ml_dtypes.float4_e2m1fn,
    "fp6_e2m3": ml_dtypes.float6_e2m3fn,
    "fp6_e3m2": ml_dtypes.float6_e3m2fn,
    "fp8_e4m3": ml_dtypes.float8_e4m3fn,
    "fp8_e5m2": ml_dtypes.float8_e5m2,
    "fp16": np.float16,
    "bf16": ml_dtypes.bfloat16,
}
SMALL = [name for name in KINDS if number_format(name).bits <= 8]


def patterns(number: NumberFormat) -> NDArray[np.uint32]:
    return np.arange(1 << float_bits(number), dtype=np.uint32)


def values_of(name: str, bits: NDArray[np.uint32]) -> NDArray[np.float64]:
    """By NumPy or ml_dtypes; those of 4 and 6 bits are stored in a byte."""
    word = np.uint16 if number_format(name).bits == 16 else np.uint8
    with np.errstate(invalid="ignore"):  # signalling NaNs
        return bits.astype(word).view(KINDS[name]).astype(np.float64)


def same(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Equal, with the same signs of zeros; all NaNs are one."""
    alike = (a == b) & (np.signbit(a) == np.signbit(b))
    return bool((alike | (np.isnan(a) & np.isnan(b))).all())


@pytest.mark.parametrize("name", KINDS)
def test_every_pattern_has_the_value_that_other_libraries_give_it(name: str) -> None:
    number = number_format(name)
    bits = patterns(number)
    assert same(bits_to_values(bits, number), values_of(name, bits))


@pytest.mark.parametrize("name", KINDS)
def test_every_value_has_its_pattern(name: str) -> None:
    number = number_format(name)
    values = bits_to_values(patterns(number), number)
    again = round_to_bits(values, number)
    numbers = ~np.isnan(values)
    assert (again == patterns(number))[numbers].all()
    assert (again[~numbers] == nan_bits(number)).all()


@pytest.mark.parametrize("name", SMALL)
def test_one_at_a_time_every_pattern_has_the_same_value_and_back(name: str) -> None:
    number = number_format(name)
    bits = patterns(number)
    one_by_one = [decode_float(int(each), number) for each in bits]
    assert same(np.array([float(each) for each in one_by_one]), bits_to_values(bits, number))
    for each, value in zip(bits, one_by_one, strict=True):
        expected = nan_bits(number) if math.isnan(value) else each
        assert encode_float(value, number) == expected


@pytest.mark.parametrize("name", ["fp16", "bf16"])
def test_one_at_a_time_a_sample_of_16_bits(name: str) -> None:
    number = number_format(name)
    bits = patterns(number)[::37]
    found = np.array([float(decode_float(int(each), number)) for each in bits])
    assert same(found, bits_to_values(bits, number))
    again = [encode_float(each, number) for each in found]
    assert again == round_to_bits(found, number).tolist()


def between(number: NumberFormat, kind: type = np.float64) -> NDArray[np.float64]:
    """Halves between all neighbours, what is just beside them, and what is too large."""
    finite = bits_to_values(np.arange(largest_finite_bits(number) + 1), number)
    last = finite[-1] - finite[-2]
    ends = np.append(finite, finite[-1] + last)
    halves = ((ends[:-1] + ends[1:]) / 2).astype(kind)
    beside = [np.nextafter(halves, kind(0)), halves, np.nextafter(halves, kind(np.inf))]
    positive = np.concatenate([*beside, [finite[-1] + last, 1e300, np.inf, 5e-324]])
    return np.concatenate([positive, -positive, [np.nan]])


@pytest.mark.parametrize("name", SMALL)
def test_halves_go_to_even_and_what_is_beside_them_to_the_nearest(name: str) -> None:
    number = number_format(name)
    values = between(number)
    expected = [encode_float(float(each), number) for each in values]
    assert round_to_bits(values, number).tolist() == expected


@pytest.mark.parametrize("name", ["fp8_e4m3", "fp8_e5m2", "fp16", "bf16"])
def test_all_halves_are_rounded_as_other_libraries_do(name: str) -> None:
    number = number_format(name)
    # NumPy rounds doubles once; ml_dtypes goes by way of binary32.
    values = between(number, np.float64 if name == "fp16" else np.float32)
    with np.errstate(over="ignore"):
        theirs = values.astype(KINDS[name]).astype(np.float64)
    assert same(bits_to_values(round_to_bits(values, number), number), theirs)


def test_binary32_is_rounded_as_numpy_does() -> None:
    generator = np.random.default_rng(4)
    number = number_format("fp32")
    patterns_64 = generator.integers(0, 2**64, 200_000, np.uint64)
    # Any double, and in the second half exponents from below binary32's subnormals to above all.
    scale = np.ldexp(1.0 + generator.random(200_000), generator.integers(-152, 130, 200_000))
    values = np.concatenate([patterns_64.view(np.float64), scale, -scale])
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        single = values.astype(np.float32)
    assert same(bits_to_values(round_to_bits(values, number), number), single.astype(np.float64))


@given(value=st.floats(), name=st.sampled_from([*KINDS, "fp32", "tf32"]))
def test_any_double_is_rounded_alike_one_at_a_time_and_in_arrays(value: float, name: str) -> None:
    number = number_format(name)
    assert round_to_bits([value], number)[0] == encode_float(value, number)


def test_one_at_a_time_binary64_is_pythons_own() -> None:
    number = number_format("fp64")
    third = encode_float(Fraction(1, 3), number)
    assert decode_float(third, number) == Fraction(1 / 3)
    assert encode_float(Fraction(10) ** 400, number) == infinity_bits(number)
    assert encode_float(Fraction(1, 10**400), number) == 0
    assert encode_float(Fraction(-1, 10**400), number) == 1 << 63


def test_zeros_keep_their_signs_and_shapes_theirs() -> None:
    number = number_format("fp16")
    assert round_to_bits([[0.0, -0.0]], number).tolist() == [[0, 0x8000]]
    assert round_to_bits(-1e-30, number).shape == ()
    assert int(round_to_bits(-1e-30, number)) == 0x8000


OTHERS = {
    "int8": number_format("int8"),
    "fp64": number_format("fp64"),
    "long exponent": NumberFormat("e9m7", 17, "", 9, 7),
    "no mantissa": NumberFormat("e8m0", 8, "", 8, 0, "none"),
    "33 bits": replace(number_format("fp32"), mantissa=24),
}


@pytest.mark.parametrize("number", OTHERS.values(), ids=OTHERS)
def test_arrays_of_other_types_are_refused(number: NumberFormat) -> None:
    for function in (round_to_bits, bits_to_values):
        with pytest.raises(InputError) as caught:
            function([1], number)
        assert str(caught.value) == (
            f"rounding: number is '{number.name}', must be a floating-point type of 32 bits at "
            "most, 8 of them exponent, with 1 or more of mantissa"
        )
