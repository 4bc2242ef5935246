"""The page as a file: complete in itself, and safe whatever names hold."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from accelsim.explore.report.axes import colour_parameter, figures_of, is_log
from accelsim.explore.report.pack import pack
from accelsim.explore.report.page import study_page

Study = dict[str, Any]


def embedded(page: str) -> Any:
    """The data as a browser finds them: up to the first end of a script."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_everything_is_inside(study_with_runs: Study) -> None:
    page = study_page(study_with_runs)
    tags = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*>", page)
    assert not [tag for tag in tags if re.search(r"src\s*=|https?:|//", tag)]
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)


def test_names_end_no_script(study_with_runs: Study) -> None:
    page = study_page(study_with_runs)
    assert page.lower().count("</script") == 2
    assert page.count("<img") == 0
    data = embedded(page)
    assert data["parameters"] == study_with_runs["parameters"]
    assert "\u2028" not in page.split('id="data"')[1].split("</script")[0]


def test_points_are_packed_without_loss(study: Study) -> None:
    data = json.loads(json.dumps(pack(study), allow_nan=False))
    figures = {each["name"]: each for each in data["figures"]}
    for i, point in enumerate(study["points"]):
        assert data["numbers"][i] == point["number"]
        assert ("ok", "infeasible", "failed")[data["status"][i]] == point["status"]
        for parameter, places in zip(study["parameters"], data["chosen"], strict=True):
            value = point["parameters"].get(parameter["name"])
            assert value == (parameter["values"][places[i]] if places[i] >= 0 else None)
        for name, figure in figures.items():
            exact = {**point["metrics"], **point["objectives"]}.get(name)
            kept = figure["values"][i]
            assert kept == (None if exact is None else pytest.approx(exact, rel=1e-5))


def test_figures_are_named_in_words(make_study: Callable[..., Study]) -> None:
    study = make_study()
    odd = ("utilization.array", "prefill.traffic_bytes.DRAM", "tokens", "a.b")
    study["points"][0]["metrics"] |= dict.fromkeys(odd, 1.0)
    words = {each.name: (each.label, each.unit) for each in figures_of(study)}
    assert words["energy_j"] == ("energy", "J")
    assert words["area_mm2"] == ("area", "mm2")
    assert words["decode.tokens_per_s"] == ("decode: throughput", "tokens/s")
    assert words["utilization.array"] == ("utilisation of array", "")
    assert words["prefill.traffic_bytes.DRAM"] == ("prefill: traffic of DRAM", "bytes")
    assert (words["tokens"], words["a.b"]) == (("tokens", ""), ("a.b", ""))


def test_a_layer_has_the_operations_of_its_einsums(study_with_runs: Study) -> None:
    run = study_with_runs["best"]["runs"]["prefill"]["result"]
    (packed,) = pack(study_with_runs)["best"]["runs"][0]["result"]["layers"]
    assert packed["operations"] == sum(einsum["operations"] for einsum in run["einsums"])
    assert packed["limiting"] in run["layers"][0]["blocks"][0]["busy_cycles"]


def test_layers_of_a_network_that_begin_alike(study_with_runs: Study) -> None:
    run = study_with_runs["best"]["runs"]["prefill"]
    layer, einsum = run["result"]["layers"][0], run["result"]["einsums"][0]
    result = run["result"] | {
        "layers": [layer | {"name": name} for name in ("ffn", "ffn-2")],
        "einsums": [
            einsum | {"name": f"{name}.Z", "operations": count}
            for name, count in (("ffn", 5), ("ffn-2", 7))
        ],
    }
    best = study_with_runs["best"] | {"runs": {"all": run | {"result": result}}}
    packed = pack(study_with_runs | {"best": best})["best"]["runs"][0]["result"]
    assert [each["operations"] for each in packed["layers"]] == [5, 7]


def test_figures_that_json_cannot_hold_are_unknown(make_study: Callable[..., Study]) -> None:
    study = make_study()
    study["points"][0]["metrics"]["power_w"] = float("inf")
    power = next(each for each in pack(study)["figures"] if each["name"] == "power_w")
    assert power["values"][0] is None


def test_the_colour_is_by_the_first_name_then_by_what_matters(
    make_study: Callable[..., Study],
) -> None:
    study = make_study()
    assert colour_parameter(study) == "machine"
    study["parameters"][0]["values"] = ["dense"]
    assert colour_parameter(study) == "rows"
    study["parameters"][2]["values"] = list(range(11))
    assert colour_parameter(study) == "columns"
    assert colour_parameter(study | {"importance": {}}) == "bits"
    assert colour_parameter(study | {"parameters": study["parameters"][:1]}) is None
    assert [each.goal for each in figures_of(study)][:4] == [*["minimize"] * 2, "maximize", None]


def test_logarithms_are_for_what_spreads_widely() -> None:
    assert is_log([1, 31])
    assert not is_log([1, 30])
    assert not is_log([0, 31])
    assert not is_log([])
