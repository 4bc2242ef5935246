"""Windows over PEs and between neighbouring tiles, against sets of elements."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.einsum import Cascade
from accelsim.mapping import Loop
from accelsim.mapping.extents import axes_of, cut_by, full_cut
from accelsim.mapping.volume import moved_elements, pe_elements
from accelsim.mapping.windows import in_runs, run_length, sweep_of
from accelsim.workload import cascade_from_text


def convolution(p: int, r: int, stride: int) -> Cascade:
    return cascade_from_text(
        "Z[p] = I[stride*p+r] * W[r]",
        ranks={"P": p, "R": r, "H": "stride*(P-1) + R"},
        tensors={"I": ("H",), "W": ("R",)},
        parameters={"stride": stride},
    )


SIZE = st.integers(1, 7)


@given(p=st.integers(1, 12), r=st.integers(1, 4), pes=st.integers(1, 5), stride=st.integers(1, 3))
def test_pes_take_contiguous_runs_and_a_window_each(p: int, r: int, pes: int, stride: int) -> None:
    cascade = convolution(p, r, stride)
    (access, _), tensor = cascade["Z"].inputs, cascade.tensors["I"]
    cut = full_cut(axes_of(cascade["Z"], []))
    widths = tuple(pes if axis.outer == "P" else 1 for axis in cut.axes)
    run = run_length(p, pes)
    held = [
        {stride * i + j for i in range(start, min(start + run, p)) for j in range(r)}
        for start in range(0, p, run)
    ]
    assert len(held) <= pes
    assert moved_elements(access, tensor, cut, widths) == sum(map(len, held))
    assert moved_elements(access, tensor, in_runs(access, cut, widths)) == sum(map(len, held))
    assert pe_elements(access, tensor, cut, widths) == max(map(len, held))


def walked(loops: list[Loop], box: dict[str, range]) -> Iterator[tuple[tuple[int, ...], set[int]]]:
    """Iterations of the loops, and (p, r) of the tile."""
    if not loops:
        yield (), {(i, j) for i in box["P"] for j in box["R"]}
        return
    (rank, tile), part = (loops[0].rank, loops[0].tile), box[loops[0].rank]
    for i, start in enumerate(range(part.start, part.stop, tile)):
        smaller = box | {rank: range(start, min(start + tile, part.stop))}
        for done, tile_of in walked(loops[1:], smaller):
            yield (i, *done), tile_of


@given(
    p=st.integers(1, 12),
    r=st.integers(1, 5),
    stride=st.integers(1, 3),
    written=st.lists(st.builds(Loop, st.sampled_from(["P", "R"]), SIZE), min_size=1, max_size=4),
)
def test_only_what_the_tile_before_did_not_hold_is_new(
    p: int, r: int, stride: int, written: list[Loop]
) -> None:
    cascade = convolution(p, r, stride)
    (access, _), tensor = cascade["Z"].inputs, cascade.tensors["I"]
    cuts, loops = [full_cut(axes_of(cascade["Z"], [loop.rank for loop in written]))], []
    for loop in written:
        after = cut_by(cuts[-1], loop.rank, loop.tile)
        if after is not cuts[-1]:
            cuts.append(after)
            loops.append(loop)
    sweep = sweep_of(access, loops, cuts, len(loops), None)
    assert (sweep is None) == (not loops)
    above = len(loops)
    while above and loops[above - 1].rank == loops[-1].rank:
        above -= 1
    runs: dict[tuple[int, ...], list[set[int]]] = {}
    for done, tile in walked(loops, {"P": range(p), "R": range(r)}):
        runs.setdefault(done[:above], []).append({stride * i + j for i, j in tile})
    new, step = 0, stride if loops and loops[-1].rank == "P" else 1
    for tiles in runs.values():
        gaps = any(has_gaps(tile, step) for tile in tiles[:-1])
        for before, tile in zip([set[int](), *tiles], tiles, strict=False):
            new += len(tile if gaps else tile - before)
    assert moved_elements(access, tensor, cuts[-1], sweep=sweep) == new


def has_gaps(tile: set[int], step: int) -> bool:
    """Whether the tile, moved on by ``step``, would come to lie between its own elements."""
    apart = {b - a for a, b in pairwise(sorted(tile))}
    return len(apart) > 1 or any(step % gap for gap in apart)


@pytest.mark.parametrize(("pes", "kept"), [((2, 1), False), ((1, 2), False), ((1, 1), True)])
def test_pes_along_a_window_keep_nothing_of_their_neighbours(
    pes: tuple[int, int], kept: bool
) -> None:
    cascade = convolution(8, 3, 1)
    (access, _) = cascade["Z"].inputs
    whole = full_cut(axes_of(cascade["Z"], ["P"]))
    widths = tuple(pes[axis.outer == "R"] for axis in whole.axes)
    cuts = [whole, cut_by(whole, "P", 4)]
    assert (sweep_of(access, [Loop("P", 4)], cuts, 1, widths) is not None) == kept


def test_a_tensor_without_a_window_is_not_swept() -> None:
    cascade = convolution(8, 3, 1)
    (_, weights) = cascade["Z"].inputs
    whole = full_cut(axes_of(cascade["Z"], ["R"]))
    cuts = [whole, cut_by(whole, "R", 2)]
    assert sweep_of(weights, [Loop("R", 2)], cuts, 1, None) is None
    assert sweep_of(weights, [], [whole], 0, None) is None


def test_one_tile_with_gaps_among_others_ends_the_sharing() -> None:
    """R = 4 by 3 and by 2: tiles of r = 0-1, 2 and 3; that of 2 holds every other element."""
    cascade = convolution(2, 4, 2)
    (access, _), tensor = cascade["Z"].inputs, cascade.tensors["I"]
    loops = [Loop("R", 3), Loop("R", 2)]
    cuts = [full_cut(axes_of(cascade["Z"], ["R", "R"]))]
    for loop in loops:
        cuts.append(cut_by(cuts[-1], loop.rank, loop.tile))
    sweep = sweep_of(access, loops, cuts, 2, None)
    assert sweep is not None
    assert moved_elements(access, tensor, cuts[2], sweep=sweep) == 4 + 2 + 2
