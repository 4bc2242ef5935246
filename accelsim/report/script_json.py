"""Data inside the script of a page."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["script_json"]


def script_json(value: Any) -> str:
    """JSON that nothing in it can end early: no markup, no sign past ASCII."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
