"""Times exact searches of mappings beside what other tools took for the same problems.

``python benchmarks/mapper.py`` prints a table, ``--json PATH`` writes it too. ``--growth PATH``
draws how time grows with a problem instead: a picture (.png or .svg; several may be given).
CPU seconds after start-up, the best of three, each in a fresh process without caches.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from mapper_problems import PROBLEMS, Peer, Problem
from mapper_run import Timing, timed
from run import CANDIDATES

WIDTHS = (38, 12, 14, 6, 8, 6)


def main(arguments: Sequence[str] | None = None) -> None:
    """Time what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each problem; the best counts")
    parser.add_argument("--only", default="", help="problems whose name holds this text")
    parser.add_argument("--json", type=Path, help="write what is found to a file")
    parser.add_argument("--growth", type=Path, nargs="+", help="draw how time grows")
    options = parser.parse_args(arguments)
    if options.growth:
        from mapper_growth import draw, measured

        lines = measured(options.only)
        draw(lines, options.growth)
        found: object = [asdict(line) for line in lines]
    else:
        found = table(options.only, options.runs)
    if options.json:
        text = json.dumps({**_here(), "found": found}, indent=1, allow_nan=False)
        options.json.write_text(text + "\n", "utf-8")


def table(only: str, runs: int) -> list[dict[str, object]]:
    """Time every problem and print its line, and those of other tools below it."""
    head = ("problem", "energy, uJ", "cycles", "front", "CPU s", "MiB")
    print(_row(head))
    rows: list[dict[str, object]] = []
    for problem in PROBLEMS:
        if only not in problem.name:
            continue
        timing = timed(problem, runs=runs)
        print(_row(_cells(problem, timing)), flush=True)
        for peer in problem.peers:
            print(f"{_row(_peer_cells(peer))}  {peer.remark}".rstrip())
        peers = [asdict(peer) for peer in problem.peers]
        rows.append({"name": problem.name, **asdict(timing), "peers": peers})
    if not only:
        print(f"cost function, on candidates of matmul 1024: {candidates()}")
    return rows


def candidates() -> str:
    """How many mappings the vectorised cost function takes."""
    command = [sys.executable, "-c", CANDIDATES]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _row(cells: Sequence[str]) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return " ".join((f"{first[0]:<{first[1]}}", *(f"{text:>{width}}" for text, width in others)))


def _cells(problem: Problem, timing: Timing) -> tuple[str, ...]:
    if timing.seconds is None:
        return (problem.name, "", "", "", timing.stopped, "")
    energy, cycles = timing.front[0]
    return (
        problem.name,
        f"{energy / 1e6:,.3f}",
        f"{cycles:,.0f}",
        str(len(timing.front)),
        f"{timing.seconds:.2f}",
        f"{timing.peak_bytes / 2**20:.0f}",
    )


def _peer_cells(peer: Peer) -> tuple[str, ...]:
    energy = f"{peer.energy_uj:,.3f}" if peer.energy_uj else "-"
    cycles = f"{peer.cycles:,}" if peer.cycles else "-"
    return (f"  {peer.tool}", energy, cycles, "", f"{peer.seconds:.2f}", "")


def _here() -> dict[str, object]:
    import numpy

    import accelsim

    return {
        "date": datetime.now(UTC).date().isoformat(),
        "accelsim": accelsim.__version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    main()
