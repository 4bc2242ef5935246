"""Number types: which values there are, and which type holds all of another's."""

from __future__ import annotations

from itertools import product
from math import frexp

import pytest

from accelsim.errors import InputError
from accelsim.formats import NUMBERS, number_format

# Exponent bits, mantissa bits, and how many of the largest exponent's mantissas are no finite value
# (OCP 8-bit floating point rev. 1.0, tables 1 and 2; Microscaling rev. 1.0, tables 3 to 5).
SMALL = {
    "fp4_e2m1": (2, 1, 0),
    "fp6_e2m3": (2, 3, 0),
    "fp6_e3m2": (3, 2, 0),
    "fp8_e4m3": (4, 3, 1),
    "fp8_e5m2": (5, 2, 4),
}
# IEEE 754: all of the largest exponent's are infinities and NaNs.
HALF = {"fp16": (5, 10, 2**10)}
INTEGERS = {"int2": 2, "int3": 3, "int4": 4, "int6": 6, "int8": 8, "int16": 16}
LARGEST = {"fp4_e2m1": 6, "fp6_e2m3": 7.5, "fp6_e3m2": 28, "fp8_e4m3": 448, "fp8_e5m2": 57344}
# A significand of p bits and its largest exponent: which integers these hold follows.
WIDE = {"bf16": (8, 127), "tf32": (11, 127), "fp32": (24, 127), "fp64": (53, 1023)}


# Every value of these types is a binary64, so that all arithmetic here is exact.
def floats(exponent: int, mantissa: int, missing: int) -> set[float]:
    bias, found = 2 ** (exponent - 1) - 1, set()
    for e, m in product(range(2**exponent), range(2**mantissa)):
        if e == 2**exponent - 1 and m >= 2**mantissa - missing:
            continue
        share = m / 2**mantissa
        value = (1 + share) * 2.0 ** (e - bias) if e else share * 2.0 ** (1 - bias)
        found |= {value, -value}
    return found


def integers(bits: int) -> set[float]:
    return {float(n) for n in range(-(2 ** (bits - 1)), 2 ** (bits - 1))}


VALUES = {
    **{name: floats(*parts) for name, parts in {**SMALL, **HALF}.items()},
    **{name: integers(bits) for name, bits in INTEGERS.items()},
    "ternary": integers(2) - {-2.0},
    "ternary-packed": integers(2) - {-2.0},
    **{f"int{bits}-sym": integers(bits) - {-(2.0 ** (bits - 1))} for bits in (3, 4, 6, 8)},
}


def signed(*magnitudes: float) -> set[float]:
    return {sign * each for each in magnitudes for sign in (1.0, -1.0)}


# What an element may be, and what every group has; tables IV (BitMoD, HPCA 2025) and the authors'
# lists (ANT, OliVe).
TABLES: dict[str, tuple[set[float], set[float]]] = {
    "bitmod-fp3": (signed(0, 1, 2, 3, 4, 6), signed(0, 1, 2, 4)),
    "bitmod-fp4": (
        signed(0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8),
        signed(0, 0.5, 1, 1.5, 2, 3, 4, 6),
    ),
    "ant3": (signed(0, 1, 2, 3, 4), signed(0, 1, 2) | {-4.0}),
    "ant4": (signed(*range(9), 16, 32, 64), signed(0, 1, 2, 4) | {-8.0}),
    "olive4": (
        signed(*range(9), 12, 16, 24, 32, 48, 64, 96, 128, 192),
        signed(0, 1, 2, 3, 4, 6, 16, 24, 32, 48, 64, 96) - {16, -16} | signed(16),
    ),
}

TOO_CAREFUL = {("int3", "fp4_e2m1"), ("int3", "fp6_e2m3")}
"""Here 4 = 2^2 is a value: the largest exponent of these types is not set aside."""
WRONG = {("int2", "ternary"), ("int2", "ternary-packed")}
"""-2 is none of -1, 0, 1."""


