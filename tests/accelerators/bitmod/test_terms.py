"""Terms of weights: every code of every type is the sum of its terms."""

import numpy as np
import pytest

from accelsim.accelerators.bitmod.terms import (
    TERM_FORMATS,
    booth_terms,
    half_terms,
    term_format,
    term_table,
    terms_of,
)
from accelsim.errors import InputError
from accelsim.formats.bitmod import decode


@pytest.mark.parametrize("name", TERM_FORMATS)
def test_every_code_is_the_sum_of_its_terms(name: str) -> None:
    chosen = term_format(name)
    codes = np.tile(np.arange(1 << chosen.code_bits), (4, 1))
    selectors = np.arange(4)[:, None]
    found = terms_of(codes, name, selectors)
    if chosen.is_float:
        expected = decode(codes, np.broadcast_to(selectors, codes.shape), chosen.code_bits)
    else:
        expected = codes - (codes >> chosen.code_bits - 1 << chosen.code_bits)
    np.testing.assert_array_equal(found.values(chosen), expected)
    assert found.sign.shape == (*codes.shape, chosen.steps)


@pytest.mark.parametrize("name", TERM_FORMATS)
def test_fields_have_their_bits_and_absent_terms_are_all_zero(name: str) -> None:
    sign, exponent, mantissa = np.moveaxis(term_table(name), -1, 0)
    assert {*np.unique(sign)} <= {0, 1}
    assert {*np.unique(exponent)} <= {0, 1, 2, 3}
    assert {*np.unique(mantissa)} == {0, 1}
    assert not (sign | exponent)[mantissa == 0].any()


def test_significances_are_those_of_the_paper() -> None:
    found = {name: each.significances for name, each in TERM_FORMATS.items()}
    assert found["int8"] == (0, 2, 4, 6)
    assert found["int6"] == (0, 2, 4)
    # Not in the paper: two digits hold -8 to 7.
    assert found["int4"] == (0, 2)
    assert found["fp4"] == found["fp3"] == (0, 0)


def test_examples_by_hand() -> None:
    # -128 = -2 * 4^3; 127 = -1 + 2 * 4^3; 8 = 4 + 4; 5 = 1 + 4; 3 = 1 + 2, in halves.
    assert booth_terms(-128, 4) == ((0, 0, 0), (0, 0, 0), (0, 0, 0), (1, 1, 1))
    assert booth_terms(127, 4) == ((1, 0, 1), (0, 0, 0), (0, 0, 0), (0, 1, 1))
    assert half_terms(8.0) == ((0, 3, 1), (0, 3, 1))
    assert half_terms(5.0) == ((0, 1, 1), (0, 3, 1))
    assert half_terms(-3.0) == ((1, 1, 1), (1, 2, 1))


def test_negative_integers_are_their_codes() -> None:
    numbers = np.arange(-32, 32)
    found = terms_of(numbers, "int6").values(term_format("int6"))
    np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize("value", [3.5, 0.25, 16.0, 8.5])
def test_values_of_more_terms_are_refused(value: float) -> None:
    with pytest.raises(InputError, match=f"value is {value}, must be the sum of two"):
        half_terms(value)


def test_unknown_type_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="int8"):
        term_format("int7")
