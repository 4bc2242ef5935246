"""The golden model of the PE: exact where it must be, and within its bound everywhere."""

from typing import Any

import numpy as np
import pytest

from accelsim.accelerators.bitmod.golden import (
    BIAS,
    LANES,
    group_bound,
    group_result,
    group_words,
    result_values,
    word_results,
)
from accelsim.accelerators.bitmod.pe.check import GroupTrial, random_group_trial
from accelsim.accelerators.bitmod.terms import TERM_FORMATS, term_format, terms_of
from accelsim.errors import InputError

TINY = 7
"""Places below 2^-24, the least FP16 number, that results may have."""


def _bits(values: Any) -> Any:
    return np.asarray(values, np.float16).view(np.uint16)


def _numbers(trial: GroupTrial) -> Any:
    """Activations in units of 2^-24, whole numbers."""
    raw = trial.activation_bits.astype(np.int64)
    field = raw >> 10 & 31
    magnitude = (raw & 1023 | (field > 0) << 10) << np.maximum(field, 1) - 1
    return np.where(raw >> 15 & 1, -magnitude, magnitude)


def _weights(trial: GroupTrial) -> Any:
    """In units of their type, whole numbers."""
    chosen = term_format(trial.name)
    terms = terms_of(trial.codes, trial.name, trial.selectors[:, None])
    return np.rint(terms.values(chosen) / chosen.unit).astype(np.int64)


def _errors(trial: GroupTrial, lanes: int) -> tuple[Any, Any]:
    """Of sums without scales, and their bound, in units of 2^-31."""
    words = trial.words(lanes)
    exponents, mantissas = word_results(words, np.ones_like(trial.scales))
    exact = (_numbers(trial) * _weights(trial)).sum(axis=1) << TINY
    found = mantissas.astype(np.int64) << exponents
    return np.abs(found - exact), np.ldexp(group_bound(words), BIAS)


def _fp16_bound(trial: GroupTrial) -> tuple[Any, Any]:
    """Errors and the bound of fp16(sum + fp16(a * w)), in units of 2^-31."""
    activations = trial.activation_bits.astype(np.uint16).view(np.float16)
    weights = _weights(trial).astype(np.float16)
    total = np.zeros(len(weights), np.float16)
    bound = np.zeros(len(weights))
    with np.errstate(all="ignore"):
        for at in range(weights.shape[1]):
            product = activations[:, at] * weights[:, at]
            total = total + product
            size = np.abs(product.astype(float)) + np.abs(total.astype(float))
            bound += 2.0**-11 * size + 2.0**-25
        exact = (_numbers(trial) * _weights(trial)).sum(axis=1) << TINY
        off = np.abs(np.ldexp(total.astype(float), BIAS) - exact)
    return off, np.where(np.isnan(bound), np.inf, np.ldexp(bound, BIAS))


def _check_bounds(groups: int, seed: int, lanes: int) -> None:
    random = np.random.default_rng(seed)
    for name in TERM_FORMATS:
        trial = random_group_trial(name, groups, 128, random)
        off, bound = _errors(trial, lanes)
        assert (off <= bound).all(), name
        assert (off <= _fp16_bound(trial)[1]).all(), name
        # The bound means something: some groups come near it.
        assert (off > bound / 20).any(), name


def test_errors_stay_below_the_bound_and_that_of_fp16() -> None:
    _check_bounds(300, 1, 4)


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
def test_errors_of_millions_of_terms_stay_below_the_bounds(lanes: int) -> None:
    for seed in range(3):
        _check_bounds(4000, 10 * lanes + seed, lanes)


def test_errors_are_a_small_part_of_those_of_fp16() -> None:
    random = np.random.default_rng(3)
    for name in ("int8", "fp4"):
        chosen = term_format(name)
        trial = GroupTrial(
            name,
            _bits(random.standard_normal((1000, 128)) / 16),
            random.integers(0, 1 << chosen.code_bits, (1000, 128), dtype=np.int32),
            random.integers(0, 4, 1000, dtype=np.int32),
            np.ones(1000, np.int32),
        )
        ours = np.sqrt((_errors(trial, 4)[0].astype(float) ** 2).mean())
        theirs = np.sqrt((_fp16_bound(trial)[0] ** 2).mean())
        assert ours < theirs / 20, name


