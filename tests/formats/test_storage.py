"""How tensors are stored: bits of every format against figures by hand, and what is refused."""

from fractions import Fraction

import pytest

from accelsim.errors import InputError
from accelsim.formats import FORMATS, machine_number, storage_format

# By hand: the element, its share of a scale (and zero point), positions of what is kept.
BITS = {
    "fp64": 64,
    "fp32": 32,
    "tf32": 32,
    "fp16": 16,
    "bf16": 16,
    "fp8": 8,
    "fp8_e4m3": 8,
    "fp8_e5m2": 8,
    "fp6_e3m2": 6,
    "fp6_e2m3": 6,
    "fp4_e2m1": 4,
    "int32": 32,
    "int16": 16,
    "int8": 8,
    "int6": 6,
    "int4": 4,
    "int3": 3,
    "int2": 2,
    "ternary": 2,
    "ternary-packed": 1.6,
    # 32 elements share a scale of 8 bits.
    "mxfp8": 8.25,
    "mxfp6": 6.25,
    "mxfp4": 4.25,
    "mxint8": 8.25,
    # 16 do.
    "nvfp4": 4.5,
    "int8-sym": 8,
    "int6-sym": 6,
    "int4-sym": 4,
    "int3-sym": 3,
    "bitmod-fp4": 4,
    "bitmod-fp3": 3,
    "ant4": 4,
    "ant3": 3,
    "olive4": 4,
    "olive8": 8,
}
SUFFIXED = {
    # A scale of 16 bits and a zero point as wide as an element.
    "int4-g128": 4.15625,
    "int4-g32": 4.625,
    "int3-g64": 3.296875,
    "int8-g2": 20,
    "int2-g16": 3.125,
    # Floats and ternaries have no zero point.
    "fp4_e2m1-g32": 4.5,
    "fp8-g128": 8.125,
    "ternary-g128": 2.125,
    "ternary-packed-g80": 1.8,
    # A scale of 8 bits; a selector of one of 4, 3 or 2 types.
    "int8-sym-g128": 8.0625,
    "int4-sym-g64": 4.125,
    "bitmod-fp4-g128": 4.078125,
    "bitmod-fp3-g128": 3.078125,
    "bitmod-fp4-g128-2:4": 6 / 2 + 10 / 128,
    "ant4-g32": 4.3125,
    "ant3-g128": 3 + 9 / 128,
    "olive4-g128": 4 + 9 / 128,
    "olive8-g128": 8.0625,
    # 2 of 4 stored, 2 bits each to say where; of 8, 3 bits; of 2, 1.
    "fp16-2:4": 9,
    "int8-2:4": 5,
    "int8-2:8": 2.75,
    "int4-4:8": 3.5,
    "tf32-1:2": 16.5,
    "fp16-1:64": 22 / 64,
    "fp16-1:3": 6,
    # Groups are of elements, stored or not.
    "int4-g128-2:4": (4 + 2) / 2 + 20 / 128,
    "mxfp4-2:4": 3.25,
}


def test_every_named_format_is_here() -> None:
    assert set(BITS) == set(FORMATS)


@pytest.mark.parametrize(("name", "bits"), [*BITS.items(), *SUFFIXED.items()])
def test_bits(name: str, bits: float) -> None:
    made = storage_format(name)
    assert float(made.bits) == bits
    assert made.name == name
    assert isinstance(made.bits, int) == (bits == int(bits))
    found = machine_number(made.bits)
    assert (found, type(found)) == (bits, int if bits == int(bits) else float)


def test_bits_are_exact() -> None:
    assert storage_format("ternary-packed").bits == Fraction(8, 5)
    assert storage_format("fp8-g3").bits == 8 + Fraction(16, 3)
    assert storage_format("int4-g1048576").bits == 4 + Fraction(20, 2**20)


def test_parts_of_a_format() -> None:
    made = storage_format("int4-g128-2:4")
    assert (made.number.name, made.group, made.scale_bits, made.zero_bits) == ("int4", 128, 16, 4)
    assert (made.kept, made.block, made.sparse) == (2, 4, True)
    assert "128 share a scale of 16 bits and a zero point of 4; 2 of 4" in made.description
    plain = storage_format("fp8-g64")
    assert (plain.zero_bits, plain.sparse, plain.number.name) == (0, False, "fp8_e4m3")
    assert "zero" not in plain.description


@pytest.mark.parametrize("name", ["int4-g2", "int4-g1048576", "int8-63:64", "int8-1:2"])
def test_the_ends_of_what_is_allowed(name: str) -> None:
    assert storage_format(name).bits


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "int5",
            "format 'int5' is unknown; did you mean 'int8'? valid: ant3, ant4, bf16, bitmod-fp3",
        ),
        ("", "format '' is unknown; valid: ant3, "),
        ("INT4", "format 'INT4' is unknown; did you mean 'int4'?"),
        ("int5-g128", "format 'int5' is unknown; did you mean 'int8'?"),
        ("int4-g0", "format 'int4-g0': group is 0, must be 2 to 1,048,576"),
        ("int4-g1", "format 'int4-g1': group is 1, must be 2 to 1,048,576"),
        ("int4-g1048577", "format 'int4-g1048577': group is 1048577, must be 2 to 1,048,576"),
        ("int4-g" + "9" * 5000, f": group is {'9' * 20}, must be 2 to 1,048,576"),
        ("mxfp4-g3", "format 'mxfp4-g3' has scales of its own; drop -gN"),
        ("nvfp4-g16", "format 'nvfp4-g16' has scales of its own; drop -gN"),
        ("fp16-4:2", "format 'fp16-4:2': 4:2 must be N:M with 1 <= N < M <= 64"),
        ("fp16-4:4", "format 'fp16-4:4': 4:4 must be N:M with 1 <= N < M <= 64"),
        ("fp16-0:4", "format 'fp16-0:4': 0:4 must be N:M with 1 <= N < M <= 64"),
        ("fp16-2:65", "format 'fp16-2:65': 2:65 must be N:M with 1 <= N < M <= 64"),
        ("fp16-2:4-g32", "format 'fp16-2:4' is unknown;"),
        ("int4-g128-g64", "format 'int4-g128' is unknown;"),
        ("int4-g-1", "format 'int4-g-1' is unknown;"),
        ("int4 ", "format 'int4 ' is unknown; did you mean 'int4'?"),
        ("int4\n-g32", r"format 'int4\n-g32' is unknown;"),
    ],
)
def test_wrong_name(name: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        storage_format(name)
    (problem,) = caught.value.problems
    assert message in problem
    assert len(problem) < 1600
    if "unknown" in message:
        assert problem.endswith(
            "behind it -gN for groups with scales, -N:M for N stored of M, ~BITS for bits on "
            "average: int4-g128, int8-2:4, int4~4.25"
        )
