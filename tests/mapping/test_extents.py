"""Tile extents after loops: perfect, imperfect, and of a rank that two others split."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.architecture import Architecture
from accelsim.einsum import Cascade
from accelsim.mapping import Compute, Loop, Nest
from accelsim.mapping.extents import Axis, Cut, axes_of, cut_by, full_cut, iterations, largest
from accelsim.mapping.mapping import Block
from accelsim.mapping.schedule import Schedule, schedule_of
from accelsim.workload import cascade_from_text

Machine = Callable[..., Architecture]


def plain(length: int) -> Cut:
    return full_cut((Axis("M", None, length, 1),))


def split(m: int, *, m0: int, outer: str = "M1", inner: str = "M0") -> Cascade:
    """One Einsum over ``outer`` tiles of ``inner`` that split M."""
    i, o = inner.lower(), outer.lower()
    return cascade_from_text(
        f"Z[{o},{i}] = A[{inner}*{o}+{i}] + 1",
        ranks={"M": m, inner: m0, outer: f"ceil(M / {inner})"},
        tensors={"A": ("M",)},
    )


def test_the_example_of_the_docstring() -> None:
    cut = cut_by(cut_by(plain(256), "M", 100), "M", 30)
    assert cut.extents == (((30, 7), (26, 1), (10, 2)),)
    assert iterations(cut.extents[0]) == 10
    assert largest(cut.extents[0]) == 30


def test_a_tile_that_is_as_long_as_the_rank_cuts_nothing() -> None:
    whole = plain(7)
    assert cut_by(whole, "M", 7) is whole
    assert cut_by(whole, "M", 6).extents == (((6, 1), (1, 1)),)


def test_axes_are_cut_one_by_one_and_found_by_either_rank() -> None:
    cut = full_cut((Axis("M1", "M0", 5, 2), Axis("P", None, 3, 1)))
    after = cut_by(cut, "P", 2)
    assert after.of("M0") == after.of("M1") == (cut.axes[0], ((5, 1),))
    assert after.of("P")[1] == ((2, 1), (1, 1))
    with pytest.raises(KeyError):
        cut.of("Q")


@given(st.integers(1, 60), st.lists(st.integers(1, 60), max_size=4))
def test_extents_are_those_of_nested_ranges(length: int, tiles: list[int]) -> None:
    cut, parts = plain(length), [range(length)]
    for tile in tiles:
        cut = cut_by(cut, "M", tile)
        parts = [
            range(start, min(start + tile, part.stop))
            for part in parts
            for start in range(part.start, part.stop, tile)
        ]
    lengths = [len(part) for part in parts]
    assert dict(cut.extents[0]) == {n: lengths.count(n) for n in lengths}


def test_a_ragged_split_is_one_axis_cut_in_multiples_of_the_inner_rank() -> None:
    einsum = split(11, m0=4)["Z"]
    axes = axes_of(einsum, ["M1", "M0"])
    assert axes == (Axis("M1", "M0", 11, 4),)
    by_outer = cut_by(full_cut(axes), "M1", 2)
    assert by_outer.extents == (((8, 1), (3, 1)),)
    by_inner = cut_by(cut_by(by_outer, "M1", 1), "M0", 3)
    assert by_inner.extents == (((3, 3), (1, 2)),)


def test_a_split_is_recognised_whatever_its_ranks_are_called() -> None:
    axes = axes_of(split(11, m0=4, outer="A1", inner="B0")["Z"], ["A1", "B0"])
    assert axes == (Axis("A1", "B0", 11, 4),)


def test_a_split_without_a_ragged_end_is_two_plain_ranks() -> None:
    axes = axes_of(split(12, m0=4)["Z"], ["M1", "M0"])
    assert {axis.outer: axis.length for axis in axes} == {"M1": 3, "M0": 4}
    assert all(axis.inner is None and axis.chunk == 1 for axis in axes)


@pytest.mark.parametrize(
    ("order", "unrolled"), [(["M0", "M1"], []), (["M1", "M0", "M1"], []), (["M0"], ["M1"])]
)
def test_a_split_is_two_plain_ranks_where_the_inner_one_is_looped_first(
    order: list[str], unrolled: list[str]
) -> None:
    axes = axes_of(split(11, m0=4)["Z"], order, unrolled)
    assert {axis.outer: axis.length for axis in axes} == {"M1": 3, "M0": 4}


# ---- the whole loop order of one Einsum


def scheduled(cascade: Cascade, machine: Machine, nest: Nest, **sizes: int) -> Schedule:
    (path,) = Block("block", nest).paths()
    return schedule_of(cascade, machine(**sizes), path)


def test_what_is_left_runs_one_by_one_those_in_order_last(machine: Machine) -> None:
    cascade = cascade_from_text(
        "Z[m,n] = A[m,k,l] * B[k,l,n]",
        ranks={"M": 6, "N": 5, "K": 4, "L": 3},
        tensors={"A": ("M", "K", "L"), "B": ("K", "L", "N")},
    )
    compute = Compute("Z", "array", rows="M", order=("K", "N"))
    schedule = scheduled(cascade, machine, Nest((Loop("N", 2), Loop("M", 4)), (compute,)), rows=2)
    loops = ["for N by 2", "for M by 4", "for M by 2", "for L by 1", "for K by 1", "for N by 1"]
    assert [str(loop) for loop in schedule.loops] == loops
    # M: 2+2 and 2; N: 5 single values.
    assert schedule.steps == 3 * 3 * 4 * 5


def test_loops_that_run_once_are_left_out(machine: Machine) -> None:
    nest = Nest((Loop("M1", 1), Loop("M1", 1), Loop("M0", 4)), (Compute("Z", "array", rows="M0"),))
    schedule = scheduled(split(11, m0=4), machine, nest, rows=4)
    assert [str(loop) for loop in schedule.loops] == ["for M1 by 1"]


def test_a_ragged_end_is_known_where_the_inner_rank_is_unrolled(machine: Machine) -> None:
    nest = Nest((Loop("M1"),), (Compute("Z", "array", rows="M0"),))
    schedule = scheduled(split(11, m0=4), machine, nest, rows=4)
    assert schedule.cuts[-1].extents == (((4, 2), (3, 1)),)
    assert schedule.steps == 3
    # On fewer rows the ragged end, three long, takes as many steps as it needs.
    assert scheduled(split(9, m0=4), machine, nest, rows=2).steps == 2 + 2 + 1


def test_several_ranks_on_one_dimension_are_cut_to_what_each_takes(machine: Machine) -> None:
    cascade = cascade_from_text(
        "Z[m,n] = A[m,k] * B[k,n]",
        ranks={"M": 7, "N": 5, "K": 4},
        tensors={"A": ("M", "K"), "B": ("K", "N")},
    )
    compute = Compute("Z", "array", (("K", 2), ("N", 2)), (("M", 2), ("N", 2)))
    schedule = scheduled(cascade, machine, Nest((), (compute,)), rows=4, columns=5)
    # N is on both dimensions: four values at once.
    loops = ["for K by 2", "for N by 4", "for M by 2"]
    assert [str(loop) for loop in schedule.loops] == loops
    assert schedule.spatial == ("K", "N", "M")
    assert dict(zip(cascade["Z"].sizes, schedule.widths, strict=True)) == {"M": 2, "N": 4, "K": 2}
    assert schedule.steps == 2 * 2 * 4
