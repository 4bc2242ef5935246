"""A report of rooflines in a folder: the interactive page, plots, tables."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from accelsim.files import write_files
from accelsim.report.roofline.page import roofline_page
from accelsim.report.roofline.plot import roofline_figures
from accelsim.report.roofline.text import layer_rows, run_rows, run_title
from accelsim.report.text import markdown_table
from accelsim.report.write import require_report_packages
from accelsim.roofline.result import Roofline
from accelsim.version import __version__

__all__ = ["FILES", "write_roofline_report"]

FILES = ("roofline.html", "roofline.png", "roofline.svg", "layers.csv", "report.md")
"""What a report consists of."""

_MOST_TABLES = 6
"""Runs whose layers are written out in the report; the page and the CSV have all."""


def write_roofline_report(runs: Sequence[Roofline], folder: Path) -> list[Path]:
    """Write the files of a report, ``FILES``.

    Args:
        runs: rooflines of one model, at least one.
        folder: made if it is not there.

    Returns:
        The files that were written.

    Raises:
        UnsupportedError: where the packages for reports are not installed.
        InputError: where the folder cannot be written.
    """
    require_report_packages()
    values = [run.as_json() for run in runs]
    files = {
        "roofline.html": roofline_page(values).encode(),
        **roofline_figures(values),
        "layers.csv": _csv(runs).encode(),
        "report.md": _markdown(runs).encode(),
    }
    return write_files(folder, files)


_COLUMNS = (
    "model,device,stage,batch,context,tokens,attention,logits,weights,activations,kv_cache,"
    "embeddings,layer,layer_stage,kind,repeat,operations,bytes,weights_bytes,activations_bytes,"
    "kv_cache_bytes,dequantize_operations,seconds,bound,computes_in"
)


def _csv(runs: Sequence[Roofline]) -> str:
    """A line for each layer of each run; figures are of one of its repeats."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS.split(","))
    for run in runs:
        asked = run.scenario
        settings: list[object] = [run.model, run.device.name, run.stage]
        if asked is None:
            settings += [""] * 9
        else:
            settings += [asked.batch, asked.context, run.tokens or "", asked.attention]
            settings += [asked.logits]
            settings += [asked.weights, asked.activations, asked.kv_cache, asked.embeddings]
        for row in run.rows:
            moved = row.bytes_by_role
            writer.writerow(
                [
                    *settings,
                    row.name,
                    row.stage,
                    row.kind,
                    row.repeat,
                    row.operations,
                    row.bytes,
                    moved["weights"],
                    moved["activations"],
                    moved["kv_cache"],
                    row.converting_operations,
                    row.seconds,
                    row.bound,
                    row.computes_in,
                ]
            )
    return text.getvalue()


def _plain(text: str) -> str:
    """Text in which Markdown sees no table, heading, code or HTML."""
    return re.sub(r"[<|#`]", r"\\\g<0>", text)


def _table(rows: Sequence[Sequence[str]]) -> str:
    return markdown_table([[_plain(cell) for cell in row] for row in rows])


def _markdown(runs: Sequence[Roofline]) -> str:
    parts = [
        f"# {_plain(runs[0].model)}: rooflines",
        f"accelsim {__version__}. Operations, bytes and time of every layer; the interactive page "
        "is `roofline.html`, all figures are in `layers.csv`.",
        _table(run_rows(runs)),
        "![roofline](roofline.png)",
    ]
    for run in runs[:_MOST_TABLES]:
        parts += [f"## {_plain(run_title(run, runs))}", _table(layer_rows(run.rows))]
    notes = dict.fromkeys(note for run in runs for note in run.notes)
    if notes:
        parts += ["## Notes", "\n".join(f"- {_plain(note)}" for note in notes)]
    sources = {run.device.name: run.device for run in runs}
    parts.append("## Sources")
    for name, device in sources.items():
        figures = [f"  - {figure}: {_plain(source)}" for figure, source in device.sources.items()]
        parts.append("\n".join([f"- {_plain(name)}", *figures]))
    return "\n\n".join(parts) + "\n"
