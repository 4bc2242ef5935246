"""Simulates what the FuseMax evaluation reports, and sets it beside the published figures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from statistics import fmean

from pydantic import BaseModel, ConfigDict

from accelsim.accelerators.figures import Figure
from accelsim.documents import check_model, read_document
from accelsim.model.result import LayerResult, Result
from accelsim.pipeline import simulate

__all__ = ["figures"]

ATTENTION = "attention"
"""Name of the attention layer in the encoder workloads."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Machine(_Strict):
    on: str
    mapper: str


class _Headline(_Strict):
    figure: str
    quantity: str
    scope: str
    models: list[str] | None = None
    ratio: dict[str, str]
    published: float
    tolerance: float | None
    source: str
    note: str = ""


class _Table(_Strict):
    machine: str
    tolerance: float | None
    source: str
    columns: list[str]
    rows: dict[str, list[float]]


class _Published(_Strict):
    models: dict[str, str]
    lengths: dict[str, int]
    machines: dict[str, _Machine]
    headlines: list[_Headline]
    attention: list[_Table]
    linear: list[_Table]
    notes: dict[str, str]


class _Runs:
    """Simulations of encoder layers, each run once."""

    def __init__(self, published: _Published) -> None:
        self.published = published
        self.results: dict[tuple[str, str, str], Result] = {}

    def result(self, machine: str, model: str, length: str) -> Result:
        key = machine, model, length
        if key not in self.results:
            how = self.published.machines[machine]
            self.results[key] = simulate(
                self.published.models[model],
                on=how.on,
                mapper=how.mapper,
                set={"P": self.published.lengths[length]},
            )
        return self.results[key]

    def attention(self, machine: str, model: str, length: str) -> LayerResult:
        layers = self.result(machine, model, length).layers
        return next(layer for layer in layers if layer.name == ATTENTION)

    def scoped(self, machine: str, model: str, length: str, scope: str, quantity: str) -> float:
        """Seconds or energy of the attention layer or of the whole encoder layer."""
        result = self.result(machine, model, length)
        if quantity == "seconds":
            if scope == ATTENTION:
                return self.attention(machine, model, length).cycles / result.clock_hz
            return result.seconds
        energy = (
            self.attention(machine, model, length).energy_pj
            if scope == ATTENTION
            else result.energy_pj
        )
        assert energy is not None
        return energy

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        return [(m, n) for m in self.published.models for n in self.published.lengths]


def figures() -> list[Figure]:
    """Every published figure, computed now: headlines first, then row by row."""
    path = Path(str(resources.files(__package__).joinpath("published.yaml")))
    published = check_model(_Published, read_document(path), what="published figures")
    runs = _Runs(published)
    found = [_headline(runs, each) for each in published.headlines]
    for table in published.attention:
        found += _rows(runs, table, ATTENTION)
    for table in published.linear:
        found += _rows(runs, table, "linear layers")
    return found


def _headline(runs: _Runs, headline: _Headline) -> Figure:
    pairs = [p for p in runs.pairs if headline.models is None or p[0] in headline.models]
    ratios = [
        runs.scoped(headline.ratio["of"], *pair, headline.scope, headline.quantity)
        / runs.scoped(headline.ratio["over"], *pair, headline.scope, headline.quantity)
        for pair in pairs
    ]
    return Figure(
        figure=headline.figure,
        source=headline.source,
        published=headline.published,
        ours=fmean(ratios),
        tolerance=headline.tolerance,
        note=runs.published.notes.get(headline.note, ""),
    )


def _rows(runs: _Runs, table: _Table, scope: str) -> list[Figure]:
    found = []
    for row, values in table.rows.items():
        model, length = row.split()
        ours = _measured(runs, table.machine, model, length, scope)
        for column, value in zip(table.columns, values, strict=True):
            found.append(
                Figure(
                    figure=f"{scope}, {table.machine}, {row}, {_LABELS[column]}",
                    source=table.source,
                    published=value,
                    ours=ours[column],
                    tolerance=table.tolerance,
                )
            )
    return found


_LABELS = {
    "seconds": "seconds",
    "DRAM": "DRAM bytes",
    "array_2d": "utilisation of the 2D array",
    "array_1d": "utilisation of the 1D array",
}


def _measured(
    runs: _Runs, machine: str, model: str, length: str, scope: str
) -> Mapping[str, float]:
    result = runs.result(machine, model, length)
    if scope != ATTENTION:
        layers = [layer for layer in result.layers if layer.name != ATTENTION]
        return {
            "seconds": sum(layer.cycles for layer in layers) / result.clock_hz,
            "DRAM": sum(layer.dram_bytes for layer in layers),
        }
    layer = runs.attention(machine, model, length)
    return {
        "seconds": layer.cycles / result.clock_hz,
        "DRAM": layer.dram_bytes,
        **layer.utilization,
    }
