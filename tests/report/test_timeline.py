"""Pictures of a timing: the window, that the same gives the same, and that texts do not collide."""

import re
import struct
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest

from accelsim.errors import InputError
from accelsim.report import timeline as module
from accelsim.report.timeline import draw_stalls, draw_timeline, window_of
from accelsim.simulator.timing import STATES, BlockTiming, LayerTiming, Skip, Span

pytest.importorskip("matplotlib")
F = Fraction


def fusemax(epochs: int, *, skip: bool = True) -> BlockTiming:
    """Epochs of 500 cycles: two products on one array, six short Einsums on the other."""
    spans = []
    for epoch in range(epochs):
        at = F(500 * epoch)
        spans += [
            Span("DRAM", at, at + 300, "K", "busy"),
            Span("DRAM", at + 300, at + 500, "K", "space"),
        ]
        spans += [
            Span("array_2d", at, at + 250, "BQK", "busy"),
            Span("array_2d", at + 250, at + 500, "SLNV", "busy"),
            Span("array_1d", at, at + 20, "BQK", "input"),
        ]
        spans += [
            Span("array_1d", at + 20 + 80 * i, at + 100 + 80 * i, f"E{i}", "busy") for i in range(6)
        ]
    spans.sort(key=lambda span: span.start)
    played = F(500 * epochs)
    skips = (Skip(played, 100 * played, 99 * epochs, "M1"),) if skip else ()
    cycles = skips[0].end if skip else played
    stalls = {name: {"busy": cycles} for name in ("array_2d", "array_1d", "DRAM")}
    return BlockTiming("attention", cycles, stalls, (), tuple(spans), skips, {}, 1)


def layer(*blocks: BlockTiming, name: str = "attention") -> LayerTiming:
    return LayerTiming(name, 12, blocks)


def drawn(of: LayerTiming, folder: Path, until: Fraction | None = None) -> tuple[bytes, str]:
    png, svg = folder / "a.png", folder / "a.svg"
    draw_timeline(of, png, svg, until_cycles=until)
    return png.read_bytes(), svg.read_text()


def comments(svg: str) -> list[str]:
    """Texts of the picture, which matplotlib writes beside their outlines."""
    return re.findall(r"<!-- (.*?) -->", svg)


def test_the_window_is_sixty_pieces_of_work_of_the_component_with_most() -> None:
    """array_1d does six an epoch: ten epochs."""
    assert window_of(layer(fusemax(40))) == 5000
    assert window_of(layer(fusemax(10))) == 5000
    assert window_of(layer(fusemax(3))) == 1500
    assert window_of(layer(fusemax(3), fusemax(40))) == 1500
    assert window_of(layer(fusemax(3, skip=False), fusemax(40))) == 5000


def test_the_window_ends_where_time_is_skipped() -> None:
    block = fusemax(4)
    early = BlockTiming(
        **{**vars(block), "skips": (Skip(F(730), F(900), 2, "M1"),)},
    )
    assert window_of(layer(early)) == 730


def test_without_work_the_window_is_the_layer() -> None:
    waits = (Span("array", F(0), F(9), "Q", "input"),)
    block = BlockTiming("b", F(10), {"array": {"input": F(9)}}, (), waits, (), {}, 1)
    assert window_of(layer(block)) == 10


def test_the_same_timing_gives_the_same_bytes(tmp_path: Path) -> None:
    first = drawn(layer(fusemax(12)), tmp_path)
    assert first == drawn(layer(fusemax(12)), tmp_path)
    png, svg = first
    assert struct.unpack(">II", png[16:24])[0] == 1204
    assert "<dc:date>" not in svg
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.svg"]


def test_rows_labels_legend_and_title_are_there(tmp_path: Path) -> None:
    _, svg = drawn(layer(fusemax(40)), tmp_path)
    texts = comments(svg)
    assert {"array_2d", "array_1d", "DRAM", "cycles", "BQK", "SLNV", "K"} <= set(texts)
    assert "attention: first 5,000 of 2,000,000 cycles, repeated 12 times" in texts
    assert {"busy", "waiting for input", "waiting for output space"} <= set(texts)
    assert "at a barrier" not in texts
    for colour in ("busy", "input", "space"):
        assert module._COLOURS[colour] in svg
    assert module._COLOURS["resource"] not in svg


