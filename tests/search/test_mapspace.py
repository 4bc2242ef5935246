"""What a mapper's search may narrow, and that its mappings obey it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

import accelsim
from accelsim.architecture import load_architecture
from accelsim.errors import InputError
from accelsim.mapping.mapping import Block, Keep, Loop, Nest, Step
from accelsim.mapping.schema import SearchFile
from accelsim.search.layer import layer_front
from accelsim.search.option import Option
from accelsim.workload import load_workload

SIZES = {"M": 64, "N": 96, "K": 128}


def front(
    workload: str = "matmul",
    sizes: Mapping[str, int] = MappingProxyType(SIZES),
    buffer_bytes: int = 8192,
    **search: object,
) -> tuple[Option, ...]:
    """The front on ref3 under some constraints."""
    cascade = load_workload(workload, sizes).layers[0].cascade
    names = [einsum.name for einsum in cascade.einsums]
    machine = load_architecture("ref3", {"GLB.size_bytes": buffer_bytes})
    file = SearchFile.model_validate({"method": "exact", **search})
    return layer_front(names, cascade, machine, bits=lambda _: 8, search=file)


def steps(block: Block) -> list[Step]:
    """Every step of a block, outermost first."""
    found: list[Step] = list(block.nest.steps)
    for part in block.nest.body:
        if isinstance(part, Nest):
            found += part.steps
    return found


def kept(option: Option, memory: str) -> set[str]:
    """Tensors that a memory keeps."""
    every = [step for block in option.blocks for step in steps(block)]
    return {t for s in every if isinstance(s, Keep) and s.memory == memory for t in s.tensors}


def least(options: tuple[Option, ...]) -> float:
    """Least energy of a front."""
    return min(option.energy_pj for option in options)


def test_every_memory_keeps_every_tensor() -> None:
    for option in front():
        assert kept(option, "GLB") == kept(option, "RF") == {"A", "B", "Z"}


@pytest.mark.slow
def test_any_tensor_may_pass_any_memory_by() -> None:
    free, named = front(bypass=True), front(bypass=["RF"])
    assert least(free) <= least(named) < least(front())
    assert all(kept(option, "GLB") == {"A", "B", "Z"} for option in named)


def test_what_is_left_out_is_not_kept() -> None:
    for option in front(leave_out={"GLB": ["B"], "RF": ["inputs"]}):
        assert kept(option, "GLB") == {"A", "Z"}
        assert kept(option, "RF") == {"Z"}


def test_what_must_be_kept_is_kept() -> None:
    for option in front(bypass=True, keep={"RF": ["A"]}):
        assert "A" in kept(option, "RF")


@pytest.mark.parametrize(("stays", "tensor"), [("output", "Z"), ("weights", "A"), ("B", "B")])
def test_the_stationary_tensor_is_outermost_in_the_registers(stays: str, tensor: str) -> None:
    (option, *_) = front(stationary=stays)
    first = next(s for s in steps(option.blocks[0]) if isinstance(s, Keep) and s.memory == "RF")
    assert first.tensors[0] == tensor


def test_a_whole_rank_is_not_cut_above_its_memory() -> None:
    for option in front(whole={"GLB": ["K"]}):
        every = steps(option.blocks[0])
        holding = {t for s in every if isinstance(s, Keep) and s.memory == "GLB" for t in s.tensors}
        assert holding
        last = max(i for i, s in enumerate(every) if isinstance(s, Keep) and s.memory == "GLB")
        assert all(s.rank != "K" for s in every[:last] if isinstance(s, Loop))


def test_only_named_ranks_are_unrolled() -> None:
    for option in front(rows=["reduced"], columns=["N"]):
        for path in option.blocks[0].paths():
            assert {rank for rank, _ in path.compute.rows} <= {"K"}
            assert {rank for rank, _ in path.compute.columns} <= {"N"}


def test_a_second_copy_of_each_tile_takes_its_space() -> None:
    double = front(double_buffer=["GLB"])
    assert least(double) > least(front())
    assert all(option.blocks[0].double_buffer == ("GLB",) for option in double)


def test_imperfect_tiles_are_no_worse() -> None:
    sizes = {"M": 22, "N": 13, "K": 20}
    perfect, imperfect = (
        front(sizes=sizes, buffer_bytes=256, tiles=tiles) for tiles in ("perfect", "imperfect")
    )
    assert least(imperfect) <= least(perfect)
    assert min(o.cycles for o in imperfect) <= min(o.cycles for o in perfect)


@pytest.mark.slow
def test_fusion_is_left_where_it_is_not_wanted() -> None:
    def attention(**search: object) -> tuple[Option, ...]:
        return front("attention/products", {"M": 256, "P": 256}, 65536, **search)

    fused, apart = attention(), attention(fuse=False)
    assert least(fused) < least(apart)
    assert all(len(option.blocks) == 2 for option in apart)
    for option in attention(leave_out={"GLB": ["QK"]}):
        assert "QK" not in kept(option, "GLB")


@pytest.mark.slow
def test_overlap_costs_no_more_and_is_named() -> None:
    cascade = load_workload("conv2d", {"P": 28, "Q": 28, "K": 8, "C": 8}).layers[0].cascade
    machine = load_architecture("ref3", {"GLB.size_bytes": 2048})
    whole, overlap = (
        layer_front(
            ["O"], cascade, machine, bits=lambda _: 8, search=SearchFile(method="exact", halo=halo)
        )
        for halo in ("whole", "overlap")
    )
    assert least(overlap) < least(whole)
    assert {option.blocks[0].halo for option in overlap} == {"overlap"}


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({"double_buffer": ["DRAM"]}, "'DRAM' is the outermost"),
        ({"double_buffer": ["RF"]}, "'RF' is inside the PEs"),
        ({"whole": {"GLBB": ["M"]}}, "memory 'GLBB' is unknown; did you mean 'GLB'"),
        ({"keep": {"GLB": ["C"]}}, "tensor 'C' is unknown"),
        ({"keep": {"GLB": ["B"]}, "leave_out": {"GLB": ["B"]}}, "'B' is in keep and in leave_out"),
        ({"stationary": "Q"}, "tensor 'Q' is unknown"),
        ({"rows": ["X"]}, "'X' is unknown"),
        ({"whole": {"RF": ["M", "N", "K"]}}, "excluded by: whole ranks of RF"),
    ],
)
def test_what_cannot_be_obeyed_is_refused(search: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        front(**search)


def test_ragged_splits_are_left_to_the_enumerated_set(tmp_path: Path) -> None:
    path = tmp_path / "split.yaml"
    path.write_text(
        "name: split\nranks: {M: 10, M0: 4, M1: ceil(M / M0), E: 3}\ntensors: {K: [E, M]}\n"
        "cascade:\n  - S[m1,m0] = sum(e) K[e, M0*m1+m0]\n"
    )
    result = accelsim.simulate(str(path), on="systolic-os", mapper="optimal")
    assert result.layers[0].search == {"S": "enumerate"}
