"""The key ``halo`` of a block: written, read back, and assumed in files from before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import accelsim
from accelsim.errors import InputError
from accelsim.model.result_file import load_result

MAPPER = """\
name: mine
cases:
  - blocks:
      - name: filter
        halo: overlap
        nest:
          - for: {P: 4}
          - keep: {buffer: [I]}
          - {einsum: O, on: array, rows: C, columns: K}
"""
SIZES = {"C": 4, "K": 4, "P": 8, "Q": 8}


def read_back(tmp_path: Path, data: dict[str, Any]) -> str:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(data))
    return load_result(path).layers[0].blocks[0].halo


def test_halo_is_said_and_read_back(tmp_path: Path) -> None:
    mapper = tmp_path / "mine.yaml"
    mapper.write_text(MAPPER)
    result = accelsim.simulate("conv2d", on="systolic-ws", mapper=str(mapper), set=SIZES)
    data = result.as_json()
    block = data["layers"][0]["blocks"][0]
    assert block["halo"] == "overlap"
    assert read_back(tmp_path, data) == "overlap"
    block["halo"] = 1
    with pytest.raises(InputError, match=r"layers\[0\].blocks\[0\].halo is 1, must be text"):
        read_back(tmp_path, data)
    # I is read once, all its 4 x 10 x 10 values, where tiles of P have rows in common.
    mapper.write_text(MAPPER.replace("overlap", "whole"))
    whole = accelsim.simulate("conv2d", on="systolic-ws", mapper=str(mapper), set=SIZES)
    assert whole.traffic_bytes["DRAM"] - result.traffic_bytes["DRAM"] == 2 * 4 * 2 * 10


def test_files_from_before_fetched_whole_tiles(tmp_path: Path) -> None:
    data = accelsim.simulate("conv2d", on="systolic-ws", set=SIZES).as_json()
    block = data["layers"][0]["blocks"][0]
    assert block.pop("halo") == "whole"
    assert read_back(tmp_path, data) == "whole"
