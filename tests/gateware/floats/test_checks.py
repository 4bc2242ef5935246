"""What no float unit is built for is refused before anything is, with what is legal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.formats import NumberFormat, number_format
from accelsim.gateware.floats import FloatAdd, FloatFused, FloatMultiply, IntegerToFloat
from accelsim.gateware.pipeline import Pipeline

FP16, INT8 = number_format("fp16"), number_format("int8")
RULE = (
    "must be a floating-point type with 2 or more bits of exponent, 1 or more of mantissa, and 64 "
    "at most in all"
)


def test_an_integer_is_no_float_and_all_that_is_wrong_is_said() -> None:
    with pytest.raises(InputError) as caught:
        FloatMultiply(INT8, FP16, INT8)
    assert caught.value.problems == (
        f"float multiply: left is 'int8', an integer, {RULE}",
        f"float multiply: result is 'int8', an integer, {RULE}",
    )
    with pytest.raises(InputError, match="float fused: accumulator is 'int8'"):
        FloatFused(FP16, FP16, INT8)
    with pytest.raises(InputError, match="integer to float: result is 'int8'"):
        IntegerToFloat(8, INT8)


ODD = {
    "no mantissa": (NumberFormat("e8m0", 8, "", 8, 0, "none"), "'e8m0' with 8 and 0 bits"),
    "short exponent": (NumberFormat("e1m2", 4, "", 1, 2), "'e1m2' with 1 and 2 bits"),
    "65 bits": (replace(number_format("fp64"), exponent=12), "'fp64' with 12 and 52 bits"),
    "a name": ("fp16", "'fp16'"),
}


@pytest.mark.parametrize(("number", "shown"), ODD.values(), ids=ODD)
def test_other_types_that_no_unit_computes_with(number: Any, shown: str) -> None:
    with pytest.raises(InputError) as caught:
        FloatAdd(number)
    assert str(caught.value) == f"float add: number is {shown}, {RULE}"


def test_64_bits_are_a_type() -> None:
    assert unbuilt(FloatAdd(number_format("fp64"))).latency_cycles == 3


def unbuilt(part: Pipeline) -> Pipeline:
    """Amaranth warns of parts that are never elaborated."""
    part._MustUse__silence = True
    return part


@pytest.mark.parametrize("width", [0, 129, True, 8.0])
def test_integers_are_1_to_128_bits(width: Any) -> None:
    with pytest.raises(InputError) as caught:
        IntegerToFloat(width, FP16)
    assert str(caught.value) == (
        f"integer to float: width is {width!r}, must be a whole number from 1 to 128"
    )


@pytest.mark.parametrize("width", [1, 128])
def test_the_narrowest_and_the_widest_integer(width: int) -> None:
    assert unbuilt(IntegerToFloat(width, FP16)).latency_cycles == 2
