"""The page in a browser: filters, choices and figures, light and dark, wide and narrow."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Study = dict[str, Any]
Open = Callable[..., Any]


def settle(page: Any) -> None:
    """Wait for the next drawing."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def brush(page: Any, axis: str, low: float, high: float) -> None:
    """Draw along an axis from one place, 0 to 1 from its bottom, to another."""
    page.locator("#parallel").scroll_into_view_if_needed()
    box = page.locator(f"[data-axis='{axis}'] .hit").bounding_box()
    x = box["x"] + box["width"] / 2
    y = [box["y"] + 6 + (1 - place) * (box["height"] - 12) for place in (low, high)]
    page.mouse.move(x, y[0])
    page.mouse.down()
    page.mouse.move(x, sum(y) / 2)
    page.mouse.move(x, y[1])
    page.mouse.up()
    settle(page)


def passing(page: Any) -> int:
    return int(page.get_attribute("#passing", "data-count"))


def front_rows(page: Any) -> list[int]:
    found = (
        "[...document.querySelectorAll('#front tbody tr')].map((row) => Number(row.dataset.number))"
    )
    return page.evaluate(found)


def chosen(page: Any) -> int:
    return int(page.get_attribute("#point h2", "data-number"))


def colours(page: Any, selector: str) -> set[tuple[int, ...]]:
    """Colours that a canvas holds."""
    found = page.evaluate(
        """(selector) => {
            const canvas = document.querySelector(selector);
            const {width, height} = canvas;
            const pen = new OffscreenCanvas(width, height).getContext("2d");
            pen.drawImage(canvas, 0, 0);
            const {data} = pen.getImageData(0, 0, width, height);
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] === 255) seen.add([...data.slice(i, i + 3)].join());
            }
            return [...seen];
        }""",
        selector,
    )
    return {tuple(map(int, each.split(","))) for each in found}


def test_what_it_shows(open_page: Open, study_with_runs: Study) -> None:
    page = open_page(study_with_runs)
    assert page.text_content("h1") == study_with_runs["title"]
    assert passing(page) == 370
    front = study_with_runs["front"]
    ordered = sorted(front, key=lambda each: each["objectives"]["latency_s"])
    assert front_rows(page) == [each["number"] for each in ordered]
    assert chosen(page) == study_with_runs["best"]["number"]
    assert page.locator("#shares tbody tr").count() == 6
    assert page.get_attribute("#shares tbody tr:first-child td:nth-child(3)", "data-value") == "0.7"
    assert page.locator("#failures tbody tr").count() == 2
    assert page.text_content("#command pre") == study_with_runs["command"]
    assert page.locator("#roofline circle").count() == 1
    assert page.locator("#timeline canvas").count() == 2
    assert (68, 119, 170) in colours(page, "#timeline canvas")


def test_a_brush_filters_every_view(open_page: Open, study: Study) -> None:
    page = open_page(study)
    brush(page, "p:rows", 0.05, 0.35)  # 8 and 16 of five values.
    points = [point for point in study["points"] if point["status"] != "failed"]
    few = [point for point in points if point["parameters"]["rows"] <= 16]
    assert passing(page) == len(few)
    left = {each["number"] for each in study["front"] if each["parameters"]["rows"] <= 16}
    assert set(front_rows(page)) == left
    brush(page, "p:bits", 0.02, 0.2)  # Where it is absent.
    both = [point for point in few if "bits" not in point["parameters"]]
    assert passing(page) == len(both)
    page.reload()
    assert passing(page) == len(both)
    page.click("#clear")
    settle(page)
    assert passing(page) == len(points)
    brush(page, "p:machine", 0.4, 0.6)
    assert passing(page) == len([p for p in points if p["parameters"]["machine"] == "serial"])
    brush(page, "p:machine", 0.5, 0.5)  # A click.
    assert passing(page) == len(points)


def test_axes_are_narrowed_with_keys(open_page: Open, study: Study) -> None:
    page = open_page(study)
    page.focus("[data-axis='p:columns']")
    page.keyboard.press("ArrowUp")
    settle(page)
    points = [point for point in study["points"] if point["status"] != "failed"]
    assert passing(page) == len([p for p in points if p["parameters"]["columns"] > 8])
    page.keyboard.press("ArrowDown")
    settle(page)
    left = [p for p in points if 8 < p["parameters"]["columns"] < 128]
    assert passing(page) == len(left)
    assert page.get_attribute("[data-axis='p:columns']", "aria-valuetext") == "16, 32, 64"
    page.keyboard.press("Escape")
    settle(page)
    assert passing(page) == len(points)


def test_a_click_chooses_and_a_pointer_tells(open_page: Open, study: Study) -> None:
    page = open_page(study)
    box = page.locator("#pareto canvas").first.bounding_box()
    # The least energy of the front lies lowest: along the bottom something is found.
    numbers = set()
    for k in range(12):
        x, y = box["x"] + 100 + k * 70, box["y"] + 320
        page.mouse.move(x, y)
        settle(page)
        if page.is_hidden("#tip"):
            continue
        told = page.text_content("#tip strong")
        page.mouse.click(x, y)
        settle(page)
        assert told.startswith(f"Point {chosen(page)}")
        numbers.add(chosen(page))
    assert len(numbers) >= 3
    page.click(f"#front tr[data-number='{study['front'][3]['number']}'] td:nth-child(2)")
    settle(page)
    assert chosen(page) == study["front"][3]["number"]
    page.focus("#pareto canvas")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert chosen(page) != study["front"][3]["number"]
    page.keyboard.press("Escape")
    settle(page)
    assert "None: click one" in page.text_content("#point")


