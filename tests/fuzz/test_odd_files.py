"""What is no plain file, or no plain text, where a file is expected."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fuzz_judge import fault_of, messages_of

from accelsim.architecture import load_architecture
from accelsim.checking import check_file
from accelsim.documents import read_document
from accelsim.mapping.load import load_mapper
from accelsim.model.result_file import load_result
from accelsim.workload.load import load_workload

CALLS: dict[str, Callable[[Path], object]] = {
    "document": read_document,
    "workload": lambda path: load_workload(str(path)),
    "architecture": lambda path: load_architecture(str(path)),
    "mapper": lambda path: load_mapper(str(path)),
    "result": load_result,
    "check": lambda path: check_file(str(path)),
    "check result": lambda path: check_file(str(path), kind="result"),
}


def fifo(path: Path) -> None:
    os.mkfifo(path)


def circle(path: Path) -> None:
    other = path.with_name("other.yaml")
    other.symlink_to(path)
    path.symlink_to(other)


def sealed(path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path.write_text("name: x\n")
    path.chmod(0)


MAKE: dict[str, Callable[[Path], object]] = {
    "fifo": fifo,
    "folder": lambda path: path.mkdir(),
    "zero": lambda path: path.symlink_to("/dev/zero"),
    "null": lambda path: path.symlink_to("/dev/null"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "circle of links": circle,
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "sealed": sealed,
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "comment only": lambda path: path.write_bytes(b"# why\n"),
    "two documents": lambda path: path.write_bytes(b"a: 1\n---\nb: 2\n"),
    "utf-16": lambda path: path.write_bytes("name: x\n".encode("utf-16")),
    "latin-1": lambda path: path.write_bytes(b"name: \xe9\n"),
    "surrogate": lambda path: path.write_bytes(b"name: \xed\xa0\x80\n"),
    "nul": lambda path: path.write_bytes(b"name: \0\n"),
    "escape": lambda path: path.write_bytes(b'"\\e[31m": 1\n'),
    "hidden order": lambda path: path.write_bytes("name: \u202ex\n".encode()),
    "escaped order": lambda path: path.write_bytes(b'"\\u202e": 1\n'),
    "carriage returns": lambda path: path.write_bytes(b"name: x\rranks: 1\r"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", MAKE)
def test_odd_files_are_refused_in_words(tmp_path: Path, kind: str, call: str) -> None:
    path = tmp_path / "odd.yaml"
    MAKE[kind](path)
    messages = messages_of(lambda: CALLS[call](path))
    # Text that a document may hold is refused, or not, by what it is to be.
    assert messages or (call == "document" and path.is_file())
    assert not fault_of(messages)


@pytest.mark.parametrize(
    "name", ["a\0.yaml", "x" * 300 + ".yaml", "/" * 5000 + ".yaml", "\ud800.yaml", "\n.yaml", ""]
)
@pytest.mark.parametrize("call", CALLS)
def test_odd_names_are_refused_in_words(call: str, name: str) -> None:
    messages = messages_of(lambda: CALLS[call](Path(name)))
    assert messages
    assert not fault_of(messages)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_marks_and_ends_of_lines_of_other_systems(tmp_path: Path, end: str, mark: str) -> None:
    lines = ["name: x", "ranks: {M: 4}", "tensors: {A: [M]}", "cascade:", "  - 'Z[m] = A[m]'", ""]
    path = tmp_path / "other.yaml"
    path.write_bytes((mark + end.join(lines)).encode())
    assert load_workload(str(path)).layers[0].cascade["Z"].points == 4


@pytest.mark.parametrize(
    "base", ["x" * 300 + ".yaml", '"a\\0.yaml"', "'../'", "/dev/zero", "[]", "machine.yaml", "''"]
)
def test_odd_bases_of_a_machine(tmp_path: Path, base: str) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text(f"name: x\nextends: {base}\n")
    messages = messages_of(lambda: load_architecture(str(path)))
    assert messages
    assert not fault_of(messages)
    assert all(message.startswith(f"{path}:") for message in messages)


@pytest.mark.parametrize("key", ["x", "x.y", "clock_hz", "DRAM.size_bytes"])
@pytest.mark.parametrize("components", ["3", "[]", "null", "{DRAM: 1}", "{DRAM: {kind: []}}"])
def test_overrides_of_a_machine_without_components(
    tmp_path: Path, components: str, key: str
) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text(f"name: x\ncomponents: {components}\n")
    messages = messages_of(lambda: load_architecture(str(path), {key: 1}))
    assert messages
    assert not fault_of(messages)
