"""Scales in two levels, shapes, types of weights, bits, errors, and what is refused."""

import re
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import accelsim
from accelsim.errors import InputError
from accelsim.formats.storage import storage_format
from accelsim.quantization import SCHEMES, error_report, quantize
from accelsim.quantization.errors import summed


def normal(*shape: int, seed: int = 2) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("bits", [2, 5, 8])
def test_scales_are_multiples_of_a_unit(oracle: Any, bits: int) -> None:
    weights = normal(5, 96) * np.geomspace(1, 100, 96, dtype=np.float32)
    plain = quantize(weights, group=16, scale_bits=None)
    found = quantize(weights, group=16, scale_bits=bits)
    np.testing.assert_array_equal(found.codes, plain.codes)
    np.testing.assert_array_equal(found.selectors, plain.selectors)
    assert found.channel_scales is not None
    assert found.group_scales.dtype == np.uint8
    for channel, row in enumerate(plain.scales):
        levels, unit = oracle.scale_levels(row, bits)
        assert found.group_scales[channel].tolist() == levels.tolist()
        assert found.channel_scales[channel] == unit
    assert found.group_scales.max(axis=1).tolist() == [2**bits - 1] * 5


def test_zeros_have_the_scale_zero() -> None:
    weights = normal(3, 32)
    weights[0] = 0
    weights[1, :16] = 0
    for bits in (8, None):
        found = quantize(weights, group=16, scale_bits=bits)
        assert found.scales[0].tolist() == [0, 0]
        assert found.scales[1, 0] == 0
        assert not found.dequantize()[weights == 0].any()
        assert found.dequantize()[2].any()


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ml_dtypes.bfloat16])
def test_all_floats_are_taken(kind: Any) -> None:
    weights = normal(4, 40).astype(ml_dtypes.bfloat16)
    expected = quantize(weights.astype(np.float32), group=16)
    found = quantize(weights.astype(kind), group=16)
    np.testing.assert_array_equal(found.codes, expected.codes)
    np.testing.assert_array_equal(found.scales, expected.scales)


def test_further_axes_are_flattened() -> None:
    weights = normal(4, 3, 5, 2)
    found = quantize(weights, group=8)
    flat = quantize(weights.reshape(4, 30), group=8)
    np.testing.assert_array_equal(found.codes, flat.codes)
    assert found.dequantize().shape == (4, 3, 5, 2)
    assert error_report(weights, found) == error_report(weights.reshape(4, 30), flat)


@pytest.mark.parametrize("name", list(SCHEMES))
def test_a_short_group_is_a_group_of_its_own(name: str) -> None:
    weights = normal(3, 42) + 0.5
    whole = quantize(weights, name, group=32, scale_bits=None, clips=(1.0,))
    last = quantize(weights[:, 32:], name, group=10, scale_bits=None, clips=(1.0,))
    np.testing.assert_array_equal(whole.codes[:, 32:], last.codes)
    np.testing.assert_array_equal(whole.scales[:, 1:], last.scales)
    assert whole.selectors.shape == (3, 2)


@pytest.mark.parametrize("group", [None, 42, 1000])
def test_a_group_may_be_a_channel(group: int | None) -> None:
    assert quantize(normal(3, 42), group=group).selectors.shape == (3, 1)


@pytest.mark.parametrize("shape", [(3, 300_001), (700, 200)])
def test_blocks_do_not_show(shape: tuple[int, int]) -> None:
    """Channels longer than a block, and more than one block of channels."""
    weights = normal(*shape)
    whole = quantize(weights, group=128, scale_bits=None)
    part = quantize(weights[-1:, :128], group=128, scale_bits=None)
    np.testing.assert_array_equal(whole.codes[-1:, :128], part.codes)
    tail = shape[1] // 128 * 128
    end = quantize(weights[-1:, tail - 128 :], group=128, scale_bits=None)
    np.testing.assert_array_equal(whole.codes[-1:, tail - 128 :], end.codes)
    np.testing.assert_array_equal(whole.scales[-1:, -2:], end.scales)


@pytest.mark.parametrize("name", list(SCHEMES))
def test_bits_are_those_of_the_stored_format(name: str) -> None:
    """And 32 bits a channel."""
    found = quantize(normal(2, 1024), name, group=128, clips=(1.0,))
    stored = storage_format(f"{SCHEMES[name].storage}-g128")
    assert found.bits_per_weight == stored.bits + 32 / 1024


