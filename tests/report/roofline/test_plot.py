"""The printed rooflines: what they hold, and that they do not change from run to run."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.report.roofline.labels import Point, place_labels
from accelsim.report.roofline.plot import _chosen, _figure, roofline_figures

Run = dict[str, Any]


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_same_runs_give_the_same_bytes(make_run: Callable[..., Run]) -> None:
    runs = [make_run(model="$x_1$ & <b>", rename={"q_proj": "$\\frac{</script>"})]
    first, second = roofline_figures(runs), roofline_figures(runs)
    assert first == second
    assert set(first) == {"roofline.png", "roofline.svg"}
    assert first["roofline.png"].startswith(b"\x89PNG")
    assert ElementTree.fromstring(first["roofline.svg"]).tag.endswith("svg")


def test_roofs_ridges_and_points(make_run: Callable[..., Run]) -> None:
    run = make_run()
    figure = _figure([run], 1)
    axes = figure.axes[0]
    written = texts(figure)
    for format_text, ridge in (("int4", "803"), ("fp16, bf16", "201"), ("tf32", "100")):
        assert f"{format_text}: ridge {ridge}" in written
    assert "vector: ridge 25.1" in written
    assert "no operations: embedding" in written
    offsets = [tuple(points.get_offsets()[0]) for points in axes.collections]
    expected = {
        (layer["operations"] / layer["bytes"], layer["operations"] / layer["seconds"])
        for layer in run["layers"]
        if layer["operations"]
    }
    assert set(offsets) == expected
    left, right, low, high = *axes.get_xlim(), *axes.get_ylim()
    assert all(left < x < right and low < y < high for x, y in offsets)
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[-1] for line in dashed] == [39e12]


def test_labels_do_not_overlap(make_run: Callable[..., Run]) -> None:
    figure = _figure([make_run(stage="generate", context=1024, tokens=4, batch=8)], 1)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) >= 10
    for i, box in enumerate(boxes):
        assert not [other for other in boxes[:i] if box.overlaps(other)]


def test_points_together_share_a_label() -> None:
    from matplotlib.figure import Figure

    axes = Figure(figsize=(6, 4)).add_subplot()
    axes.set(xscale="log", yscale="log", xlim=(1, 1e4), ylim=(1, 1e4))
    near = [Point(100, 100 * 1.001**i, f"n{i}", 20) for i in range(4)]
    place_labels(axes, [*near, Point(1e3, 10, "far", 20)])
    assert [text.get_text() for text in axes.texts] == ["n0, n1 +2", "far"]


def test_of_many_runs_each_device_and_stage_comes_first(make_run: Callable[..., Run]) -> None:
    runs = [
        make_run(device=device, stage=stage, batch=batch)
        for device in ("a100-40g", "h100")
        for stage in ("decode", "prefill")
        for batch in (1, 2, 4)
    ]
    drawn = _chosen(runs)
    assert len(drawn) == 6
    assert len({(run["device"], run["stage"]) for run in drawn}) == 4
    legend = _figure(drawn[:1], len(runs)).legends[0]
    assert "1 of 12 runs are drawn, 11 are left out" in legend.get_title().get_text()


def test_roofs_that_are_not_known_are_not_drawn(make_run: Callable[..., Run]) -> None:
    figure = _figure([make_run(device="bare")], 1)
    slope = figure.axes[0].lines
    assert len(slope) == 1
    assert slope[0].get_xdata()[-1] == figure.axes[0].get_xlim()[1]
    assert not [text for text in texts(figure) if "ridge" in text]


def test_a_format_on_the_vector_units_shares_their_roof(make_run: Callable[..., Run]) -> None:
    written = texts(_figure([make_run(device="h100")], 1))
    assert "vector, fp32: ridge 39.9" in written


def test_no_run_is_refused() -> None:
    with pytest.raises(InputError, match="runs is empty"):
        roofline_figures([])
