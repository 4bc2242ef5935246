"""What the array takes on FPGAs: measured configurations, and a formula through them.

Cells grow with the PEs, with the rows (words of activations), with the columns (words of weights,
sums), and with neither (the sequencer, the registers):

    cells = a * rows * columns + b * rows + c * columns + d

fitted by least squares to what synthesis counted; the error is that of the worst configuration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from accelsim.documents import check_model, read_document

if TYPE_CHECKING:
    from accelsim.accelerators.systolic.parameters import SystolicParameters

__all__ = ["KINDS", "Device", "Fit", "Measured", "Measurements", "fit", "measured"]

KINDS = ("luts", "ffs", "dsps", "block_rams")
"""Of cells that are fitted."""


class Measured(BaseModel):
    """One configuration, as the tools counted it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: str
    """``accelerator`` or ``array``."""
    target: str
    dataflow: str
    rows: int
    columns: int
    luts: int
    ffs: int
    dsps: int
    block_rams: int
    distributed_rams: int
    carry_cells: int
    fmax_mhz: tuple[float, ...] = ()
    """Of seeds 1, 2, ...; nothing where it was not placed."""

    @property
    def typical_fmax_mhz(self) -> float | None:
        """The median over the seeds."""
        from statistics import median

        return median(self.fmax_mhz) if self.fmax_mhz else None


class Device(BaseModel):
    """A part, and what it has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: str
    available: dict[str, int] = {}


class Measurements(BaseModel):
    """All configurations, and what they have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tools: str
    command: str
    devices: dict[str, Device]
    activations: str
    weights: str
    tile: int
    folds: int
    configurations: tuple[Measured, ...]

    def holds(self, parameters: SystolicParameters) -> bool:
        """Whether an array differs from those that were measured in its size alone."""
        mine = (self.activations, self.weights, self.tile, self.folds)
        its = (parameters.activations, parameters.weights, parameters.tile, parameters.folds)
        return mine == its


@lru_cache(maxsize=1)
def measured() -> Measurements:
    """``measured.yaml``: what was measured, and with which tools."""
    with resources.as_file(resources.files(__package__) / "measured.yaml") as path:
        return check_model(Measurements, read_document(Path(path)), what="measurement")


@dataclass(frozen=True)
class Fit:
    """``pes * R * C + rows * R + columns * C + fixed``, of R rows and C columns."""

    pes: float
    rows: float
    columns: float
    fixed: float
    error: float
    """The largest, relative, over what it was fitted to."""
    points: int
    """Configurations that it was fitted to."""

    def at(self, rows: int, columns: int) -> float:
        return self.pes * rows * columns + self.rows * rows + self.columns * columns + self.fixed

    def expression(self, rows: str, columns: str) -> str:
        """The same for an architecture file, where sizes have these names."""
        terms = (
            (self.pes, f" * {rows} * {columns}"),
            (self.rows, f" * {rows}"),
            (self.columns, f" * {columns}"),
            (self.fixed, ""),
        )
        written = " + ".join(f"{each:g}{by}" for each, by in terms if each)
        return f"ceil({written})".replace("+ -", "- ")


def fit(part: str, target: str, dataflow: str, kind: str) -> Fit:
    """The formula for one kind of cell.

    Args:
        part: ``accelerator`` or ``array``.
        target: of the synthesis.
        dataflow: of the array.
        kind: one of ``KINDS``.
    """
    import numpy as np

    chosen: Sequence[Measured] = [
        each
        for each in measured().configurations
        if (each.part, each.target, each.dataflow) == (part, target, dataflow)
    ]
    counts = np.array([getattr(each, kind) for each in chosen], float)
    terms = np.array([[e.rows * e.columns, e.rows, e.columns, 1.0] for e in chosen])
    # Relative errors count, so that small arrays are met as well as large ones.
    weights = 1 / np.maximum(counts, 1)
    solved, *_ = np.linalg.lstsq(terms * weights[:, None], counts * weights, rcond=None)
    rounded = [round(each, 2) for each in np.asarray(solved).ravel().tolist()]
    off = np.abs(terms @ np.array(rounded) - counts) * weights
    pes, by_rows, by_columns, fixed = rounded
    return Fit(pes, by_rows, by_columns, fixed, float(off.max()), len(chosen))
