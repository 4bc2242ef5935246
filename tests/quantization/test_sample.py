"""The error of formats on one matrix: names of stored formats, and what the quantiser says."""

import numpy as np
import pytest

from accelsim.errors import InputError
from accelsim.quantization import error_report, quantize
from accelsim.quantization.sample import sample_error, sample_snr_db


@pytest.mark.parametrize("name", ["none", "fp16", "bf16", "fp32"])
def test_what_stays_as_it_is_has_no_error(name: str) -> None:
    assert sample_error(name) == 0


@pytest.mark.parametrize(
    ("stored", "quantizer", "group"),
    [("int6-sym-g128", "int6", 128), ("bitmod-fp4-g64", "bitmod-fp4", 64), ("ant4", "ant4", 128)],
)
def test_stored_formats_name_their_quantizer_and_group(
    stored: str, quantizer: str, group: int
) -> None:
    assert sample_error(stored, 128) == sample_error(quantizer, group)


def test_it_is_the_quantizers_error() -> None:
    weights = np.random.default_rng(0).standard_t(5, (256, 4096)).astype(np.float32)
    error = error_report(weights, quantize(weights, "int4", group=128))
    signal = float((weights.astype(np.float64) ** 2).mean())
    assert sample_error("int4") == pytest.approx((error.mse / signal) ** 0.5, rel=1e-6)
    assert sample_snr_db("int4") == error.snr_db


def test_fewer_bits_and_larger_groups_lose_more() -> None:
    assert sample_error("int3") > sample_error("int4") > sample_error("int6") > 0
    assert sample_error("int4", 4096) > sample_error("int4", 64)


@pytest.mark.parametrize("name", ["fp8_e4m3", "int5", "int4-g64"])
def test_others_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="unknown"):
        sample_error(name)
