"""Integers, ANT and OliVe against the published rules, one weight at a time."""

from typing import Any

import numpy as np
import pytest

from accelsim.formats.ant import ant_values
from accelsim.formats.olive import normal_values, outlier_values
from accelsim.quantization import SCHEMES, error_report, quantize


def heavy(channels: int, width: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).standard_t(3, (channels, width)).astype(np.float32)


@pytest.mark.parametrize("bits", [3, 4, 6, 8])
def test_integers_round_halves_to_even(bits: int) -> None:
    top = 2 ** (bits - 1) - 1
    row = np.array([[top, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1 - top]], np.float32)
    found = quantize(row, f"int{bits}", group=8, scale_bits=None)
    expected = np.round(row)[0].astype(int)
    assert found.codes[0].tolist() == [each % 2**bits for each in expected.tolist()]
    assert found.dequantize()[0].tolist() == expected.tolist()


@pytest.mark.parametrize("bits", [3, 4, 6, 8])
def test_integers_agree_with_rounding(bits: int) -> None:
    weights = heavy(4, 64)
    found = quantize(weights, f"int{bits}", group=16, scale_bits=None)
    groups = weights.reshape(4, 4, 16)
    scales = np.abs(groups).max(-1, keepdims=True) / np.float32(2 ** (bits - 1) - 1)
    np.testing.assert_array_equal(
        found.dequantize(), (np.round(groups / scales) * scales).reshape(weights.shape)
    )


@pytest.mark.parametrize("bits", [3, 4])
@pytest.mark.parametrize("clips", [(1.0,), (0.75, 1.0, 1.25)])
def test_ant_agrees_with_the_published_rules(
    oracle: Any, bits: int, clips: tuple[float, ...]
) -> None:
    weights = heavy(4, 48)
    found = quantize(weights, f"ant{bits}", group=16, scale_bits=None, clips=clips)
    values = found.dequantize().reshape(-1, 16)
    for part, got, kind in zip(
        weights.reshape(-1, 16), values, found.selectors.reshape(-1), strict=True
    ):
        errors, rounded = [], []
        for allowed in oracle.ANT[bits]:
            tried = []
            for share in clips:
                scale = np.abs(part).max() * np.float32(share) / np.float32(max(allowed))
                new = np.array([oracle.upper_nearest(w / scale, allowed) for w in part]) * scale
                tried.append((float(((new - part).astype(np.float64) ** 2).sum()), new))
            best = min(tried, key=lambda pair: pair[0])
            errors.append(best[0])
            rounded.append(best[1])
        assert kind == np.argmin(errors)
        np.testing.assert_allclose(got, rounded[kind], rtol=1e-6)


def test_ant_values_are_those_of_the_authors(oracle: Any) -> None:
    """As their code lists them for 4 bits; of 3, flint and powers of two are the same."""
    for bits, kinds in ((3, ("int", "flint")), (4, ("int", "flint", "pot"))):
        for kind, allowed in zip(kinds, oracle.ANT[bits], strict=True):
            assert sorted(set(ant_values(bits, kind))) == allowed


@pytest.mark.parametrize("bits", [4, 8])
def test_olive_agrees_with_the_published_rules(oracle: Any, bits: int) -> None:
    weights = heavy(3 if bits == 4 else 1, 64, seed=5)
    kinds = SCHEMES[f"olive{bits}"].types
    found = quantize(weights, f"olive{bits}", group=32, scale_bits=None, clips=(1.0, 1.5))
    values = found.dequantize().reshape(-1, 32)
    for part, got, kind in zip(
        weights.reshape(-1, 32), values, found.selectors.reshape(-1), strict=True
    ):
        errors, rounded = [], []
        wide = part.astype(np.float64)
        mean, spread = wide.mean(), wide.std(ddof=1)
        reach = np.float32(max(abs(mean + 3 * spread), abs(mean - 3 * spread)))
        for name in kinds:
            normal = sorted({*normal_values(bits, name)})
            outliers = sorted({*outlier_values(bits, name)} - {0.0})
            tried = []
            for share in (1.0, 1.5):
                scale = reach * np.float32(share) / np.float32(max(normal))
                new = np.array(oracle.olive_pairs(part / scale, normal, outliers)) * scale
                tried.append((float(((new - wide) ** 2).sum()), new))
            best = min(tried, key=lambda pair: pair[0])
            errors.append(best[0])
            rounded.append(best[1])
        assert kind == np.argmin(errors)
        np.testing.assert_allclose(got, rounded[kind], rtol=2e-6)


