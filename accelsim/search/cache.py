"""What exact searches found, kept in the user's cache folder: one small file for each search.

A file holds mappings, never figures that anyone relies on: whoever reads them counts them again.
A file that is damaged, of another version or no longer legal is as good as none, and is replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelsim.caching import cache_folder
from accelsim.errors import InputError
from accelsim.files import write_text
from accelsim.mapping.mapping import Block
from accelsim.search.block_data import block_from_data, block_to_data
from accelsim.search.search_key import SCHEMA

__all__ = ["MOST_FILES", "Cache", "user_cache"]

MOST_FILES = 10_000
"""Searches that are kept; of more, those that were not used for the longest time are deleted."""

_MOST_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Cache:
    """A folder of found mappings."""

    folder: Path
    asked_for: bool = False
    """Whether the user named the folder: then what cannot be written is an error."""

    def read(self, key: str) -> tuple[tuple[Block, ...], ...] | None:
        """The mappings that a search found, in its order; None where none can be read."""
        path = self._path(key)
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None
            data = json.loads(path.read_text("utf-8"))
            options = _checked(data, key)
        except (OSError, ValueError, RecursionError, InputError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # Used now, so not to be deleted soon.
        return options

    def write(self, key: str, options: Sequence[Sequence[Block]]) -> None:
        """Keep what a search found.

        Raises:
            InputError: where the folder was asked for and cannot be written.
        """
        try:
            found = [[block_to_data(block) for block in blocks] for blocks in options]
        except InputError:
            return  # Nothing that a file could say: it is searched anew every time.
        data = {"schema": SCHEMA, "key": key, "sum": _sum_of(found), "options": found}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_text(self._path(key), json.dumps(data, separators=(",", ":")) + "\n")
        except OSError as error:
            self._refuse(f"cannot be made: {error.strerror}")
        except InputError as error:
            self._refuse(str(error))

    def prune(self) -> None:
        """Delete the oldest files beyond ``MOST_FILES``."""
        try:
            files = [(entry.stat().st_mtime, entry.path) for entry in os.scandir(self.folder)]
        except OSError:
            return
        for _, path in sorted(files)[: max(len(files) - MOST_FILES, 0)]:
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _refuse(self, problem: str) -> None:
        if self.asked_for:
            raise InputError(
                f"ACCELSIM_CACHE: folder '{self.folder}': {problem}; name another one, or set "
                "ACCELSIM_CACHE=off"
            ) from None


def user_cache(environment: Mapping[str, str]) -> Cache | None:
    """The user's cache: ``ACCELSIM_CACHE``, else in ``XDG_CACHE_HOME`` or ``~/.cache``.

    Args:
        environment: variables; ``ACCELSIM_CACHE=off`` means none.
    """
    folder = cache_folder(environment)
    if folder is None:
        return None
    return Cache(folder / "searches", asked_for=bool(environment.get("ACCELSIM_CACHE")))


def _sum_of(options: Any) -> str:
    text = json.dumps(options, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(data: object, key: str) -> tuple[tuple[Block, ...], ...] | None:
    """The blocks of a file that is whole and is what it says; else None."""
    if not isinstance(data, dict) or (data.get("schema"), data.get("key")) != (SCHEMA, key):
        return None
    options = data.get("options")
    if not isinstance(options, list) or not options or data.get("sum") != _sum_of(options):
        return None
    if not all(isinstance(blocks, list) and blocks for blocks in options):
        return None
    return tuple(tuple(block_from_data(block) for block in blocks) for blocks in options)