def test_errors_by_hand() -> None:
    weights = np.array([[7.0, 0.25], [-7.0, 3.4]])
    report = error_report(weights, quantize(weights, "int4", group=2, scale_bits=None))
    assert report.noise == pytest.approx(0.0625 + 0.16)
    assert report.signal == pytest.approx(98 + 0.0625 + 11.56)
    assert report.mse == pytest.approx(0.2225 / 4)
    assert report.max_error == pytest.approx(0.4)
    assert report.snr_db == pytest.approx(10 * np.log10(109.6225 / 0.2225))
    assert report.shares == {"int": 1}
    both = summed([report, report])
    assert (both.weights, both.noise, both.snr_db) == (8, 2 * report.noise, report.snr_db)


@pytest.mark.parametrize("place", [0, -1])
def test_errors_of_all_blocks_count(place: int) -> None:
    weights = np.ones((1200, 1000), np.float32)
    weights[place, 0] = 0.5
    found = quantize(weights, "int3", group=None, scale_bits=None)
    assert error_report(weights, found).max_error == pytest.approx(1 / 6)


def test_errors_without_noise_have_no_ratio() -> None:
    for weights in (np.zeros((2, 4)), np.array([[7.0, 1.0]])):
        report = error_report(weights, quantize(weights, "int4", scale_bits=None))
        assert (report.noise, report.snr_db, report.as_json()["snr_db"]) == (0, None, None)


def test_errors_need_the_same_shape() -> None:
    with pytest.raises(InputError, match=r"shape is \(2, 3\), must be .* \(2, 4\)"):
        error_report(np.zeros((2, 3)), quantize(np.zeros((2, 4))))
    with pytest.raises(InputError, match="0 formats"):
        summed([])


def test_it_is_at_the_top() -> None:
    assert accelsim.quantize is quantize


GOOD = np.ones((2, 4))


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        ([[1.0, np.nan]], {}, "weights: weight 1 of channel 0 is nan, must be a number below"),
        ([[1.0, 2.0], [-np.inf, 0]], {}, "weights: weight 0 of channel 1 is -inf, must be"),
        ([[1e300, 1.0]], {}, "weights: weight 0 of channel 0 is 1e+300, must be a number below"),
        (np.ones((2, 2), int), {}, "weights: type is int64, must be one of float16, float32"),
        (np.ones((2, 2), bool), {}, "weights: type is bool, must be one of"),
        (np.ones((2, 2), complex), {}, "weights: type is complex128, must be one of"),
        ([["a", "b"]], {}, "weights: type is str"),
        (np.ones((0, 4)), {}, "weights: shape is (0, 4), must have two axes or more"),
        (np.ones((4, 0)), {}, "weights: shape is (4, 0), must have"),
        (np.ones(4), {}, "weights: shape is (4,), must have"),
        (np.float32(1), {}, "weights: shape is (), must have"),
        (GOOD, {"group": 0}, "group is 0, must be a whole number from 2 to 1,048,576"),
        (GOOD, {"group": 1}, "group is 1, must be"),
        (GOOD, {"group": -4}, "group is -4, must be"),
        (GOOD, {"group": 2**21}, "group is 2097152, must be"),
        (GOOD, {"group": 2.0}, "group is 2.0, must be"),
        (GOOD, {"group": True}, "group is True, must be"),
        (GOOD, {"scale_bits": 1}, "scale_bits is 1, must be a whole number from 2 to 8"),
        (GOOD, {"scale_bits": 16}, "scale_bits is 16, must be"),
        (GOOD, {"scheme": "bitmod"}, "quantisation format 'bitmod' is unknown; did you mean"),
        (GOOD, {"choice": "layer"}, "choice 'layer' is unknown; valid: channel, group, tensor"),
        (GOOD, {"clips": ()}, "clips is [], must be shares above 0 and up to 100"),
        (GOOD, {"clips": (0.0,)}, "clips is [0.0], must be"),
        (GOOD, {"clips": (float("nan"),)}, "clips is [nan], must be"),
        (np.ones((2, 3)), {"scheme": "olive4"}, "weights: a channel has 3, must be an even"),
        (GOOD, {"scheme": "olive4", "group": 3}, "group is 3, must be even"),
    ],
)
def test_refusals(weights: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"^{re.escape(message)}") as caught:
        quantize(weights, **options)
    assert len(caught.value.problems) == 1
