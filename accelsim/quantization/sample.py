"""The error of a format on weights that stand for those of language models."""

from __future__ import annotations

from functools import cache

from accelsim.errors import InputError, unknown_name
from accelsim.formats import storage_format

__all__ = ["sample_error", "sample_snr_db"]

_SHAPE = (256, 4096)
_EXACT_BITS = 16
_FREEDOM = 5
"""Of Student's t: tails heavier than a Gaussian's, as weights of language models have."""


@cache
def sample_snr_db(quantizer: str, group: int = 128) -> float:
    """Signal over error of a seeded matrix with heavy tails, with scales of 8 bits.

    The matrix has 256 rows and 4,096 columns of Student's t, which is no model's: figures of
    formats can be compared with each other, and with nothing else.

    Args:
        quantizer: a format of the quantiser, such as ``bitmod-fp4``.
        group: weights that share a scale.

    Raises:
        InputError: where there is no such format, or it takes no such group.
    """
    import numpy as np

    from accelsim.quantization import error_report, quantize

    weights = np.random.default_rng(0).standard_t(_FREEDOM, _SHAPE).astype(np.float32)
    snr_db = error_report(weights, quantize(weights, quantizer, group=group)).snr_db
    return float("inf") if snr_db is None else snr_db


def sample_error(name: str, group: int = 128) -> float:
    """Root mean square of the error over that of the weights, of the same matrix.

    Args:
        name: a format of the quantiser, or one in which weights are stored: ``int6-sym-g128`` is
            ``int6`` with groups of 128. Floating point of 16 bits and more is taken as exact, and
            so is ``none``.
        group: weights that share a scale, where the name does not say.

    Raises:
        InputError: where there is no such format, or no quantiser for it.
    """
    quantizer, own = _quantizer_of(name)
    if quantizer is None:
        return 0.0
    return float(10.0 ** (-sample_snr_db(quantizer, own or group) / 20))


def _quantizer_of(name: str) -> tuple[str | None, int | None]:
    """Format of the quantiser (None: exact), and the group that a stored format has."""
    from accelsim.quantization.schemes import SCHEMES

    if name == "none":
        return None, None
    if name in SCHEMES:
        return name, None
    stored = storage_format(name)
    if stored.number.exponent and stored.number.bits >= _EXACT_BITS:
        return None, None
    for scheme in SCHEMES.values():
        if stored.number.name == scheme.storage:
            return scheme.name, stored.group
    raise InputError(unknown_name("quantisation format", name[:60], ["none", *SCHEMES]))