def test_olive_values_are_those_of_the_authors() -> None:
    """In the authors' unit: integers are multiples of 4, outliers 48 to 384 (4 bits)."""
    assert sorted({4 * each for each in normal_values(4, "int")}) == [*range(-28, 29, 4)]
    outliers = sorted(4 * each for each in outlier_values(4, "int") if each > 0)
    assert outliers == [48, 64, 96, 128, 192, 256, 384]
    assert [2 * each for each in outlier_values(4, "flint")] == [
        4 * each for each in outlier_values(4, "int")
    ]
    eight = sorted(each / 4 for each in outlier_values(8, "int") if each > 0)
    assert (eight[0], eight[-1], len(eight)) == (33, 504, 127)


def test_a_pair_has_one_outlier() -> None:
    """Of two the first, though it is smaller."""
    rest = [1.0, -1.0] * 62
    weights = np.array([[90.0, 100.0, 1.0, -90.0, 90.0, 1.0, 1.0, 1.0, *rest]], np.float32)
    found = quantize(weights, "olive4", group=132, scale_bits=None, clips=(1.0,))
    assert found.codes[0, :8].tolist() == [1, 8, 8, 9, 1, 8, 0, 0]
    values = found.dequantize()[0] / found.scales[0, 0]
    assert values[:6].tolist() == [12, 0, 0, -12, 12, 0]


@pytest.mark.parametrize("name", list(SCHEMES))
def test_codes_stay_within_their_bits_and_values_within_the_table(name: str) -> None:
    weights = heavy(2, 90)
    found = quantize(weights, name, group=20, scale_bits=None, clips=(1.0,))
    scheme = found.scheme
    assert found.codes.max() < 2**scheme.bits
    allowed = [
        {*scheme.values[kind], *(scheme.outliers[kind] if scheme.outliers else ())}
        for kind in range(len(scheme.types))
    ]
    scales, values = np.repeat(found.scales, 20, 1)[:, :90], found.dequantize()
    kinds = np.repeat(found.selectors, 20, 1)[:, :90]
    for value, scale, kind in zip(values.flat, scales.flat, kinds.flat, strict=True):
        assert min(abs(value - scale * each) for each in allowed[kind]) <= 1e-6 * abs(value)


@pytest.mark.parametrize("name", ["ant4", "bitmod-fp4", "olive4"])
def test_a_type_for_more_is_the_least_of_sums(name: str) -> None:
    weights = heavy(4, 64, seed=8)
    parts = {
        choice: quantize(weights, name, group=16, scale_bits=None, choice=choice, clips=(1.0,))
        for choice in ("group", "channel", "tensor")
    }
    assert [len(set(row)) for row in parts["channel"].selectors.tolist()] == [1] * 4
    assert len(set(parts["tensor"].selectors.reshape(-1).tolist())) == 1
    noise = [error_report(weights, each).noise for each in parts.values()]
    assert noise == sorted(noise)
    assert len(set(noise)) == 3
    types = len(parts["group"].scheme.types)
    bits = (types - 1).bit_length()
    plain = parts["group"].scheme.bits + 32 / 16
    assert [each.bits_per_weight for each in parts.values()] == [
        plain + bits / 16,
        plain + bits / 64,
        plain + bits / 256,
    ]


@pytest.mark.parametrize("name", ["ant4", "olive4", "int4"])
def test_a_search_of_scales_does_not_make_it_worse(name: str) -> None:
    weights = heavy(4, 64)
    plain = error_report(weights, quantize(weights, name, group=16, scale_bits=None, clips=(1.0,)))
    searched = quantize(weights, name, group=16, scale_bits=None, clips=(0.9, 1.0, 1.2))
    assert error_report(weights, searched).noise < plain.noise
