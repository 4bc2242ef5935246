"""Where results that are costly to make again are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """``ACCELSIM_CACHE``, else ``accelsim`` in ``XDG_CACHE_HOME`` or ``~/.cache``.

    Args:
        environment: variables.

    Returns:
        None where there is to be none (``ACCELSIM_CACHE=off``), or no home.
    """
    asked = environment.get("ACCELSIM_CACHE", "")
    if asked.lower() == "off":
        return None
    if asked:
        return Path(asked)
    base = environment.get("XDG_CACHE_HOME", "")
    # The XDG base directory specification has relative paths ignored.
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            return None
        base = os.path.join(home, ".cache")
    return Path(base) / "accelsim"