@pytest.mark.parametrize("lanes", LANES)
def test_small_whole_numbers_are_exact(lanes: int) -> None:
    random = np.random.default_rng(lanes)
    activations = random.integers(-8, 9, (200, 50))
    codes = random.integers(-8, 8, (200, 50))
    scales = random.integers(0, 256, 200)
    exponents, mantissas = group_result(_bits(activations), codes, "int4", 0, scales, lanes=lanes)
    expected = (activations * codes).sum(axis=1) * scales
    np.testing.assert_array_equal(result_values(exponents, mantissas, "int4"), expected)


def test_subnormal_activations_are_exact() -> None:
    activations = np.array([[0x0001, 0x8003, 0x0050, 0x01FF]])
    codes = np.array([[1, 2, 7, 8]])
    found = group_result(activations, codes, "fp4", [2], [3])
    expected = 3 * 2.0**-24 * (0.5 * 1 - 1.0 * 3 + 6.0 * 0x50 + 8.0 * 0x1FF)
    assert result_values(*found, "fp4")[0] == expected


def test_an_example_by_hand() -> None:
    # 1 * 6 + 2^-11 * 0.5, of terms 4 + 2 and 0.5, in halves: 8 and 4, and 1. The second product is
    # 14 places below the first step's greatest exponent, and has only its own hidden bit: it falls
    # out. So does it in no other order: alone in its word it stays.
    together = group_result(_bits([[1.0, 2.0**-11, 0, 0]]), [[7, 1, 0, 0]], "fp4", 0, [1])
    assert result_values(*together, "fp4")[0] == 6.0
    apart = group_result(_bits([[1.0, 0, 0, 0, 2.0**-11]]), [[7, 0, 0, 0, 1]], "fp4", 0, [1])
    words = group_words(_bits([[1.0, 0, 0, 0, 2.0**-11]]), [[7, 0, 0, 0, 1]], "fp4", 0)
    assert words.steps == 4
    # The accumulator keeps it, the 15 bits of the end do not.
    assert result_values(*apart, "fp4")[0] == 6.0
    assert group_bound(words)[0] * 0.5 < 0.01


def test_absent_terms_do_not_raise_the_exponent() -> None:
    # 30 places apart: as a term the first would push the other one out.
    activations = np.array([[0x7BFF, 0x0001, 0, 0]])
    exponents, mantissas = group_result(activations, [[0, 1, 0, 0]], "int8", 0, [1])
    assert result_values(exponents, mantissas, "int8")[0] == 2.0**-24


def test_results_have_their_bits() -> None:
    random = np.random.default_rng(5)
    for name in TERM_FORMATS:
        trial = random_group_trial(name, 200, 128, random)
        exponents, mantissas = word_results(trial.words(4), trial.scales)
        assert exponents.min() >= 0
        assert exponents.max() < 64
        assert mantissas.min() >= -(1 << 22)
        assert mantissas.max() < 1 << 22


def test_the_greatest_sum_of_the_longest_group_has_an_exponent() -> None:
    count = 4096
    activations = np.full((1, count), 0x7FFF)
    exponents, mantissas = group_result(activations, np.full((1, count), -128), "int8", 0, [255])
    exact = -65504.0 * 2 * count * 128 * 255
    assert exponents[0] < 64
    assert result_values(exponents, mantissas, "int8")[0] == pytest.approx(exact, rel=1e-3)


def test_no_groups_have_no_results() -> None:
    none = np.zeros((0, 128), np.int32)
    assert [each.shape for each in group_result(none, none, "fp4", 0, 1)] == [(0,), (0,)]


def test_wrong_operands_are_refused() -> None:
    codes = np.zeros((2, 8), np.int32)
    with pytest.raises(InputError, match=r"lanes is 3, must be one of 2, 4, 8, 16"):
        group_result(codes, codes, "int8", 0, 1, lanes=3)
    with pytest.raises(InputError, match=r"shape \(2, 8\) and codes \(2, 7\)"):
        group_result(codes, codes[:, :7], "int8", 0, 1)
    with pytest.raises(InputError, match="scales reach 256 to 256"):
        group_result(codes, codes, "int8", 0, 256)
    long = np.zeros((1, 1 << 17), np.int32)
    with pytest.raises(InputError, match="must have 65,536 at most"):
        group_result(long, long, "int8", 0, 1)
