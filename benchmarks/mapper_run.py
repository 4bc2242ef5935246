"""Times one problem of the mapper in a process of its own, under a limit of time and memory."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mapper_problems import Problem

if TYPE_CHECKING:
    from accelsim.architecture import Architecture

__all__ = ["Timing", "front_and_time", "timed"]

MOST_BYTES = 4 * 2**30
"""Address space of a search: one that wants more is stopped, before the machine swaps."""


@dataclass(frozen=True)
class Timing:
    """What one problem took, and what was found."""

    seconds: float | None
    """CPU seconds; None where it was stopped."""
    peak_bytes: int = 0
    front: tuple[tuple[float, float], ...] = ()
    """(energy in pJ, cycles), cheapest first."""
    stopped: str = ""
    """``time`` or ``memory``."""

    @property
    def energy_pj(self) -> float | None:
        """Of the cheapest mapping."""
        return self.front[0][0] if self.front else None

    @property
    def cycles(self) -> float | None:
        """Of the cheapest mapping."""
        return self.front[0][1] if self.front else None


def timed(problem: Problem, *, runs: int = 3, most_seconds: int = 600) -> Timing:
    """The fastest of several runs, each in a fresh process without caches.

    Args:
        problem: what to map.
        runs: how often.
        most_seconds: CPU seconds after which a run is stopped; then it is not repeated.
    """
    best: Timing | None = None
    for _ in range(runs):
        timing = _once(problem, most_seconds)
        if timing.seconds is None:
            return timing
        if best is None or best.seconds is None or timing.seconds < best.seconds:
            best = timing
    assert best is not None
    return best


def _once(problem: Problem, most_seconds: int) -> Timing:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    # One thread: what numerical libraries spread over cores would count as CPU time twice.
    quiet = {"ACCELSIM_CACHE": "off", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(asdict(problem)),
        capture_output=True,
        text=True,
        env={**os.environ, **quiet},
        preexec_fn=limit,
    )
    if done.returncode == -signal.SIGXCPU:
        return Timing(None, stopped="time")
    if done.returncode:
        raise RuntimeError(f"{problem.name}: exit code {done.returncode}: {done.stderr}")
    data = json.loads(done.stdout)
    return Timing(**{**data, "front": tuple(map(tuple, data["front"]))})


# ---- in the process of its own --------------------------------------------------------------


def _main() -> None:
    problem = Problem(**json.load(sys.stdin))
    try:
        found = (front_and_time if problem.kind == "exact" else _pipeline)(problem)
    except MemoryError:
        found = {"seconds": None, "stopped": "memory"}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"front": [], "peak_bytes": peak, **found}))


def front_and_time(problem: Problem) -> dict[str, Any]:
    """Search in this process: the front of all Einsums, fused where that pays."""
    from time import process_time

    from accelsim.mapping.schema import SearchFile
    from accelsim.search.optimal import front_of
    from accelsim.search.segments import segmented_front
    from accelsim.workload import cascade_from_text

    tensors = {name: list(ranks) for name, ranks in problem.tensors.items()}
    cascade = cascade_from_text(problem.cascade, ranks=dict(problem.ranks), tensors=tensors)
    machine = _machine(problem.machine)
    search = SearchFile.model_validate({"method": "exact", **problem.search})
    bits = dict.fromkeys(cascade.tensors, machine.word_bits).__getitem__
    names = [einsum.name for einsum in cascade.einsums]
    start = process_time()
    fronts = {name: front_of(name, cascade, machine, bits=bits, search=search) for name in names}
    found = segmented_front(names, fronts, cascade, machine, bits=bits, search=search)
    seconds = process_time() - start
    return {"seconds": seconds, "front": [(each.energy_pj, each.cycles) for each in found]}


def _machine(text: str) -> Architecture:
    from accelsim.architecture import load_architecture

    if "\n" not in text:
        return load_architecture(text)
    with TemporaryDirectory() as folder:
        path = Path(folder, "machine.yaml")
        path.write_text(text, "utf-8")
        return load_architecture(str(path))


def _pipeline(problem: Problem) -> dict[str, Any]:
    """A shipped workload as a user maps it, in one process."""
    from time import process_time

    import accelsim.pipeline

    # A process's clock starts with it, so that the import counts unless it is taken off.
    start = 0.0 if problem.kind == "first" else process_time()
    found = accelsim.pipeline.map_workload(
        problem.cascade, on=problem.machine, mapper="optimal", front=True
    )
    front = [(point.energy_pj, point.cycles) for point in found.plans.front]
    return {"seconds": process_time() - start, "front": front}


if __name__ == "__main__":
    _main()
