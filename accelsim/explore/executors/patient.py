"""Evaluation that starts processes only once a study has proved to take its time."""

from __future__ import annotations

from collections import deque
from time import monotonic

from accelsim.explore.executors.executor import Chunk, Done
from accelsim.explore.executors.local import Inline, Processes
from accelsim.explore.executors.work import Job

__all__ = ["PATIENCE_S", "Patient"]

PATIENCE_S = 1.0
"""A study that takes less is done before processes have started, which takes as long."""


class Patient:
    """This process alone at first, then several; it goes on until the first of them has answered.

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
        self._warm = False

    def submit(self, chunk: Chunk) -> None:
        """Hand over a chunk."""
        if self._warm and self._processes is not None:
            self._processes.submit(chunk)
        else:
            self._noted.append(chunk)

    def wait(self) -> list[Done]:
        """Chunks that are done."""
        if self._processes is None and monotonic() >= self._until:
            self._processes = Processes(self._job, self.workers)
            # One for each; what is left is done here while they start.
            self._hand_over(self._processes, self.workers)
        if self._processes is not None:
            self._warm = self._warm or self._processes.has_results or not self._noted
            if self._warm:
                self._hand_over(self._processes, len(self._noted))
                return self._processes.wait()
        self._inline.submit(self._noted.popleft())
        return self._inline.wait()

    def _hand_over(self, processes: Processes, most: int) -> None:
        for _ in range(min(most, len(self._noted))):
            processes.submit(self._noted.popleft())

    def close(self) -> None:
        """Stop."""
        self._noted.clear()
        if self._processes is not None:
            self._processes.close()
