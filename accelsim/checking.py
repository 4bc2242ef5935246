"""A user's file, checked for everything that can be said without running it, and formatted."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from accelsim.architecture import load_architecture
from accelsim.architecture.devices import load_device
from accelsim.documents import Plain, Where, parse_document, read_document, read_text
from accelsim.einsum.format import format_cascade
from accelsim.errors import InputError, UnsupportedError, unknown_name
from accelsim.json_reader import parse_json
from accelsim.layout import format_document
from accelsim.library import MAPPERS, find
from accelsim.mapping.load import load_mapper
from accelsim.model.result_file import load_result
from accelsim.study import load_study
from accelsim.workload.cascade_file import parsed
from accelsim.workload.load import load_open_workload
from accelsim.workload.models import load_model

__all__ = ["KINDS", "check_file", "check_kind", "file_kind", "files_in", "format_text"]

KINDS = ("workload", "architecture", "mapper", "device", "study", "model", "result")
"""What a file can be."""

_MOST_LINES = 50_000

_KEYS = {
    "workload": ("ranks", "tensors", "cascade", "layers", "outputs", "formats", "constants"),
    "architecture": ("components", "extends", "clock_hz", "word_bits", "mapper"),
    "mapper": ("cases", "search", "rewrites", "fallback"),
    "study": ("minimize", "maximize", "constraints", "runs", "workload", "arch", "let"),
    "device": ("bandwidth_bytes_per_s", "peak_operations_per_s", "memory_bytes", "on_chip_bytes"),
}
"""Keys that tell a file's kind: those that no other kind has."""


def file_kind(path: Path) -> str:
    """What a file is, by its name (``.json``: a model or a result) and its keys.

    Raises:
        InputError: where it cannot be read, or its keys do not tell.
    """
    if path.suffix == ".json":
        return "model" if _is_model(path) else "result"
    data = read_document(path).data
    found = _kinds_by_keys(data)
    if len(found) != 1:
        raise InputError(
            f"{path}:1:1: file is {' or '.join(found) or 'of no kind'} by its keys, must be one; "
            f"add the missing keys, or say --kind {'|'.join(KINDS)}"
        )
    return found[0]


def _is_model(path: Path) -> bool:
    """Whether a JSON file names a model's family, as the config.json of Hugging Face does."""
    try:
        data = parse_json(read_text(path), name=str(path), advice="")
    except InputError:
        return False
    return isinstance(data, dict) and "model_type" in data


def _kinds_by_keys(data: Plain) -> list[str]:
    keys = set(data) if isinstance(data, dict) else set()
    scores = {kind: len(keys & set(own)) for kind, own in _KEYS.items()}
    best = max(scores.values())
    return [kind for kind, score in scores.items() if score == best and best]


def check_kind(kind: str | None) -> None:
    """Refuse what is no kind of file."""
    if kind is not None and kind not in KINDS:
        raise InputError(unknown_name("kind", kind, KINDS))


def check_file(name: str | Path, *, kind: str | None = None) -> str:
    """Check one file and say what it is.

    Args:
        name: a path.
        kind: one of ``KINDS``; found out where it is not given.

    Raises:
        InputError: every problem of the file, in the order of its lines.
    """
    check_kind(kind)
    name = str(name)
    path = _path(name)
    kind = kind or file_kind(path)
    # A path that does not look like one would be taken for a shipped name.
    shown = name if name.endswith((".yaml", ".yml")) else str(path.absolute())
    try:
        if kind == "workload":
            load_open_workload(shown)
        elif kind == "architecture":
            _check_architecture(path, shown)
        elif kind == "mapper":
            _check_mapper(shown)
        elif kind == "device":
            load_device(shown)
        elif kind == "study":
            load_study(shown)
        elif kind == "model":
            load_model(name if name.endswith(".json") else shown)
        else:
            load_result(path)
    except InputError as error:
        raise InputError(sorted(dict.fromkeys(error.problems), key=_by_place)) from None
    except UnsupportedError as error:
        raise InputError(f"{name}: {error}") from None
    return kind


def _check_architecture(path: Path, name: str) -> None:
    """The machine, and that there is the mapper that it names."""
    mapper = load_architecture(name).mapper
    try:
        find(MAPPERS, mapper)
    except InputError as error:
        place = read_document(path, name=name).place(("mapper",))
        raise InputError([f"{place}: {problem}" for problem in error.problems]) from None


def _check_mapper(name: str) -> None:
    from accelsim.search.layer import check_search

    search = load_mapper(name).search
    if search is not None:
        check_search(search, where=name)


def _path(name: str) -> Path:
    path = Path(name)
    try:
        if path.is_file():
            return path
        reason = "is no regular file" if path.exists() else "does not exist"
    except (OSError, ValueError) as error:  # too long, or with a character that no name has
        reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    raise InputError(f"file '{name}' {reason}; give a path to a YAML or JSON file")


def files_in(names: Sequence[str]) -> list[str]:
    """The names, folders replaced by the YAML files in them; hidden ones are left out.

    Raises:
        InputError: where a folder holds none.
    """
    found: dict[str, None] = {}
    for name in names:
        if os.path.isdir(name):  # False, not an error, for what can be no name
            inside = [p for p in Path(name).rglob("*") if p.suffix in (".yaml", ".yml")]
            shown = [
                path
                for path in sorted(inside)
                if not any(part.startswith(".") for part in path.relative_to(name).parts)
            ]
            if not shown:
                raise InputError(f"folder '{name}' holds no YAML file; give one that does")
            found.update((str(path), None) for path in shown if path.is_file())
        else:
            found[name] = None
    return list(found)


def _by_place(problem: str) -> tuple[int, int]:
    found = re.match(r"[^:]*:(\d+):(\d+)", problem)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def format_text(text: str, *, name: str) -> str:
    """A YAML file of ours in its canonical form; comments are kept.

    Raises:
        InputError: where it is not YAML, or an Einsum of it cannot be parsed.
    """
    if text.count("\n") > _MOST_LINES:
        raise UnsupportedError(f"{name}: only files of up to {_MOST_LINES:,} lines are formatted")
    document = parse_document(text, name=name)
    _refuse_wrong_einsums(document.data, document.positions, name)

    def rewrite(where: Where, texts: list[str]) -> list[str]:
        return format_cascade(texts) if where == ("cascade",) else texts

    return format_document(text, name=name, rewrite=rewrite)


def _refuse_wrong_einsums(
    data: Plain, positions: Mapping[Where, tuple[int, int]], name: str
) -> None:
    entries = data.get("cascade") if isinstance(data, dict) else None
    problems: list[str] = []
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, str):
            parsed(entry, (name, *positions.get(("cascade", i), (1, 1))), problems)
    if problems:
        raise InputError(problems)
