"""BitMoD's quantiser against the published rules, a brute force and an example by hand."""

from typing import Any

import numpy as np
import pytest

from accelsim.formats.bitmod import code_values
from accelsim.quantization import error_report, quantize

BITS = (3, 4)


def weights_of(kind: str, channels: int, width: int, seed: int = 7) -> Any:
    rng = np.random.default_rng(seed)
    made = {
        "normal": lambda: rng.normal(0, 0.02, (channels, width)),
        "heavy": lambda: rng.standard_t(3, (channels, width)),
        "skewed": lambda: rng.gamma(1, 1, (channels, width)) - 0.3,
        # Small whole numbers: halfway points and types of equal errors are common.
        "ties": lambda: rng.integers(-24, 25, (channels, width)).astype(float),
        "sparse": lambda: (
            rng.normal(size=(channels, width)) * (rng.random((channels, width)) < 0.1)
        ),
    }
    return made[kind]().astype(np.float32)


KINDS = ("normal", "heavy", "skewed", "ties", "sparse")


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("kind", KINDS)
def test_agrees_with_the_published_rules_bit_by_bit(oracle: Any, kind: str, bits: int) -> None:
    weights = weights_of(kind, 6, 80)
    found = quantize(weights, f"bitmod-fp{bits}", group=16, scale_bits=None)
    for channel, row in enumerate(weights):
        for group, part in enumerate(row.reshape(-1, 16)):
            expected = oracle.bitmod_group(part, bits)
            assert found.selectors[channel, group] == expected.kind
            assert found.scales[channel, group] == expected.scale
            table = code_values(bits, expected.kind)
            codes = found.codes[channel, group * 16 : (group + 1) * 16]
            assert [table[code] for code in codes] == expected.values


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_other_value_is_nearer_and_no_other_type_better(kind: str, bits: int) -> None:
    weights = weights_of(kind, 5, 96, seed=3)
    found = quantize(weights, f"bitmod-fp{bits}", group=32, scale_bits=None)
    groups = weights.reshape(5, 3, 32).astype(np.float64)
    errors = []
    for selector in range(4):
        table = np.array(code_values(bits, selector))
        scale = np.abs(groups).max(-1, keepdims=True) / np.abs(table).max()
        distance = np.abs(groups[..., None] - scale[..., None] * table).min(-1)
        errors.append((distance**2).sum(-1))
    least = np.min(errors, axis=0)
    chosen = np.take_along_axis(np.array(errors), found.selectors[None].astype(int), 0)[0]
    np.testing.assert_allclose(chosen, least, rtol=1e-5)
    made = (groups.reshape(weights.shape) - found.dequantize()).reshape(groups.shape)
    np.testing.assert_allclose((made**2).sum(-1), least, rtol=1e-4, atol=1e-12)


def test_a_group_by_hand() -> None:
    """Scale 2 with -8: 1, -8, 6, 3. Every other type has an error."""
    found = quantize([[2.0, -16.0, 12.0, 6.0]], "bitmod-fp4", group=4, scale_bits=None)
    assert found.selectors.tolist() == [[3]]
    assert found.codes.tolist() == [[2, 8, 7, 5]]
    assert found.scales.tolist() == [[2.0]]
    assert found.dequantize().tolist() == [[2.0, -16.0, 12.0, 6.0]]


@pytest.mark.parametrize(
    ("row", "bits", "selector", "codes"),
    [
        # Largest 6 or 4: the special value is hit exactly.
        ([6.0, 5.0, -1.0, 0.5], 4, 0, [7, 8, 10, 1]),
        ([6.0, -5.0, -1.0, 0.5], 4, 1, [7, 8, 10, 1]),
        ([8.0, -6.0, 4.0, 0.5], 4, 2, [8, 15, 6, 1]),
        ([-8.0, 6.0, 4.0, -0.5], 4, 3, [8, 7, 6, 9]),
        ([4.0, 3.0, -1.0, 0.0], 3, 0, [3, 4, 5, 0]),
        ([4.0, -3.0, -1.0, 0.0], 3, 1, [3, 4, 5, 0]),
        ([6.0, -4.0, 2.0, 1.0], 3, 2, [4, 7, 2, 1]),
        ([-6.0, 4.0, 2.0, -1.0], 3, 3, [4, 3, 2, 5]),
        # Nothing tells the types apart: the first.
        ([4.0, 2.0, -1.0, 0.0], 3, 0, [3, 2, 5, 0]),
        ([0.0, 0.0, 0.0, 0.0], 4, 0, [0, 0, 0, 0]),
    ],
)
def test_each_special_value_is_chosen(
    row: list[float], bits: int, selector: int, codes: list[int]
) -> None:
    found = quantize([row], f"bitmod-fp{bits}", group=4, scale_bits=None)
    assert (found.selectors.tolist(), found.codes.tolist()) == ([[selector]], [codes])
    assert found.dequantize().tolist() == [row]


@pytest.mark.parametrize("kind", KINDS)
def test_more_bits_are_no_worse(kind: str) -> None:
    weights = weights_of(kind, 8, 256)
    noise = [
        error_report(weights, quantize(weights, name, group=64, scale_bits=None)).noise
        for name in ("bitmod-fp4", "bitmod-fp3")
    ]
    assert noise[0] <= noise[1]


@pytest.mark.parametrize("power", [-140, -130, -90, -45, 60, 100])
def test_a_power_of_two_changes_scales_alone(power: int) -> None:
    """Squares of these errors are beyond binary32."""
    weights = weights_of("heavy", 4, 64)
    plain = quantize(weights, group=16, scale_bits=None)
    far = quantize(np.ldexp(weights.astype(np.float64), power), group=16, scale_bits=None)
    if power < -110:  # Partly or wholly subnormal: what is left must be sound.
        assert np.isfinite(far.dequantize()).all()
        return
    np.testing.assert_array_equal(far.codes, plain.codes)
    np.testing.assert_array_equal(far.selectors, plain.selectors)
    np.testing.assert_array_equal(far.scales, np.ldexp(plain.scales, power))
