"""Sets what the BitMoD evaluation reports, and what its artifact prints, beside our figures."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from statistics import fmean

from accelsim.accelerators.bitmod.evaluation import ROUNDS, Headline, Row, Run, published
from accelsim.accelerators.bitmod.workloads import VERSIONS, Version
from accelsim.accelerators.figures import Figure
from accelsim.model.result import Result

__all__ = ["NEW_TOKENS", "Comparison", "figures"]

NEW_TOKENS = 20
"""That a generation adds to its prompt of 256."""
_PAPER: Version = "november-2024"
_LOSSLESS = {"BitMoD lossless": ("BitMoD", "6.0625")}
"""Names in headlines that stand for an accelerator with other bits than its usual ones."""


class Comparison:
    """The four accelerators on the six models, each simulated once.

    Args:
        version: of the artifact, whose shapes and bits are taken.
        mapper: how products are mapped; the accelerators' own where None.
    """

    def __init__(self, version: Version, mapper: str | None) -> None:
        self.version, self.mapper = version, mapper
        self._results: dict[tuple[str, str, str], Result] = {}

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Shipped names."""
        return tuple(published().models.values())

    def result(self, contender: str, model: str, stage: str) -> Result:
        """One simulation."""
        key = contender, model, stage
        if key not in self._results:
            name, bits = _LOSSLESS.get(contender, (contender, ""))
            bits = bits or published().weight_bits[self.version][name][stage][model]
            run = Run(name, model, bits, stage, version=self.version, mapper=self.mapper)
            self._results[key] = run.result()
        return self._results[key]

    def total(self, contender: str, model: str, stage: str, quantity: str) -> float:
        """Cycles, or energy in pJ, of a prompt, or of a prompt and the tokens after it."""
        once = self._of(self.result(contender, model, "prefill"), quantity)
        if stage == "prefill":
            return once
        return once + NEW_TOKENS * self._of(self.result(contender, model, "decode"), quantity)

    @staticmethod
    def _of(result: Result, quantity: str) -> float:
        if quantity == "cycles":
            return result.cycles
        assert result.energy_pj is not None
        return result.energy_pj

    def mean_ratio(self, headline: Headline) -> float:
        """Mean over the models of a headline's ratio."""
        stages = ("prefill", "decode") if headline.stage == "both" else (headline.stage,)
        return fmean(
            self.total(headline.of, model, stage, headline.quantity)
            / self.total(headline.over, model, stage, headline.quantity)
            for model in self.models
            for stage in stages
        )


def figures() -> list[Figure]:
    """Every published figure, computed now: headlines first, then the artifact's rows."""
    facts = published()
    paper = Comparison(_PAPER, ROUNDS)
    found = [_headline(each, paper) for each in facts.headlines]
    newer, ours = Comparison("july-2025", ROUNDS), Comparison("july-2025", None)
    for each in facts.headlines:
        if each.quantity == "cycles":
            found.append(_variant(each, newer, "artifact of July 2025"))
            found.append(_variant(each, ours, "tiles that fit the buffers"))
    for version in VERSIONS:
        found += [figure for row in facts.rows if row.version == version for figure in _row(row)]
    return found


def _headline(each: Headline, comparison: Comparison) -> Figure:
    return Figure(
        figure=each.figure,
        source=each.source,
        published=each.published,
        ours=comparison.mean_ratio(each),
        tolerance=each.tolerance,
        note=published().notes.get(each.note, ""),
    )


def _variant(each: Headline, comparison: Comparison, how: str) -> Figure:
    """The same ratio where less than the paper's own assumptions is taken: nothing to assert."""
    plain = replace(_headline(each, comparison), figure=f"{each.figure}, {how}", tolerance=None)
    return replace(plain, note=published().notes["versions"])


def _row(row: Row) -> list[Figure]:
    run = Run(
        row.accelerator, row.model, row.weight_bits, row.stage, version=row.version, mapper=ROUNDS
    )
    result = run.result()
    assert result.energy_pj is not None
    name = f"{row.accelerator} {row.weight_bits} bits, {row.model}, {row.stage}, {row.version}"
    source = "BitMoD artifact (abdelfattah-lab/BitMoD-HPCA-25), run on public shapes of the models"
    return [
        Figure(f"{name}, cycles", source, row.cycles, result.cycles, 0.0),
        Figure(f"{name}, uJ", source, row.energy_uj, result.energy_pj / 1e6, 0.01),
    ]
