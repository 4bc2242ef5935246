"""Evaluation that starts processes only once a study has proved to take its time."""

from __future__ import annotations

from collections import deque
from time import monotonic

from accelsim.explore.executors.executor import Chunk, Done
from accelsim.explore.executors.local import Inline, Processes
from accelsim.explore.executors.work import Job

__all__ = ["PATIENCE_S", "Patient"]

PATIENCE_S = 2.0
"""A study that takes less is done before processes have started, which takes a second."""


class Patient:
    """This process alone at first, then several.

    Args:
        job: the study.
        workers: processes, later.
        patience_s: for so long this process works alone.
    """

    def __init__(self, job: Job, workers: int, *, patience_s: float = PATIENCE_S) -> None:
        self._job, self.workers = job, workers
        self._until = monotonic() + patience_s
        self._inline = Inline(job)
        self._noted: deque[Chunk] = deque()
        self._processes: Processes | None = None

    def submit(self, chunk: Chunk) -> None:
        """Hand over a chunk."""
        if self._processes is None:
            self._noted.append(chunk)
        else:
            self._processes.submit(chunk)

    def wait(self) -> list[Done]:
        """Chunks that are done."""
        if self._processes is None:
            if monotonic() < self._until:
                self._inline.submit(self._noted.popleft())
                return self._inline.wait()
            self._processes = Processes(self._job, self.workers)
            while self._noted:
                self._processes.submit(self._noted.popleft())
        return self._processes.wait()

    def close(self) -> None:
        """Stop."""
        self._noted.clear()
        if self._processes is not None:
            self._processes.close()
