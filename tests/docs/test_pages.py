"""Do the reference pages say what is so? Every file loads, every command prints what is shown."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import accelsim
from accelsim.accelerators.figures import Figure
from accelsim.architecture.devices import DEVICES, load_device
from accelsim.architecture.load import load_architecture
from accelsim.cli.main import main
from accelsim.einsum.operations import FUNCTIONS
from accelsim.errors import InputError
from accelsim.library import ARCHITECTURES, shipped
from accelsim.mapping.load import load_mapper
from accelsim.workload import load_workload

ROOT = Path(__file__).parents[2]
PAGES = (
    "README",
    "docs/tutorial",
    "docs/language",
    "docs/architecture",
    "docs/mapping",
    "docs/json",
    "docs/editors",
    "docs/passes",
    "docs/mapper",
    "docs/simulator",
    "docs/dram",
    "docs/devices",
    "docs/rooflines",
    "docs/hardware",
    "docs/bitmod",
    "docs/28nm",
    "docs/explore",
)


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language, the words behind it, its text."""

    page: str
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """Name of the file that it holds (`# file: NAME.yaml`)."""
        found = re.match(r"# file: (\S+\.yaml)\n", self.text)
        return found.group(1) if found and self.info.split()[0] == "yaml" else None

    @property
    def valid(self) -> bool:
        """`yaml invalid` shows a mistake: the file is there, and must not load."""
        return "invalid" not in self.info.split()

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command of a console block with the output that is shown."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip():
                assert found, f"{self}: output without a command"
                found[-1][1].append(line)
        return found

    @property
    def exit_code(self) -> int:
        found = re.search(r"\bexit=(\d+)", self.info)
        return int(found.group(1)) if found else 0


def text_of(page: str) -> str:
    return (ROOT / f"{page}.md").read_text("utf-8")


def fences(page: str) -> list[Fence]:
    text = text_of(page)
    found = re.finditer(r"^```(\S[^\n]*)\n(.*?)^```$", text, re.M | re.S)
    return [Fence(page, text[: m.start()].count("\n") + 1, m[1], m[2]) for m in found]


FENCES = [fence for page in PAGES for fence in fences(page)]
FILES = [fence for fence in FENCES if fence.file]
CONSOLES = [fence for fence in FENCES if fence.info.split()[0] == "console"]
PROGRAMS = [
    (fence, after.text if after and after.info == "output" else "")
    for fence, after in zip(FENCES, [*FENCES[1:], None], strict=True)
    if fence.info == "python"
]
"""Programs with the output that is shown under them."""


def load(name: str) -> None:
    """Load a file as what its keys say it is."""
    data = yaml.safe_load(Path(name).read_text("utf-8"))
    if data.keys() & {"components", "extends"}:
        load_architecture(name)
    elif data.keys() & {"cases", "search"}:
        load_mapper(name)
    elif "bandwidth_bytes_per_s" in data:
        load_device(name)
    else:
        open_ranks = [rank for rank, size in data.get("ranks", {}).items() if size is None]
        load_workload(name, dict.fromkeys(open_ranks, 8))


def lay_out(page: str, folder: Path) -> None:
    for fence in FILES:
        if fence.page == page:
            (folder / str(fence.file)).write_text(fence.text, "utf-8")


def table(page: str, heading: str) -> list[str]:
    """First cells of the first table under a heading, without their backquotes."""
    section = text_of(page).split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.M)


