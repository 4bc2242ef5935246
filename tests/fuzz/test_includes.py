"""Files that include each other: in circles, in chains, twice each, or not at all."""

import json
from pathlib import Path

import pytest
from fuzz_judge import judge, messages_of

from accelsim.checking import check_file

LEAF = {"name": "x", "ranks": {"M": 4}, "tensors": {"A": ["M"]}, "cascade": ["Z[m] = A[m]"]}


def file(folder: Path, number: int, *entries: dict[str, object]) -> None:
    """``f0.yaml``, ``f1.yaml``, ...: the leaf's Einsum where there are no entries."""
    data = {**LEAF, "cascade": list(entries) or LEAF["cascade"]}
    (folder / f"f{number}.yaml").write_text(json.dumps(data))


def including(number: int, prefix: str = "", **more: object) -> dict[str, object]:
    return {"include": f"./f{number}.yaml", "prefix": prefix, **more}


def check(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.chdir(folder)
    judge(lambda: check_file("f0.yaml"))
    return messages_of(lambda: check_file("f0.yaml"))


@pytest.mark.parametrize("length", [1, 2, 5])
def test_circles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    for i in range(length):
        file(tmp_path, i, including((i + 1) % length))
    (message,) = check(tmp_path, monkeypatch)
    assert "cascades include each other in a circle" in message


def test_circles_under_other_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"include": f"../{tmp_path.name}/f0.yaml"}
    (tmp_path / "link.yaml").symlink_to(tmp_path / "f0.yaml")
    file(tmp_path, 0, including(0), other, {"include": "./link.yaml"}, {"include": "././f0.yaml"})
    problems = check(tmp_path, monkeypatch)
    assert problems
    assert any("in a circle" in problem for problem in problems)


def test_twice_each_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(30):
        file(tmp_path, i, including(i + 1, "A"), including(i + 1, "B"))
    file(tmp_path, 30)
    assert any("holds more than 4,000 Einsums" in each for each in check(tmp_path, monkeypatch))


def test_twice_each_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(30):
        file(tmp_path, i, including(i + 1, "A"), including(i + 1, "B"))
    assert check(tmp_path, monkeypatch)


@pytest.mark.parametrize("length", [100, 1000])
def test_chains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    for i in range(length):
        file(tmp_path, i, including(i + 1))
    file(tmp_path, length)
    check(tmp_path, monkeypatch)


def test_names_that_collide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file(tmp_path, 0, including(1), including(1), including(1, tensors={"Z": "A"}))
    file(tmp_path, 1)
    problems = check(tmp_path, monkeypatch)
    assert any("written twice" in problem for problem in problems)


def test_prefixes_that_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(20):
        file(tmp_path, i, including(i + 1, "x" * 100_000))
    file(tmp_path, 20)
    check(tmp_path, monkeypatch)


def test_odd_includes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["", ".", "/dev/zero", "a\0.yaml", "x" * 5000 + ".yaml", "\u202e.yaml", "bert-base"]
    file(tmp_path, 0, *({"include": name} for name in names))
    assert len(check(tmp_path, monkeypatch)) >= len(names) - 1
