"""Cursors against loops that are really run, and how Einsums stand in the loops of a block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_blocks import drawn_block

from accelsim.architecture import Architecture, Array, Memory, OperationCost
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.residency import Residency
from accelsim.simulator.loops import Cursor, Level, Runs, explicit_loops, least_counts, way_of
from accelsim.workload import cascade_from_text


@dataclass(frozen=True)
class Stand:
    """Where loops stand: iteration, trip count and extent of each."""

    at: tuple[int, ...]
    count: tuple[int, ...]
    extent: tuple[int, ...]


def run(levels: tuple[Level, ...]) -> Iterator[Stand]:
    """The loops as they would be written: over lists of elements, cut into pieces."""
    lengths = {}
    for level in levels:
        if level.parent < 0:
            lengths[level.rank] = list(range(level.length))

    def inside(i: int, axes: dict[str, list[int]], stand: list[tuple[int, int, int]]):  # type: ignore[no-untyped-def]
        if i == len(levels):
            yield Stand(*map(tuple, zip(*stand, strict=True)))  # type: ignore[arg-type]
            return
        level = levels[i]
        whole = axes[level.rank]
        pieces = [whole[j : j + level.size] for j in range(0, len(whole), level.size)]
        for at, piece in enumerate(pieces):
            here = (at, len(pieces), len(piece))
            yield from inside(i + 1, {**axes, level.rank: piece}, [*stand, here])

    yield from inside(0, lengths, [])


def levels_of(drawn: list[tuple[str, int]], lengths: dict[str, int]) -> tuple[Level, ...]:
    levels: list[Level] = []
    for i, (rank, size) in enumerate(drawn):
        parent = max((j for j in range(i) if levels[j].rank == rank), default=-1)
        levels.append(Level((i,), rank, parent, lengths[rank], size, "every"))
    return tuple(levels)


LENGTHS = st.fixed_dictionaries({rank: st.integers(1, 9) for rank in "MNK"})
LOOPS = st.lists(st.tuples(st.sampled_from("MNK"), st.integers(1, 5)), min_size=1, max_size=4)


@given(lengths=LENGTHS, drawn=LOOPS)
def test_a_cursor_visits_what_the_loops_visit(
    lengths: dict[str, int], drawn: list[tuple[str, int]]
) -> None:
    levels = levels_of(drawn, lengths)
    cursor, stands = Cursor(levels), list(run(levels))
    for i, stand in enumerate(stands):
        found = Stand(tuple(cursor.at), tuple(cursor.count), tuple(cursor.extent))
        assert found == stand
        assert cursor.active
        goes_on = cursor.advance()
        if i + 1 == len(stands):
            assert goes_on == 0
        else:
            # The innermost loop that goes on, counted with all around it.
            following = stands[i + 1].at
            changed = next(j for j in range(len(levels)) if following[j] != stand.at[j])
            assert goes_on == changed + 1


def test_without_loops_there_is_one_iteration() -> None:
    cursor = Cursor(())
    assert cursor.active
    assert cursor.advance() == 0


@given(lengths=LENGTHS, drawn=LOOPS, data=st.data())
def test_gates_open_in_the_first_or_last_iteration(
    lengths: dict[str, int], drawn: list[tuple[str, int]], data: st.DataObject
) -> None:
    kinds: list[Runs] = ["every", "first", "last"]
    levels = tuple(
        Level(v.address, v.rank, v.parent, v.length, v.size, data.draw(st.sampled_from(kinds)))
        for v in levels_of(drawn, lengths)
    )
    cursor = Cursor(levels)
    for stand in run(levels):
        opens = {"every": lambda _, __: True, "first": lambda a, _: a == 0}
        opens["last"] = lambda a, n: a == n - 1
        expected = [
            opens[level.runs](at, count)
            for level, at, count in zip(levels, stand.at, stand.count, strict=True)
        ]
        assert cursor.active == all(expected)
        gates = [e for e, level in zip(expected, levels, strict=True) if level.runs != "every"]
        assert list(cursor.ends) == gates
        cursor.advance()


def visits(levels: tuple[Level, ...]) -> Iterator[Cursor]:
    cursor = Cursor(levels)
    while True:
        yield cursor
        if not cursor.advance():
            return


def test_ways_of_drawn_blocks() -> None:
    """Tiles are those that the analytic model counts, and the fewest iterations are the fewest."""
    seen: Counter[str] = Counter()
    for seed in range(120):
        found = drawn_block(seed, fused=seed % 2 == 1)
        if found is None or max(found[0].cascade.sizes.values()) > 13:
            continue
        drawn, _ = found
        residency = Residency(drawn.cascade, drawn.architecture, drawn.block)
        for name, schedule in residency.schedules.items():
            way = way_of(residency, name, len(explicit_loops(residency, name)))
            own = [level.address in schedule.addresses for level in way.levels]
            counts: list[set[int]] = [set() for _ in way.levels]
            tiles: Counter[tuple[int, ...]] = Counter()
            for cursor in visits(way.levels):
                for i, count in enumerate(cursor.count):
                    counts[i].add(count)
                tiles[way.extents(cursor, len(way.levels))] += 1
            seen["ragged"] += any(len(each) > 1 for each in counts)
            seen["others'"] += not all(own)
            if all(own):
                assert least_counts(way) == [min(each) for each in counts]
                cut = schedule.cuts[way.applied[-1]]
                assert tiles == {
                    tuple(extent for extent, _ in each): prod(times for _, times in each)
                    for each in product(*cut.extents)
                }
            written = sum(address is not None for address in schedule.addresses)
            assert way.applied[-1] == written
            for applied in (*set(way.applied), written + 1):
                depth = way.depth_of(applied)
                assert (depth is not None) == (applied <= written)
                if depth is not None:
                    assert way.applied[depth] == applied
                    assert depth == 0 or own[depth - 1]
    assert seen["ragged"] >= 15
    assert seen["others'"] >= 15


def toy() -> Architecture:
    operations = ("multiply", "add", "subtract", "max", "multiply-add")
    costs = {name: OperationCost(1, {name: 1}) for name in operations}
    memories = {
        name: Memory(name, parent, None, None, 8, 1.0, 1.0, 1.0)
        for name, parent in (("DRAM", None), ("inner", "DRAM"))
    }
    array = Array("array", "inner", 1, 1, costs, dict.fromkeys(costs, 1.0), {})
    return Architecture("toy", 1e9, 8, "auto", memories, {"array": array}, {})


def residency_of(text: str, ranks: dict[str, int | str], steps: list[Loop | Keep]) -> Residency:
    tensors = {"A": ("M",), "B": ("P",)}
    cascade = cascade_from_text(text, ranks=ranks, tensors=tensors)
    body = tuple(Compute(einsum.name, "array") for einsum in cascade.einsums)
    return Residency(cascade, toy(), Block("block", Nest(tuple(steps), body)))


@pytest.mark.parametrize("seed", range(12))
def test_split_ranks_cut_what_they_split(seed: int) -> None:
    """M elements in chunks of M0: tiles of points m = M0*m1 + m0, grouped by hand."""
    rng = Random(seed)
    length, chunk, tile, part = (rng.randint(*r) for r in ((5, 30), (2, 5), (1, 3), (1, 3)))
    ranks: dict[str, int | str] = {"M": length, "M0": chunk, "M1": "ceil(M / M0)", "P": 2}
    steps: list[Loop | Keep] = [Loop("M1", tile + 1), Loop("M1"), Loop("P"), Loop("M0", part)]
    residency = residency_of("Z[m1,m0,p] = A[M0*m1+m0] * B[p]", ranks, steps)
    groups = Counter(
        (m // chunk // (tile + 1), m // chunk, p, m % chunk // part)
        for m in range(length)
        for p in range(2)
    )
    way = way_of(residency, "Z", 4)
    extents = [way.extents(cursor, len(way.levels)) for cursor in visits(way.levels)]
    assert [prod(each) for each in extents] == [groups[key] for key in sorted(groups)]
    assert way.depth_of(0) == 0


def test_who_lacks_a_rank_runs_in_its_first_or_last_iteration() -> None:
    text = (
        "F[p] = B[p] * B[p]\nX[m,p] = A[m] * F[p]\nG[p] = max(m) X[m,p]\nH[p] = G[p] * F[p]\n"
        "Z[p] = H[p] - G[p]"
    )
    residency = residency_of(text, {"M": 5, "P": 3}, [Loop("M", 2), Loop("P")])
    runs = {
        name: [level.runs for level in way_of(residency, name, 2).levels]
        for name in residency.schedules
    }
    assert runs == {
        **{"F": ["first", "every"], "X": ["every", "every"], "G": ["every", "every"]},
        **{"H": ["last", "every"], "Z": ["last", "every"]},
    }
    # Through others, too: Z reads G itself, and H alone would do.
    way = way_of(residency, "H", 2)
    active = [cursor.at[0] for cursor in visits(way.levels) if cursor.active]
    assert active == [2, 2, 2]
    assert way.applied == (0, 0, 1)
    assert [way.depth_of(applied) for applied in (0, 1, 2)] == [0, 2, None]


def test_loops_that_cut_no_einsum_are_left_out() -> None:
    steps: list[Loop | Keep] = [Loop("M", 9), Loop("M", 2), Loop("P", 3), Loop("P")]
    residency = residency_of("Z[m,p] = A[m] * B[p]", {"M": 5, "P": 3}, steps)
    assert explicit_loops(residency, "Z") == [(-2,), (-4,)]


def test_loops_with_nothing_between_them_count_as_one() -> None:
    """Where tensors depend on both or neither, and all tiles are alike: 12 by 6, these by 2."""
    steps: list[Loop | Keep] = [Loop("M", 6), Loop("M", 2), Loop("P")]
    residency = residency_of("Z[m,p] = A[m] * B[p]", {"M": 12, "P": 5}, steps)
    way = way_of(residency, "Z", 9)
    assert [level.length for level in way.levels] == [2 * 3, 5]
    assert way.applied == (0, 2, 3)
    tiles = [way.extents(Cursor(way.levels), depth) for depth in (0, 1, 2)]
    assert tiles == [(12, 5), (2, 5), (2, 1)]
    kept: list[Loop | Keep] = [*steps[:1], Keep("inner", (("A",),)), *steps[1:]]
    residency = residency_of("Z[m,p] = A[m] * B[p]", {"M": 12, "P": 5}, kept)
    assert way_of(residency, "Z", 9).applied == (0, 1, 2, 3)
    ragged = residency_of("Z[m,p] = A[m] * B[p]", {"M": 13, "P": 5}, steps)
    assert len(way_of(ragged, "Z", 9).levels) == 3


def test_least_counts_are_those_of_the_smallest_tiles() -> None:
    """13 in tiles of 6, 6 and 1, these in tiles of 4: two iterations, and one in the last."""
    residency = residency_of(
        "Z[m,p] = A[m] * B[p]", {"M": 13, "P": 3}, [Loop("M", 6), Loop("P"), Loop("M", 4)]
    )
    assert least_counts(way_of(residency, "Z", 3)) == [3, 3, 1]
    assert least_counts(way_of(residency, "Z", 1)) == [3]
    assert least_counts(way_of(residency, "Z", 0)) == []
