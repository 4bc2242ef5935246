"""Evaluation by Dask: on a scheduler that runs, or on a cluster that is asked for."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Any

from accelsim.errors import InputError, UnsupportedError, unknown_name
from accelsim.explore.executors.executor import Chunk, Done
from accelsim.explore.executors.work import Job, evaluate_chunk

__all__ = ["CLUSTERS", "Dask", "connected"]

CLUSTERS = {
    "slurm": ("dask_jobqueue", "SLURMCluster", "dask-jobqueue"),
    "kubernetes": ("dask_kubernetes.operator", "KubeCluster", "dask-kubernetes"),
}
"""Name -> module, class, package. Their own configuration files say what a job asks for."""
_WAIT_S = 30


class Dask:
    """Points evaluated by the workers of a Dask scheduler, which sends again what a worker that is
    gone had.

    Args:
        job: the study.
        client: a ``distributed.Client``.
        cluster: what is closed with it, if it is ours.
    """

    def __init__(self, job: Job, client: Any, cluster: Any = None) -> None:
        from distributed import as_completed

        self._client, self._cluster = client, cluster
        # It goes with every chunk: some kilobytes, where a worker that ends would take it along.
        self._job = job
        self._done = as_completed(with_results=False)
        self._chunks: dict[str, Chunk] = {}

    @property
    def workers(self) -> int:
        """Threads of all workers."""
        threads: dict[str, int] = self._client.nthreads()
        return max(sum(threads.values()), 1)

    @property
    def dashboard(self) -> str:
        """Where its dashboard is shown."""
        return str(self._client.dashboard_link or "")

    def submit(self, chunk: Chunk) -> None:
        """Hand over a chunk."""
        future = self._client.submit(evaluate_chunk, self._job, chunk, pure=False)
        self._chunks[future.key] = chunk
        self._done.add(future)

    def wait(self) -> list[Done]:
        """Chunks that are done."""
        found: list[Done] = []
        while not found:
            for future in self._done.next_batch(block=True):
                found += self._result(future)
        return found

    def _result(self, future: Any) -> list[Done]:
        chunk = self._chunks.pop(future.key)
        try:
            # Where the worker that had it is gone by now, this waits until another has done it.
            return [future.result()]
        except CancelledError:
            raise UnsupportedError(
                "the Dask scheduler is gone; points that were stored are kept, and --resume goes "
                "on from there"
            ) from None
        except Exception as error:
            # Workers ended under it time and again (distributed.scheduler.allowed-failures).
            if len(chunk.numbers) > 1:
                self._one_by_one(chunk)
                return []
            reason = " ".join(f"Dask gave it up: {type(error).__name__}: {error}".split())
            return [Done(chunk, [(None, reason[:500])], 0.0)]

    def _one_by_one(self, chunk: Chunk) -> None:
        """Hand over again what only some points of a chunk may be to blame for."""
        for number, parameters in zip(chunk.numbers, chunk.parameters, strict=True):
            self.submit(Chunk((number,), (parameters,)))

    def close(self) -> None:
        """Let go of the scheduler, and of the cluster if it is ours."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def connected(job: Job, *, scheduler: str | None, cluster: str | None, workers: int | None) -> Dask:
    """A running scheduler, or a new cluster.

    Args:
        job: the study.
        scheduler: address, as ``tcp://10.0.0.1:8786``.
        cluster: one of ``CLUSTERS``.
        workers: jobs that a cluster starts; what its configuration says where None.

    Raises:
        InputError: where it cannot be reached.
        UnsupportedError: where a package is missing.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UnsupportedError(
            "Dask is missing; install it: pip install 'accelsim[dask]'"
        ) from None
    made = _cluster(cluster, workers) if cluster is not None else None
    try:
        client = Client(made if made is not None else scheduler, timeout=_WAIT_S)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"--scheduler '{scheduler}': cannot be reached: {error}; give the address that "
            "dask scheduler prints, such as tcp://10.0.0.1:8786"
        ) from None
    if made is None and not client.nthreads():
        try:
            client.wait_for_workers(1, timeout=_WAIT_S)
        except TimeoutError:
            client.close()
            raise InputError(
                f"--scheduler '{scheduler}': has no workers; start one: dask worker {scheduler}"
            ) from None
    return Dask(job, client, made)


def _cluster(name: str, workers: int | None) -> Any:
    if name not in CLUSTERS:
        raise InputError(unknown_name("--dask-cluster", name, CLUSTERS))
    from importlib import import_module

    module, kind, package = CLUSTERS[name]
    try:
        made = getattr(import_module(module), kind)
    except ImportError:
        raise UnsupportedError(
            f"--dask-cluster {name} needs {package}; install it: pip install {package}"
        ) from None
    try:
        cluster = made()
        cluster.scale(workers or 1)
    except Exception as error:
        # Whatever its configuration lacks, it says in its own words.
        raise InputError(
            f"--dask-cluster {name}: cannot be started: {type(error).__name__}: {error}; see its "
            f"configuration (jobqueue.yaml or kubernetes.yaml of {package})"
        ) from None
    return cluster
