"""Results as pandas tables: one row a simulation, or one row an Einsum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from accelsim.model.result import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["einsum_table", "result_table"]


def result_table(results: Sequence[Result], labels: Sequence[str]) -> pd.DataFrame:
    """One row for each result; units are in the names of the columns."""
    import pandas as pd

    rows = []
    for label, result in zip(labels, results, strict=True):
        row: dict[str, object] = {
            "label": label,
            "workload": result.workload,
            "architecture": result.architecture,
            "mapper": result.mapper,
            "cycles": result.cycles,
            "seconds": result.seconds,
            "energy_pj": result.energy_pj,
            "operations": result.operations,
            "area_um2": result.area_um2,
        }
        row |= {f"utilization_{name}": value for name, value in result.utilization.items()}
        row |= {f"traffic_bytes_{name}": value for name, value in result.traffic_bytes.items()}
        for component, actions in result.energy_breakdown_pj.items():
            row[f"energy_pj_{component}"] = sum(actions.values())
        rows.append(row)
    return pd.DataFrame(rows)


def einsum_table(results: Sequence[Result], labels: Sequence[str]) -> pd.DataFrame:
    """One row for each Einsum of each result."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"label": label, **einsum.as_json()}
            for label, result in zip(labels, results, strict=True)
            for einsum in result.einsums
        ]
    )
