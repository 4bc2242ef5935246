"""All points of a study as CSV and as Parquet, written as they come: a row a point."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from accelsim.errors import UnsupportedError
from accelsim.explore.report.columns import Column, columns_of, metric_names, row_of
from accelsim.version import __version__

if TYPE_CHECKING:
    import pyarrow

__all__ = ["ROWS_AT_ONCE", "require_table_packages", "write_tables"]

ROWS_AT_ONCE = 20_000
"""Points that are held at a time; of a Parquet file, the rows of a group."""

Point = Mapping[str, Any]
Rows = Sequence[Sequence[Any]]


class _Table(Protocol):
    def add(self, rows: Rows) -> None: ...

    def close(self) -> None: ...


def require_table_packages() -> None:
    """Check for the package that Parquet files need.

    Raises:
        UnsupportedError: how to install it.
    """
    if find_spec("pyarrow") is None:
        raise UnsupportedError(
            "Parquet files need the package 'pyarrow'; install it with "
            "pip install 'accelsim[explore]'"
        )


def write_tables(
    data: Mapping[str, Any],
    points: Iterable[Point],
    *,
    csv_path: Path | None = None,
    parquet_path: Path | None = None,
    metrics: Sequence[str] | None = None,
) -> int:
    """Write points to a CSV file, a Parquet file, or both.

    Units are in the names of the columns; what a point does not have is empty. The same points
    give the same bytes.

    Args:
        data: the document of the study.
        points: they are gone through once, ``ROWS_AT_ONCE`` at a time.
        csv_path: where the one goes; none where None.
        parquet_path: where the other goes.
        metrics: names of figures that are columns; where None, those of the points in ``data``.
            Further ones stand together in the column ``other_metrics``.

    Returns:
        How many points there were.

    Raises:
        UnsupportedError: where the package for Parquet is not installed.
        OSError: where a file cannot be written; what is there of it is not complete.
    """
    if parquet_path is not None:
        require_table_packages()
    names = metric_names(data) if metrics is None else metrics
    columns = columns_of(data, names)
    written = 0
    with ExitStack() as stack:
        tables: list[_Table] = []
        if csv_path is not None:
            tables.append(_Csv(csv_path, columns))
            stack.callback(tables[-1].close)
        if parquet_path is not None:
            tables.append(_Parquet(parquet_path, columns, data))
            stack.callback(tables[-1].close)
        for rows in _batches(points, columns):
            written += len(rows)
            for table in tables:
                table.add(rows)
    return written


def _batches(points: Iterable[Point], columns: Sequence[Column]) -> Iterator[list[list[Any]]]:
    left = iter(points)
    while rows := [row_of(point, columns) for point in islice(left, ROWS_AT_ONCE)]:
        yield rows


class _Csv:
    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([column.name for column in columns])

    def add(self, rows: Rows) -> None:
        self._writer.writerows(rows)

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Text is written once for each value of it; the name of the study goes with the file."""

    def __init__(self, path: Path, columns: Sequence[Column], data: Mapping[str, Any]) -> None:
        import pyarrow.parquet

        text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
        types = {"whole": pyarrow.int64(), "number": pyarrow.float64(), "text": text}
        about = {
            "accelsim.version": __version__,
            "accelsim.study": str(data["name"]),
            "accelsim.command": str(data["command"]),
        }
        self._schema: pyarrow.Schema = pyarrow.schema(
            [(column.name, types[column.kind]) for column in columns], metadata=about
        )
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema, compression="zstd")

    def add(self, rows: Rows) -> None:
        import pyarrow

        arrays = [
            pyarrow.array(values, type=field.type)
            for values, field in zip(zip(*rows, strict=True), self._schema, strict=True)
        ]
        self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()
