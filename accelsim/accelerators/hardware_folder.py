"""A folder of hardware files: whose it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from accelsim.errors import InputError

__all__ = ["check_hardware_folder"]


def check_hardware_folder(
    folder: Path, names: Iterable[str], *, top: str, option: str = "-o"
) -> None:
    """Refuse to replace what somebody else wrote: only a folder of ours is written anew.

    Args:
        folder: where the files are to lie.
        names: of the files.
        top: the one that says that it is ours.
        option: that named the folder.

    Raises:
        InputError: where it is no folder, or there is a file of somebody else's.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{option} '{folder}' is no folder; name another")
    try:
        ours = "written by accelsim" in (folder / top).read_text("utf-8")[:2000]
    except (OSError, RuntimeError, UnicodeDecodeError):
        ours = False
    for name in names:
        path = folder / name
        if path.is_symlink() or path.is_dir() or (path.exists() and not ours):
            raise InputError(
                f"{option} '{folder}': there is a '{name}' that accelsim did not write; name "
                "another folder, or remove it"
            )