def test_a_window_of_the_user_is_kept(tmp_path: Path) -> None:
    _, svg = drawn(layer(fusemax(40)), tmp_path, F(1000))
    assert "attention: first 1,000 of 2,000,000 cycles, repeated 12 times" in comments(svg)
    assert comments(svg).count("BQK") == 2
    # Past the end the whole is shown, with the time that was not played out.
    _, svg = drawn(layer(fusemax(4)), tmp_path, F(10**9))
    assert "attention: all 200,000 cycles, repeated 12 times" in comments(svg)
    assert "M1 x 396, not played out" in comments(svg)


@pytest.mark.parametrize("until", [F(0), F(-5)])
def test_an_empty_window_is_refused(tmp_path: Path, until: Fraction) -> None:
    with pytest.raises(InputError, match=r"until_cycles is (0|-5), must be above 0"):
        drawn(layer(fusemax(4)), tmp_path, until)


def test_too_long_a_window_is_refused_with_the_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch has 11 spans; the longest window that is named can be drawn, one past it not."""
    monkeypatch.setattr(module, "MOST_DRAWN", 22)
    with pytest.raises(InputError, match="until_cycles is 5,000, must be at most 1,000"):
        drawn(layer(fusemax(40)), tmp_path, F(5000))
    drawn(layer(fusemax(40)), tmp_path, F(1000))
    with pytest.raises(InputError):
        drawn(layer(fusemax(40)), tmp_path, F(1001))


@pytest.mark.parametrize("name", ["attention", "x" * 300, "$\\frac$"], ids=["short", "long", "odd"])
def test_no_text_covers_another(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels of bars, of blocks, of the axes and of the legend, in the layout that is saved."""
    from matplotlib.text import Text

    figures = []
    monkeypatch.setattr(module, "_save", lambda figure, *_: figures.append(figure))
    of = layer(fusemax(3, skip=False), fusemax(5), name=name)
    for until in (None, F(3000), F(30_000)):
        draw_timeline(of, Path("a"), Path("b"), until_cycles=until)
    draw_stalls({"array": dict.fromkeys(STATES, F(2)), name: {"busy": F(12)}}, Path(), Path())
    assert len(figures) == 4
    for figure in figures:
        figure.draw_without_rendering()
        shown = [
            (text.get_text(), text.get_window_extent())
            for text in figure.findobj(Text)
            if text.get_visible() and text.get_text().strip()
        ]
        # Ticks past the window are made, and left out of the picture.
        inside = [(t, e) for t, e in shown if e.x0 < figure.bbox.x1 and e.y0 < figure.bbox.y1]
        assert len(inside) > 8
        for text, extent in inside:
            assert extent.x0 >= -1, text
            assert extent.x1 <= figure.bbox.x1 + 1, text
        for (one, first), (other, second) in combinations(inside, 2):
            assert not (first.overlaps(second) and one != other), (one, other)


def test_stalls_are_drawn_as_shares(tmp_path: Path) -> None:
    table = {
        "array_2d": {"busy": F(900), "input": F(70), "idle": F(30)},
        "DRAM": {"busy": F(1000, 3), "space": F(2000, 3)},
    }
    pictures = []
    for _ in range(2):
        draw_stalls(table, tmp_path / "a.png", tmp_path / "a.svg")
        pictures.append([(tmp_path / name).read_bytes() for name in ("a.png", "a.svg")])
    assert pictures[0] == pictures[1]
    texts = comments(pictures[0][1].decode())
    assert {"array_2d", "DRAM", "90.0%", "7.0%", "33.3%", "66.7%"} <= set(texts)
    assert "3.0%" not in texts  # Its bar is narrower than the text.
    assert {"share of 1,000 cycles", "waiting for output space", "idle"} <= set(texts)
    assert "at a barrier" not in texts


def test_no_stalls_are_drawn_as_nothing(tmp_path: Path) -> None:
    draw_stalls({}, tmp_path / "a.png", tmp_path / "a.svg")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
