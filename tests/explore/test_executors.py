"""Executors: every chunk comes back, whatever becomes of processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from durable import Deadly, workers_of

from accelsim.errors import InputError, UnsupportedError
from accelsim.explore.executors import Chunk, Executor, Inline, Patient, Processes
from accelsim.explore.executors import cluster as dask
from accelsim.explore.executors.work import Job
from accelsim.explore.session import Options, opened
from accelsim.study import Study, load_study

STUDY = """\
name: s
parameters: {rows: {from: 1, to: 60, step: 1}}
on: systolic-os
workload: matmul
set: {M: 20, N: 20, K: 20}
arch: {array.rows: rows}
minimize: [cycles]
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "study.yaml").write_text(STUDY)
    return load_study(str(tmp_path / "study.yaml"))


def chunks(size: int) -> list[Chunk]:
    points = range(60)
    return [
        Chunk(
            tuple(points[at : at + size]),
            tuple({"rows": number + 1} for number in points[at : at + size]),
        )
        for at in range(0, 60, size)
    ]


def evaluated(
    executor: Executor, size: int, *, meanwhile: Callable[[int], None] = lambda _: None
) -> dict[int, tuple[Any, str]]:
    """Number -> what was found, each once."""
    found: dict[int, tuple[Any, str]] = {}
    for chunk in chunks(size):
        executor.submit(chunk)
    while len(found) < 60:
        for done in executor.wait():
            assert not found.keys() & set(done.chunk.numbers)
            found |= dict(zip(done.chunk.numbers, done.found, strict=True))
            meanwhile(len(found))
    return found


@pytest.fixture
def wanted(study: Study) -> dict[int, tuple[Any, str]]:
    return evaluated(Inline(Job(study)), 60)


def test_inline_and_patient(study: Study, wanted: dict[int, tuple[Any, str]]) -> None:
    assert all(reason == "" for _, reason in wanted.values())
    patient = Patient(Job(study), 2)
    assert evaluated(patient, 7) == wanted
    patient.close()


@pytest.fixture
def processes(study: Study) -> Iterator[Processes]:
    made = Processes(Job(study), 2)
    yield made
    made.close()


@pytest.mark.slow
def test_processes_that_are_killed(
    processes: Processes, wanted: dict[int, tuple[Any, str]]
) -> None:
    killed = []

    def kill(seen: int) -> None:
        if len(killed) < 2 and seen > 10 * len(killed):
            killed.append(workers_of(os.getpid())[0])
            os.kill(killed[-1], signal.SIGKILL)

    assert evaluated(processes, 2, meanwhile=kill) == wanted
    assert len(killed) == 2


@pytest.mark.slow
def test_points_that_kill(study: Study, wanted: dict[int, tuple[Any, str]]) -> None:
    """They are given up after some tries, and none that was beside them."""
    deadly = Deadly(**{each.name: getattr(study, each.name) for each in fields(study)})
    executor = Processes(Job(deadly), 2)
    found = evaluated(executor, 30)
    executor.close()
    given_up = {number for number, (metrics, _) in found.items() if metrics is None}
    assert given_up == {12, 30}
    reason = "the process that evaluated it ended, 3 times, perhaps for want of memory"
    assert found[12] == found[30] == (None, reason)
    rest = {number: each for number, each in found.items() if number not in given_up}
    assert rest == {number: each for number, each in wanted.items() if number not in given_up}


@pytest.mark.slow
def test_dask(study: Study, wanted: dict[int, tuple[Any, str]], tmp_path: Path) -> None:
    """With a worker that is killed."""
    distributed = pytest.importorskip("distributed")
    killed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        made = dask.connected(
            Job(study), scheduler=cluster.scheduler_address, cluster=None, workers=None
        )

        def kill(seen: int) -> None:
            if seen > 10 and not killed:
                worker = next(iter(cluster.workers.values()))
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)

        assert made.workers == 2
        assert evaluated(made, 3, meanwhile=kill) == wanted
        assert killed
        made.close()
        options = Options(str(tmp_path / "s.sqlite"), scheduler=cluster.scheduler_address)
        lines: list[str] = []
        with opened(study, options, tell=lines.append) as session:
            explored = session.run()
        assert (explored.evaluated, explored.failed) == (60, 0)
        assert lines[0].startswith("Dask dashboard: ")


@pytest.mark.slow
def test_points_that_kill_with_dask(study: Study) -> None:
    distributed = pytest.importorskip("distributed")
    deadly = Deadly(**{each.name: getattr(study, each.name) for each in fields(study)})
    few = distributed.scheduler.dask.config.set({"distributed.scheduler.allowed-failures": 1})
    with (
        few,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
    ):
        made = dask.connected(
            Job(deadly), scheduler=cluster.scheduler_address, cluster=None, workers=None
        )
        found = evaluated(made, 30)
        assert {number for number, (metrics, _) in found.items() if metrics is None} == {12, 30}
        assert found[12][1].startswith("Dask gave it up: KilledWorker: ")
        made.close()


@pytest.mark.slow
def test_dask_that_is_not_there(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(dask, "_WAIT_S", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense", "tcp://127.0.0.1:x", "ftp://a:1", ":"):
        with pytest.raises(InputError, match=f"--scheduler '{address}': cannot be reached: ") as f:
            dask.connected(Job(study), scheduler=address, cluster=None, workers=None)
        assert "\n" not in str(f.value)
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as cluster:
        address = cluster.scheduler_address
        with pytest.raises(InputError, match="has no workers; start one: dask worker tcp://"):
            dask.connected(Job(study), scheduler=address, cluster=None, workers=None)


@pytest.mark.slow
def test_dask_scheduler_that_ends(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_WAIT_S", 2)
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    )
    made = dask.connected(
        Job(study), scheduler=cluster.scheduler_address, cluster=None, workers=None
    )
    made.submit(chunks(60)[0])
    assert len(made.wait()) == 1
    cluster.close()
    with pytest.raises(UnsupportedError, match="the Dask scheduler is gone; points that were"):
        evaluated(made, 5)
    made.close()
