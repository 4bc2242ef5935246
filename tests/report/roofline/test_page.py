"""The page as a file: complete in itself, small, and safe whatever names hold."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import accelsim
from accelsim.errors import InputError
from accelsim.report.roofline.pack import pack
from accelsim.report.roofline.page import roofline_page

Run = dict[str, Any]
ECHARTS = Path(accelsim.__file__).parent / "report/roofline/assets/vendor/echarts"
HOSTILE = "</script><script>alert(1)</script>&\"'<!--\u2028$data${style}"


def embedded(page: str) -> Any:
    """The data as a browser finds them: up to the first end of a script."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_everything_is_inside(make_run: Callable[..., Run]) -> None:
    vendored = (ECHARTS / "echarts.min.js").read_text(encoding="utf-8")
    page = roofline_page([make_run()]).replace(vendored, "")
    assert len(page) < 100_000
    tags = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*>", page)
    assert not [tag for tag in tags if re.search(r"src\s*=|https?:|//", tag)]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_names_end_no_script(make_run: Callable[..., Run]) -> None:
    plain = roofline_page([make_run()])
    page = roofline_page(
        [make_run(model=HOSTILE, device_title=HOSTILE, rename={"q_proj": HOSTILE})]
    )
    assert page.lower().count("</script") == plain.lower().count("</script")
    data = embedded(page)
    assert data["runs"][0]["key"][0] == HOSTILE
    assert HOSTILE in data["strings"]
    assert "\u2028" not in page.split('id="data"')[1].split("</script")[0]


def test_figures_that_json_cannot_hold_are_refused(make_run: Callable[..., Run]) -> None:
    run = make_run()
    run["total"]["seconds"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        roofline_page([run])


def test_no_run_is_refused() -> None:
    with pytest.raises(InputError, match="runs is empty, must hold at least one run"):
        roofline_page([])


def test_a_sweep_stays_under_three_megabytes(make_run: Callable[..., Run]) -> None:
    seen: list[Run] = []
    for k in range(288):
        # No two runs share a figure: nothing is saved by writing equal columns once.
        devices = ("a100-40g", "h100", "tiny")
        seen.append(make_run(device=devices[k % 3], batch=1 + k // 2, context=1000 + 37 * k))
    for k, run in enumerate(seen):
        run["batch"] = k
        for layer in run["layers"]:
            layer["segments"] = [layer["segments"][0] | {"steps": 7 + k}] * 2
            layer["segments"][0]["last"] = layer["segments"][0]["last"] | {"bytes": 3.3e9 + k / 7}
    assert len({json.dumps(run["layers"]) for run in seen}) == 288
    assert len(roofline_page(seen).encode()) < 3_000_000


def test_equal_columns_are_written_once(make_run: Callable[..., Run]) -> None:
    runs = [make_run(device=device) for device in ("a100-40g", "h100")]
    data = pack(runs)
    assert len(data["roofs"]) == 2
    first, second = (run["columns"] for run in data["runs"])
    same = {name for name in first if first[name] == second[name]}
    assert same >= set(first) - {"bound"}


def test_runs_that_are_called_alike_stay_apart(make_run: Callable[..., Run]) -> None:
    keys = [run["key"] for run in pack([make_run(), make_run(), make_run(batch=2)])["runs"]]
    assert [key[-1] for key in keys] == ["1", "2", "1"]
    assert len({tuple(key) for key in keys}) == 3


def test_the_vendored_library_is_the_one_that_its_readme_names() -> None:
    digest = hashlib.sha256((ECHARTS / "echarts.min.js").read_bytes()).hexdigest()
    assert digest in (ECHARTS / "README.md").read_text()