@pytest.mark.parametrize(("name", "largest"), LARGEST.items())
def test_the_values_that_are_enumerated_here_end_where_the_standard_says(
    name: str, largest: float
) -> None:
    assert max(VALUES[name]) == largest


@pytest.mark.parametrize(
    ("one", "other"), sorted({*product(VALUES, repeat=2)} - TOO_CAREFUL - WRONG)
)
def test_within_is_inclusion_of_values(one: str, other: str) -> None:
    found = number_format(one).within(number_format(other))
    assert found == (VALUES[one] <= VALUES[other])


@pytest.mark.parametrize(("one", "other"), sorted(WRONG))
def test_no_value_is_lost(one: str, other: str) -> None:
    assert not number_format(one).within(number_format(other))


@pytest.mark.parametrize(("one", "other"), sorted(TOO_CAREFUL))
def test_what_fits_is_within(one: str, other: str) -> None:
    assert VALUES[one] <= VALUES[other]
    assert number_format(one).within(number_format(other))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_within_what_has_all_of_it(table: str) -> None:
    """And only what every group has is sure to be there."""
    number = number_format(table)
    every, always = TABLES[table]
    assert (set(number.values), set(number.always)) == (every, always)
    for other, values in VALUES.items():
        assert number.within(number_format(other)) == (every <= values), other
        assert number_format(other).within(number) == (values <= always), other
    for other, (_, known) in TABLES.items():
        same = other == table
        assert number.within(number_format(other)) == (same or every <= known), other


@pytest.mark.parametrize("wide", WIDE)
def test_all_tables_are_within_wide_floats(wide: str) -> None:
    for table in (*TABLES, "olive8"):
        assert number_format(table).within(number_format(wide))
        assert not number_format(wide).within(number_format(table))


@pytest.mark.parametrize(("wide", "parts"), WIDE.items())
@pytest.mark.parametrize("name", VALUES)
def test_within_a_wide_float(name: str, wide: str, parts: tuple[int, int]) -> None:
    """Every value as a whole number of steps of the coarsest spacing that it needs."""
    significand, top = parts
    bottom = 2 - top - significand  # Of the smallest subnormal.

    def held(value: float) -> bool:
        if not value:
            return True
        top_bit = frexp(value)[1] - 1
        step = 2.0 ** max(top_bit - significand + 1, bottom)
        return top_bit <= top and (value / step).is_integer()

    assert number_format(name).within(number_format(wide)) == all(map(held, VALUES[name]))


def test_wide_floats_among_each_other() -> None:
    order = {("bf16", "tf32"), ("bf16", "fp32"), ("bf16", "fp64"), ("tf32", "fp32")}
    order |= {("tf32", "fp64"), ("fp32", "fp64")}
    for one, other in product(WIDE, repeat=2):
        expected = one == other or (one, other) in order
        assert number_format(one).within(number_format(other)) == expected
    assert number_format("fp16").within(number_format("tf32"))
    assert not number_format("bf16").within(number_format("fp16"))


def test_int32_is_within_fp64_only() -> None:
    assert [n for n in NUMBERS if number_format("int32").within(number_format(n))] == [
        "fp64",
        "int32",
    ]


@pytest.mark.parametrize("name", ["int5", "mxfp4", "int4-g128", "", "FP16"])
def test_unknown_number(name: str) -> None:
    with pytest.raises(InputError, match=rf"^number type '{name}' is unknown;.* valid: ant3, "):
        number_format(name)


def test_floats_and_integers_are_told_apart() -> None:
    integers = {name for name in NUMBERS if not number_format(name).is_float}
    tables = {name for name in NUMBERS if number_format(name).values}
    assert tables == {*TABLES, "olive8"}
    symmetric = {f"int{bits}-sym" for bits in (3, 4, 6, 8)}
    assert integers - tables == {*INTEGERS, *symmetric, "int32", "ternary", "ternary-packed"}
    for each in NUMBERS.values():
        whole = each.name.startswith(("int", "fp"))
        # Sign, exponent and mantissa fill a type.
        assert not whole or each.bits == 1 + each.exponent + each.mantissa