def test_axes_colour_and_order_can_be_chosen(open_page: Open, study: Study) -> None:
    page = open_page(study)
    before = colours(page, "#pareto canvas")
    page.select_option("#choose-colour", "columns")
    settle(page)
    assert colours(page, "#pareto canvas") != before
    assert page.locator("#legend li").count() == 5
    page.select_option("#choose-x", "area_mm2")
    page.select_option("#choose-y", "decode.tokens_per_s")
    settle(page)
    assert page.is_checked("#choose-logX")
    page.uncheck("#choose-infeasible")
    settle(page)
    assert passing(page) == 370 - study["infeasible"]
    assert "x=area_mm2" in page.url
    page.reload()
    assert page.input_value("#choose-x") == "area_mm2"
    page.click("#front thead button:text('energy')")
    settle(page)
    energies = {each["number"]: each["objectives"]["energy_j"] for each in study["front"]}
    shown = [energies[number] for number in front_rows(page)]
    assert shown == sorted(shown)
    page.click("#front thead button:text('energy')")
    settle(page)
    assert front_rows(page)[0] == max(energies, key=energies.__getitem__)


def test_the_run_of_the_best_design_can_be_chosen(open_page: Open, study_with_runs: Study) -> None:
    page = open_page(study_with_runs)
    assert page.text_content("#best-command pre").startswith("accelsim simulate attention")
    assert page.is_visible("#einsums")  # Of a single layer they are all that tells anything.
    einsums = study_with_runs["best"]["runs"]["prefill"]["result"]["einsums"]
    assert page.locator("#einsums tbody tr").count() == len(einsums)
    page.select_option("#best-run", "1")
    settle(page)
    hostile = list(study_with_runs["best"]["runs"])[1]
    assert page.text_content("#best-command pre") == hostile
    assert "was not played out" in page.text_content("#timeline")


def test_commands_are_copied(open_page: Open, study: Study) -> None:
    page = open_page(study)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#front tbody tr:first-child td:last-child button")
    page.wait_for_selector("#front button:text('Copied')")
    first = min(study["front"], key=lambda each: each["objectives"]["latency_s"])
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(first["commands"])


@pytest.mark.parametrize("width", [1400, 700, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out(
    open_page: Open, study_with_runs: Study, width: int, scheme: str
) -> None:
    page = open_page(study_with_runs, width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(244, 245, 247)" if scheme == "light" else "rgb(18, 22, 26)")
    ink = {"light": (28, 33, 39), "dark": (231, 234, 238)}[scheme]
    assert ink in colours(page, "#pareto canvas")


def test_the_scheme_may_change_and_the_window_too(open_page: Open, study_with_runs: Study) -> None:
    page = open_page(study_with_runs)
    page.emulate_media(color_scheme="dark")
    settle(page)
    assert (231, 234, 238) in colours(page, "#pareto canvas")
    page.set_viewport_size({"width": 700, "height": 900})
    settle(page)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.evaluate("document.querySelector('#pareto canvas').clientWidth") < 700


def test_odd_studies(open_page: Open, make_study: Callable[..., Study]) -> None:
    """One objective; nothing on the front; no point at all; one point."""
    one = make_study()
    one["objectives"] = one["objectives"][:1]
    page = open_page(one)
    assert page.input_value("#choose-y") == "latency_s"
    bare = {"front": [], "best": None, "importance": {}, "failures": {}, "sources": {}}
    page = open_page(make_study(**bare))
    assert page.is_hidden("#best-panel")
    assert page.is_hidden("#importance-panel")
    assert front_rows(page) == []
    page = open_page(make_study(**bare, points=[], points_shown=0))
    assert passing(page) == 0
    page = open_page(make_study(**bare, points=make_study()["points"][:1], points_shown=1))
    assert passing(page) == 1


def test_an_address_that_means_nothing(open_page: Open, study: Study) -> None:
    page = open_page(study, "#x=nothing&logX=2&point=99999&keep=p:rows+a+b&keep=q+0.1+0.2&run=9")
    assert passing(page) == 370


def test_twenty_thousand_points(open_page: Open, make_study: Callable[..., Study]) -> None:
    study = make_study()
    able = [point for point in study["points"] if point["status"] == "ok"]
    points = [able[i % len(able)] | {"number": 10_000 + i} for i in range(19_000)]
    study["points"] = [*study["points"], *points]
    study["points_shown"] = len(study["points"])
    study["evaluated"] = 1_000_000
    page = open_page(study)
    assert "3,000 of the lines are drawn" in page.text_content("#passing")
    brush(page, "p:rows", 0.05, 0.35)
    assert 0 < passing(page) < 19_370
    taken = page.evaluate("performance.getEntriesByName('study:interactive')[0].duration")
    assert taken < 10_000
