"""A mapper's case -> blocks: what is unrolled, what bypasses, how tiles are held."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.errors import InputError
from accelsim.mapping import Block, Compute
from accelsim.mapping.build import build_block
from accelsim.mapping.load import load_mapper
from accelsim.mapping.schema import BlockFile

TEXT = """\
name: mine
cases:
  - blocks:
      - name: product
        nest:
          - {einsum: Z, on: PEs, %s}
"""


def built(tmp_path: Path, einsum: str, block: str = "") -> Block:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT % einsum + block)
    (file,) = load_mapper(str(path)).cases[0].blocks
    assert isinstance(file, BlockFile)
    return build_block(file, {"M": 8, "PEs.rows": 16}, where="mine")


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        ("rows: M", (("M", None),)),
        ("rows: {K: 4, N: PEs.rows / 4}", (("K", 4), ("N", 4))),
        ("rows: {M: M}", (("M", 8),)),
        ("columns: M", ()),
    ],
)
def test_ranks_of_a_dimension(
    tmp_path: Path, written: str, rows: tuple[tuple[str, int | None], ...]
) -> None:
    (compute,) = built(tmp_path, written).nest.body
    assert isinstance(compute, Compute)
    assert compute.rows == rows


def test_bypass_halo_and_double_buffer(tmp_path: Path) -> None:
    plain = built(tmp_path, "bypass: [B, Z]")
    assert plain.nest.body == (Compute("Z", "PEs", bypass=("B", "Z")),)
    assert (plain.halo, plain.double_buffer) == ("whole", ())
    block = built(tmp_path, "rows: M", "        halo: overlap\n        double_buffer: [GLB]\n")
    assert (block.halo, block.double_buffer) == ("overlap", ("GLB",))


@pytest.mark.parametrize(
    ("written", "block", "message"),
    [
        ("rows: {M: 0}", "", "mine: Einsum 'Z': rows.M is 0, must be at least 1"),
        (
            "columns: {M: M / 3}",
            "",
            "mine: Einsum 'Z': columns.M is 2.66667, must be a whole number",
        ),
        (
            "rows: {}",
            "",
            "mine.yaml:6:40: mapper: cases.0.blocks.0.nest.0.rows is a mapping, must have",
        ),
        ("rows: [M, N]", "", "nest.0.rows is a list, must be a valid string"),
        ("rows: M", "        halo: shared\n", "must be 'whole' or 'overlap'"),
    ],
)
def test_what_cannot_be_built_says_where(
    tmp_path: Path, written: str, block: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        built(tmp_path, written, block)
    assert message in str(caught.value)
