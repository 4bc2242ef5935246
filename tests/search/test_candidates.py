"""Candidates cost to the bit what ``count_block`` and ``cost`` find for their blocks."""

import random
from dataclasses import dataclass, replace

import numpy as np
import pytest

import accelsim
from accelsim.architecture import (
    Architecture,
    Array,
    Memory,
    OperationCost,
    load_architecture,
)
from accelsim.einsum.cascade import Cascade
from accelsim.mapping.legality import check_capacity
from accelsim.mapping.occupancy import occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.model.cost import block_cycles, energy_of
from accelsim.model.count import count_block
from accelsim.search.candidate_block import block_of
from accelsim.search.candidates import Candidates, Coster, Costs, costs
from accelsim.search.problem import Problem, problem_of
from accelsim.search.store_order import StoreOrder, loop_order

KINDS = {
    "product": ("Z[m,n] = A[m,k] * B[k,n]", "MNK", {"A": "MK", "B": "KN"}),
    "batch": ("Z[b,m,n] = A[b,m,k] * B[b,k,n]", "BMNK", {"A": "BMK", "B": "BKN"}),
    "vector": ("Z[m] = A[m,k] * B[k]", "MK", {"A": "MK", "B": "K"}),
    "outer": ("Z[m,n] = A[m] * B[n]", "MN", {"A": "M", "B": "N"}),
    "sum": ("Z[m] = A[m,k]", "MK", {"A": "MK"}),
    "max": ("Z[m] = max(k) A[m,k]", "MK", {"A": "MK"}),
    "line": ("Z[p] = A[s*p+d*r] * B[r]", "PR", {"A": "H", "B": "R"}),
    "conv": ("Z[k,p] = A[c,s*p+d*r] * B[k,c,r]", "KPCR", {"A": "CH", "B": "KCR"}),
    "image": ("Z[p,q] = A[s*p+d*r,d*q+s*u] * B[r,u]", "PQRU", {"A": "HW", "B": "RU"}),
    "three": ("Z[p] = A[s*p+d*r+2*u] * B[r,u]", "PRU", {"A": "L", "B": "RU"}),
    "short": ("Z[p] = A[3*p+r] * B[r] if 3*p+r < T", "PR", {"A": "T", "B": "R"}),
    "masked": ("Z[m,n] = A[m,k] * B[k,n] if m <= n", "MNK", {"A": "MK", "B": "KN"}),
}
LENGTHS = {
    "T": "P+1",
    "H": "s*(P-1) + d*(R-1) + 1",
    "W": "d*(Q-1) + s*(U-1) + 1",
    "L": "s*(P-1) + d*(R-1) + 2*(U-1) + 1",
}
OPERATIONS = {
    "multiply-add": OperationCost(1, {"mac": 1}),
    "multiply": OperationCost(1, {"mac": 1}),
    "add": OperationCost(1, {"mac": 1}),
    "max": OperationCost(2, {"compare": 2}),
}


@dataclass(frozen=True)
class Case:
    problem: Problem
    order: StoreOrder

    def candidates(self, rng: np.random.Generator, count: int) -> Candidates:
        """Any tiles that do not grow inwards, some of them equal or whole."""
        sizes, stores = self.problem.sizes, len(self.order.stores)
        drawn = np.exp(rng.random((count, stores, len(sizes))) * np.log(np.array(sizes) + 0.99))
        tiles = np.maximum(drawn.astype(np.int64), 1)
        tiles = np.where(rng.random(tiles.shape) < 0.2, np.array(sizes), tiles)
        tiles = -np.sort(-tiles, axis=1)
        some = rng.random(tiles.shape) < 0.3
        for at in range(1, stores):
            tiles[:, at] = np.where(some[:, at], tiles[:, at - 1], tiles[:, at])
            tiles[:, at] = np.minimum(tiles[:, at], tiles[:, at - 1])
        pes = rng.choice([1, 1, 1, 1, 2, 3], (2, count, len(sizes)))
        return Candidates(self.problem, self.order, tiles, pes[0], pes[1])


