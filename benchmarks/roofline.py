"""Times rooflines of whole models, and their report with the interactive page.

``python benchmarks/roofline.py`` prints a table. CPU seconds after start-up, the best of several,
each in a fresh process: modules are loaded by a small model first, nothing else is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

WIDTHS = (48, 6, 8, 8, 8, 6)
HEAD = ("model", "runs", "layers", "CPU s", "page KiB", "MiB")
DEVICES = ("v100", "a100-80g", "h100-sxm", "b200", "mi300x", "tpu-v5e", "rtx-4090", "l40s")
FORMATS = ("fp16", "fp8", "int8", "int4-g128", "mxfp4", "fp16-2:4")
CONTEXTS = (512, 1024, 2048, 4096, 8192, 16384)


@dataclass(frozen=True)
class Problem:
    """What is computed, and whether a report of it is written."""

    name: str
    model: str
    on: tuple[str, ...]
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    report: bool = False


PROBLEMS = (
    Problem("Llama-2-70B, decode", "llama-2-70b", ("h100-sxm",), {"stage": ["decode"]}),
    Problem("Llama-2-70B, 128 tokens behind 2,048", "llama-2-70b", ("h100-sxm",)),
    Problem(
        "Llama-2-70B, 100,000 tokens behind 2,048",
        "llama-2-70b",
        ("h100-sxm",),
        {"tokens": [100_000]},
    ),
    Problem(
        "Llama-2-70B, prefill and decode, report",
        "llama-2-70b",
        ("h100-sxm",),
        {"stage": ["prefill", "decode"]},
        report=True,
    ),
    Problem(
        "Llama-2-70B, 8 devices x 6 formats x 6 contexts",
        "llama-2-70b",
        DEVICES,
        {"stage": ["decode"], "weights": FORMATS, "context": CONTEXTS},
    ),
    Problem(
        "the same, report",
        "llama-2-70b",
        DEVICES,
        {"stage": ["decode"], "weights": FORMATS, "context": CONTEXTS},
        report=True,
    ),
)


@dataclass(frozen=True)
class Timed:
    """What a problem took."""

    runs: int
    layers: int
    """Rows of all runs together."""
    cpu_seconds: float
    page_bytes: int
    peak_bytes: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Time what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each problem; the best counts")
    parser.add_argument("--only", default="", help="problems whose name holds this text")
    options = parser.parse_args(arguments)
    print(_row(HEAD))
    for i, problem in enumerate(PROBLEMS):
        if options.only not in problem.name:
            continue
        each = min((_child(i) for _ in range(options.runs)), key=lambda timed: timed.cpu_seconds)
        cells = (
            problem.name,
            f"{each.runs:,}",
            f"{each.layers:,}",
            f"{each.cpu_seconds:.3f}",
            f"{each.page_bytes / 2**10:,.0f}" if each.page_bytes else "",
            f"{each.peak_bytes / 2**20:.0f}",
        )
        print(_row(cells), flush=True)


def _row(cells: Sequence[str]) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return " ".join((f"{first[0]:<{first[1]}}", *(f"{text:>{width}}" for text, width in others)))


def _child(number: int) -> Timed:
    """One problem in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__],
        capture_output=True,
        text=True,
        env={**os.environ, _CHILD: str(number)},
    )
    if done.returncode:
        raise RuntimeError(f"{PROBLEMS[number].name}: exit {done.returncode}: {done.stderr}")
    return Timed(**json.loads(done.stdout))


# ---- in the process of its own --------------------------------------------------------------

_CHILD = "ACCELSIM_BENCHMARK_CHILD"


def timed(problem: Problem) -> Timed:
    """Compute a problem in this process, without the time that modules take to load."""
    with TemporaryDirectory() as folder:
        _compute(Problem("warm", "llama-2-7b", ("t4",), report=problem.report), Path(folder))
        start = process_time()
        runs, layers, page = _compute(problem, Path(folder))
        seconds = process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Timed(runs, layers, seconds, page, peak)


def _compute(problem: Problem, folder: Path) -> tuple[int, int, int]:
    """Runs, their layers, and bytes of the page; 0 without one."""
    from accelsim.roofline import rooflines

    found = rooflines(problem.model, on=problem.on, **problem.choices)
    page = 0
    if problem.report:
        from accelsim.report.roofline.write import write_roofline_report

        page = write_roofline_report(found, folder)[0].stat().st_size
    return len(found), sum(len(run.rows) for run in found), page


if __name__ == "__main__":
    if number := os.environ.get(_CHILD):
        print(json.dumps(asdict(timed(PROBLEMS[int(number)]))))
    else:
        main()
