"""Studies run by the command line in processes of their own, which tests stop in many ways."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from accelsim.study import Parameters, Plan, Study

STUDY = """\
name: shapes of an array
parameters:
  rows: {from: 1, to: 14, step: 1}
  columns: {from: 1, to: 10, step: 1}
  bandwidth: [1, 4]
on: fusemax
workload: matmul-int8
set: {M: 300, N: 500, K: 400}
arch:
  array_2d.rows: rows
  array_2d.columns: columns
  DRAM.bandwidth_bytes_per_s: bandwidth * 1000000000
minimize: [latency_s, area_mm2]
"""
"""280 points, each with a mapping that is searched: some seconds of work."""
POINTS = 280


_DRIVER = """\
import signal
import sys
from functools import partial
from accelsim.cli.main import main
from accelsim.explore import session
if __name__ == "__main__":
    # Tests that run in the background of a shell inherit that it is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # No test waits until a study has proved to take its time.
    session.Patient = partial(session.Patient, patience_s=0)
    sys.exit(main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Deadly(Study):
    """A study of which some points end the process that evaluates them."""

    def plan(self, parameters: Parameters) -> Plan:
        if parameters["rows"] in (13, 31):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().plan(parameters)


def command(folder: Path, *options: str) -> list[str]:
    return [
        *(sys.executable, "-c", _DRIVER, "explore", str(folder / "study.yaml")),
        *("--store", str(folder / "store.sqlite"), "--json", str(folder / "out.json"), *options),
    ]


def environment() -> dict[str, str]:
    return {**os.environ, "ACCELSIM_CACHE": "off", "PYTHONUNBUFFERED": "1"}


def started(folder: Path, *options: str) -> subprocess.Popen[str]:
    """A study that runs with two workers, in a session of its own."""
    return subprocess.Popen(
        command(folder, "--workers", "2", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment(),
    )


def done(
    folder: Path, *options: str, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """The same, to its end."""
    return subprocess.run(
        command(folder, "--workers", "2", *options),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=environment(),
        preexec_fn=before,
    )


def result(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return found


def workers_of(pid: int) -> list[int]:
    """Processes that evaluate points for it."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(each) for each in listed if "spawn_main" in command_of(int(each))]
    except FileNotFoundError:
        return []


def command_of(pid: int) -> str:
    """Of a process; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def stored(folder: Path) -> list[int]:
    """Numbers of the points in the store, which must be sound."""
    path = folder / "store.sqlite"
    if not path.is_file():
        return []
    with closing(sqlite3.connect(path, timeout=20)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        try:
            rows = connection.execute("SELECT number FROM points ORDER BY number").fetchall()
        except sqlite3.OperationalError:
            return []  # There are no tables yet.
        return [number for (number,) in rows]


def until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for something."""
    end = monotonic() + seconds
    while not holds():
        assert monotonic() < end, "it does not come"
        sleep(0.02)
