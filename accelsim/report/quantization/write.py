"""A report of quantised weights in a folder: plots, a table, a page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from accelsim.errors import printable
from accelsim.files import write_files
from accelsim.quantization.errors import ErrorReport
from accelsim.quantization.model import Errors
from accelsim.report.quantization.plot import quantization_figures
from accelsim.report.quantization.text import comparison_rows, decibels
from accelsim.report.text import markdown_table
from accelsim.report.write import require_report_packages
from accelsim.version import __version__

__all__ = ["FILES", "write_quantization_report"]

FILES = ("errors.csv", "report.md", "snr.png", "snr.svg", "choices.png", "choices.svg")
"""What a report consists of."""

_COLUMNS = (
    "tensor,shape,format,weights,bits_per_weight,signal,noise,mse,snr_db,max_error,type,share"
)


def write_quantization_report(errors: Errors, folder: Path) -> list[Path]:
    """Write the files of a report, ``FILES``.

    Args:
        errors: of at least one tensor.
        folder: made if it is not there.

    Returns:
        The files that were written.

    Raises:
        UnsupportedError: where the packages for reports are not installed.
        InputError: where the folder cannot be written.
    """
    require_report_packages()
    files = {
        "errors.csv": _csv(errors).encode(),
        "report.md": _markdown(errors).encode(),
        **quantization_figures(errors),
    }
    return write_files(folder, files)


def _csv(errors: Errors) -> str:
    """A line for each tensor, format and type that its groups may have."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS.split(","))
    for tensor in errors.tensors:
        shape = "x".join(map(str, tensor.shape))
        for report in tensor.reports.values():
            for kind, share in report.shares.items():
                writer.writerow([tensor.name, shape, *_figures(report), kind, share])
    return text.getvalue()


def _figures(report: ErrorReport) -> list[object]:
    return [
        report.format,
        report.weights,
        report.bits_per_weight,
        report.signal,
        report.noise,
        report.mse,
        "" if report.snr_db is None else report.snr_db,
        report.max_error,
    ]


def _plain(text: str) -> str:
    """Text of one line in which Markdown sees no table, heading, code or HTML."""
    return re.sub(r"[<|#`]", r"\\\g<0>", printable(text))


def _table(rows: Sequence[Sequence[str]]) -> str:
    return markdown_table([[_plain(cell) for cell in row] for row in rows])


def _markdown(errors: Errors) -> str:
    group = "a whole channel" if errors.group is None else f"{errors.group} weights"
    scale = "binary32" if errors.scale_bits is None else f"{errors.scale_bits} bits"
    parts = [
        f"# {_plain(errors.file)}: quantised weights",
        f"accelsim {__version__}. A group is {group}, its scale has {scale}. All figures are in "
        "`errors.csv`.",
        _table(_total_rows(errors)),
        "![signal-to-noise ratio](snr.png)",
        "## What groups choose",
        "![choices](choices.png)",
        "## Every tensor",
        _table(comparison_rows(errors)),
    ]
    if errors.left_out:
        left = [f"- {_plain(name)}: {_plain(why)}" for name, why in errors.left_out.items()]
        parts += ["## Left out", "\n".join(left)]
    return "\n\n".join(parts) + "\n"


def _total_rows(errors: Errors) -> list[list[str]]:
    rows = [["format", "bits/weight", "SNR", "MSE", "max error"]]
    for name, report in errors.totals.items():
        figures = [f"{report.mse:.3g}", f"{report.max_error:.3g}"]
        rows.append([name, f"{report.bits_per_weight:.4g}", decibels(report), *figures])
    return rows
