"""The exact search against a brute force over the whole map space, on random small problems."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import accelsim
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.model.cost import block_cycles, energy_of
from accelsim.model.count import count_block
from accelsim.search.exact import exact_search
from accelsim.search.front import Front
from accelsim.search.problem import problem_of
from accelsim.search.terms import Rules
from accelsim.search.unroll import unrollings

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("mapspace_cases", Path(__file__).with_name("mapspace_cases.py"))
assert _spec
assert _spec.loader
_cases: Any = module_from_spec(_spec)
_spec.loader.exec_module(_cases)
oracle, mapspace, KINDS = _cases.oracle, _cases.mapspace, _cases.KINDS
Kind, Chip, Case = _cases.Kind, _cases.Chip, _cases.Case

Holding = tuple[tuple[int, ...], ...]
Points = Sequence[tuple[float, float]]


def found_by_search(case: Case, holdings: Sequence[Holding]) -> Points:
    """The search's front; the one place that calls it."""
    cascade, machine = case.cascade(), case.machine()
    problem = problem_of("Z", cascade, machine, machine.arrays["PEs"], bits=case.bits.__getitem__)
    assert problem.ranks == tuple(case.kind.ranks)
    assert tuple(use.name for use in problem.uses) == case.tensors
    every = range(len(case.sizes))
    widths, _ = unrollings(
        problem.sizes,
        rows=case.rows,
        columns=case.columns,
        on_rows=every,
        on_columns=every,
        ragged=case.ragged,
    )
    if problem.levels[0].latch:  # What single values are held in is no choice.
        holdings = [((), *holding[1:]) for holding in holdings]
    front = Front()
    rules = Rules(ragged=case.ragged)
    exact_search(problem, holdings=holdings, widths=widths, front=front, rules=rules)
    assert len(front.found) == len(front.energy) == len(front.cycles)
    return list(zip(front.energy.tolist(), front.cycles.tolist(), strict=True))


# ---- random problems --------------------------------------------------------------------------

RAGGED = {
    ranks: st.one_of(st.just(()), st.just(range(ranks)), st.sets(st.integers(0, ranks - 1)))
    for ranks in range(1, 5)
}
ENERGIES = st.sampled_from([0.0, 0.1, 0.25, 1.0, 1.7, 6.0, 64.0])


def chips(sizes: st.SearchStrategy[int | None], limited: bool = True) -> st.SearchStrategy[Chip]:
    bandwidths = st.sampled_from([None, 1e8, 1e9, 3e9, 2e10]) if limited else st.none()
    return st.builds(Chip, ENERGIES, ENERGIES, sizes, bandwidths, st.sampled_from([8, 64]))


