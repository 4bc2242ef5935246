"""BitMoD's data types: the tables of the paper, the codes that hardware reads, what is refused."""

from typing import Any

import numpy as np
import pytest

from accelsim.errors import InputError
from accelsim.formats import number_format, storage_format
from accelsim.formats.bitmod import (
    SELECTOR_BITS,
    Selector,
    code_values,
    decode,
    special_code,
    special_values,
)

# Table IV, by hand: special values of ER+, ER-, EA+, EA-, and the others' magnitudes by code.
TABLE = {
    3: ((3, -3, 6, -6), (0, 1, 2, 4)),
    4: ((5, -5, 8, -8), (0, 0.5, 1, 1.5, 2, 3, 4, 6)),
}


@pytest.mark.parametrize("bits", [3, 4])
def test_codes_are_those_of_the_table(bits: int) -> None:
    special, magnitudes = TABLE[bits]
    assert special_values(bits) == special
    sign = 2 ** (bits - 1)
    for selector in range(2**SELECTOR_BITS):
        values = code_values(bits, selector)
        assert len(values) == 2**bits
        for code in range(2**bits):
            if code == sign == special_code(bits):
                assert values[code] == special[selector]
            else:
                magnitude = magnitudes[code % sign]
                assert values[code] == (-magnitude if code >= sign else magnitude)
        assert len(set(values)) == 2**bits


def test_selectors_are_in_the_order_of_the_paper() -> None:
    assert [(each.value, each.label) for each in Selector] == [
        (0, "ER+"),
        (1, "ER-"),
        (2, "EA+"),
        (3, "EA-"),
    ]


@pytest.mark.parametrize("bits", [3, 4])
def test_decode_reads_groups_of_codes(bits: int) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2**bits, (3, 5, 16), np.uint8)
    selectors = rng.integers(0, 4, (3, 5), np.uint8)
    found = decode(codes, selectors[..., None], bits)
    assert (found.dtype, found.shape) == (np.float32, codes.shape)
    for place in np.ndindex(codes.shape):
        assert found[place] == code_values(bits, int(selectors[place[:2]]))[codes[place]]


@pytest.mark.parametrize(
    ("codes", "selectors", "bits", "message"),
    [
        ([16], [0], 4, "codes reach 16 to 16, must be 0 to 15"),
        ([8], [0], 3, "codes reach 8 to 8, must be 0 to 7"),
        ([-1, 3], [0], 4, "codes reach -1 to 3, must be"),
        ([1.0], [0], 4, "codes are float64, must be whole numbers"),
        ([1], [4], 4, "selectors reach 4 to 4, must be 0 to 3"),
        ([1], [True], 4, "selectors are bool"),
        ([1], [0], 5, "bits is 5, must be 3 or 4"),
        ([1, 2], [0, 1, 2], 4, r"selectors have shape (3,), must spread over the codes' (2,)"),
    ],
)
def test_decode_refuses(codes: Any, selectors: Any, bits: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        decode(codes, selectors, bits)
    assert caught.value.problems[0].startswith(f"BitMoD: {message}")


def test_values_need_a_selector() -> None:
    with pytest.raises(InputError, match="selector is 4, must be 0 to 3"):
        code_values(4, 4)


@pytest.mark.parametrize("bits", [3, 4])
@pytest.mark.parametrize("wide", ["fp16", "bf16", "fp32", "fp8_e4m3", "fp8_e5m2", "fp6_e3m2"])
def test_all_values_are_values_of_wider_types(bits: int, wide: str) -> None:
    assert number_format(f"bitmod-fp{bits}").within(number_format(wide))


def test_stored_bits() -> None:
    """A scale of 8 bits and a selector of 2 for each 128 weights (HPCA 2025)."""
    assert float(storage_format("bitmod-fp4-g128").bits) == 4 + 10 / 128
    assert float(storage_format("bitmod-fp3-g128").bits) == 3 + 10 / 128
    assert float(storage_format("int6-sym-g128").bits) == 6.0625
    assert storage_format("bitmod-fp4-g64").selector_bits == 2
