"""Inputs that grow when they are worked on, or are large: each ends soon, in little memory."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz_judge import messages_of

from accelsim.architecture import load_architecture
from accelsim.documents import parse_document
from accelsim.einsum.sizes import resolve_sizes
from accelsim.errors import InputError
from accelsim.expressions import evaluate_expression

ONE: dict[str, Any] = {
    "name": "x",
    "ranks": {"M": 4},
    "tensors": {"A": ["M"]},
    "cascade": ["Z[m] = A[m]"],
}
ALONE = """
import resource, sys, time
from fuzz_judge import judge, limited_memory
from accelsim.checking import check_file
import accelsim.architecture.load, accelsim.mapping.load, accelsim.model.result_file
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
with limited_memory():
    print(judge(lambda: check_file(sys.argv[1], kind=sys.argv[2])).accepted)
"""


def alone(path: Path, kind: str) -> bool:
    """Whether a file is accepted, in a process of its own with little memory; judged there."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", ALONE, str(path), kind]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip() == "True"


def components(count: int) -> dict[str, Any]:
    """Memories of which each is as large as the next one."""
    found: dict[str, Any] = {"DRAM": {"kind": "memory"}}
    operations = {"add": {"actions": {"a": 1}}}
    found["array"] = {"kind": "array", "parent": "DRAM", "columns": 1, "operations": operations}
    for i in range(count):
        size = f"m{i + 1}.size_bytes" if i < count - 1 else 64
        found[f"m{i}"] = {"kind": "memory", "parent": "DRAM", "size_bytes": size}
    return found


def written(path: Path, data: object) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({f"R{i}": f"R{i - 1} * R{i - 1}" if i else 3 for i in range(12)}, "over 300 digits"),
        (
            {f"R{i}": f"R{i - 1} / 7 + 1 / R{i - 1}" if i else 3 for i in range(12)},
            "over 300 digits",
        ),
        ({f"R{i}": f"R{i + 1}" if i < 4999 else 3 for i in range(5000)}, "through over 100 others"),
        ({f"R{i}": f"R{(i + 1) % 5000}" for i in range(5000)}, "through over 100 others"),
        ({f"R{i}": f"R{(i + 1) % 50}" for i in range(50)}, "in a circle: R0 -> R1"),
        ({f"R{i}": f"Q{i}" for i in range(5000)}, "valid: any of 5,000 names"),
    ],
)
def test_sizes_that_grow(sizes: dict[str, str | int], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        resolve_sizes(sizes, {})
    assert len(error.value.problems) <= 201


def test_chains_of_sizes_are_fine_up_to_their_limit() -> None:
    forwards = {f"R{i}": f"R{i - 1}" if i else 3 for i in range(5000)}
    assert resolve_sizes(forwards, {})["R4999"] == 3
    backwards = {f"R{i}": f"R{i + 1}" if i < 100 else 3 for i in range(101)}
    assert resolve_sizes(backwards, {})["R0"] == 3
    one_more = {f"R{i}": f"R{i + 1}" if i < 101 else 3 for i in range(102)}
    assert messages_of(lambda: resolve_sizes(one_more, {}))


def test_numbers_of_the_longest_kind() -> None:
    assert evaluate_expression("1e300 * 7", {}) == 7 * 10**300
    for text in ("1e300 * 1e10", "9" * 400, "1 / 1e300 / 1e10"):
        assert "over 300 digits" in messages_of(lambda text=text: evaluate_expression(text, {}))[0]  # type: ignore[misc]


@pytest.mark.parametrize("count", [101, 102, 5000])
def test_figures_of_a_machine_that_refer_to_each_other(tmp_path: Path, count: int) -> None:
    machine = {"name": "x", "clock_hz": 1, "word_bits": 1, "components": components(count)}
    path = str(written(tmp_path / "machine.yaml", machine))
    problems = messages_of(lambda: load_architecture(path))
    assert bool(problems) == (count > 101)
    assert all("is asked for through over 100 other figures" in problem for problem in problems)


FILES: dict[str, tuple[str, Callable[[], object], bool]] = {
    "chain": ("workload", lambda: {**ONE, "cascade": chain(1000)}, True),
    "wrong": ("workload", lambda: {**ONE, "cascade": wrong(900)}, False),
    "same": ("workload", lambda: {**ONE, "cascade": ONE["cascade"] * 1000}, False),
    "long text": ("workload", lambda: {**ONE, "description": "x" * 4_000_000}, True),
    "too large": ("workload", lambda: {**ONE, "description": "x" * 200_000_000}, False),
    "keys": ("workload", lambda: {**ONE, **{f"k{i}": 1 for i in range(20_000)}}, False),
    "lists": ("workload", lambda: "[" + "[]," * 1_300_000 + "]", False),
    "brackets": ("workload", lambda: "[" * 100_000, False),
    "dashes": ("workload", lambda: "- " * 100_000, False),
    "questions": ("workload", lambda: "? " * 100_000, False),
    "sixties": ("workload", lambda: "name: 1" + ":59" * 900_000 + ".5", False),
    "ones": ("workload", lambda: "name: 0b" + "1" * 4_000_000, False),
    "aliases": ("workload", lambda: "a: &a [1, 1]\nb: [*a, *a]\n", False),
    "cases": ("mapper", lambda: {"name": "x", "cases": [{"q": 1}] * 16_000}, False),
    "parents": ("architecture", lambda: {"components": kinds(9000)}, False),
    "deep json": ("result", lambda: "[" * 100_000, False),
    "layers": ("result", lambda: {"schema_version": 1, "layers": [{}] * 1_000_000}, False),
    "text json": ("result", lambda: {"schema_version": 1, "name": "x" * 60_000_000}, False),
    "json lists": ("result", lambda: '{"x": [' + "[]," * 20_000_000 + "[]]}", False),
    "large json": ("result", lambda: " " * 200_000_000, False),
}


def chain(length: int) -> list[str]:
    return ["T0[m] = A[m]", *(f"T{i}[m] = T{i - 1}[m] + A[m]" for i in range(1, length))]


def wrong(length: int) -> list[str]:
    return [f"T{i}[m] = Q[m]" for i in range(length)]


def kinds(length: int) -> dict[str, object]:
    return {f"c{i}": {"kind": "z"} for i in range(length)}


QUICK = ("wrong", "lists", "sixties", "layers")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in FILES]
)
def test_large_files(tmp_path: Path, name: str) -> None:
    kind, data, accepted = FILES[name]
    suffix = "json" if kind == "result" else "yaml"
    assert alone(written(tmp_path / f"large.{suffix}", data()), kind) == accepted


@pytest.mark.parametrize(
    ("count", "accepted"), [(49_999, True), (50_000, False)], ids=["most", "one more"]
)
def test_the_number_of_values(count: int, accepted: bool) -> None:
    text = "[" + "1," * count + "]"
    assert bool(messages_of(lambda: parse_document(text, name="f.yaml"))) != accepted


def test_the_process_that_takes_too_much_is_seen(tmp_path: Path) -> None:
    script = ALONE.replace("check_file(sys.argv[1], kind=sys.argv[2])", "[0] * 10**8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True)
    assert done.returncode not in (0, -signal.SIGXCPU)
    assert b"MemoryError" in done.stderr
