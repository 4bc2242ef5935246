"""Writing results: whole files or nothing."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from accelsim.errors import InputError

__all__ = ["check_folder", "output_folder", "write_bytes", "write_files", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: it is complete, or as it was before.

    Raises:
        InputError: where it cannot be written.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """The same for bytes."""
    temporary = None
    try:
        if path.exists() and not path.is_file():
            # A device such as /dev/null or a pipe is written to, never replaced.
            path.write_bytes(content)
            return
        path = path.resolve()  # A link stays a link; what it points to is replaced.
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".accelsim.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise InputError(f"'{path}' cannot be written: {error.strerror}") from None


def output_folder(path: Path) -> Path:
    """The folder, made if it is not there.

    Raises:
        InputError: where it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"folder '{path}' cannot be made: {error.strerror}") from None
    return path


def check_folder(path: Path) -> Path:
    """The folder, which ``output_folder`` could make if it is not there; nothing is made.

    Raises:
        InputError: where it could not.
    """
    # What stands in the way may be a file at the folder's place, or further up.
    nearest = next((each for each in (path, *path.parents) if os.path.lexists(each)), Path())
    reason = 0
    if not nearest.is_dir():
        reason = errno.EEXIST if nearest == path else errno.ENOTDIR
    elif nearest != path and not os.access(nearest, os.W_OK | os.X_OK):
        reason = errno.EACCES
    if reason:
        raise InputError(f"folder '{path}' cannot be made: {os.strerror(reason)}")
    return path


def write_files(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write several files into a folder, which is made if it is not there.

    Raises:
        InputError: where the folder cannot be made, or a file not be written.
    """
    output_folder(folder)
    for name, content in files.items():
        write_bytes(folder / name, content)
    return [folder / name for name in files]
