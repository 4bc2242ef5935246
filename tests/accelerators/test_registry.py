"""Accelerators are folders that are found, ours and those of other packages."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from accelsim import library
from accelsim.accelerators import registry
from accelsim.accelerators.registry import ACCELERATORS, hardware, validate
from accelsim.catalogue import shipped
from accelsim.cli.main import main
from accelsim.errors import InputError

OURS = "accelsim.accelerators"
FIGURES = """
from accelsim.accelerators.figures import Figure


def figures():
    return [Figure("x", "a paper", 2.0, 2.1, 0.1)]
"""
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a package where Python and accelsim find it, under names that are left open."""
    joined: dict[str, str] = {}
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "joined_accelerators", lambda: joined)
    monkeypatch.setattr(import_module(OURS), "__path__", [*import_module(OURS).__path__])
    before = set(sys.modules)

    def made(package: str, *, joined_as: str | None = None, **files: str) -> str:
        for name, text in files.items():
            path = tmp_path / package / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        if joined_as:
            joined[joined_as] = package
        else:
            import_module(OURS).__path__.append(str(tmp_path))
        registry.accelerators.cache_clear()
        return package

    yield made
    monkeypatch.undo()
    for name in set(sys.modules) - before:
        if name.removeprefix(f"{OURS}.").startswith("chip"):
            del sys.modules[name]
    registry.accelerators.cache_clear()


def test_our_folders_are_found_and_no_others() -> None:
    texts = {
        path.parent.name: path.read_text()
        for path in Path(registry.__file__).parent.glob("*/__init__.py")
    }
    titled = {name.replace("_", "-") for name, text in texts.items() if "\nTITLE = " in text}
    ours = {name for name, each in ACCELERATORS.items() if each.package.startswith(OURS)}
    assert ours == titled >= {"bitmod", "fusemax", "systolic"}
    assert "bench" in texts.keys() - titled
    for name, figures, parts in (
        ("bitmod", True, True),
        ("fusemax", True, False),
        ("systolic", False, True),
    ):
        assert ACCELERATORS[name].has_figures is figures
        assert ACCELERATORS[name].has_hardware is parts
    assert shipped("accelerators")["fusemax"].startswith("FuseMax (MICRO 2024)")


def test_new_folder_of_ours_is_found(write: Write) -> None:
    write("chip_1", __init__="TITLE = 'a chip'\n", figures=FIGURES)
    write("chip_parts", __init__="'''What chips share.'''\n", figures=FIGURES)
    assert "chip-1" in ACCELERATORS
    assert not {"chip_1", "chip-parts"} & set(ACCELERATORS)
    assert ACCELERATORS["chip-1"].title == "a chip"
    assert [figure.ours for figure in validate("chip-1")] == [2.1]


def test_joined_accelerator_is_one_like_ours(write: Write) -> None:
    write("chip_2", joined_as="second", __init__="TITLE = 'a chip'\n", figures=FIGURES)
    each = ACCELERATORS["second"]
    assert (each.title, each.has_figures, each.has_hardware) == ("a chip", True, False)
    assert shipped("accelerators")["second"] == "a chip"
    assert [figure.ok for figure in validate("second")] == [True]
    with pytest.raises(InputError, match="accelerator with hardware 'second' is unknown"):
        hardware("second")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "package 'chip_3' cannot be imported: No module named 'chip_3'; mend or uninstall it"),
        ({"__init__": "1 / 0\n"}, "package 'chip_3' cannot be imported: division by zero"),
        ({"__init__": "TITLE = 'open\n"}, "package 'chip_3' cannot be imported: unterminated"),
        ({"__init__": ""}, "package 'chip_3' has no TITLE; set one in its __init__.py"),
        ({"__init__": "TITLE = 3\n"}, "package 'chip_3' has no TITLE"),
    ],
)
def test_broken_one_says_why_and_breaks_no_other(
    write: Write, files: dict[str, str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("chip_3", joined_as="third", **files)
    assert main(["list", "accelerators"]) == 0
    assert reason in capsys.readouterr().out
    assert hardware("systolic").name == "systolic"
    assert not ACCELERATORS["third"].has_figures
    assert not ACCELERATORS["third"].has_hardware
    for use in (validate, hardware, lambda name: ACCELERATORS[name].part("figures")):
        with pytest.raises(InputError) as caught:
            use("third")
        assert str(caught.value).startswith(f"accelerator 'third': {reason}")


def test_single_file_is_no_accelerator(write: Write, tmp_path: Path) -> None:
    (tmp_path / "chip_4.py").write_text("TITLE = 'a chip'\n")
    write("chip_4", joined_as="fourth")
    assert ACCELERATORS["fourth"].title == (
        "'chip_4' is a single file; make it a folder with an __init__.py"
    )


def test_name_of_ours_is_refused(write: Write) -> None:
    write("chip_5", joined_as="fusemax", __init__="TITLE = 'a chip'\n")
    with pytest.raises(InputError, match=r"'fusemax' ships with accelsim, and package 'chip_5'"):
        list(ACCELERATORS)


def test_titles_need_no_heavy_module() -> None:
    program = (
        "import sys; from accelsim.accelerators.registry import ACCELERATORS\n"
        "print(all((each.title, each.has_figures, each.has_hardware) for each in"
        " ACCELERATORS.values()))\n"
        "print(sys.modules.keys() & {'amaranth', 'networkx', 'numpy', 'pydantic', 'yaml'})"
    )
    run = [sys.executable, "-c", program]
    printed = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    assert printed == "True\nset()\n"


def test_help_looks_for_none() -> None:
    program = (
        "import sys; from accelsim.cli.main import _parser; _parser()\n"
        "print(sys.modules.keys() & {'accelsim.accelerators', 'accelsim.library'})"
    )
    run = [sys.executable, "-c", program]
    assert subprocess.run(run, check=True, capture_output=True, text=True).stdout == "set()\n"


def test_library_and_registry_mean_the_same_group() -> None:
    assert OURS == library._GROUP
