"""The page in a browser: what it shows is what Python computes, whatever is moved or chosen."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

Run = dict[str, Any]
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028{b}\"'&amp;"


def settle(page: Any) -> None:
    """Wait for the next drawing."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shown(page: Any, name: str) -> float:
    return float(page.get_attribute(f"#{name}", "data-value"))


def column(page: Any, name: str) -> dict[str, str]:
    """Stage and name of each row of the table -> what a column holds."""
    found = page.evaluate(
        """(name) => [...document.querySelectorAll("#layers tbody tr")].map((row) => {
            const cell = row.querySelector(`[data-column=${name}]`);
            return [row.dataset.layer, cell.dataset.value ?? cell.textContent];
        })""",
        name,
    )
    return dict(found)


def drawn(page: Any) -> dict[str, list[float]]:
    """Points of the chart by their layer: intensity, rate, opacity."""
    found: dict[str, list[float]] = page.evaluate(
        """() => {
            const options = echarts.getInstanceByDom(document.getElementById("chart")).getOption();
            const points = options.series.find((each) => each.id === "layers").data;
            const entry = (point) => [point.name, [...point.value, point.itemStyle.opacity]];
            return Object.fromEntries(points.map(entry));
        }"""
    )
    return found


def fill(page: Any, **scales: float) -> None:
    for name, value in scales.items():
        page.fill(f"#box-{name}", repr(value))
        page.press(f"#box-{name}", "Tab")
    settle(page)


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-9)


def stage_sum(run: Run, stage: str, seconds: Callable[..., float], **scale: float) -> float:
    return sum(
        layer["repeat"] * seconds(layer, run["roofs"], **scale)
        for layer in run["layers"]
        if layer["stage"] == stage
    )


def test_figures_are_those_of_python(
    open_page: Callable[..., Any],
    make_run: Callable[..., Run],
) -> None:
    run = make_run(stage="generate", context=512, tokens=16, batch=8)
    page = open_page([run])
    total = run["total"]
    for name in ("seconds", "tokens_per_s", "time_to_first_token_s", "time_per_output_token_s"):
        assert shown(page, f"total-{name}") == close(total[name])
    assert shown(page, "total-operations") == total["operations"]
    assert shown(page, "memory-total") == total["memory_bytes"]["total"]
    assert page.inner_text("#memory-text").endswith("GiB: fits")
    assert "512" in page.inner_text("#subtitle")
    times, bounds, points = column(page, "all"), column(page, "bound"), drawn(page)
    assert len(times) == len(run["layers"])
    for layer in run["layers"]:
        key = f"{layer['stage']}/{layer['name']}"
        assert float(times[key]) == close(layer["repeat"] * layer["seconds"])
        assert bounds[key] == layer["bound"]
        if layer["operations"]:
            rate = layer["operations"] / layer["seconds"]
            assert points[key][:2] == [close(layer["intensity"]), close(rate)]
        else:
            assert key not in points
            assert layer["name"] in page.inner_text("#undrawn")


@pytest.mark.slow
def test_sliders_give_what_python_gives_for_the_scaled_device(
    open_page: Callable[..., Any],
    make_run: Callable[..., Run],
    seconds_of_run: Callable[..., float],
    seconds_of_layer: Callable[..., float],
) -> None:
    run = make_run(stage="generate", context=512, tokens=16, batch=8)
    page = open_page([run])
    for scale in ({"bandwidth": 3.5}, {"bandwidth": 8.0, "peak": 0.3}):
        fill(page, **scale)
        expected = seconds_of_run(run, **scale)
        assert shown(page, "total-seconds") == close(expected)
        assert shown(page, "total-speedup") == close(run["total"]["seconds"] / expected)
        tokens = run["total"]["tokens_per_s"] * run["total"]["seconds"] / expected
        assert shown(page, "total-tokens_per_s") == close(tokens)
        first = stage_sum(run, "prefill", seconds_of_layer, **scale)
        assert shown(page, "total-time_to_first_token_s") == close(first)
        each = stage_sum(run, "decode", seconds_of_layer, **scale) / run["tokens"]
        assert shown(page, "total-time_per_output_token_s") == close(each)
        times = column(page, "all")
        for layer in run["layers"]:
            time = layer["repeat"] * seconds_of_layer(layer, run["roofs"], **scale)
            assert float(times[f"{layer['stage']}/{layer['name']}"]) == close(time)
    page.click("#reset")
    settle(page)
    assert shown(page, "total-seconds") == close(run["total"]["seconds"])
    page.focus("#slider-bandwidth")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    settle(page)
    assert shown(page, "total-seconds") == close(seconds_of_run(run, bandwidth=2.0))


