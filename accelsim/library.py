"""Where shipped inputs lie, and how a name or a path given by the user is found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from accelsim.errors import InputError, unknown_name

__all__ = ["Folder", "find", "looks_like_path", "shipped"]

_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Folder:
    """A kind of input that ships with accelsim: what it is called and where its files lie."""

    kind: str
    """In words, for messages: ``"workload"``."""
    parts: tuple[str, ...]
    """Folder under the package, or under the checkout where ``top`` is True."""
    top: bool = False
    suffix: str = ".yaml"

    @property
    def path(self) -> Path:
        """The folder: in the wheel under ``accelsim/_data``, else in the checkout."""
        if not self.top:
            return _PACKAGE.joinpath(*self.parts)
        packed = _PACKAGE.joinpath("_data", *self.parts)
        return packed if packed.is_dir() else _PACKAGE.parent.joinpath(*self.parts)


WORKLOADS = Folder("workload", ("workloads",), top=True)
MAPPERS = Folder("mapper", ("mappers",), top=True)
MODELS = Folder("model", ("workloads", "models"), top=True, suffix=".json")
ARCHITECTURES = Folder("architecture", ("architecture", "library"))


@cache
def shipped(folder: Folder) -> dict[str, Path]:
    """Name -> file of everything that ships in a folder; subfolders are part of the name."""
    root = folder.path
    return {
        str(path.relative_to(root).with_suffix("").as_posix()): path
        for path in sorted(root.rglob(f"*{folder.suffix}"))
    }


def looks_like_path(name: str) -> bool:
    """Whether a user who writes this means a YAML file, not a shipped name."""
    return Path(name).suffix in (".yaml", ".yml") or "\\" in name or name.startswith((".", "/"))


def find(folder: Folder, name: str, *, also: Iterable[str] = ()) -> tuple[Path, str]:
    """File behind a shipped name or a path, and how to show it in messages.

    Args:
        folder: where shipped files lie.
        name: as the user gave it.
        also: further names that the user may give, for the message.

    Raises:
        InputError: where neither exists; the closest shipped name is given.
    """
    if name in shipped(folder):
        return shipped(folder)[name], f"{folder.parts[-1]}/{name}{folder.suffix}"
    path = Path(name)
    try:
        found = looks_like_path(name) and path.is_file()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{folder.kind} file '{name[:60]}': cannot be read: {reason}") from None
    if found:
        return path, name
    if looks_like_path(name) and path.exists():
        raise InputError(f"{folder.kind} file '{name}' is no regular file; give a YAML file")
    if looks_like_path(name):
        raise InputError(f"{folder.kind} file '{name}' does not exist; give a path to a YAML file")
    message = unknown_name(folder.kind, name, [*shipped(folder), *also])
    raise InputError(f"{message}; or a path that ends in .yaml")
