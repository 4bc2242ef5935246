"""``~BITS`` behind a format: bits on average, numbers as before."""

from dataclasses import replace
from fractions import Fraction

import pytest

import accelsim
from accelsim.errors import InputError
from accelsim.formats import storage_format
from accelsim.workload import Layer, Workload, load_template


@pytest.mark.parametrize(
    ("name", "bits", "number"),
    [
        ("int4~5.5", Fraction(11, 2), "int4"),
        ("bitmod-fp4~4.0625", Fraction(65, 16), "bitmod-fp4"),
        ("fp16~0.5", Fraction(1, 2), "fp16"),
        ("fp16~4096", 4096, "fp16"),
        # Whatever scales and sparsity come to.
        ("int4-g128~4.25", Fraction(17, 4), "int4"),
        ("int8-2:4~5", 5, "int8"),
        ("mxfp4~4.5", Fraction(9, 2), "fp4_e2m1"),
    ],
)
def test_bits_and_numbers(name: str, bits: int | Fraction, number: str) -> None:
    found = storage_format(name)
    assert (found.name, found.bits, found.number.name) == (name, bits, number)
    assert isinstance(found.bits, int) == isinstance(bits, int)
    assert f"{float(bits):g} bits on average" in found.description


@pytest.mark.parametrize(
    "name", ["int4~", "int4~x", "int4~-1", "int4~1e3", "int4~4.", "~4", "int4~4~5"]
)
def test_what_is_no_average(name: str) -> None:
    with pytest.raises(InputError, match=r"is unknown; .*~BITS for bits on average"):
        storage_format(name)


@pytest.mark.parametrize("name", ["int4~0", "int4~0.0", "int4~4096.5", "int4~9999"])
def test_averages_out_of_range(name: str) -> None:
    with pytest.raises(InputError, match="must be above 0 and at most 4096"):
        storage_format(name)


def test_bytes_are_those_of_the_average() -> None:
    """A of 8 by 4 and Z of 8 by 6 in 16 bits, B of 4 by 6 in 5.5."""
    template = replace(load_template("matmul"), formats={"default": "fp16", "B": "int4~5.5"})
    work = Workload("x", (Layer("", template, {"M": 8, "N": 6, "K": 4}),))
    found = accelsim.simulate(work, on="bitmod", mapper="bitmod-rounds")
    assert found.compulsory_bytes == 32 * 2 + 48 * 2 + 24 * 5.5 / 8
    assert found.traffic_bytes["DRAM"] == found.compulsory_bytes
