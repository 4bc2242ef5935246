"""Evaluation in this process, or in processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection

from accelsim.explore.executors.executor import Chunk, Done
from accelsim.explore.executors.work import Job, evaluate_chunk

__all__ = ["Inline", "Processes"]


class Inline:
    """One chunk after the other, in this process.

    Args:
        job: the study.
    """

    workers = 1

    def __init__(self, job: Job) -> None:
        self._job = job
        self._todo: deque[Chunk] = deque()

    def submit(self, chunk: Chunk) -> None:
        """Note a chunk."""
        self._todo.append(chunk)

    def wait(self) -> list[Done]:
        """Evaluate the next one."""
        return [evaluate_chunk(self._job, self._todo.popleft())]

    def close(self) -> None:
        """Forget what was noted."""
        self._todo.clear()


_MOST_TRIES = 3
"""Times that a point may be in flight when a process ends before it is given up."""


class Processes:
    """Several processes. One that is killed is replaced, and its points evaluated again.

    Points that were in flight then are handed over one by one, and those with which processes have
    ended twice alone, so that none is given up for the fault of another.

    Args:
        job: the study.
        workers: how many.
    """

    def __init__(self, job: Job, workers: int) -> None:
        self._job, self.workers = job, workers
        self._pool = self._started()
        self._running: dict[Future[Done], Chunk] = {}
        self._todo: deque[Chunk] = deque()
        self._again: deque[Chunk] = deque()
        """Single points that were in flight when a process ended."""
        self._alone = False
        """Whether what runs must run alone."""
        self._tries: dict[int, int] = {}

    def _started(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork of a process with threads may hang.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=_follow)

    def submit(self, chunk: Chunk) -> None:
        """Hand over a chunk."""
        self._todo.append(chunk)
        self._hand_over()

    def _hand_over(self) -> None:
        """Chunks that wait, as far as they may run beside those that do."""
        while not (self._alone and self._running):
            self._alone = False
            if self._again:
                self._alone = self._tries[self._again[0].numbers[0]] >= _MOST_TRIES - 1
                if len(self._running) >= (1 if self._alone else self.workers):
                    self._alone = False
                    return
                chunk = self._again.popleft()
            elif self._todo:
                chunk = self._todo.popleft()
            else:
                return
            self._running[self._started_on(chunk)] = chunk

    def _started_on(self, chunk: Chunk) -> Future[Done]:
        try:
            return self._pool.submit(evaluate_chunk, self._job, chunk)
        except BrokenProcessPool as error:
            # A process ended since the last wait; the next one deals with it.
            future: Future[Done] = Future()
            future.set_exception(error)
            return future

    @property
    def has_results(self) -> bool:
        """Whether ``wait`` would not wait."""
        return any(future.done() for future in self._running)

    def wait(self) -> list[Done]:
        """Chunks that are done."""
        finished: list[Done] = []
        while not finished:
            self._hand_over()
            ready, _ = wait(self._running, return_when=FIRST_COMPLETED)
            lost: list[Chunk] = []
            for future in ready:
                chunk = self._running.pop(future)
                try:
                    finished.append(future.result())
                except BrokenProcessPool:
                    lost.append(chunk)
            if lost:
                finished += self._replaced(lost)
        return finished

    def _replaced(self, lost: list[Chunk]) -> list[Done]:
        """Start new processes, and note what was in flight point by point; give up on points with
        which processes have ended time and again."""
        lost += self._running.values()
        self._running.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._started()
        given_up = []
        for chunk in lost:
            for number, parameters in zip(chunk.numbers, chunk.parameters, strict=True):
                single = Chunk((number,), (parameters,))
                tries = self._tries[number] = self._tries.get(number, 0) + 1
                if tries < _MOST_TRIES:
                    self._again.append(single)
                else:
                    reason = (
                        f"the process that evaluated it ended, {tries} times, perhaps for want of "
                        "memory"
                    )
                    given_up.append(Done(single, [(None, reason)], 0.0))
        return given_up

    def close(self) -> None:
        """Stop the processes."""
        for future in self._running:
            future.cancel()
        children = [*(getattr(self._pool, "_processes", None) or {}).values()]
        self._pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.terminate()


def _follow() -> None:
    """What a process does at its start: it leaves Ctrl-C, which reaches all, to the first one, and
    ends with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
