"""Files of accelerators that other packages bring: found by name, never in the way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accelsim import library
from accelsim.errors import InputError
from accelsim.library import ARCHITECTURES, MAPPERS, WORKLOADS, find, joined_accelerators, shipped

Join = Callable[..., Path]


def clear_caches() -> None:
    shipped.cache_clear()
    joined_accelerators.cache_clear()


@pytest.fixture
def join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Join]:
    """Installs a package that brings accelerators: its folder, with files of that text."""
    monkeypatch.syspath_prepend(tmp_path)

    def made(package: str, points: dict[str, str], **files: str) -> Path:
        metadata = tmp_path / f"{package}-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[accelsim.accelerators]", *lines]))
        for name, text in {"__init__.py": "", **files}.items():
            path = tmp_path / package / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        clear_caches()
        return tmp_path / package

    yield made
    monkeypatch.undo()
    clear_caches()


def test_files_of_a_joined_accelerator_go_by_its_name(join: Join) -> None:
    folder = join("their_chip", {"chip-9": "their_chip"}, **{"architecture.yaml": "name: chip\n"})
    assert joined_accelerators() == {"chip-9": "their_chip"}
    found = find(ARCHITECTURES, "chip-9")
    assert found == (folder / "architecture.yaml", "chip-9/architecture.yaml")
    assert "chip-9" not in shipped(MAPPERS)
    (folder / "mapper.yaml").write_text("name: chip\n")
    clear_caches()
    assert find(MAPPERS, "chip-9") == (folder / "mapper.yaml", "chip-9/mapper.yaml")
    assert "chip-9" not in shipped(WORKLOADS)


def test_shipped_files_are_shown_by_their_folder() -> None:
    assert find(ARCHITECTURES, "ref3")[1] == "library/ref3.yaml"


def test_folder_of_ours_may_hold_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small_chip").mkdir()
    path = tmp_path / "small_chip" / "architecture.yaml"
    path.write_text("name: small\n")
    monkeypatch.setattr(library, "_ACCELERATORS", tmp_path)
    clear_caches()
    try:
        assert find(ARCHITECTURES, "small-chip") == (path, "small-chip/architecture.yaml")
    finally:
        clear_caches()


def test_unknown_name_lists_those_of_joined_accelerators(join: Join) -> None:
    join("their_chip", {"chip-9": "their_chip"}, **{"architecture.yaml": "name: chip\n"})
    with pytest.raises(InputError, match="did you mean 'chip-9'"):
        find(ARCHITECTURES, "chip9")


def test_machine_of_a_shipped_name_is_refused(join: Join) -> None:
    join("their_chip", {"ref3": "their_chip"}, **{"architecture.yaml": "name: chip\n"})
    with pytest.raises(InputError, match=r"architecture 'ref3' ships with accelsim, .*uninstall"):
        shipped(ARCHITECTURES)


def test_two_packages_of_one_name_are_refused(join: Join) -> None:
    join("their_chip", {"chip": "their_chip"})
    join("other_chip", {"chip": "other_chip"})
    with pytest.raises(InputError, match=r"accelerator 'chip' is brought by .*uninstall one"):
        joined_accelerators()


@pytest.mark.parametrize("value", ["not_there", "not_there.inside", "broken_chip.inside"])
def test_package_that_cannot_be_found_is_in_nobodys_way(join: Join, value: str) -> None:
    join("broken_chip", {"chip": value}, **{"__init__.py": "raise RuntimeError('broken')\n"})
    assert joined_accelerators() == {"chip": value}
    assert "chip" not in shipped(ARCHITECTURES)
    assert "ref3" in shipped(ARCHITECTURES)
