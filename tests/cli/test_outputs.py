"""What is written twice or cannot be written is refused first; nobody needs to listen."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]
MATMUL = ("simulate", "matmul", "--on", "fusemax")


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def computed(*_: object, **__: object) -> None:
        raise AssertionError("computed")

    monkeypatch.chdir(tmp_path)
    for name in ("pipeline.map_workload", "workload.analysis.analyse_workload"):
        monkeypatch.setattr(f"accelsim.{name}", computed)
    monkeypatch.setattr("accelsim.accelerators.registry.validate", computed)


@pytest.mark.parametrize(
    ("command", "others"),
    [
        ("map matmul --on ref3", ("-o=m.yaml", "--graph=m.dot")),
        ("passes attention/one-pass", ("--graph=m.dot",)),
        ("validate fusemax", ("--report=out:validation.md", "--report=out:.")),
        ("simulate matmul --on ref3 --fidelity event", ("--trace=t",)),
        ("simulate matmul --on ref3", ("--report=out:report.md", "--report=out:stalls.svg")),
    ],
)
def test_json_is_no_file_of_another_option(
    accelsim_cli: Cli, command: str, others: tuple[str, ...], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    for other in others:
        option, _, value = other.partition("=")
        path, _, inside = value.partition(":")
        target = f"./{path}/{inside}".removesuffix("/")
        code, out, err = accelsim_cli(*command.split(), option, path, "--json", target)
        assert (code, out) == (2, "")
        assert err == (
            f"accelsim: --json '{target}' is a file of {option} '{path}'; name another\n"
        )
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", ["map matmul --on ref3", "passes attention/one-pass", "validate", " ".join(MATMUL)]
)
def test_json_that_cannot_be_written_is_refused_first(accelsim_cli: Cli, command: str) -> None:
    for target, said in (("", "is empty"), (".", "is a folder"), ("no/x.json", "does not exist")):
        code, out, err = accelsim_cli(*command.split(), "--json", target)
        assert (code, out) == (2, "")
        assert said in err
    with pytest.raises(AssertionError, match="computed"):
        accelsim_cli(*command.split(), "--json", "x.json")


def test_json_may_lie_in_a_folder_that_is_made(accelsim_cli: Cli) -> None:
    with pytest.raises(AssertionError, match="computed"):
        accelsim_cli("validate", "--report", "out", "--json", "out/figures.json")
    code, _, err = accelsim_cli("validate", "--report", "out", "--json", "out/deep/f.json")
    assert (code, "lies in a folder that does not exist" in err) == (2, True)


def stream(kind: str) -> int:
    """What a process writes to: nobody reads it any more, or nothing fits into it."""
    if kind == "broken":
        read, write = os.pipe()
        os.close(read)
        return write
    return os.open("/dev/full", os.O_WRONLY) if kind == "full" else subprocess.PIPE


def accelsim(arguments: str, stdout: str, stderr: str, folder: Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a process of its own."""
    code = f"import sys; from accelsim.cli.main import main; sys.exit(main({arguments.split()}))"
    closed = " >&-" * (stdout == "closed") + " 2>&-" * (stderr == "closed")
    ends = [stream(kind) for kind in (stdout, stderr)]
    command = ["sh", "-c", f'exec "$0" -c "$1"{closed}', sys.executable, code]
    process = subprocess.Popen(command, cwd=folder, stdout=ends[0], stderr=ends[1], text=True)
    out, err = process.communicate(timeout=60)
    for end in ends:
        if end != subprocess.PIPE:
            os.close(end)
    return process.returncode, out or "", err or ""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("stdout", "stderr", "wrong", "validated"),
    [
        ("read", "closed", 2, 0),
        ("closed", "closed", 2, 0),
        ("read", "broken", 2, 1),
        ("broken", "read", 2, 0),
        ("broken", "broken", 2, 0),
        ("read", "full", 2, 2),
        ("full", "read", 2, 2),
        ("full", "full", 2, 2),
    ],
)
def test_nobody_listens(
    stdout: str, stderr: str, wrong: int, validated: int, tmp_path: Path
) -> None:
    code, out, err = accelsim("list workloadss", stdout, stderr, tmp_path)
    assert (code, out) == (wrong, "")
    assert err.startswith("accelsim: kind 'workloadss'") == (stderr == "read")
    code, out, err = accelsim("validate fusemax --report .", stdout, stderr, tmp_path)
    assert code == validated
    assert bool(out) == (stdout == "read")
    assert "Traceback" not in err
    assert ("cannot be written" in err) == ((stdout, stderr) == ("full", "read"))
