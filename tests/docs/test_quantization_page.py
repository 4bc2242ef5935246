"""Does the page on quantised weights show what its programs and commands print, in their order?"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from accelsim.cli.main import main
from accelsim.formats import storage_format
from accelsim.quantization import SCHEMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/quantization.md").read_text("utf-8")
FENCES = re.findall(r"^```(\S+)\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_shows_what_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = [kind for kind, _ in FENCES]
    assert kinds == ["python", "console", "console", "python", "output", "python", "output"]
    for (kind, text), (after, shown) in zip(FENCES, [*FENCES[1:], ("", "")], strict=True):
        if kind == "python":
            exec(compile(text, "docs/quantization.md", "exec"), {})
            assert capsys.readouterr().out == (shown if after == "output" else "")
        elif kind == "console":
            command, *lines = text.splitlines()
            program, *arguments = shlex.split(command.removeprefix("$ "))
            assert (program, main(arguments)) == ("accelsim", 0)
            printed = capsys.readouterr().out.splitlines()
            assert [line for line in lines if line not in printed] == []


def test_every_format_is_there() -> None:
    section = PAGE.split("\n## Formats\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.+`) \| .* \| `(.+)` \|$", section, re.M)
    names = [name for cell, _ in rows for name in re.findall(r"`([^`]+)`", cell)]
    assert sorted(names) == sorted(SCHEMES)
    for cell, stored in rows:
        number = storage_format(stored).number.name
        assert number in {SCHEMES[name].storage for name in re.findall(r"`([^`]+)`", cell)}


def test_json_page_lists_the_keys(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("m.npz", w=np.ones((2, 4)), b=np.ones(2))
    assert main(["quantize", "m.npz", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    page = (ROOT / "docs/json.md").read_text("utf-8")

    def keys(heading: str) -> list[str]:
        section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
        return re.findall(r"^\| `([^`]+)` \|", section, re.M)

    assert keys("Quantisation") == list(found)
    assert keys("`total[]` of a quantisation") == list(found["total"][0])
    assert keys("`tensors[]` of a quantisation") == list(found["tensors"][0])
    assert list(found["tensors"][0]["formats"][0]) == list(found["total"][0])
    assert list(found["left_out"][0]) == ["name", "reason"]