def cascade_of(kind: str, sizes: dict[str, int], steps: dict[str, int]) -> Cascade:
    text, _, tensors = KINDS[kind]
    ranks: dict[str, int | str] = dict(sizes)
    named = {dim for dims in tensors.values() for dim in dims}
    ranks |= {name: rule for name, rule in LENGTHS.items() if name in named}
    return accelsim.cascade_from_text(
        text,
        ranks=ranks,
        tensors={name: list(dims) for name, dims in tensors.items()},
        parameters=steps if named & {"H", "W", "L"} else {},
    )


def machine_of(draw: random.Random, levels: int, registers: str) -> Architecture:
    energies, memories = [0.0, 0.1, 0.25, 1.0, 1.7, 6.0, 64.0], {}

    def memory(name: str, parent: str | None, size: int | None, instances: int = 1) -> Memory:
        bandwidth = draw.choice([None, 1e8, 0.3e9, 1e9, 2e10])
        read, write = draw.choice(energies), draw.choice(energies)
        access = draw.choice([8, 24, 64])
        return Memory(name, parent, size, bandwidth, access, read, write, None, instances)

    memories["DRAM"] = memory("DRAM", None, None)
    above = "DRAM"
    for i in range(levels):
        size = draw.choice([None, 4000, 10**6])
        memories[f"L{i}"] = memory(f"L{i}", above, size, draw.choice([1, 1, 3]))
        above = f"L{i}"
    rows, columns = draw.choice([4, 12]), draw.choice([4, 20])
    if registers != "none":
        size = draw.choice([60, 10**4]) if registers == "sized" else None
        memories["RF"] = memory("RF", "PEs", size, rows * columns)
    spent = {"mac": 0.37, "compare": 0.11}
    array = Array("PEs", above, rows, columns, OPERATIONS, spent, {})
    return Architecture("toy", 0.94e9, 8, "auto", memories, {"PEs": array}, {})


def order_of(draw: random.Random, problem: Problem) -> StoreOrder:
    """Stores anywhere, a tensor's own ones further and further in."""
    latch, uses = problem.levels[0].latch, range(len(problem.uses))
    kept = frozenset() if latch else frozenset(use for use in uses if draw.random() < 0.6)
    left = {}
    for use in uses:
        levels = [level for level in range(len(problem.levels)) if draw.random() < 0.7]
        levels = sorted({*levels, 0} if use in kept else set(levels), reverse=True)
        left[use] = levels
    stores = []
    while any(left.values()):
        use = draw.choice([use for use in uses if left[use]])
        stores.append((left[use].pop(0), use))
    doubled = [i for i in range(1, len(problem.levels)) if draw.random() < 0.2]
    return StoreOrder(tuple(stores), kept, frozenset(doubled))


def case_of(draw: random.Random, kind: str, largest: int) -> Case:
    sizes = {rank: draw.randint(1, largest) for rank in KINDS[kind][1]}
    if kind == "short":
        sizes["R"] = 2  # Windows of neighbours have nothing in common.
    cascade = cascade_of(kind, sizes, {"s": draw.randint(1, 3), "d": draw.randint(1, 3)})
    machine = machine_of(draw, draw.randint(0, 2), draw.choice(["none", "sized", "unsized"]))
    bits = {name: draw.choice([4, 8, 16, 32]) for name in ("Z", "A", "B")}
    array = machine.arrays["PEs"]
    problem = problem_of("Z", cascade, machine, array, bits=bits.__getitem__)
    return Case(problem, order_of(draw, problem))


def check_same(candidates: Candidates, found: Costs, which: range) -> int:
    """Compare with the model; how many of the candidates are legal."""
    problem = candidates.problem
    bits = {use.name: use.bits for use in problem.uses}
    cascade, machine = problem.cascade, problem.architecture
    roomy = replace(
        machine,
        memories={name: replace(m, size_bytes=None) for name, m in machine.memories.items()},
    )
    legal = 0
    for i in which:
        block = block_of(candidates, i)
        occupancy = occupancy_of(Residency(cascade, machine, block), bits.__getitem__)
        filled = {name: sum(spaces.values()) for name, spaces in occupancy.items()}
        assert filled == {name: int(held[i]) for name, held in found.occupancy_bits.items()}
        fits = not any(
            broken[i] for rule, broken in found.violations.items() if rule.startswith("capacity")
        )
        try:
            check_capacity(Residency(cascade, machine, block), bits.__getitem__, where="test")
        except accelsim.InputError:
            assert not fits
        else:
            assert fits
        legal += bool(found.legal[i])
        # Costs are those of the model even where something does not fit.
        counts = count_block(block, cascade, roomy, bits=bits.__getitem__, where="test")
        table, _ = energy_of(counts.einsums[0], machine)
        assert sum(sum(row.values()) for row in table.values()) == found.energy_pj[i]
        assert float(block_cycles(counts, machine)) == found.cycles[i]
        assert counts.einsums[0].cycles == found.busy["PEs"][i]
    return legal


