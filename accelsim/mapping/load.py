"""Mapper files -> checked models."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from accelsim.documents import check_model, read_document
from accelsim.library import MAPPERS, find
from accelsim.mapping.schema import MapperFile

__all__ = ["load_mapper"]


def load_mapper(name: str) -> MapperFile:
    """A shipped mapper (``"fusemax"``) or a file.

    Raises:
        InputError: every problem of the file, each with its place.
    """
    path, shown = find(MAPPERS, name)
    stat = path.stat()
    return _cached(str(path), shown, (stat.st_ctime_ns, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=64)
def _cached(path: str, shown: str, _stamp: tuple[int, ...]) -> MapperFile:
    return check_model(MapperFile, read_document(Path(path), name=shown), what="mapper")
