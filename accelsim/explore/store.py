"""Where the points of studies are kept: SQLite, or a PostgreSQL server that a team shares.

A point is a row: its number in its study, its parameters, what became of it, and the key of all
that its figures depend on. Rows are written together, each whole or not at all; a point that any
study of the store has evaluated is found again by its key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

from accelsim.errors import InputError, UnsupportedError
from accelsim.explore.evaluate import Metrics
from accelsim.study.schema import Value

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData, Table
    from sqlalchemy.dialects.postgresql import Insert

__all__ = ["Row", "Store", "open_store"]

SCHEMA = 1
"""Counts up with every change of tables, or of what figures mean."""
_TRIES = 40
_PAUSE_S = 0.1
_KEYS_AT_ONCE = 500
"""SQLite before 3.32 takes up to 999 in a statement."""


@dataclass(frozen=True)
class Row:
    """A point as it is kept."""

    number: int
    parameters: dict[str, Value]
    key: str
    """Of all that its figures depend on."""
    metrics: Metrics | None
    """None where it failed."""
    reason: str = ""
    """Why it failed."""
    fidelity: str = "analytic"


@dataclass(frozen=True)
class Store:
    """An open store."""

    shown: str
    """What messages call it: its path, or its address without a password."""
    engine: Engine
    points: Table
    studies: Table

    def begin(self, digest: str, name: str, described: str) -> bool:
        """Note that a study is run; whether it was there before."""
        from sqlalchemy import select

        with self._written() as connection:
            known = connection.execute(
                select(self.studies.c.digest).where(self.studies.c.digest == digest)
            ).first()
            if known is None:
                row = {"digest": digest, "name": name, "described": described}
                # Somebody else may begin it in the same moment.
                begun = self._dialect.insert(self.studies).on_conflict_do_nothing()
                connection.execute(begun, [row])
        return known is not None

    def write(self, digest: str, rows: Sequence[Row]) -> None:
        """Keep points of a study; those of the same number are replaced.

        Raises:
            InputError: where they cannot be written; all that was written before is kept.
        """
        if not rows:
            return
        data = [
            {
                "study": digest,
                "fidelity": row.fidelity,
                "number": row.number,
                "key": row.key,
                "parameters": json.dumps(row.parameters),
                "metrics": None if row.metrics is None else json.dumps(row.metrics),
                "reason": row.reason,
            }
            for row in rows
        ]
        with self._written() as connection:
            connection.execute(self._upsert(), data)

    @property
    def _dialect(self) -> Any:
        # Both have the same statements, each by its own name.
        from sqlalchemy.dialects import postgresql, sqlite

        return postgresql if self.engine.dialect.name == "postgresql" else sqlite

    def _upsert(self) -> Insert:
        statement = self._dialect.insert(self.points)
        changed = {name: statement.excluded[name] for name in _CHANGED}
        found: Insert = statement.on_conflict_do_update(
            index_elements=["study", "fidelity", "number"], set_=changed
        )
        return found

    def known(self, keys: Sequence[str]) -> dict[str, tuple[Metrics | None, str]]:
        """Key -> the metrics of a point of any study, or why it failed."""
        from sqlalchemy import select

        found: dict[str, tuple[Metrics | None, str]] = {}
        columns = (self.points.c.key, self.points.c.metrics, self.points.c.reason)
        with self._read() as connection:
            for at in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[at : at + _KEYS_AT_ONCE]
                for key, metrics, reason in connection.execute(
                    select(*columns).where(self.points.c.key.in_(some))
                ):
                    if metrics is not None or key not in found:
                        found[key] = (None if metrics is None else json.loads(metrics), reason)
        return found

    def keys(self, digest: str, numbers: Sequence[int], *, fidelity: str) -> dict[int, str]:
        """Number -> key of points of a study that are there already; numbers ascend."""
        from sqlalchemy import select

        table = self.points
        asked = select(table.c.number, table.c.key).where(
            table.c.study == digest,
            table.c.fidelity == fidelity,
            table.c.number.between(numbers[0], numbers[-1]),
        )
        with self._read() as connection:
            return {row.number: row.key for row in connection.execute(asked)}

    def rows(self, digest: str, *, fidelity: str = "analytic", below: int) -> Iterator[Row]:
        """The points of a study whose numbers are below some number, in their order, one by one."""
        from sqlalchemy import select

        table = self.points
        asked = (
            select(table)
            .where(table.c.study == digest, table.c.fidelity == fidelity, table.c.number < below)
            .order_by(table.c.number)
            .execution_options(yield_per=1000)
        )
        with self._read() as connection:
            for row in connection.execute(asked):
                yield Row(
                    row.number,
                    json.loads(row.parameters),
                    row.key,
                    None if row.metrics is None else json.loads(row.metrics),
                    row.reason,
                    row.fidelity,
                )

    def close(self) -> None:
        """Let go of it."""
        self.engine.dispose()

    @contextmanager
    def _written(self) -> Iterator[Connection]:
        with self._reported("written"), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._reported("read"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _reported(self, done: str) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            raise InputError(
                f"store '{self.shown}': cannot be {done}: {_reason(error)}; what was stored before "
                "is kept, and --resume goes on from there"
            ) from None


_CHANGED = ("key", "parameters", "metrics", "reason")


def _reason(error: Exception) -> str:
    """What the database said, on one line."""
    said = str(getattr(error, "orig", None) or error)
    return " ".join(said.split())[:300]


def open_store(where: str) -> Store:
    """Open a store, made where there is none.

    Args:
        where: path of an SQLite file, or the address of a PostgreSQL database
            (``postgresql://USER@HOST/NAME``).

    Raises:
        InputError: where it cannot be opened, or is none of ours.
        UnsupportedError: where a package is missing.
    """
    try:
        import sqlalchemy
    except ImportError:
        raise UnsupportedError(
            "explore keeps points with SQLAlchemy; install it: pip install 'accelsim[explore]'"
        ) from None
    from sqlalchemy.exc import SQLAlchemyError

    engine, shown = _engine(where)
    metadata = sqlalchemy.MetaData()
    points, studies, about = _tables(metadata)
    for left in reversed(range(_TRIES)):
        try:
            found = _made(engine, metadata, about, shown)
            break
        except SQLAlchemyError as error:
            # Somebody else may be making the same tables in this moment.
            passes = any(word in str(error) for word in ("locked", "exists", "unique", "UNIQUE"))
            if left and passes:
                sleep(_PAUSE_S)
            else:
                raise InputError(
                    f"store '{shown}': cannot be opened: {_reason(error)}; see to it, or name "
                    "another with --store"
                ) from None
    if found != SCHEMA:
        raise InputError(
            f"store '{shown}': was written by another version (schema {found}, must be {SCHEMA}); "
            "name another with --store"
        )
    return Store(shown, engine, points, studies)


def _made(engine: Engine, metadata: MetaData, about: Table, shown: str) -> int:
    """Make the tables where they are not there; the schema that they have."""
    import sqlalchemy

    names = set(sqlalchemy.inspect(engine).get_table_names())
    ours = about.name in names
    # A server may hold more than our tables, a file is ours or it is not.
    if not ours and names & (names if engine.dialect.name == "sqlite" else set(metadata.tables)):
        raise InputError(
            f"store '{shown}': is a database of something else, with table "
            f"'{min(names)}'; name another with --store"
        )
    about.create(engine, checkfirst=True)
    metadata.create_all(engine)
    with engine.begin() as connection:
        found = connection.execute(sqlalchemy.select(about.c.schema)).scalar()
        if found is None:
            connection.execute(sqlalchemy.insert(about), [{"schema": SCHEMA}])
    return SCHEMA if found is None else int(found)


def _engine(where: str) -> tuple[Engine, str]:
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    if "://" not in where:
        path = Path(where)
        if path.is_dir():
            raise InputError(f"--store '{where}' is a folder; name a file")
        if not path.parent.is_dir():
            raise InputError(f"--store '{where}' lies in a folder that does not exist; make it")
        engine = sqlalchemy.create_engine(
            sqlalchemy.URL.create("sqlite", database=str(path)), connect_args={"timeout": 60}
        )
        sqlalchemy.event.listen(engine, "connect", _set_up_sqlite)
        return engine, where
    try:
        url = sqlalchemy.make_url(where)
        if url.get_backend_name() not in ("postgresql", "sqlite"):
            raise InputError(
                f"--store '{url.render_as_string()}' is of '{url.get_backend_name()}', must be a "
                "path, or begin with postgresql:// or sqlite:///"
            )
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        engine = sqlalchemy.create_engine(url)
    except ModuleNotFoundError:
        raise UnsupportedError(
            "PostgreSQL needs psycopg; install it: pip install 'accelsim[postgresql]'"
        ) from None
    except (SQLAlchemyError, ValueError) as error:
        raise InputError(f"--store is no address of a database: {_reason(error)}") from None
    if url.get_backend_name() == "sqlite":
        sqlalchemy.event.listen(engine, "connect", _set_up_sqlite)
    # A password may stand among the settings, too.
    return engine, sqlalchemy.make_url(where).set(query={}).render_as_string(hide_password=True)


def _set_up_sqlite(connection: Any, record: object) -> None:
    """Readers and one writer at a time; what was committed outlives the process, if not a power
    cut in the same moment."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _tables(metadata: Any) -> tuple[Table, Table, Table]:
    from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

    points = Table(
        "points",
        metadata,
        Column("study", String(16), primary_key=True),
        Column("fidelity", String(16), primary_key=True),
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("key", String(64), nullable=False),
        Column("parameters", Text, nullable=False),
        Column("metrics", Text),
        Column("reason", Text, nullable=False),
        sqlite_with_rowid=False,
    )
    Index("points_by_key", points.c.key)
    studies = Table(
        "studies",
        metadata,
        Column("digest", String(16), primary_key=True),
        Column("name", Text, nullable=False),
        Column("described", Text, nullable=False),
    )
    about = Table("accelsim", metadata, Column("schema", Integer, primary_key=True))
    return points, studies, about
