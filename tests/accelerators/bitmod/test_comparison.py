"""The designs around BitMoD: areas, rows, the front, and what is written of them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from math import inf

import pytest

from accelsim.accelerators.bitmod.comparison import (
    LANES,
    SKELETONS,
    Design,
    Outcome,
    designs,
    outcomes,
    quantization_snr_db,
)
from accelsim.accelerators.bitmod.report import csv_text, markdown_text, pareto_figure

FOUR = Design("BitMoD", "output-stationary", "bitmod-fp4", "4.078125", 4, "bitmod-fp4", 4)
BUDGET_UM2 = 32 * 24 * 1968.7


def test_four_lanes_are_the_published_pe() -> None:
    assert FOUR.pe_um2 == pytest.approx(1507.7)
    assert FOUR.pe_pj == pytest.approx(1.5 * 0.56)


def test_lanes_add_their_own_parts_alone() -> None:
    areas = [replace(FOUR, lanes=lanes).pe_um2 for lanes in LANES]
    each = [
        (b - a) / (n - m) for a, b, m, n in zip(areas, areas[1:], LANES, LANES[1:], strict=False)
    ]
    # 1055.2 of 1793.7 um2 are four lanes' own, scaled to the PE as it was published.
    assert each == pytest.approx([1055.2 / 4 * 1507.7 / 1793.7] * 3)


@pytest.mark.parametrize("stage", ["prefill", "decode"])
def test_no_design_takes_more_than_the_area_or_wastes_a_row_of_it(stage: str) -> None:
    columns = {"prefill": 32, "decode": 16}[stage]
    for design in designs():
        row_um2 = design.pe_um2 * columns
        assert BUDGET_UM2 - row_um2 < design.rows(stage) * row_um2 <= BUDGET_UM2
        array = design.architecture(stage).arrays["array"]
        assert (array.rows, array.columns, array.lanes) == (
            design.rows(stage),
            columns,
            design.lanes,
        )


def test_every_combination_is_there_once() -> None:
    names = [design.name for design in designs()]
    assert len(names) == len(set(names)) == len(SKELETONS) * (4 + len(LANES) * 4)


def made(name: str, token_mj: float, snr_db: float) -> Outcome:
    return Outcome(replace(FOUR, weights=name), 1.0, 1.0, 1.0, token_mj, snr_db)


def test_what_another_one_beats_is_not_on_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    from accelsim.accelerators.bitmod import comparison

    given = [
        made("a", 1, 10),
        made("b", 2, 10),
        made("c", 2, 20),
        made("d", 3, 15),
        made("e", 3, 20),
    ]
    found = {each.design.weights: each for each in given}
    monkeypatch.setattr(comparison, "_outcome", lambda design: found[design.weights])
    marked = outcomes(iter([each.design for each in given]))
    assert [each.design.weights for each in marked if each.pareto] == ["a", "c"]


def test_more_bits_have_less_error() -> None:
    found = [quantization_snr_db(name) for name in ("bitmod-fp3", "bitmod-fp4", "int6", "int8", "")]
    assert found == sorted(found)
    assert found[-1] == inf
    # 6 dB a bit, roughly, on whole numbers.
    assert found[3] - found[2] == pytest.approx(12.04, abs=0.5)


@pytest.mark.slow
def test_the_page_the_table_and_the_plot_have_every_design() -> None:
    # All 40 take over a minute; the page needs 2, 4, 8 and 16 lanes at 4 bits, and the dense ones.
    chosen = [
        d for d in designs() if d.kind != "BitMoD" or d.weights == "bitmod-fp4" or d.lanes == 4
    ]
    found = outcomes(iter([d for d in chosen if d.weights not in ("ant4", "int6")]))
    text, rows = markdown_text(found), list(csv.DictReader(io.StringIO(csv_text(found))))
    assert len(rows) == len(found)
    for each, row in zip(found, rows, strict=True):
        assert f"| {each.design.name} |" in text
        assert float(row["token_mj"]) == each.token_mj
    axes = pareto_figure(found).axes[0]
    assert len(axes.collections) == len(found)
    # DRAM sets the time of a token: weights of as many bits take as long in any skeleton.
    four = [e.token_ms for e in found if e.design.weights == "bitmod-fp4"]
    assert max(four) < 1.01 * min(four)
    # BitMoD is never behind FP16 in the same area.
    floats = {e.design.skeleton: e for e in found if e.design.kind == "FP16"}
    for each in found:
        if each.design.kind == "BitMoD" and each.design.weights != "int8":
            assert each.token_mj < floats[each.design.skeleton].token_mj
            assert each.prompt_ms < floats[each.design.skeleton].prompt_ms
