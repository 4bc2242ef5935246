"""The array's architecture and mapping as the simulators read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.accelerators.systolic.bench.layers import event_cycles
from accelsim.accelerators.systolic.model import architecture_text, mapper_text
from accelsim.accelerators.systolic.parameters import DATAFLOWS, SystolicParameters
from accelsim.checking import check_file


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize(
    "changed",
    [
        {"rows": 6, "columns": 10, "weights": "int4"},
        {"rows": 5, "columns": 1, "activations": "int16", "tile": 8, "folds": 1},
        {"activations": "int3", "weights": "int2", "tile": 4096, "stream_bytes": 1},
    ],
)
def test_files_of_any_array_are_sound_and_give_cycles(
    dataflow: str, changed: dict[str, object], tmp_path: Path
) -> None:
    p = SystolicParameters(dataflow, **changed)  # type: ignore[arg-type]
    mapper, machine = tmp_path / "mapper.yaml", tmp_path / "machine.yaml"
    mapper.write_text(mapper_text(p, name="tiles"), "utf-8")
    machine.write_text(architecture_text(p, name="array", mapper=str(mapper)), "utf-8")
    assert check_file(mapper, kind="mapper")
    assert check_file(machine, kind="architecture")
    m, n, k = (unit + 1 for unit in p.units)
    macs = m * n * k
    few, many = event_cycles(p, m, n, k), event_cycles(p, 3 * m, n, k)
    assert macs // (p.rows * p.columns) < few < many
