"""One page that shows a study in a browser: no server, no network, nothing installed."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from accelsim.explore.report.pack import pack
from accelsim.report import roofline
from accelsim.report.script_json import script_json

__all__ = ["study_page"]

_ASSETS = Path(__file__).parent / "assets"
_SHARED = Path(str(roofline.__file__)).parent / "assets"
"""Look and text of figures are those of the page of rooflines."""
_SCRIPTS = (
    "figures.js",
    "model.js",
    "scale.js",
    "canvas.js",
    "pareto.js",
    "parallel.js",
    "importance.js",
    "front.js",
    "point.js",
    "roofline.js",
    "timeline.js",
    "best.js",
    "main.js",
)


def study_page(data: Mapping[str, Any]) -> str:
    """The page as HTML, with everything it needs inside it.

    Args:
        data: the document of a study.

    Returns:
        HTML that a browser opens from a file.

    Raises:
        ValueError: where a figure is one that JSON cannot hold.
    """
    scripts = [_read(_SHARED / "text.js"), *(_read(_ASSETS / name) for name in _SCRIPTS)]
    parts = {
        "title": html.escape(str(data["title"] or data["name"])),
        "style": _read(_SHARED / "page.css") + _read(_ASSETS / "study.css"),
        "data": script_json(pack(data)),
        "script": "\n".join(scripts),
    }
    # One pass: what is put in is not searched again, whatever it holds.
    return Template(_read(_ASSETS / "template.html")).substitute(parts)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
