"""Studies that are killed, interrupted or run out of room: nothing is lost, or counted twice."""

import os
import random
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from durable import POINTS, STUDY, command_of, done, result, started, stored, until, workers_of

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds the study."""
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of the study where nothing happens to it."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "study.yaml").write_text(STUDY)
    finished = done(folder)
    assert finished.returncode == 0, finished.stderr
    found = result(folder)
    assert (found["evaluated"], found["failed"]) == (POINTS, 0)
    assert len(found["front"]) > 10
    return found


@pytest.fixture
def running() -> Iterator[Callable[[subprocess.Popen[str]], subprocess.Popen[str]]]:
    """Ends what a test leaves running."""
    known: list[subprocess.Popen[str]] = []

    def keep(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        known.append(process)
        return process

    yield keep
    for process in known:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


Running = Callable[[subprocess.Popen[str]], subprocess.Popen[str]]


def same(folder: Path, whole: dict[str, Any]) -> None:
    """The result of an uninterrupted study, and every point stored once."""
    found = result(folder)
    ways = ("name", "command")
    plain = {key: value for key, value in found.items() if key not in ways}
    assert plain == {key: value for key, value in whole.items() if key not in ways}
    assert stored(folder) == list(range(POINTS))


def test_killed_ten_times(folder: Path, whole: dict[str, Any], running: Running) -> None:
    rng = random.Random(5)
    progress = [0]
    for at in range(10):
        process = running(started(folder))
        if at % 4 == 3:
            sleep(rng.uniform(0.2, 2.0))  # Somewhere on its way to its first new point.
        else:
            least = progress[-1] + rng.randrange(12)
            until(lambda least=least: len(stored(folder)) > least)
        workers = workers_of(process.pid)
        process.kill()
        process.communicate()
        until(lambda gone=workers: not any("spawn_main" in command_of(each) for each in gone))
        progress.append(len(stored(folder)))
    assert progress == sorted(progress)
    assert progress[-1] > 0
    finished = done(folder)
    assert finished.returncode == 0, finished.stderr
    if progress[-1] < POINTS:
        assert f"{progress[-1]:,} known from before" in finished.stdout
    same(folder, whole)


def test_a_worker_is_killed(folder: Path, whole: dict[str, Any], running: Running) -> None:
    process = running(started(folder))
    for share in (0.1, 0.4, 0.6):
        until(lambda least=share * POINTS: len(stored(folder)) > least)
        until(lambda: len(workers_of(process.pid)) > 0)
        os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    same(folder, whole)


def test_interrupted(folder: Path, whole: dict[str, Any], running: Running) -> None:
    process = running(started(folder))
    until(lambda: len(stored(folder)) > 20)
    os.killpg(process.pid, signal.SIGINT)  # As a terminal does: all of them.
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    kept = len(stored(folder))
    assert f"accelsim: interrupted; {kept:,} points are kept, and --resume goes on" in said
    finished = done(folder, "--resume")
    assert finished.returncode == 0, finished.stderr
    assert f"{kept:,} known from before" in finished.stdout
    same(folder, whole)


def test_no_file_may_grow(folder: Path, whole: dict[str, Any]) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))

    full(folder, whole, done(folder, before=limit))


def test_a_full_disk(folder: Path, whole: dict[str, Any]) -> None:
    disk = folder / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        (disk / "study.yaml").write_text(STUDY)
        finished = done(disk)
        assert finished.returncode == 2, finished.stderr
        subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
        full(disk, whole, finished)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def full(folder: Path, whole: dict[str, Any], finished: Any) -> None:
    """There was no room: that is said, what was stored is sound, and with room it goes on."""
    assert finished.returncode == 2, finished.stderr
    said = finished.stderr.splitlines()[-1]
    assert said.startswith("accelsim: store ")
    assert "cannot be written: " in said
    assert said.endswith("what was stored before is kept, and --resume goes on from there")
    assert "Traceback" not in finished.stderr
    kept = stored(folder)
    assert 0 < len(kept) < POINTS
    again = done(folder, "--resume")
    assert again.returncode == 0, again.stderr
    assert f"{len(kept):,} known from before" in again.stdout
    same(folder, whole)


def test_two_at_the_same_time(folder: Path, whole: dict[str, Any], running: Running) -> None:
    """Two studies with points in common, in one store."""
    other = folder / "other"
    other.mkdir()
    (other / "study.yaml").write_text(STUDY.replace("to: 14", "to: 15"))
    options = ("--store", str(folder / "store.sqlite"))
    first, second = running(started(folder)), running(started(other, *options))
    for process in (first, second):
        _, said = process.communicate(timeout=100)
        assert process.returncode == 0, said
    assert result(other)["evaluated"] == POINTS + 20
    found = result(folder)
    assert found["front"] == whole["front"]
    numbers = stored(folder)
    assert sorted(numbers) == sorted([*range(POINTS), *range(POINTS + 20)])