def random_point(rng: random.Random) -> Run:
    """Needs of about one size, so that the bound changes on the way from one to another."""
    return {
        "matrix_operations": {
            "fp16": rng.uniform(0, 3e10),
            "int8": rng.choice([0, rng.uniform(0, 3e10)]),
        },
        "vector_operations": rng.uniform(0, 5e9),
        "bytes": rng.uniform(0, 2e8),
    }


def test_steps_whose_bound_changes_on_the_way(
    open_page: Callable[..., Any],
    make_run: Callable[..., Run],
    seconds_of_run: Callable[..., float],
    seconds_of_layer: Callable[..., float],
) -> None:
    rng = random.Random(11)
    run = make_run()
    for layer in run["layers"]:
        layer["segments"] = [
            {"steps": rng.choice([1, 2, 3, 40]), "first": random_point(rng)}
            for _ in range(rng.choice([1, 3]))
        ]
        for segment in layer["segments"]:
            alone = segment["steps"] == 1
            segment["last"] = segment["first"] if alone else random_point(rng)
        layer["seconds"] = seconds_of_layer(layer, run["roofs"])
    run["total"]["seconds"] = seconds_of_run(run)
    page = open_page([run])
    assert page.is_hidden("#notice")
    for scale in ({}, {"bandwidth": 1.7, "peak": 0.6}):
        fill(page, **scale)
        assert shown(page, "total-seconds") == close(seconds_of_run(run, **scale))
        times = column(page, "all")
        for layer in run["layers"]:
            time = layer["repeat"] * seconds_of_layer(layer, run["roofs"], **scale)
            assert float(times[f"decode/{layer['name']}"]) == close(time)


def test_filters(open_page: Callable[..., Any], make_run: Callable[..., Run]) -> None:
    page = open_page([make_run()])
    page.fill("#query", "PROJ")
    settle(page)
    wanted = {f"decode/{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")}
    assert set(column(page, "all")) == wanted == set(drawn(page))
    assert page.inner_text("#shown").startswith("7 of 17 layers")
    page.click("#all")
    settle(page)
    page.get_by_role("checkbox", name="linear").uncheck()
    settle(page)
    assert set(column(page, "kind").values()) == {
        "embedding", "norm", "elementwise", "attention", "softmax",
    }  # fmt: skip
    assert not wanted & set(drawn(page))
    page.get_by_role("button", name="scores").click()
    settle(page)
    bright = {key for key, (_, _, opacity) in drawn(page).items() if opacity > 0.5}
    assert bright == {"decode/scores"}
    # The one that was pressed is made anew, and keeps the focus.
    assert page.evaluate("document.activeElement.textContent") == "scores"
    page.get_by_role("button", name="Time", exact=True).click()
    settle(page)
    times = [float(value) for value in column(page, "all").values()]
    assert times == sorted(times, reverse=True)


@pytest.fixture
def sweep(make_run: Callable[..., Run]) -> dict[tuple[str, str], Run]:
    pairs = (("a100-40g", "decode"), ("a100-40g", "prefill"), ("tiny", "decode"))
    return {(device, stage): make_run(device=device, stage=stage) for device, stage in pairs}


def test_another_run(open_page: Callable[..., Any], sweep: Mapping[tuple[str, str], Run]) -> None:
    page = open_page(list(sweep.values()))
    assert page.locator("#selectors select").count() == 2
    page.select_option("#select-device", "tiny")
    settle(page)
    assert shown(page, "total-seconds") == close(sweep["tiny", "decode"]["total"]["seconds"])
    assert "does not fit" in page.inner_text("#memory-text")
    page.select_option("#select-stage", "prefill")
    settle(page)
    assert page.is_hidden("#results")
    notice = page.inner_text("#notice")
    assert notice.startswith("Not computed: device tiny, stage prefill.")
    page.get_by_role("button", name="a100-40g, prefill").click()
    settle(page)
    assert page.is_hidden("#notice")
    assert shown(page, "total-seconds") == close(sweep["a100-40g", "prefill"]["total"]["seconds"])


