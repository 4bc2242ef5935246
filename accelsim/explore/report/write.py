"""The report of a study in a folder: all of its files, or none."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from accelsim.errors import InputError, UnsupportedError
from accelsim.explore.report.markdown import study_markdown
from accelsim.explore.report.page import study_page
from accelsim.explore.report.tables import require_table_packages, write_tables
from accelsim.files import check_folder, output_folder

__all__ = ["FILES", "require_study_report_packages", "write_study_report"]

FILES = (
    "index.html",
    "study.json",
    "points.csv",
    "points.parquet",
    "pareto.png",
    "pareto.svg",
    "study.md",
)
"""What a report consists of."""


def require_study_report_packages() -> None:
    """Check for the packages that the report needs, before anything is computed for it.

    Raises:
        UnsupportedError: naming the first that is missing, and how to install it.
    """
    if find_spec("matplotlib") is None:
        raise UnsupportedError(
            "reports need the package 'matplotlib'; install it with pip install 'accelsim[report]'"
        )
    require_table_packages()


def write_study_report(
    data: Mapping[str, Any],
    points: Iterable[Mapping[str, Any]],
    folder: Path,
    *,
    metrics: Sequence[str] | None = None,
) -> list[Path]:
    """Write the files of a report, ``FILES``; the same study gives the same bytes.

    Args:
        data: the document of the study. Its points are those that the page shows.
        points: all points, for the tables; they are gone through once, few at a time.
        folder: made if it is not there. What it holds by other names stays.
        metrics: names of figures that are columns; where None, those of the points in ``data``.

    Returns:
        The files that were written.

    Raises:
        UnsupportedError: where a package for the report is not installed.
        InputError: where the folder or a file cannot be written; then no file is.
    """
    require_study_report_packages()
    from accelsim.explore.report.plot import pareto_plot

    check_folder(folder)
    _check_places(folder)
    # Points are in the tables; the rest is what a comparison reads.
    document = {key: value for key, value in data.items() if key != "points"}
    files = {
        "index.html": study_page(data).encode(),
        "study.json": (json.dumps(document, indent=2, allow_nan=False) + "\n").encode(),
        "study.md": study_markdown(data).encode(),
        **pareto_plot(data),
    }
    output_folder(folder)
    waiting: Path | None = None
    try:
        # In the same folder: a file is then put in its place in one step.
        waiting = Path(tempfile.mkdtemp(dir=folder, prefix=".accelsim."))
        for name, content in files.items():
            (waiting / name).write_bytes(content)
        write_tables(
            data,
            points,
            csv_path=waiting / "points.csv",
            parquet_path=waiting / "points.parquet",
            metrics=metrics,
        )
        for name in FILES:
            os.replace(waiting / name, folder / name)
    except OSError as error:
        raise InputError(f"'{folder}' cannot be written: {error.strerror or error}") from None
    finally:
        if waiting is not None:
            shutil.rmtree(waiting, ignore_errors=True)
    return [folder / name for name in FILES]


def _check_places(folder: Path) -> None:
    """Refuse a folder in which something that is no file has the name of one of ours."""
    for name in FILES:
        if (folder / name).is_dir():
            raise InputError(f"'{folder / name}' is a folder; move it away, or name another folder")
