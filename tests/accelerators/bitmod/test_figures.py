"""How headlines are made of runs; and what they come to, computed in full."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accelsim.accelerators.bitmod.evaluation import ROUNDS, Run, published
from accelsim.accelerators.bitmod.figures import Comparison, figures
from accelsim.accelerators.registry import ACCELERATORS
from accelsim.cli.main import main


@dataclass(frozen=True)
class Told:
    """What a run is made to say: its bits as cycles, a tenth of them in decode; twice as energy."""

    cycles: float
    energy_pj: float


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Runs that were asked for; none is simulated."""
    asked: list[Run] = []

    def result(run: Run) -> Told:
        asked.append(run)
        cycles = float(run.weight_bits) * (0.1 if run.stage == "decode" else 1)
        return Told(cycles, 2 * cycles)

    monkeypatch.setattr(Run, "result", result)
    return asked


def test_a_ratio_is_a_mean_over_models_and_a_generation_has_twenty_tokens(told: list[Run]) -> None:
    """By hand, ANT over BitMoD in November 2024: 5.5 bits for every prompt, over 4.0625."""
    over_ant = [
        each for each in published().headlines if each.over == "BitMoD" and each.of == "ANT"
    ]
    prompt, generation, _ = over_ant
    paper = Comparison("november-2024", ROUNDS)
    assert paper.mean_ratio(prompt) == pytest.approx(5.5 / 4.0625)
    # 20 tokens at a tenth: 5, 5, 5.25, 5, 5 and 4.5 bits twice, over BitMoD's 3.0625.
    ours = 4.0625 + 2 * 3.0625
    ratios = [(5.5 + 2 * bits) / ours for bits in (5, 5, 5.25, 5, 5, 4.5)]
    assert paper.mean_ratio(generation) == pytest.approx(sum(ratios) / 6)
    assert {run.mapper for run in told} == {ROUNDS}
    assert {(run.context, run.version) for run in told} == {(256, "november-2024")}


def test_energy_is_of_both_stages_and_lossless_is_six_bits(told: list[Run]) -> None:
    (lossless,) = (each for each in published().headlines if each.of == "FP16")
    found = Comparison("july-2025", None).mean_ratio(lossless)
    # 16 over 6.0625 in both stages, whatever a run weighs.
    assert found == pytest.approx(16 / 6.0625)
    assert {run.weight_bits for run in told if run.accelerator == "BitMoD"} == {"6.0625"}


def test_a_run_is_simulated_once(told: list[Run]) -> None:
    paper = Comparison("november-2024", ROUNDS)
    for headline in published().headlines:
        paper.mean_ratio(headline)
    assert len(told) == len(set(told)) == 5 * 6 * 2


def test_only_the_papers_own_version_is_held_to_its_headlines(told: list[Run]) -> None:
    found = {figure.figure: figure for figure in figures()}
    asserted = {name for name, each in found.items() if each.tolerance is not None}
    speedups = {each.figure for each in published().headlines if each.quantity == "cycles"}
    assert speedups < asserted
    assert {name for name in found if "artifact of July" in name or "tiles that" in name} == {
        f"{name}, {how}"
        for name in speedups
        for how in ("artifact of July 2025", "tiles that fit the buffers")
    }
    assert not asserted & {name for name in found if name.startswith("energy")}
    assert len(found) == 7 + 8 + 2 * len(published().rows)


@pytest.mark.slow
def test_validate_bitmod(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every figure that is asserted holds, and the ratios are those that the page shows."""
    code = main(["validate", "bitmod", "--report", str(tmp_path), "--json", "-"])
    out, err = capsys.readouterr()
    assert code == 0, err
    found: dict[str, Mapping[str, Any]] = {each["figure"]: each for each in json.loads(out)}
    assert "84 of 84 figures within tolerance" in err
    ours = {
        name: round(each["ours"], 3)
        for name, each in found.items()
        if "gain" in name or "speedup" in name
    }
    assert ours == OURS
    page = (tmp_path / "validation.md").read_text()
    assert ACCELERATORS["bitmod"].title in page
    assert "The versions differ in attention alone" in page


OURS = {
    "prompt, speedup over ANT": 1.723,
    "generation, speedup over ANT": 1.660,
    "prompt, speedup over OliVe": 1.560,
    "generation, speedup over OliVe": 1.388,
    "energy, gain over ANT": 1.487,
    "energy, gain over OliVe": 1.324,
    "energy, gain without loss over FP16": 2.319,
    "prompt, speedup over ANT, artifact of July 2025": 1.786,
    "prompt, speedup over ANT, tiles that fit the buffers": 1.974,
    "generation, speedup over ANT, artifact of July 2025": 1.668,
    "generation, speedup over ANT, tiles that fit the buffers": 1.728,
    "prompt, speedup over OliVe, artifact of July 2025": 1.598,
    "prompt, speedup over OliVe, tiles that fit the buffers": 1.764,
    "generation, speedup over OliVe, artifact of July 2025": 1.439,
    "generation, speedup over OliVe, tiles that fit the buffers": 1.491,
}
