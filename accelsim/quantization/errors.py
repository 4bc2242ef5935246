"""How far quantised weights are from what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

import numpy as np

from accelsim.errors import InputError
from accelsim.quantization.quantized import Quantized

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["ErrorReport", "error_report", "summed"]

_PART = 1 << 20


@dataclass(frozen=True)
class ErrorReport:
    """The error of one tensor, or of several together."""

    format: str
    weights: int
    signal: float
    """Sum of the squares of the weights."""
    noise: float
    """Sum of the squares of the errors."""
    max_error: float
    """Largest magnitude of an error."""
    bits_per_weight: float
    chosen: Mapping[str, int]
    """Type -> groups that have it."""

    @property
    def mse(self) -> float:
        """Mean squared error."""
        return self.noise / self.weights

    @property
    def snr_db(self) -> float | None:
        """Signal over noise in decibels; None where either is 0."""
        if not self.noise or not self.signal:
            return None
        return 10 * (log10(self.signal) - log10(self.noise))

    @property
    def shares(self) -> dict[str, float]:
        """Type -> share of the groups that have it."""
        groups = sum(self.chosen.values())
        return {kind: count / groups for kind, count in self.chosen.items()}

    def as_json(self) -> dict[str, object]:
        """Figures for ``--json``; what cannot be known is None."""
        return {
            "format": self.format,
            "weights": self.weights,
            "bits_per_weight": self.bits_per_weight,
            "mse": self.mse,
            "snr_db": self.snr_db,
            "max_error": self.max_error,
            "shares": self.shares,
        }


def error_report(original: ArrayLike, quantized: Quantized) -> ErrorReport:
    """Compare weights with what became of them; sums are binary64.

    Args:
        original: the weights that were quantised, of the same shape.
        quantized: the result.

    Raises:
        InputError: where the shapes differ.

    Example:
        >>> from accelsim.quantization import quantize
        >>> weights = np.array([[1.0, -2.0, 4.0, 7.0]])
        >>> error_report(weights, quantize(weights, "int4", scale_bits=None)).noise
        0.0
    """
    given = np.asarray(original)
    if given.shape != quantized.shape:
        raise InputError(
            f"weights: shape is {given.shape}, must be that of the quantised ones, "
            f"{quantized.shape}"
        )
    rows = given.reshape(quantized.codes.shape)
    signal, noise, largest = 0.0, 0.0, 0.0
    high = max(1, _PART * len(rows) // given.size)
    for top in range(0, len(rows), high):
        part = rows[top : top + high].astype(np.float64)
        signal += float(np.vdot(part, part))
        part -= quantized.rows(top, top + high)
        noise += float(np.vdot(part, part))
        largest = max(largest, float(np.abs(part).max()))
    kinds = quantized.scheme.types
    counts = np.bincount(quantized.selectors.reshape(-1), minlength=len(kinds))
    return ErrorReport(
        quantized.scheme.name,
        given.size,
        signal,
        noise,
        largest,
        quantized.bits_per_weight,
        dict(zip(kinds, map(int, counts), strict=True)),
    )


def summed(reports: Sequence[ErrorReport]) -> ErrorReport:
    """Several tensors of one format together.

    Raises:
        InputError: where there is none, or their formats differ.
    """
    formats = {each.format for each in reports}
    if len(formats) != 1:
        raise InputError(f"reports are of {len(formats)} formats, must be of one")
    weights = sum(each.weights for each in reports)
    return ErrorReport(
        reports[0].format,
        weights,
        sum(each.signal for each in reports),
        sum(each.noise for each in reports),
        max(each.max_error for each in reports),
        sum(each.bits_per_weight * each.weights for each in reports) / weights,
        {kind: sum(each.chosen[kind] for each in reports) for kind in reports[0].chosen},
    )