@pytest.mark.parametrize("fence", FILES, ids=str)
def test_every_file_loads(fence: Fence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(fence.page, tmp_path)
    if fence.valid:
        load(str(fence.file))
    else:
        with pytest.raises(InputError):
            load(str(fence.file))


@pytest.mark.parametrize("fence", CONSOLES, ids=str)
def test_every_command_prints_what_is_shown(
    fence: Fence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(fence.page, tmp_path)
    assert fence.commands
    for command, shown in fence.commands:
        program, *arguments = shlex.split(command)
        assert program == "accelsim"
        code = main(arguments)
        out, err = capsys.readouterr()
        assert code == fence.exit_code, f"{fence}: {command}\n{out}{err}"
        missing = [line for line in shown if line not in out + err]
        assert not missing, f"{fence}: {command} does not print {missing}, but\n{out}{err}"


@pytest.mark.parametrize(("fence", "shown"), PROGRAMS, ids=str)
def test_every_program_prints_what_is_shown(
    fence: Fence, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(compile(fence.text, str(fence), "exec"), {})
    out = capsys.readouterr().out
    assert out == shown if shown else out


def test_readme_shows_what_the_demo_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--report", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    (table,) = re.findall(r"^```text\n(size .*?)^```$", text_of("README"), re.M | re.S)
    assert [line for line in table.splitlines() if line not in printed] == []


def test_every_page_has_blocks_of_both_kinds() -> None:
    """A fence that is spelt wrongly would otherwise go untested."""
    assert {fence.page for fence in CONSOLES} == set(PAGES) - {"docs/dram"}
    without = {"README"}
    without |= {f"docs/{name}" for name in ("dram", "hardware", "json", "mapper", "passes")}
    without |= {"docs/28nm", "docs/explore"}
    assert {fence.page for fence in FILES} == set(PAGES) - without
    for page in PAGES:
        assert len(re.findall(r"^```", text_of(page), re.M)) == 2 * len(fences(page))
        named = text_of(page).count("# file: ")
        assert named == len({fence.file for fence in FILES if fence.page == page})


@pytest.fixture(scope="module")
def result() -> dict[str, object]:
    """Has everything: repeated layers, several blocks, tiles, epochs."""
    found = accelsim.simulate("attention/one-pass", on="fusemax").as_json()
    return json.loads(json.dumps(found, allow_nan=False))


def test_json_page_lists_the_keys_of_a_result(result: dict[str, object]) -> None:
    assert table("docs/json", "Result") == list(result)


@pytest.mark.parametrize("path", ["einsums[]", "layers[]", "layers[].blocks[]"])
def test_json_page_lists_nested_keys(result: dict[str, object], path: str) -> None:
    at: object = result
    for key in path.removesuffix("[]").split("[]."):
        assert isinstance(at, dict)
        at = at[key][0]
    assert table("docs/json", f"`{path}`") == list(at)


def test_json_page_lists_the_keys_of_a_timing() -> None:
    timed = accelsim.simulate("matmul", on="systolic-ws", fidelity="event").as_json()
    assert list(timed)[-1] == "timing"
    assert table("docs/json", "`timing`") == list(timed["timing"])


def test_json_page_lists_the_keys_of_validation() -> None:
    figure = Figure("speed-up", "a paper", published=2.0, ours=2.1, tolerance=0.1)
    assert table("docs/json", "Validation") == list(figure.as_json())


def test_architecture_page_lists_the_shipped_machines() -> None:
    listed = table("docs/architecture", "Shipped machines")
    assert sorted(listed) == sorted(shipped(ARCHITECTURES))


def test_architecture_page_names_the_mapper_of_each_machine() -> None:
    section = text_of("docs/architecture").split("\n## Shipped machines\n")[1]
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `([^`]+)` \|$", section, re.M)
    assert {name: load_architecture(name).mapper for name, _ in rows} == dict(rows)


def test_devices_page_prints_the_figures_of_the_files() -> None:
    section = text_of("docs/devices").split("\n## Shipped devices\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if "| `" in line]
    assert sorted(row[0].strip("`") for row in rows) == sorted(shipped(DEVICES))
    for name, title, *cells, _ in rows:
        device = load_device(name.strip("`"))
        peaks = device.peak_operations_per_s
        figures = [
            (device.memory_bytes, 2**30),
            (device.bandwidth_bytes_per_s, 1e9),
            (peaks.get("fp16", peaks.get("bf16")), 1e12),
            (peaks.get("int8"), 1e12),
            (device.vector_operations_per_s, 1e12),
            (device.on_chip_bytes, 2**20),
        ]
        shown = ["" if each is None else f"{each / unit:.12g}" for each, unit in figures]
        assert (title, [cell.strip() for cell in cells]) == (device.title, shown)


def test_language_page_names_every_function() -> None:
    section = text_of("docs/language").split("**Functions.**")[1].split("\n\n")[0]
    assert [name for name in FUNCTIONS if f"`{name}`" not in section] == []
