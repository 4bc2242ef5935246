"""One page that shows runs of a roofline in a browser: no server, no network, nothing installed."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from accelsim.errors import InputError
from accelsim.report.roofline.pack import pack
from accelsim.report.script_json import script_json

__all__ = ["roofline_page"]

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = (
    "text.js",
    "model.js",
    "state.js",
    "labels.js",
    "chart.js",
    "table.js",
    "panels.js",
    "main.js",
)
_MOST_NAMED = 3


def roofline_page(runs: Sequence[Mapping[str, Any]]) -> str:
    """The page as HTML, with everything it needs inside it.

    Args:
        runs: documents of runs, as the verb ``roofline`` writes them; the first is shown first.

    Returns:
        HTML that a browser opens from a file.

    Raises:
        InputError: where there is no run.
    """
    if not runs:
        raise InputError("roofline page: runs is empty, must hold at least one run")
    parts = {
        "title": html.escape(_title(runs)),
        "style": _asset("page.css"),
        "data": script_json(pack(runs)),
        "vendor": _asset("vendor/echarts/echarts.min.js"),
        "script": "\n".join(map(_asset, _SCRIPTS)),
    }
    # One pass: what is put in is not searched again, whatever it holds.
    return Template(_asset("template.html")).substitute(parts)


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _title(runs: Sequence[Mapping[str, Any]]) -> str:
    models, devices = (
        _named(list(dict.fromkeys(str(run[name]) for run in runs))) for name in ("model", "device")
    )
    return f"Roofline: {models} on {devices}"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
