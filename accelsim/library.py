"""Where shipped inputs lie, and how a name or a path given by the user is found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from accelsim.errors import InputError, unknown_name

__all__ = ["Folder", "find", "joined_accelerators", "looks_like_path", "shipped"]

_PACKAGE = Path(__file__).resolve().parent
_ACCELERATORS = _PACKAGE / "accelerators"
_GROUP = "accelsim.accelerators"
"""Of the entry points by which an installed package brings accelerators; our folder of them too."""


@dataclass(frozen=True)
class Folder:
    """A kind of input that ships with accelsim: what it is called and where its files lie."""

    kind: str
    """In words, for messages: ``"workload"``."""
    parts: tuple[str, ...]
    """Folder under the package, or under the checkout where ``top`` is True."""
    top: bool = False
    suffix: str = ".yaml"
    of_accelerator: str | None = None
    """File that the folder of an accelerator may hold; it goes by the accelerator's name."""

    @property
    def path(self) -> Path:
        """The folder: in the wheel under ``accelsim/_data``, else in the checkout."""
        if not self.top:
            return _PACKAGE.joinpath(*self.parts)
        packed = _PACKAGE.joinpath("_data", *self.parts)
        return packed if packed.is_dir() else _PACKAGE.parent.joinpath(*self.parts)


WORKLOADS = Folder("workload", ("workloads",), top=True)
MAPPERS = Folder("mapper", ("mappers",), top=True, of_accelerator="mapper.yaml")
MODELS = Folder("model", ("workloads", "models"), top=True, suffix=".json")
ARCHITECTURES = Folder(
    "architecture", ("architecture", "library"), of_accelerator="architecture.yaml"
)


@cache
def shipped(folder: Folder) -> dict[str, Path]:
    """Name -> file of everything that ships in a folder; subfolders are part of the name.

    Files of accelerators stand behind these, those of other installed packages among them.

    Raises:
        InputError: where an accelerator's file has the name of another one.
    """
    root = folder.path
    found = {
        str(path.relative_to(root).with_suffix("").as_posix()): path
        for path in sorted(root.rglob(f"*{folder.suffix}"))
    }
    joined = _of_accelerators(folder.of_accelerator) if folder.of_accelerator else {}
    for name in found.keys() & joined.keys():
        raise InputError(
            f"{folder.kind} '{name}' ships with accelsim, and comes with an accelerator "
            f"({joined[name]}) too; rename the accelerator, or uninstall its package"
        )
    return found | joined


@cache
def joined_accelerators() -> dict[str, str]:
    """Name -> package of every accelerator that another installed package brings.

    It says so by an entry point of the group ``accelsim.accelerators``, without being imported.

    Raises:
        InputError: where two packages bring one of the same name.
    """
    from importlib.metadata import entry_points

    found: dict[str, str] = {}
    for point in entry_points(group=_GROUP):
        if found.setdefault(point.name, point.module) != point.module:
            raise InputError(
                f"accelerator '{point.name}' is brought by package '{found[point.name]}' and by "
                f"'{point.module}'; uninstall one of them"
            )
    return found


def _of_accelerators(file: str) -> dict[str, Path]:
    """Accelerator -> its file of that name, of those that have one."""
    ours = sorted(path for path in _ACCELERATORS.iterdir() if path.is_dir())
    folders = {path.name.replace("_", "-"): path for path in ours}
    for name, package in joined_accelerators().items():
        found = _folder_of(package)
        if found:
            folders.setdefault(name, found)
    return {name: path / file for name, path in folders.items() if (path / file).is_file()}


def _folder_of(package: str) -> Path | None:
    """Where a package lies; None where there is none, of which the list of accelerators tells."""
    from importlib.util import find_spec

    try:
        spec = find_spec(package)
    except Exception:  # Of `a.b`, `a` is imported: somebody else's code, which may fail in any way.
        return None
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


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
        file = shipped(folder)[name]
        if file.is_relative_to(folder.path):
            return file, f"{folder.parts[-1]}/{name}{folder.suffix}"
        return file, f"{name}/{file.name}"
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