@pytest.mark.parametrize("kind", KINDS)
def test_costs_are_those_of_the_model(kind: str) -> None:
    draw, rng, legal = random.Random(f"{kind} quick"), np.random.default_rng(len(kind)), 0
    for largest in (5, 12, 40, 1000) * 2:
        case = case_of(draw, kind, largest)
        candidates = case.candidates(rng, 12)
        legal += check_same(candidates, costs(candidates), range(12))
    assert legal


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_costs_are_those_of_the_model_often(kind: str) -> None:
    draw, rng = random.Random(f"{kind} often"), np.random.default_rng(7)
    for largest in (5, 12, 40, 40, 200, 1000) * 40:
        case = case_of(draw, kind, largest)
        candidates = case.candidates(rng, 20)
        check_same(candidates, costs(candidates), range(20))


def test_numbers_past_double_precision_are_exact() -> None:
    draw, rng = random.Random(5), np.random.default_rng(5)
    sizes = {"M": 2**17 + 1, "N": 2**17 + 3, "K": 2**14 + 5}
    cascade = cascade_of("product", sizes, {})
    for _ in range(5):
        machine = machine_of(draw, 1, "sized")
        problem = problem_of(
            "Z", cascade, machine, machine.arrays["PEs"], bits={"Z": 31, "A": 7, "B": 9}.__getitem__
        )
        candidates = Case(problem, order_of(draw, problem)).candidates(rng, 10)
        check_same(candidates, costs(candidates), range(10))


def test_numbers_past_64_bits_are_refused() -> None:
    cascade = cascade_of("product", {"M": 2**20, "N": 2**20, "K": 2**20}, {})
    machine = machine_of(random.Random(1), 1, "none")
    problem = problem_of("Z", cascade, machine, machine.arrays["PEs"], bits=lambda _: 8)
    with pytest.raises(accelsim.UnsupportedError, match="counted in 64 bits"):
        costs(Case(problem, StoreOrder(((1, 0),))).candidates(np.random.default_rng(0), 1))


def test_long_ranks_are_divided_exactly() -> None:
    draw, rng = random.Random(6), np.random.default_rng(6)
    cascade = cascade_of("vector", {"M": 2**26 + 1, "K": 3}, {})
    machine = machine_of(draw, 1, "sized")
    problem = problem_of("Z", cascade, machine, machine.arrays["PEs"], bits=lambda _: 8)
    candidates = Case(problem, order_of(draw, problem)).candidates(rng, 30)
    check_same(candidates, costs(candidates), range(30))


def test_chunks_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(random.Random(11), "conv", 12)
    candidates = case.candidates(np.random.default_rng(3), 40)
    whole = costs(candidates)
    monkeypatch.setattr("accelsim.search.candidates._CHUNK", 7)
    parts = costs(candidates)
    assert (whole.energy_pj == parts.energy_pj).all()
    assert (whole.cycles == parts.cycles).all()
    for name in ("busy", "occupancy_bits", "violations"):
        for key, values in getattr(whole, name).items():
            assert (values == getattr(parts, name)[key]).all()


@pytest.fixture
def product() -> Problem:
    """A product on 16x16 PEs with 512 B each."""
    cascade = cascade_of("product", {"M": 64, "N": 64, "K": 64}, {})
    machine = load_architecture("ref3")
    return problem_of("Z", cascade, machine, machine.arrays["PEs"], bits=lambda _: 8)


def _one(
    problem: Problem, order: StoreOrder, tiles: list[list[int]], rows: list[int]
) -> Candidates:
    ones = np.ones((1, 3), np.int64)
    return Candidates(problem, order, np.array([tiles]), np.array([rows]), ones)


