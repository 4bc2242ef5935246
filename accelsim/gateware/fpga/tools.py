"""Where the tools of the FPGA flow are, and how they are run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from accelsim.caching import cache_folder
from accelsim.errors import UnsupportedError

__all__ = ["Tool", "find_tool", "run_tool", "tool_environment"]

_INSTALL = "pip install 'accelsim[synthesis]'"
_LEAST_YOSYS = (0, 40)
"""The oldest that reads Amaranth's RTLIL and writes ``stat -json`` as it is read here."""


@dataclass(frozen=True)
class Tool:
    """A tool that can be run."""

    name: str
    command: tuple[str, ...]
    version: str


@cache
def find_tool(name: str) -> Tool:
    """A tool: the Python package that brings it, else one that is installed on the machine.

    Args:
        name: ``yosys``, ``nextpnr-ecp5`` or ``nextpnr-ice40``.

    Raises:
        UnsupportedError: where it is missing, with how to install it.
    """
    found = _packaged(name) or _native(name)
    if found is None:
        raise UnsupportedError(f"synthesis needs '{name}', which is missing; {_INSTALL}")
    if name == "yosys" and _numbers(found.version) < _LEAST_YOSYS:
        least = ".".join(map(str, _LEAST_YOSYS))
        raise UnsupportedError(
            f"synthesis: yosys is version {found.version}, must be {least} or later; {_INSTALL}"
        )
    return found


def run_tool(
    tool: Tool, arguments: Sequence[str], folder: Path, *, most_seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a tool in a folder. Packaged tools see that folder alone: names of files are relative.

    Raises:
        subprocess.TimeoutExpired: where it took longer than it may.
    """
    return subprocess.run(
        [*tool.command, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=most_seconds,
        env=tool_environment(os.environ),
    )


def tool_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables for a tool: packaged ones are compiled once and kept in accelsim's cache folder.

    Args:
        environment: variables; ``YOWASP_CACHE_DIR`` stays, ``ACCELSIM_CACHE=off`` leaves the place
            to the tools.
    """
    made = dict(environment)
    if "YOWASP_CACHE_DIR" not in environment and (folder := cache_folder(environment)):
        made["YOWASP_CACHE_DIR"] = str(folder.absolute() / "yowasp")
    return made


def _packaged(name: str) -> Tool | None:
    package = f"yowasp-{name}"
    module = package.replace("-", "_")
    if find_spec(module) is None:
        return None
    # Scripts of packages may lie outside PATH; -P keeps the working folder out of imports.
    entry = f"run_{name.replace('-', '_')}"
    run = f"import sys, {module}; sys.exit({module}.{entry}(sys.argv[1:]))"
    try:
        found = version(package)
    except PackageNotFoundError:
        found = "unknown"
    return Tool(name, (sys.executable, "-P", "-c", run), found)


def _native(name: str) -> Tool | None:
    path = shutil.which(name)
    if path is None:
        return None
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    # Yosys 0.23 (...) on stdout; "nextpnr-ecp5" -- ... (Version nextpnr-0.7) on stderr.
    number = re.search(r"\d+\.\d+\S*?(?=[\s)]|$)", told.stdout + told.stderr)
    return Tool(name, (path,), number.group() if number else "unknown")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)[:2]))
