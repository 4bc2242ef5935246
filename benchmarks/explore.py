"""Times design-space exploration: points a second, what workers add, memory and store.

Run with `python benchmarks/explore.py [CASE ...]`; the study of a million points takes minutes.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from accelsim.explore.evaluate import Evaluator
from accelsim.explore.executors.work import _EVALUATORS
from accelsim.explore.session import Options, opened
from accelsim.study import Study, load_study

FIGURES = """\
name: figures of machines
parameters:
  accelerator: {choices: {fusemax: {on: fusemax}, flat: {on: flat}}}
  rows: [64, 128, 256]
  bandwidth: {from: 1, to: BANDWIDTHS, step: 1}
  energy: {from: 1, to: ENERGIES, step: 1}
workload: attention/one-pass
set: {B: 1, H: 12, M: 4096, P: 4096}
arch:
  array_2d.rows: rows
  DRAM.bandwidth_bytes_per_s: bandwidth * 1000000000
  DRAM.energy_pj.read: energy
minimize: [latency_s, energy_j, area_mm2]
"""
"""6 mappings; points differ in figures."""

SEARCHES = """\
name: exact searches
parameters:
  m: {from: 8, to: 27, step: 1}
  n: {from: 8, to: FURTHEST, step: 1}
on: ref3
mapper: optimal
workload: matmul
set: {M: m, N: n, K: 16}
minimize: [cycles, energy_j]
"""
"""A mapping that is proved to be optimal for every point."""


def study(text: str, **numbers: int) -> Study:
    for name, number in numbers.items():
        text = text.replace(name, str(number))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(text)
        return load_study(str(path))


def explored(found: Study, workers: int, *, cache: bool = True) -> tuple[int, float, int]:
    """Points, seconds and bytes of the store of a study, run to its end."""
    _EVALUATORS.clear()  # Nothing is kept from the last run.
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store.sqlite"
        options = Options(store=str(store), workers=workers, cache=cache)
        with opened(found, options, tell=lambda line: None) as session:
            done = session.run()
        assert not done.failed, done.failures
        return done.evaluated, done.seconds, store.stat().st_size


def kept_mappings() -> None:
    found = study(FIGURES, BANDWIDTHS=40, ENERGIES=40)
    evaluator = Evaluator(cache=False)
    points = list(found.space)
    for point in points[::1600]:
        evaluator.metrics(found.plan(point))
    start = process_time()
    for point in points:
        evaluator.metrics(found.plan(point))
    rate = len(points) / (process_time() - start)
    print(f"points a second and core, mappings kept: {rate:,.0f}")
    for workers in (1, 2):
        count, seconds, _ = explored(found, workers)
        print(f"  stored and judged, {workers} workers: {count / seconds:,.0f}")


def exact_searches() -> None:
    found = study(SEARCHES, FURTHEST=12)
    evaluator = Evaluator(cache=False)
    points = list(found.space)
    start = process_time()
    for point in points:
        evaluator.metrics(found.plan(point))
    rate = len(points) / (process_time() - start)
    print(f"points a second and core, an exact search each: {rate:,.1f}")


def workers() -> None:
    found = study(SEARCHES, FURTHEST=57)
    seconds = {}
    for count in (1, 2):
        points, seconds[count], _ = explored(found, count, cache=False)
        print(f"{points} searches, {count} workers: {seconds[count]:.1f} s")
    print(f"  as fast as one: {seconds[1] / seconds[2]:.2f}")


def million() -> None:
    found = study(FIGURES, BANDWIDTHS=400, ENERGIES=417)
    count, seconds, size = explored(found, min(os.cpu_count() or 1, 2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:,} points: {seconds:.0f} s, {count / seconds:,.0f} a second")
    print(f"  peak memory: {peak:,.0f} MiB, of a worker {_of_workers():,.0f} MiB")
    print(f"  store: {size / 2**20:,.0f} MiB, {size / count:.0f} bytes a point")


def _of_workers() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


CASES: dict[str, Callable[[], None]] = {
    "kept": kept_mappings,
    "searches": exact_searches,
    "workers": workers,
    "million": million,
}


def main() -> None:
    """Run the cases that are named, else all."""
    os.environ["ACCELSIM_CACHE"] = "off"
    start = perf_counter()
    for name in sys.argv[1:] or CASES:
        CASES[name]()
    print(f"{perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
