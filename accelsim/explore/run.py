"""A study, run: points asked for, looked up or evaluated, stored at once, and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from accelsim.explore.executors import Chunk, Done, Executor
from accelsim.explore.front import Front
from accelsim.explore.keys import Keys
from accelsim.explore.outcome import Outcome, judged
from accelsim.explore.progress import Progress
from accelsim.explore.samplers import Asked, Sampler, Told
from accelsim.explore.store import Row, Store
from accelsim.study import Study

__all__ = ["Exploration", "Explored"]

_CHUNK_S = 0.25
"""Work that is handed to a worker at once: much longer than handing it over, and short enough that
little is lost with a worker."""
_MOST_IN_CHUNK = 512


@dataclass
class Explored:
    """What came of a study."""

    study: Study
    front: tuple[Outcome, ...] = ()
    evaluated: int = 0
    """Points with figures or a failure."""
    infeasible: int = 0
    failed: int = 0
    excluded: int = 0
    """Points that constraints on parameters alone left out; they were not evaluated."""
    reused: int = 0
    """Points whose figures were known."""
    seconds: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    """Reason -> points; the most frequent ones."""


_MOST_REASONS = 50


@dataclass
class Exploration:
    """One run of a study.

    Args:
        study: the study.
        sampler: chooses the points.
        executor: evaluates them.
        store: keeps them.
        progress: is told how far it is.
        again: whether failures that are known are tried again.
        reuse: whether figures that are known are taken.
        fidelity: of the points.
    """

    study: Study
    sampler: Sampler
    executor: Executor
    store: Store
    progress: Progress
    again: bool = False
    reuse: bool = True
    fidelity: str = "analytic"
    found: Explored = field(init=False)
    _keys: Keys = field(init=False)
    _front: Front = field(init=False)
    _waiting: dict[int, str] = field(default_factory=dict)
    """Number -> key of points in flight."""
    _seconds_a_point: float = 0.0

    def __post_init__(self) -> None:
        self.found = Explored(self.study)
        self._keys = Keys(self.fidelity)
        self._front = Front(len(self.study.objectives))

    def run(self) -> Explored:
        """Evaluate until the sampler is done.

        Raises:
            InputError: where the store cannot be written.
        """
        started = perf_counter()
        while True:
            self._fill()
            if not self._waiting:
                if self.sampler.done:
                    break
                continue
            for done in self.executor.wait():
                self._take(done)
        found = self.found
        found.front = tuple(self._front)
        found.excluded = self.sampler.passed
        found.seconds = perf_counter() - started
        return found

    def _fill(self) -> None:
        """Ask for points until all workers have enough to do."""
        workers = self.executor.workers
        while not self.sampler.done:
            size = self._chunk_size()
            if len(self._waiting) >= 2 * workers * size:
                return
            # Of those that are known many are looked up at once.
            asked = self.sampler.ask(max(size * 2 * workers, 64))
            if not asked:
                return
            todo = self._unknown(asked)
            size = max(1, min(size, -(-len(todo) // (2 * workers))))
            for at in range(0, len(todo), size):
                some = todo[at : at + size]
                numbers = tuple(each.number for each in some)
                self.executor.submit(Chunk(numbers, tuple(dict(e.parameters) for e in some)))

    def _chunk_size(self) -> int:
        if not self._seconds_a_point:
            return 1
        return max(1, min(int(_CHUNK_S / self._seconds_a_point), _MOST_IN_CHUNK))

    def _unknown(self, asked: Sequence[Asked]) -> list[Asked]:
        """Those that must be evaluated; the others are judged here."""
        keys = {each.number: self._keys.key(self.study.plan(each.parameters)) for each in asked}
        known = self.store.known(list(keys.values())) if self.reuse else {}
        rows, todo = [], []
        for each in asked:
            key = keys[each.number]
            metrics, reason = known.get(key, (None, ""))
            if key not in known or (metrics is None and self.again):
                self._waiting[each.number] = key
                todo.append(each)
                continue
            rows.append(
                Row(each.number, dict(each.parameters), key, metrics, reason, self.fidelity)
            )
        if rows:
            self._reused(rows)
        return todo

    def _reused(self, rows: Sequence[Row]) -> None:
        numbers = [row.number for row in rows]
        there = self.store.keys(self.study.digest, numbers, fidelity=self.fidelity)
        fresh = [row for row in rows if there.get(row.number) != row.key]
        self.store.write(self.study.digest, fresh)
        self.found.reused += len(rows)
        self.progress.reused(len(rows))
        self._judge(rows)

    def _take(self, done: Done) -> None:
        """Store what is done, then judge it."""
        chunk = done.chunk
        rows = [
            Row(number, parameters, self._waiting.pop(number), metrics, reason, self.fidelity)
            for number, parameters, (metrics, reason) in zip(
                chunk.numbers, chunk.parameters, done.found, strict=True
            )
        ]
        self.store.write(self.study.digest, rows)
        self._seconds_a_point = done.seconds / len(rows) or self._seconds_a_point
        self._judge(rows)

    def _judge(self, rows: Sequence[Row]) -> None:
        found = self.found
        for row in rows:
            outcome = judged(self.study, row)
            found.evaluated += 1
            losses = None
            if outcome.status == "failed":
                found.failed += 1
                if len(found.failures) < _MOST_REASONS or outcome.reason in found.failures:
                    found.failures[outcome.reason] = found.failures.get(outcome.reason, 0) + 1
            else:
                losses = self.study.losses(outcome.objectives)
            if outcome.status == "infeasible":
                found.infeasible += 1
            elif losses is not None:
                self._front.add(losses, outcome.number, outcome)
                self.progress.better(outcome.objectives)
            self.sampler.tell(Told(outcome.number, losses, outcome.violation))
        self.progress.show(found.evaluated, found.failed)
