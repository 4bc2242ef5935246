"""The store: rows whole and once, found again by their keys; on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from accelsim.errors import InputError
from accelsim.explore.evaluate import Metrics
from accelsim.explore.store import Row, Store, open_store

METRICS: Metrics = {"": {"cycles": 3, "energy_j": None, "latency_s": 0.1 + 0.2}}


def row(number: int, key: str = "", metrics: Metrics | None = METRICS, reason: str = "") -> Row:
    return Row(
        number, {"a": number, "b": "größe'\"", "c": 0.1}, key or f"k{number}", metrics, reason
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(str(tmp_path / "s.sqlite"))
    yield made
    made.close()


def keeps_points(store: Store) -> None:
    assert store.begin("d1", "one", "{}") is False
    assert store.begin("d1", "one", "{}") is True
    assert store.begin("d2", "two", "{}") is False
    store.write("d1", [])
    store.write("d1", [row(2), row(0), row(1, metrics=None, reason="why")])
    store.write("d2", [row(0, "k0", {"": {"cycles": 4}})])
    assert list(store.rows("d1", below=10)) == [
        *(row(0), row(1, metrics=None, reason="why"), row(2))
    ]
    assert [each.number for each in store.rows("d1", below=2)] == [0, 1]
    assert list(store.rows("d1", below=9, fidelity="event")) == []
    # What is written again replaces what was there.
    store.write("d1", [row(1, "k9")])
    assert list(store.rows("d1", below=10))[1] == row(1, "k9")
    assert store.keys("d1", [0, 1, 2], fidelity="analytic") == {0: "k0", 1: "k9", 2: "k2"}
    assert store.keys("d1", [1, 1], fidelity="analytic") == {1: "k9"}


def finds_by_key(store: Store) -> None:
    """Of any study; figures rather than failures."""
    store.write("d1", [row(n, f"x{n}") for n in range(1200)])
    store.write("d1", [row(2000, "both", None, "failed"), row(2001, "bad", None, "why")])
    store.write("d2", [row(5, "both", {"": {"cycles": 5}})])
    store.write("d3", [row(5, "both", None, "failed again")])
    found = store.known([*(f"x{n}" for n in range(1300)), "both", "bad", "nothing"])
    assert len(found) == 1202
    assert found["x1199"] == (METRICS, "")
    assert found["both"] == ({"": {"cycles": 5}}, "")
    assert found["bad"] == (None, "why")
    assert store.known([]) == {}


def several_at_once(open_one: Callable[[], Store]) -> None:
    """Many open it, make its tables and write to it in the same moment."""

    def work(at: int) -> None:
        store = open_one()
        store.begin("same", "study", "{}")
        for number in range(20):
            store.write("same", [row(number), row(100 * at + number + 100)])
        store.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    store = open_one()
    numbers = [each.number for each in store.rows("same", below=10_000)]
    store.close()
    assert numbers == [*range(20), *(100 * at + n + 100 for at in range(6) for n in range(20))]


def test_points(store: Store) -> None:
    keeps_points(store)


def test_keys(store: Store) -> None:
    finds_by_key(store)


def test_several(tmp_path: Path) -> None:
    several_at_once(lambda: open_store(str(tmp_path / "new.sqlite")))


def test_written_whole_or_not_at_all(store: Store, tmp_path: Path) -> None:
    """One row that cannot be written: none of those beside it is."""
    store.write("d", [row(0)])
    with pytest.raises(InputError, match=r"s.sqlite': cannot be written: .*; what was stored befo"):
        store.write("d", [row(1), row(2, reason=None), row(3)])  # type: ignore[arg-type]
    assert [each.number for each in store.rows("d", below=100)] == [0]


def test_damaged(store: Store, tmp_path: Path) -> None:
    store.write("d", [row(number) for number in range(500)])
    store.close()
    path = tmp_path / "s.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 : len(content) // 2] = os.urandom(len(content) // 2 - 4096)
    path.write_bytes(content)
    for beside in tmp_path.glob("s.sqlite-*"):
        beside.unlink()
    with pytest.raises(InputError, match=r"s\.sqlite"):
        list(open_store(str(path)).rows("d", below=1000))


def test_locked_by_another(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        with pytest.raises(InputError, match="cannot be written: database is locked"):
            store.write("d", [row(1)])
        other.execute("ROLLBACK")
    store.write("d", [row(1)])


# ---- PostgreSQL ----------------------------------------------------------------------------------


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return Path(found).parent if found else next(iter(folders), None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with a database."""
    pytest.importorskip("psycopg")
    binaries = _binaries()
    if binaries is None:
        pytest.skip("there is no PostgreSQL server")
    folder = tmp_path_factory.mktemp("postgresql")
    data, user = folder / "data", []
    if os.geteuid() == 0:
        # It refuses to run as root.
        if not shutil.which("runuser"):
            pytest.skip("PostgreSQL does not run as root")
        user = ["runuser", "-u", "postgres", "--"]
        for each in (folder, *folder.parents[:3]):
            if each.owner() == "root" and str(each).startswith(str(Path("/tmp").resolve()) + "/"):
                each.chmod(0o755)
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = folder / "secret"
    secret.write_text("right")
    secret.chmod(0o644)
    made = [str(binaries / "initdb"), "-D", str(data), "-U", "team", "-A", "scram-sha-256"]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
    control = [*user, str(binaries / "pg_ctl"), "-D", str(data), "-w"]
    subprocess.run(
        [*user, *made, f"--pwfile={secret}", "-N"], check=True, capture_output=True, cwd=folder
    )
    log = ["-l", str(folder / "log")]
    subprocess.run(
        [*control, *log, "-o", options, "start"], check=True, capture_output=True, cwd=folder
    )
    yield f"postgresql://team:right@127.0.0.1:{port}/postgres"
    subprocess.run(
        [*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder
    )


@pytest.mark.slow
def test_postgresql(server: str) -> None:
    several_at_once(lambda: open_store(server))
    store = open_store(server)
    keeps_points(store)
    finds_by_key(store)
    store.close()


@pytest.mark.slow
def test_passwords_are_not_shown(server: str) -> None:
    store = open_store(server)
    assert store.shown.startswith("postgresql://team:***@127.0.0.1:")
    store.close()
    wrong = [
        server.replace("right", "hidden"),
        server.replace(":right", "") + "?password=hidden",
        server.replace("team:right", "nobody:hidden"),
        server.replace("/postgres", "/nothing").replace("right", "hidden"),
    ]
    for address in wrong:
        with pytest.raises(InputError, match="cannot be opened: ") as error:
            open_store(address)
        assert "hidden" not in str(error.value)
        assert "\n" not in str(error.value)