def test_capacity_is_met_at_the_limit_and_broken_one_above(product: Problem) -> None:
    order = StoreOrder(((0, 1),), frozenset({1}))
    fits = costs(_one(product, order, [[16, 64, 32]], [1, 1, 1]))
    assert fits.occupancy_bits["RF"][0] == 512 * 8 * 256
    assert fits.violations["capacity RF"][0] == 0
    assert fits.legal[0]
    above = costs(_one(product, order, [[19, 64, 27]], [1, 1, 1]))
    assert above.violations["capacity RF"][0] == (19 * 27 - 512) * 8 * 256
    assert not above.legal[0]


def test_fanout_and_latch_say_by_how_much(product: Problem) -> None:
    order = StoreOrder(((0, 0), (0, 1)))
    found = costs(_one(product, order, [[16, 4, 1], [16, 4, 1]], [16, 4, 1]))
    assert found.violations["fanout rows"][0] == 48
    assert found.violations["fanout columns"][0] == 0
    # Neither the result nor A has more than one value in a PE.
    assert found.violations["latch"][0] == 0
    found = costs(_one(product, order, [[16, 4, 2], [16, 4, 2]], [8, 4, 1]))
    assert found.violations["latch"][0] == 2


def test_loops_that_do_not_move_a_tile_stand_directly_above_it(product: Problem) -> None:
    """M, N, K: the result does not depend on K, A not on N, B not on M."""
    order = StoreOrder(((1, 1), (1, 0), (1, 2)))
    assert loop_order(product, order, 0) == (0, 2, 1)
    # Of the two that Z depends on, the one that moves B as well stands further out.
    assert loop_order(product, order, 1) == (1, 0, 2)
    found = costs(_one(product, order, [[8, 8, 8], [8, 8, 8], [8, 8, 8]], [1, 1, 1]))
    block = block_of(_one(product, order, [[8, 8, 8], [8, 8, 8], [8, 8, 8]], [1, 1, 1]), 0)
    counts = count_block(
        block, product.cascade, product.architecture, bits=lambda _: 8, where="test"
    )
    read = {t.tensor: t.read_bits for t in counts.einsums[0].transfers if t.memory == "DRAM"}
    assert read["A"] == 64 * 64 * 8
    assert read["B"] == 64 * 64 * 8 * 8
    assert found.legal[0]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (StoreOrder(((0, 1), (1, 1)), frozenset({1})), "do not lie further and further in"),
        (StoreOrder((), frozenset({2})), "'B' is in the registers without a store"),
        (StoreOrder(((5, 1),)), "a level is none of the 2"),
    ],
)
def test_wrong_orders_are_named(product: Problem, order: StoreOrder, message: str) -> None:
    tiles = np.ones((1, len(order.stores), 3), np.int64)
    ones = np.ones((1, 3), np.int64)
    with pytest.raises(accelsim.InputError, match=message):
        costs(Candidates(product, order, tiles, ones, ones))


def test_tiles_that_grow_inwards_are_refused(product: Problem) -> None:
    order = StoreOrder(((1, 1), (1, 2)))
    with pytest.raises(accelsim.InputError, match="larger than the one around it"):
        _one(product, order, [[4, 4, 4], [4, 5, 4]], [1, 1, 1])
    with pytest.raises(accelsim.InputError, match="must be"):
        _one(product, order, [[4, 4, 4]], [1, 1, 1])
    with pytest.raises(accelsim.InputError, match="less than 1 PE"):
        _one(product, order, [[4, 4, 4], [4, 4, 4]], [0, 1, 1])


@pytest.mark.parametrize(
    ("text", "ranks", "tensors", "message"),
    [
        ("Z[m,n] = A[m] * A[n]", {"M": 4, "N": 4}, {"A": ["M"]}, "a tensor in two places"),
        (
            "Z[p] = A[2*p+r] * B[r] if 2*p+r < T",
            {"P": 4, "R": 2, "T": 7},
            {"A": ["T"], "B": ["R"]},
            "split another one with a ragged end",
        ),
    ],
)
def test_what_columns_do_not_count_is_refused(
    text: str, ranks: dict[str, int | str], tensors: dict[str, list[str]], message: str
) -> None:
    machine = load_architecture("ref3")
    cascade = accelsim.cascade_from_text(text, ranks=ranks, tensors=tensors)
    problem = problem_of("Z", cascade, machine, machine.arrays["PEs"], bits=lambda _: 8)
    with pytest.raises(accelsim.UnsupportedError, match=message):
        Coster(problem, StoreOrder(()))
