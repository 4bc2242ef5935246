"""The report in a folder: all files or none, the same bytes again; Markdown and plots."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accelsim.errors import InputError, UnsupportedError
from accelsim.explore.report import plot, write
from accelsim.explore.report.figures import figure_text
from accelsim.explore.report.markdown import study_markdown
from accelsim.explore.report.plot import pareto_plot
from accelsim.explore.report.study_file import load_study
from accelsim.explore.report.write import FILES, write_study_report

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
Study = dict[str, Any]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_study_gives_the_same_bytes(study: Study, tmp_path: Path) -> None:
    folders = [tmp_path / "deep" / name for name in "ab"]
    for folder in folders:
        written = write_study_report(study, iter(study["points"]), folder)
        assert written == [folder / name for name in FILES]
    assert contents(folders[0]) == contents(folders[1])
    assert set(contents(folders[0])) == set(FILES)
    assert all(len(content) > 400 for content in contents(folders[0]).values())
    document = load_study(folders[0] / "study.json")
    assert document is not None
    assert [design.number for design in document.front] == [d["number"] for d in study["front"]]
    assert "points" not in json.loads((folders[0] / "study.json").read_text())


def test_nothing_is_written_where_something_fails(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot, "pareto_plot", lambda data: {})

    def broken() -> Iterator[dict[str, Any]]:
        yield study["points"][0]
        raise InputError("the store is damaged")

    (tmp_path / "index.html").write_text("as before")
    with pytest.raises(InputError, match="the store is damaged"):
        write_study_report(study, broken(), tmp_path)
    assert contents(tmp_path) == {"index.html": b"as before"}


def test_a_folder_in_the_way(study: Study, tmp_path: Path) -> None:
    (tmp_path / "points.csv").mkdir()
    with pytest.raises(InputError, match=r"points.csv' is a folder; move it away"):
        write_study_report(study, [], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["points.csv"]
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        write_study_report(study, [], tmp_path / "file")


def test_missing_packages_are_named_first(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "find_spec", lambda name: None)
    with pytest.raises(UnsupportedError, match="need the package 'matplotlib'; install it with"):
        write_study_report(study, [], tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_markdown(study_with_runs: Study) -> None:
    text = study_markdown(study_with_runs)
    assert "375 of 375 points were simulated: 22 fail a constraint, 5 cannot be simulated" in text
    assert "```sh\naccelsim explore made-up --seed 0\n```" in text
    head = next(line for line in text.splitlines() if line.startswith("| point "))
    assert "| latency | latency, played out | energy | accuracy |" in head
    assert "| buffer\\_bytes | 0.0% | 0.0% | 0.0% |" in text
    assert "| several together | 10.0% | 4.0% | 0.0% |" in text
    assert "| prefill | " in text
    # No name begins markup or parts a cell.
    outside = [line for line in text.split("```")[::2] if line]
    assert not [line for line in outside if re.search(r"(?<!\\)<", line)]
    assert "</script" not in re.sub(r"\\<", "", "".join(outside))


def test_markdown_of_a_study_without_anything(make_study: Callable[..., Study]) -> None:
    empty = make_study(front=[], best=None, importance={}, failures={}, constraints=[], points=[])
    text = study_markdown(empty)
    assert "No point meets the constraints." in text
    assert "What matters" not in text


@pytest.mark.slow
def test_plots_of_one_objective_and_of_nothing(make_study: Callable[..., Study]) -> None:
    data = make_study()
    data["objectives"] = data["objectives"][:1]
    assert pareto_plot(data)["pareto.svg"].startswith(b"<?xml")
    empty = make_study(front=[], points=[])
    assert pareto_plot(empty)["pareto.png"].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.5e-5, "s", "25 us"),
        (3600.0, "s", "3,600 s"),
        (1.5e9, "Hz", "1.5 GHz"),
        (3e-15, "J", "0.003 pJ"),
        (0.0, "J", "0 J"),
        (2**20, "B", "1 MiB"),
        (3 * 2**10, "bytes", "3 KiB"),
        (1234.5, "tokens/s", "1,234 tokens/s"),
        (12.0, "/s", "12/s"),
        (None, "s", "unknown"),
    ],
)
def test_figures(value: float | None, unit: str, text: str) -> None:
    assert figure_text(value, unit) == text