@pytest.mark.slow
def test_the_address_holds_the_state(
    open_page: Callable[..., Any],
    sweep: Mapping[tuple[str, str], Run],
    seconds_of_run: Callable[..., float],
) -> None:
    runs = list(sweep.values())
    page = open_page(runs)
    page.click("#pin")
    page.select_option("#select-device", "tiny")
    settle(page)
    fill(page, bandwidth=2.5)
    page.fill("#query", "o")
    page.get_by_role("checkbox", name="norm").uncheck()
    settle(page)
    before, after = sweep["a100-40g", "decode"], sweep["tiny", "decode"]
    speedup = before["total"]["seconds"] / seconds_of_run(after, bandwidth=2.5)
    assert shown(page, "total-speedup") == close(speedup)
    again = open_page(runs, "#" + page.url.split("#")[1])
    assert shown(again, "total-speedup") == close(speedup)
    assert again.input_value("#query") == "o"
    assert column(again, "speedup") == column(page, "speedup")
    assert drawn(again) == drawn(page)
    # An address that means nothing shows the first run.
    odd = open_page(runs, "#device=%3Cb%3E&x-bandwidth=1e999&x-peak=no&sort=__proto__&baseline=[")
    assert shown(odd, "total-seconds") == close(before["total"]["seconds"])


def test_names_are_never_markup(
    open_page: Callable[..., Any], make_run: Callable[..., Run]
) -> None:
    names = {name: f"{HOSTILE}{name}" for name in ("gate_proj", "embedding")}
    run = make_run(model=HOSTILE, device_title=HOSTILE, rename=names)
    for layer in run["layers"]:
        layer["kind"] = f"{HOSTILE}{layer['kind']}"
    page = open_page([run, make_run(model="__proto__")])
    assert page.locator("img").count() == 0
    assert page.inner_text("#layers tbody th button >> nth=0").endswith("gate_proj")
    page.hover("#layers tbody tr >> nth=0")
    settle(page)
    assert HOSTILE.split("\u2028")[0] in page.inner_text("#chart .tip")
    assert page.locator("img").count() == 0
    assert page.input_value("#select-model") == HOSTILE


def test_nothing_is_wider_than_a_telephone(
    open_page: Callable[..., Any], make_run: Callable[..., Run]
) -> None:
    page = open_page([make_run(rename={"q_proj": "q" * 300}), make_run(device="edge")])
    page.set_viewport_size({"width": 400, "height": 800})
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.select_option("#select-device", "edge")
    settle(page)
    assert "capacity unknown" in page.inner_text("#memory-text")
    assert page.is_visible("#field-peak")


def test_a_run_of_which_little_is_known(
    open_page: Callable[..., Any], make_run: Callable[..., Run]
) -> None:
    run = make_run(device="bare", notes=["a <b>peak</b> is unknown"], stage="run")
    for name in (
        "batch",
        "context",
        "attention",
        "weights",
        "activations",
        "kv_cache",
        "embeddings",
    ):
        run[name] = None
    for name in ("tokens_per_s", "memory_bytes", "time_per_output_token_s"):
        run["total"][name] = None
    page = open_page([run])
    assert shown(page, "total-seconds") == close(run["total"]["seconds"])
    assert page.locator("#total-tokens_per_s").count() == 0
    assert page.inner_text("#memory-text") == "not known"
    assert page.inner_text("#notes") == "a <b>peak</b> is unknown"
    assert page.is_hidden("#field-peak")
    assert page.inner_text("#subtitle").endswith("llama-2-7b · bare · run")


def test_what_the_engine_computes(open_page: Callable[..., Any]) -> None:
    from accelsim.roofline import roofline

    asked = {"batch": 4, "context": 1024, "tokens": 33, "weights": "int4"}
    run = roofline("llama-2-7b", on="b200", stage="generate", **asked).as_json()
    plain = roofline("attention/one-pass", on="a100-40g").as_json()
    page = open_page([run, plain])
    assert page.is_hidden("#notice")
    for name in ("seconds", "tokens_per_s", "time_to_first_token_s", "time_per_output_token_s"):
        assert shown(page, f"total-{name}") == close(run["total"][name])
    times = column(page, "all")
    for layer in run["layers"]:
        time = layer["repeat"] * layer["seconds"]
        assert float(times[f"{layer['stage']}/{layer['name']}"]) == close(time)
    page.select_option("#select-model", "attention/one-pass")
    settle(page)
    page.get_by_role("button", name="attention/one-pass").click()
    settle(page)
    assert shown(page, "total-seconds") == close(plain["total"]["seconds"])


@pytest.mark.slow
def test_a_sweep_is_ready_within_a_second(
    open_page: Callable[..., Any], make_run: Callable[..., Run]
) -> None:
    devices = ("a100-40g", "h100", "edge", "tiny")
    runs = [make_run(device=devices[k % 4], batch=1 + k // 4) for k in range(288)]
    measure = "performance.getEntriesByName('roofline:interactive')[0].duration"
    assert min(open_page(runs).evaluate(measure) for _ in range(3)) < 1000
