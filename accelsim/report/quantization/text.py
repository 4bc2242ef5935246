"""Errors of quantised weights as text: a line a tensor, formats side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from accelsim.errors import printable
from accelsim.quantization.errors import ErrorReport
from accelsim.quantization.model import Errors, TensorErrors
from accelsim.report.text import text_table
from accelsim.units import number_text

__all__ = ["comparison_rows", "decibels", "format_rows", "quantization_text"]

_MOST_TENSORS = 40
_MOST_NAMES = 3
_TOTAL = "all"


def quantization_text(errors: Errors) -> str:
    """What was done, then a line for each tensor and one for all."""
    weights = sum(next(iter(each.reports.values())).weights for each in errors.tensors)
    count = len(errors.tensors)
    head = [
        ("file", f"{errors.file}: {number_text(weights)} weights in {_counted(count, 'tensor')}"),
        ("groups", _groups(errors)),
        ("left out", _left_out(errors)),
    ]
    lines = [f"{name:<12} {value}" for name, value in head if value]
    rows = format_rows(errors) if len(errors.formats) == 1 else comparison_rows(errors)
    if count > _MOST_TENSORS:
        # The head, the first tensors, and what is about all.
        rows = [*rows[: 1 + _MOST_TENSORS], *rows[1 + count :]]
    lines += ["", text_table(rows)]
    if count > _MOST_TENSORS:
        lines.append(f"... and {count - _MOST_TENSORS} more; --json has them all")
    return "\n".join(lines)


def format_rows(errors: Errors) -> list[list[str]]:
    """One format: a row a tensor, all figures."""
    (name,) = errors.formats
    total = errors.totals[name]
    kinds = list(total.chosen) if len(total.chosen) > 1 else []
    rows = [["tensor", "shape", "bits/weight", "SNR", "MSE", "max error", *kinds]]
    for each in errors.tensors:
        report = each.reports[name]
        rows.append([printable(each.name), _shape(each), *_figures(report, kinds)])
    rows.append([_TOTAL, "", *_figures(total, kinds)])
    return rows


def comparison_rows(errors: Errors) -> list[list[str]]:
    """Several formats: a row a tensor, the signal-to-noise ratio in each."""
    rows = [["SNR in dB of tensor", "shape", *errors.formats]]
    for each in errors.tensors:
        cells = [decibels(report, unit="") for report in each.reports.values()]
        rows.append([printable(each.name), _shape(each), *cells])
    totals = list(errors.totals.values())
    rows.append([_TOTAL, "", *(decibels(report, unit="") for report in totals)])
    rows.append(["bits/weight", "", *(f"{report.bits_per_weight:.4g}" for report in totals)])
    return rows


def decibels(report: ErrorReport, *, unit: str = " dB") -> str:
    """The signal-to-noise ratio; without an error there is none."""
    if report.snr_db is None:
        return "exact" if not report.noise else ""
    return f"{report.snr_db:.2f}{unit}"


def _figures(report: ErrorReport, kinds: Sequence[str]) -> list[str]:
    shares = [f"{report.shares[kind]:.1%}" for kind in kinds]
    return [
        f"{report.bits_per_weight:.4g}",
        decibels(report),
        f"{report.mse:.3g}",
        f"{report.max_error:.3g}",
        *shares,
    ]


def _shape(tensor: TensorErrors) -> str:
    return " x ".join(f"{length}" for length in tensor.shape)


def _groups(errors: Errors) -> str:
    size = "whole channels" if errors.group is None else f"{errors.group} weights"
    scale = "in binary32" if errors.scale_bits is None else f"of {errors.scale_bits} bits"
    return f"{size}, scales {scale}"


def _left_out(errors: Errors) -> str:
    """How many for each reason, with some names."""
    parts = []
    for reason, count in Counter(errors.left_out.values()).items():
        names = [printable(name) for name, why in errors.left_out.items() if why == reason]
        more = f" and {count - _MOST_NAMES} more" if count > _MOST_NAMES else ""
        parts.append(f"{reason}: {', '.join(names[:_MOST_NAMES])}{more}")
    return "; ".join(parts)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("s" if count > 1 else "")
