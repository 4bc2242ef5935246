"""A study from its file to its front: store, executor and sampler put together."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from accelsim.caching import cache_folder
from accelsim.errors import InputError, Interrupted
from accelsim.explore.executors import Executor, Inline, Patient, Processes
from accelsim.explore.executors.work import Job
from accelsim.explore.outcome import Outcome, judged
from accelsim.explore.progress import Progress
from accelsim.explore.run import Exploration, Explored
from accelsim.explore.samplers import Asked, Told, sampler_of
from accelsim.explore.store import Store, open_store
from accelsim.study import Study

__all__ = ["Options", "Session", "opened"]


@dataclass(frozen=True)
class Options:
    """How a study is run."""

    store: str | None = None
    """Path or address; the user's cache folder where None."""
    resume: bool = False
    """Whether it must have been begun before; failures are then not tried again."""
    workers: int = 1
    """Processes, or jobs of a cluster."""
    scheduler: str | None = None
    """Address of a Dask scheduler."""
    cluster: str | None = None
    """Kind of cluster that Dask asks for."""
    cache: bool = True
    """Whether what is known from before is taken: points of the store, and exact searches."""


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


@dataclass
class Session:
    """An open study; see :func:`opened`."""

    study: Study
    options: Options
    store: Store
    tell: Callable[[str], None] = field(default=_tell)

    def run(self) -> Explored:
        """Evaluate the points of the study.

        Raises:
            InputError: where the store, the study or an option is wrong.
            UnsupportedError: where a package is missing.
            Interrupted: where the user stopped it; what was evaluated is kept.
        """
        study, options = self.study, self.options
        known = self.store.begin(study.digest, study.name, study.file.model_dump_json())
        if options.resume and not known:
            raise InputError(
                f"--resume: store '{self.store.shown}' has not begun study '{study.name}' as its "
                "file is now; leave --resume out, or name the store with --store"
            )
        sampler = sampler_of(study)
        progress = Progress(study, sampler.most, self.tell)
        with self._executor("analytic") as executor:
            exploration = Exploration(
                study,
                sampler,
                executor,
                self.store,
                progress,
                again=not options.resume,
                reuse=options.cache,
            )
            try:
                return exploration.run()
            except KeyboardInterrupt:
                raise Interrupted(
                    f"interrupted; {exploration.found.evaluated:,} points are kept, and --resume "
                    "goes on from there"
                ) from None

    def played(self, front: tuple[Outcome, ...]) -> dict[int, Outcome]:
        """Points of the front, played out in time: number -> outcome."""
        if not front:
            return {}
        sampler = _Listed([Asked(each.number, each.parameters) for each in front])
        self.tell(f"playing {len(front):,} points of the front out in time")
        progress = Progress(self.study, len(front), self.tell)
        with self._executor("event") as executor:
            Exploration(
                self.study,
                sampler,
                executor,
                self.store,
                progress,
                again=not self.options.resume,
                reuse=self.options.cache,
                fidelity="event",
            ).run()
        numbers = {each.number for each in front}
        rows = self.store.rows(self.study.digest, fidelity="event", below=max(numbers) + 1)
        return {row.number: judged(self.study, row) for row in rows if row.number in numbers}

    def outcomes(self, explored: Explored) -> Iterator[Outcome]:
        """Every point of a run, in order, from the store."""
        rows = self.store.rows(self.study.digest, below=explored.evaluated)
        return (judged(self.study, row) for row in rows)

    @contextmanager
    def _executor(self, fidelity: str) -> Iterator[Executor]:
        options = self.options
        job = Job(self.study, fidelity, options.cache)
        executor: Executor
        if options.scheduler or options.cluster:
            from accelsim.explore.executors.cluster import connected

            remote = connected(
                job,
                scheduler=options.scheduler,
                cluster=options.cluster,
                workers=options.workers,
            )
            self.tell(f"Dask dashboard: {remote.dashboard}")
            executor = remote
        elif options.workers > 1:
            # Whatever ended a study that is resumed must not end this process again.
            executor = (Processes if options.resume else Patient)(job, options.workers)
        else:
            executor = Inline(job)
        try:
            yield executor
        finally:
            executor.close()


@dataclass
class _Listed:
    """Points that are known beforehand."""

    points: list[Asked]
    passed: int = 0

    def __post_init__(self) -> None:
        self.most = len(self.points)
        self._next = iter(self.points)
        self._left = len(self.points)

    def ask(self, most: int) -> list[Asked]:
        found = [each for each, _ in zip(self._next, range(most), strict=False)]
        self._left -= len(found)
        return found

    def tell(self, told: Told) -> None:
        """Nothing follows from it."""

    @property
    def done(self) -> bool:
        return not self._left


@contextmanager
def opened(
    study: Study, options: Options, *, tell: Callable[[str], None] = _tell
) -> Iterator[Session]:
    """A study with its store open.

    Args:
        study: the study.
        options: how it is run.
        tell: is handed lines of progress.

    Raises:
        InputError: where the store cannot be opened.
        UnsupportedError: where a package is missing.
    """
    with _store_of(options) as where:
        if options.resume and "://" not in where and not Path(where).exists():
            # It would be made, and be of no use.
            raise InputError(
                f"--resume: store '{where}' does not exist; leave --resume out, or name the store "
                "with --store"
            )
        store = open_store(where)
        try:
            yield Session(study, replace(options, store=where), store, tell)
        finally:
            store.close()


@contextmanager
def _store_of(options: Options) -> Iterator[str]:
    if options.store is not None:
        yield options.store
        return
    folder = cache_folder(os.environ)
    if folder is None:
        if options.resume:
            raise InputError("--resume needs a store; name one with --store")
        with tempfile.TemporaryDirectory(prefix="accelsim-") as made:
            yield str(Path(made) / "studies.sqlite")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the cache folder '{folder}' cannot be made: {error.strerror}; name a store with "
            "--store"
        ) from None
    yield str(folder / "studies.sqlite")
