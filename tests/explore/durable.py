"""Studies run by the command line in processes of their own, which tests stop in many ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

STUDY = """\
name: shapes of an array
parameters:
  rows: {from: 1, to: 25, step: 1}
  columns: {from: 1, to: 16, step: 1}
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
"""800 points, each with a mapping that is searched: some seconds of work."""
POINTS = 800


def command(folder: Path, *options: str) -> list[str]:
    return [
        *(sys.executable, "-m", "accelsim.cli.main", "explore", str(folder / "study.yaml")),
        *("--store", str(folder / "store.sqlite"), "--json", str(folder / "out.json"), *options),
    ]


def environment() -> dict[str, str]:
    return {**os.environ, "ACCELSIM_CACHE": "off", "PYTHONUNBUFFERED": "1"}


def started(folder: Path, *options: str) -> subprocess.Popen[str]:
    """A study that runs, in a session of its own."""
    return subprocess.Popen(
        command(folder, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment(),
    )


def done(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *options),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=environment(),
    )


def result(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return found


def children(pid: int) -> list[int]:
    """Processes whose parent it is."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def commands_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
