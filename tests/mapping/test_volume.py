"""Elements of a tile and elements that move, against sets of coordinates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.einsum import Cascade
from accelsim.einsum.cascade import TensorAccess
from accelsim.mapping.extents import Axis, Cut, axes_of, cut_by, full_cut
from accelsim.mapping.volume import moved_elements, tile_elements
from accelsim.workload import cascade_from_text


def window(p: int, r: int, *, stride: int = 1, dilation: int = 1) -> Cascade:
    return cascade_from_text(
        "Z[p] = I[stride*p+dilation*r] * W[r]",
        ranks={"P": p, "R": r, "H": "stride*(P-1) + dilation*(R-1) + 1"},
        tensors={"I": ("H",), "W": ("R",)},
        parameters={"stride": stride, "dilation": dilation},
    )


def access_of(cascade: Cascade, tensor: str) -> TensorAccess:
    einsum = cascade["Z"]
    return next(a for a in (einsum.output, *einsum.inputs) if a.tensor == tensor)


def cuts(cascade: Cascade, *loops: tuple[str, int]) -> Cut:
    cut = full_cut(axes_of(cascade["Z"], [rank for rank, _ in loops]))
    for rank, tile in loops:
        cut = cut_by(cut, rank, tile)
    return cut


def moved(cascade: Cascade, tensor: str, *loops: tuple[str, int]) -> int:
    access = access_of(cascade, tensor)
    return moved_elements(access, cascade.tensors[tensor], cuts(cascade, *loops))


def tile(cascade: Cascade, tensor: str, *loops: tuple[str, int], running: str | None = None) -> int:
    access = access_of(cascade, tensor)
    cut = cuts(cascade, *loops)
    return tile_elements(access, cascade.tensors[tensor], cut, running=running)


MATMUL = cascade_from_text(
    "Z[m,n] = A[m,k] * B[k,n]",
    ranks={"M": 7, "N": 5, "K": 3},
    tensors={"A": ("M", "K"), "B": ("K", "N")},
)


def test_a_whole_tensor_moves_once() -> None:
    assert [moved(MATMUL, tensor) for tensor in "ABZ"] == [21, 15, 35]


def test_a_loop_that_the_tensor_does_not_depend_on_moves_it_again() -> None:
    # 7 in tiles of 3 are three tiles, the last one shorter.
    assert moved(MATMUL, "B", ("M", 3)) == 3 * 15
    assert moved(MATMUL, "A", ("M", 3)) == 21
    assert moved(MATMUL, "Z", ("M", 3), ("K", 1)) == 3 * 35


def test_a_tile_is_the_largest_one() -> None:
    assert tile(MATMUL, "A", ("M", 3), ("K", 2)) == 6
    assert tile(MATMUL, "Z", ("M", 4)) == 20


def test_a_window_is_fetched_whole_its_halo_included() -> None:
    cascade = window(6, 3)
    assert tile(cascade, "I") == 8
    # Tiles of 4 and 2 outputs reach 6 and 4 inputs.
    assert tile(cascade, "I", ("P", 4)) == 6
    assert moved(cascade, "I", ("P", 4)) == 6 + 4
    assert moved(cascade, "I", ("P", 4), ("R", 1)) == 3 * (4 + 2)


@pytest.mark.parametrize(
    ("stride", "dilation", "elements"),
    [
        (1, 1, 4),  # 0..3
        (2, 1, 6),  # 0..5
        (3, 1, 6),  # 0 1, 3 4, 6 7: no more than the combinations
        (2, 2, 4),  # 0 2 4 6
        (1, 4, 6),  # 0..2 and 4..6: a run of 7, but only 6 combinations
    ],
)
def test_a_tile_of_three_outputs_and_two_taps(stride: int, dilation: int, elements: int) -> None:
    cascade = window(5, 3, stride=stride, dilation=dilation)
    assert tile(cascade, "I", ("P", 3), ("R", 2)) == elements


def test_a_window_never_holds_more_than_the_tensor() -> None:
    padded = cascade_from_text(
        "Z[p] = I[p+r-1] * W[r]",
        ranks={"P": 5, "R": 3},
        tensors={"I": ("P",), "W": ("R",)},
    )
    assert tile(padded, "I") == 5


@given(
    p=st.integers(1, 6), r=st.integers(1, 4), stride=st.integers(1, 3), dilation=st.integers(1, 3)
)
def test_a_window_holds_at_least_what_it_reaches(
    p: int, r: int, stride: int, dilation: int
) -> None:
    cascade = window(p, r, stride=stride, dilation=dilation)
    reached = {stride * i + dilation * j for i in range(p) for j in range(r)}
    held = tile(cascade, "I")
    assert len(reached) <= held <= min(p * r, max(reached) + 1)
    if 1 in (p, r) or stride == dilation or (dilation == 1 and stride <= r):
        assert held == len(reached)


# ---- a rank that two others split: M = 11 in chunks of 4

SPLIT = cascade_from_text(
    "X[m1,m0] = A[M0*m1+m0] + 1\nZ[m1,m0] = X[m1,m0] * B[m1] * C[m0]",
    ranks={"M": 11, "M0": 4, "M1": "ceil(M / M0)"},
    tensors={"A": ("M",), "B": ("M1",), "C": ("M0",)},
)


def test_a_tensor_of_both_ranks_has_the_elements_that_exist() -> None:
    assert moved(SPLIT, "X", ("M1", 1)) == moved(SPLIT, "X", ("M1", 2), ("M1", 1)) == 11
    assert tile(SPLIT, "X", ("M1", 1)) == 4
    assert tile(SPLIT, "X", ("M1", 2)) == 8


def test_a_tensor_of_the_outer_rank_has_one_element_a_chunk() -> None:
    assert moved(SPLIT, "B") == 3
    # Taken again for every one of the tiles 3 1, 3 1, 3.
    assert moved(SPLIT, "B", ("M1", 1), ("M0", 3)) == 5
    assert tile(SPLIT, "B", ("M1", 2)) == 2


def test_a_tensor_of_the_inner_rank_is_as_long_as_a_chunk() -> None:
    assert moved(SPLIT, "C") == 4
    assert moved(SPLIT, "C", ("M1", 1)) == 4 + 4 + 3
    assert tile(SPLIT, "C") == 4


def test_a_split_index_reaches_the_elements_that_exist() -> None:
    einsum = SPLIT["X"]
    (access,) = einsum.inputs
    cut = cut_by(full_cut(axes_of(einsum, ["M1"])), "M1", 1)
    assert moved_elements(access, SPLIT.tensors["A"], cut) == 11


def test_of_an_iterated_tensor_the_running_value_is_kept() -> None:
    assert tile(SPLIT, "X", running="M1") == 4
    assert tile(SPLIT, "B", running="M1") == 1
    cut = full_cut((Axis("M1", None, 3, 1), Axis("M0", None, 4, 1)))
    access = access_of(SPLIT, "X")
    assert tile_elements(access, SPLIT.tensors["X"], cut, running="M1") == 4


# ---- stores that each PE has


def in_pes(cascade: Cascade, tensor: str, *widths: tuple[str, int]) -> int:
    """Elements that PEs take up where so many of them are unrolled along a rank."""
    cut = full_cut(axes_of(cascade["Z"], []))
    names = [{axis.outer, axis.inner} for axis in cut.axes]
    pes = tuple(max([n for rank, n in widths if rank in ranks], default=1) for ranks in names)
    return moved_elements(access_of(cascade, tensor), cascade.tensors[tensor], cut, pes)


def test_what_several_pes_need_each_of_them_holds() -> None:
    assert in_pes(MATMUL, "A", ("N", 4)) == 4 * 21
    assert in_pes(MATMUL, "A", ("N", 4), ("M", 2)) == 4 * 21
    # No more PEs than there are values.
    assert in_pes(MATMUL, "A", ("N", 8)) == 5 * 21


def test_along_a_split_rank_each_chunk_has_its_pes() -> None:
    assert in_pes(SPLIT, "B", ("M0", 4)) == 4 + 4 + 3
    assert in_pes(SPLIT, "B", ("M0", 2)) == 2 + 2 + 2
    assert in_pes(SPLIT, "C", ("M0", 4)) == 4
    assert in_pes(SPLIT, "X", ("M0", 4)) == 11


def test_windows_of_pes_side_by_side_are_their_own() -> None:
    assert in_pes(window(4, 3), "I", ("P", 4)) == 4 * 3
    assert in_pes(window(4, 3), "I") == 6