@st.composite
def cases(draw: st.DrawFn, *, most: int, most_orders: int) -> tuple[Case, list[Holding]]:
    """A problem and holdings, no more mappings than ``most``."""
    kind = draw(st.sampled_from(KINDS))
    largest = 12 if len(kind.ranks) < 4 else 6
    sizes = [draw(st.integers(1, largest)) for _ in kind.ranks]
    small = st.one_of(st.none(), st.integers(1, 40), st.integers(1, 400))
    registers = draw(
        st.one_of(
            st.none(),
            chips(st.integers(1, 12)),
            chips(st.integers(1, 60)),
            chips(st.none()),
        )
    )
    buffers = [draw(chips(small)) for _ in range(draw(st.integers(0, 2)))]
    case = Case(
        kind=kind,
        sizes=tuple(sizes),
        stride=draw(st.integers(1, 3)),
        dilation=draw(st.integers(1, 3)),
        bits={name: draw(st.sampled_from([4, 8, 8, 16, 32])) for name in ("Z", "A", "B")},
        rows=draw(st.integers(1, 4)),
        columns=draw(st.integers(1, 4)),
        chips=(registers, *buffers, draw(chips(st.none()))),
        ragged=frozenset(draw(RAGGED[len(sizes)])),
    )
    bypass = draw(st.booleans())
    every = mapspace.holdings_of(case.space(), bypass=bypass)
    if len(every) > 1:
        every = draw(st.lists(st.sampled_from(every), min_size=1, max_size=8, unique=True))
    # Fewer holdings, then smaller ranks, until it is quick.
    while (size := mapspace.size_of(case.space(), every))[0] > most or size[1] > most_orders:
        if len(every) > 1:
            every = every[: len(every) // 2]
        elif max(case.sizes) > 1:
            longest = max(range(len(sizes)), key=case.sizes.__getitem__)
            sizes[longest] -= 1
            case = replace(case, sizes=tuple(sizes))
        else:
            break
    return case, every


# ---- comparison -------------------------------------------------------------------------------


def thinned(points: Points) -> list[tuple[float, float]]:
    """A front without what another point beats but for rounding."""
    kept: list[tuple[float, float]] = []
    for energy, cycles in sorted(points):
        if kept and cycles >= kept[-1][1] * (1 - 1e-9):
            continue
        if kept and energy <= kept[-1][0] * (1 + 1e-9):
            kept.pop()
        kept.append((energy, cycles))
    return kept


def check_front(case: Case, holdings: Sequence[Holding]) -> None:
    expected, _ = oracle.brute_force(case.space(), holdings)
    found = found_by_search(case, holdings)
    one, other = thinned(found), thinned(expected)
    shown = f"{case}\nholdings {holdings}\nsearch      {one}\nbrute force {other}"
    assert len(one) == len(other), shown
    for mine, true in zip(one, other, strict=True):
        assert mine == pytest.approx(true, rel=1e-9, abs=1e-12), shown


@settings(max_examples=20)
@given(cases(most=100_000, most_orders=150))
def test_random_problems(drawn: tuple[Case, list[Holding]]) -> None:
    check_front(*drawn)


@pytest.mark.slow
@settings(max_examples=350)
@given(cases(most=1_000_000, most_orders=400))
def test_many_random_problems(drawn: tuple[Case, list[Holding]]) -> None:
    check_front(*drawn)


MATMUL, GEMV, OUTER, SUM, CONV = (KINDS[i] for i in (0, 1, 3, 4, 6))
FREE, DEAR = Chip(0.0, 0.0, None, None), Chip(1.0, 1.0, None, None)


def case_of(
    kind: Kind,
    sizes: Sequence[int],
    *chips: Chip | None,
    rows: int = 1,
    columns: int = 1,
    stride: int = 1,
    perfect: bool = False,
) -> Case:
    """A case with elements of a byte, below a memory without limits."""
    bits = dict.fromkeys("ZAB", 8)
    ragged = frozenset(() if perfect else range(len(sizes)))
    return Case(kind, tuple(sizes), stride, 1, bits, rows, columns, (*chips, DEAR), ragged)


@pytest.mark.parametrize(
    "case",
    [
        # What needs no loop must fit as well.
        case_of(SUM, (2, 3), DEAR, Chip(1.0, 1.0, 1, None), perfect=True),
        case_of(OUTER, (2, 3), Chip(1.0, 1.0, 2, None), perfect=True),
        # No 3 PEs of 2x2 are along one rank, but 4 are, of which one has nothing to do.
        case_of(SUM, (1, 3), None, rows=2, columns=2),
        case_of(SUM, (1, 9), None, rows=3, columns=2),
        # As many tiles, but of other lengths, hold other windows.
        case_of(CONV, (2, 4), Chip(0.0, 0.0, 8, None), stride=2),
        case_of(CONV, (2, 5), Chip(0.0, 0.0, 6, None), rows=2),
        # Operations keep the registers busy, too.
        case_of(SUM, (3, 2), Chip(1.0, 1.0, 8, 1e9), perfect=True),
        # A result that bypasses the registers is not read there.
        case_of(MATMUL, (2, 3, 2), Chip(1.0, 3.0, 3, None), Chip(2.0, 2.0, 8, None)),
    ],
    ids=lambda case: f"{case.kind.text} {case.sizes}",
)
@pytest.mark.parametrize("bypass", [False, True], ids=["all kept", "bypass"])
def test_problems_that_were_once_wrong(case: Case, bypass: bool) -> None:
    check_front(case, mapspace.holdings_of(case.space(), bypass=bypass))


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_every_small_convolution_in_tight_registers(stride: int, rows: int) -> None:
    sizes = [(p, r) for p in range(1, 8) for r in range(1, 8) if p * r <= 14]
    for size, held in product(sizes, (4, 6, 8, 12)):
        registers = Chip(0.0, 0.0, held, None)
        case = case_of(CONV, size, registers, rows=rows, stride=stride)
        check_front(case, mapspace.holdings_of(case.space(), bypass=False))


def test_nothing_fits() -> None:
    case = case_of(MATMUL, (2, 2, 2), Chip(1.0, 1.0, 2, None))
    holdings = mapspace.holdings_of(case.space(), bypass=False)
    assert oracle.brute_force(case.space(), holdings)[0] == []
    assert found_by_search(case, holdings) == []


# ---- the brute force itself -------------------------------------------------------------------


def unrolled(case: Case, random: Random) -> tuple[list[int], list[int]]:
    """Rows and columns that ranks take."""
    rows, columns = [1] * len(case.sizes), [1] * len(case.sizes)
    for rank, size in random.sample(list(enumerate(case.sizes)), len(case.sizes)):
        left = case.rows // math.prod(rows), case.columns // math.prod(columns)
        pairs = [
            (a, b)
            for a in range(1, left[0] + 1)
            for b in range(1, left[1] + 1)
            if (a * b <= size and size % (a * b) == 0) or rank in case.ragged
        ]
        rows[rank], columns[rank] = random.choice(pairs)
    return rows, columns


@dataclass(frozen=True)
class Mapped:
    """A random mapping as a nest, and as the brute force sees it."""

    block: Block
    order: tuple[tuple[int, int], ...]
    widths: list[int]
    tiles: list[tuple[int, ...]]
    """At every store, as far out as the loops above leave its tile in place."""


def random_mapping(case: Case, holding: Holding, random: Random) -> Mapped:
    space = case.space()
    order = random.choice(list(mapspace.orders_of(space, holding)))
    rows, columns = unrolled(case, random)
    # One PE without a value is like none.
    widths = [min(n, a * b) for n, a, b in zip(case.sizes, rows, columns, strict=True)]
    chains = [
        random.choice(mapspace.chains(size, (width,), len(order), rank not in case.ragged))
        for rank, (size, width) in enumerate(zip(case.sizes, widths, strict=True))
    ]
    steps: list[Loop | Keep] = []
    states = [case.sizes]
    loops: list[int] = []
    depths = []
    for at in range(len(order) + 1):
        for rank in random.sample(range(len(case.sizes)), len(case.sizes)):
            tile = chains[rank][at]
            if tile < states[-1][rank]:
                steps.append(Loop(case.kind.ranks[rank], tile))
                loops.append(rank)
                states.append((*states[-1][:rank], tile, *states[-1][rank + 1 :]))
        if at < len(order):
            level, tensor = order[at]
            depths.append(len(loops))
            if level or (tensor in holding[0] and not space.latches):
                steps.append(Keep(case.names[level], ((case.tensors[tensor],),)))
            else:
                depths[-1] = -1
    tiles = []
    for (_, tensor), depth in zip(order, depths, strict=True):
        depth = len(loops) if depth < 0 else depth
        while depth and loops[depth - 1] not in space.operands[tensor]:
            depth -= 1
        tiles.append(states[depth])
    bypassed = () if space.latches else set(range(len(case.tensors))) - set(holding[0])
    compute = Compute(
        "Z",
        "PEs",
        tuple((r, n) for r, n in zip(case.kind.ranks, rows, strict=True) if n > 1),
        tuple((r, n) for r, n in zip(case.kind.ranks, columns, strict=True) if n > 1),
        bypass=tuple(case.tensors[i] for i in bypassed),
    )
    return Mapped(Block("Z", Nest(tuple(steps), (compute,))), order, widths, tiles)


def test_every_mapping_is_counted() -> None:
    # Two orders of two stores; the tiles of K are 44 42 41 22 21 11, and 44 42 22 around two PEs.
    # Where the last one may be smaller, 5 has 55 54 53 52 51 44 42 41 33 31 22 21 11.
    registers = Chip(1.0, 1.0, 99, None)
    for size, rows, perfect, chains in ((4, 1, True, 6), (4, 2, True, 9), (5, 1, False, 13)):
        case = case_of(SUM, (1, size), registers, rows=rows, perfect=perfect)
        _, count = oracle.brute_force(case.space(), [((0, 1),)])
        assert count == 2 * chains


def test_the_fullest_pe_counts() -> None:
    case = case_of(SUM, (1, 3), Chip(1.0, 1.0, 2, None), rows=2)
    every, order = ((0, 1),), ((0, 0), (0, 1))
    assert oracle.cost_of(case.space(), every, order, (1, 2), [(1, 3), (1, 3)]) is None
    assert oracle.cost_of(case.space(), every, order, (1, 2), [(1, 3), (1, 2)]) is not None


@pytest.mark.slow
@given(cases(most=10**9, most_orders=10**5), st.randoms(use_true_random=False))
def test_brute_force_counts_as_the_model_does(
    drawn: tuple[Case, list[Holding]], random: Random
) -> None:
    check_counts(*drawn, random)


@pytest.mark.slow
@settings(max_examples=300)
@given(cases(most=10**9, most_orders=10**5), st.randoms(use_true_random=False))
def test_brute_force_always_counts_as_the_model_does(
    drawn: tuple[Case, list[Holding]], random: Random
) -> None:
    check_counts(*drawn, random)


def check_counts(case: Case, holdings: Sequence[Holding], random: Random) -> None:
    cascade, machine = case.cascade(), case.machine()
    for _ in range(10):
        holding = random.choice(holdings)
        mapped = random_mapping(case, holding, random)
        found = oracle.cost_of(case.space(), holding, mapped.order, mapped.widths, mapped.tiles)
        note(f"{case}\n{holding}\n{mapped}\n{found}")
        try:
            counts = count_block(
                mapped.block, cascade, machine, bits=case.bits.__getitem__, where="test"
            )
        except accelsim.InputError:
            assert found is None
            continue
        table, missing = energy_of(counts.einsums[0], machine)
        assert not missing
        assert found is not None
        energy = sum(sum(row.values()) for row in table.values())
        assert found[0] == pytest.approx(energy, rel=1e-12, abs=1e-12)
        assert found[1] == pytest.approx(float(block_cycles(counts, machine)), rel=1e-12)
