"""The fused search against a brute force over all blocks, on random small cascades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from math import comb, factorial, prod
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import accelsim
from accelsim.architecture import Architecture, Array, Memory, OperationCost, load_architecture
from accelsim.mapping import Block
from accelsim.mapping.legality import check_structure
from accelsim.mapping.mapping import MappedLayer
from accelsim.mapping.residency import Residency
from accelsim.mapping.schema import SearchFile
from accelsim.model.cost import block_cycles, energy_of
from accelsim.model.count import count_block
from accelsim.search.optimal import front_of
from accelsim.search.option import Option
from accelsim.search.segments import segmented_front

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("fused_oracle", Path(__file__).with_name("fused_oracle.py"))
assert _spec
assert _spec.loader
oracle: Any = module_from_spec(_spec)
_spec.loader.exec_module(oracle)

SAME = 1e-9


@dataclass(frozen=True)
class Kind:
    """A cascade to draw sizes for."""

    text: str
    tensors: Mapping[str, str]
    outputs: tuple[str, ...] = ()


CHAIN = Kind(
    "Y[m,n] = A[m,k] * B[k,n]\nZ[m,l] = Y[m,n] * C[n,l]", {"A": "MK", "B": "KN", "C": "NL"}
)
VECTORS = Kind("Y[m] = A[m,k] * B[k]\nZ[m] = Y[m] * C[m]", {"A": "MK", "B": "K", "C": "M"})
WANTED = Kind("Y[m,n] = A[m] * B[n]\nZ[m] = Y[m,n] * C[n]", {"A": "M", "B": "N", "C": "N"}, ("Y",))
SCALED = Kind("Y[m,n] = A[m] * B[n]\nZ[m,n] = Y[m,n] * C[n]", {"A": "M", "B": "N", "C": "N"})
KINDS = [
    CHAIN,
    VECTORS,
    WANTED,
    SCALED,
    Kind("Y[m] = A[m,k] * B[k]\nZ[n] = Y[m] * C[m,n]", {"A": "MK", "B": "K", "C": "MN"}),
    # An input that both read.
    Kind("Y[m] = max(k) A[m,k]\nZ[m,k] = Y[m] * A[m,k]", {"A": "MK"}),
    Kind(
        "X[m] = A[m,k] * B[k]\nY[m] = X[m] * C[m]\nZ[m,n] = Y[m] * D[n]",
        {"A": "MK", "B": "K", "C": "M", "D": "N"},
    ),
    # A result that skips an Einsum.
    Kind(
        "X[m,n] = A[m] * B[n]\nY[m] = max(n) X[m,n]\nZ[m,n] = X[m,n] * Y[m]", {"A": "M", "B": "N"}
    ),
    # The last one cannot be fused: nothing is handed to it.
    Kind("X[m] = A[m] * B[m]\nY[m] = X[m] * C[m]\nZ[m] = A[m] * C[m]", dict.fromkeys("ABC", "M")),
]
TINY_ATTENTION = Kind(
    "X[m,n] = A[m,k] * B[k,n]\nY[m,n] = X[m,n] * C[m]\nZ[m,l] = Y[m,n] * D[n,l]",
    {"A": "MK", "B": "KN", "C": "M", "D": "NL"},
)

OPERATIONS = {
    "multiply-add": OperationCost(1, {"mac": 1}),
    "multiply": OperationCost(1, {"mac": 1}),
    "max": OperationCost(2, {"compare": 2}),
}


@dataclass(frozen=True)
class Chip:
    """What is drawn of a memory."""

    read_pj: float
    write_pj: float
    bandwidth: float | None
    size_bytes: int | None = None

    def memory(self, name: str, parent: str | None, instances: int = 1) -> Memory:
        figures = self.size_bytes, self.bandwidth, 8, self.read_pj, self.write_pj, None
        return Memory(name, parent, *figures, instances)


@dataclass(frozen=True)
class Case:
    """A problem, for the search, the model and the brute force alike."""

    kind: Kind
    sizes: Mapping[str, int]
    bits: Mapping[str, int]
    root: Chip
    buffer: Chip
    arrays: tuple[tuple[int, int, Chip | None], ...]
    """Rows, columns and registers of each."""
    bypass: bool = False
    doubled: bool = False

    def machine(self) -> Any:
        cascade = accelsim.cascade_from_text(
            self.kind.text,
            ranks={rank: n for rank, n in self.sizes.items() if rank.lower() in self._indices},
            tensors={name: list(ranks) for name, ranks in self.kind.tensors.items()},
            outputs=self.kind.outputs,
        )
        memories = {"DRAM": self.root.memory("DRAM", None), "L1": self.buffer.memory("L1", "DRAM")}
        arrays = {}
        for i, (rows, columns, registers) in enumerate(self.arrays):
            name = f"PEs{i}"
            arrays[name] = Array(
                name, "L1", rows, columns, OPERATIONS, {"mac": 0.3 + i, "compare": 0.7}, {}
            )
            if registers:
                memories[f"RF{i}"] = registers.memory(f"RF{i}", name, rows * columns)
        architecture = Architecture("toy", 1e9, 8, "auto", memories, arrays, {})
        return oracle.Machine(cascade, architecture, self.bits, self.bypass, self.doubled)

    @property
    def _indices(self) -> set[str]:
        inside = [part.split("]")[0] for part in self.kind.text.split("[")[1:]]
        return set("".join(inside))

    def work(self) -> int:
        """About as many mappings inside of shared loops as the brute force looks at."""
        machine, total = self.machine(), 0
        sized = any(chip and chip.size_bytes is not None for *_, chip in self.arrays)
        for name in machine.names:
            count = len(machine.tensors(name))
            stores = 2 * count if sized else count
            chains = [
                comb(len(oracle.divisors(n)) - 1 + stores, stores)
                for n in machine.cascade[name].sizes.values()
            ]
            orders = factorial(count) * (factorial(count) if sized else 1)
            total += prod(chains) * orders * (4**count if self.bypass else 1)
        return total * len(self.arrays)


def found_by_search(machine: Any, *, fuse: bool = True) -> tuple[Option, ...]:
    """The search's front; the one place that calls it."""
    search = SearchFile(
        method="exact",
        tiles="perfect",
        bypass=machine.bypass,
        double_buffer=(machine.buffer,) if machine.doubled else (),
        fuse=fuse,
    )
    cascade, architecture = machine.cascade, machine.architecture
    bits = machine.bits.__getitem__
    fronts = {
        name: front_of(name, cascade, architecture, bits=bits, search=search)
        for name in machine.names
    }
    return segmented_front(machine.names, fronts, cascade, architecture, bits=bits, search=search)


# ---- random problems --------------------------------------------------------------------------

ENERGIES = st.sampled_from([0.0, 0.25, 1.0, 1.75, 6.0, 64.0])
BANDWIDTHS = st.sampled_from([None, None, 3e8, 1e9, 2e10])


def chips(sizes: st.SearchStrategy[int | None]) -> st.SearchStrategy[Chip]:
    return st.builds(Chip, ENERGIES, ENERGIES, BANDWIDTHS, sizes)


@st.composite
def cases(draw: st.DrawFn, *, most: int, kinds: Sequence[Kind] = KINDS) -> Case:
    """A problem with no more mappings than ``most``."""
    kind = draw(st.sampled_from(kinds))
    registers = st.one_of(st.none(), chips(st.none()), chips(st.none()), chips(st.integers(3, 12)))
    shapes = st.sampled_from([(1, 1), (2, 1), (1, 2)])
    arrays = draw(st.lists(st.tuples(shapes, registers), min_size=1, max_size=2))
    # Often too small for everything, seldom too small for anything.
    room = st.one_of(st.integers(4, 12), st.integers(4, 30), st.none())
    case = Case(
        kind=kind,
        sizes={rank: draw(st.integers(1, 4)) for rank in "KLMN"},
        bits={name: draw(st.sampled_from([8, 8, 8, 16])) for name in "ABCDXYZ"},
        root=replace(draw(chips(st.none())), read_pj=draw(st.sampled_from([8.0, 64.0]))),
        buffer=draw(chips(room)),
        arrays=tuple((*shape, chip) for shape, chip in arrays),
        bypass=draw(st.integers(0, 3)) == 0,
        doubled=draw(st.integers(0, 3)) == 0,
    )
    # Fewer choices, then smaller ranks, until it is quick.
    while case.work() > most:
        longest = max(case.sizes, key=case.sizes.__getitem__)
        if case.bypass:
            case = replace(case, bypass=False)
        elif len(case.arrays) > 1:
            case = replace(case, arrays=case.arrays[:1])
        elif case.sizes[longest] > 1:
            shorter = 2 if case.sizes[longest] > 2 else 1
            case = replace(case, sizes={**case.sizes, longest: shorter})
        else:
            break
    return case


# ---- comparison -------------------------------------------------------------------------------


def count(machine: Any, block: Block) -> tuple[float, float, int]:
    """Energy and latency of a block, and bits of the buffer that it fills, by the model."""
    architecture, bits = machine.architecture, machine.bits.__getitem__
    counts = count_block(block, machine.cascade, architecture, bits=bits, where="test")
    energy = 0.0
    for einsum in counts.einsums:
        table, missing = energy_of(einsum, architecture)
        assert not missing
        energy += sum(sum(row.values()) for row in table.values())
    held = sum(counts.occupancy_bits.get(machine.buffer, {}).values())
    return energy, float(block_cycles(counts, architecture)), held


def recounted(machine: Any, blocks: Sequence[Block]) -> tuple[float, float]:
    """Energy and latency of blocks that map the whole cascade."""
    check_structure(MappedLayer("test", tuple(blocks)), machine.cascade, machine.architecture)
    energies, cycles, _ = zip(*(count(machine, block) for block in blocks), strict=True)
    return sum(energies), sum(cycles)


def stays_through_others(machine: Any, block: Block) -> bool:
    """Whether a tile in the PEs stays through loops above stores in the buffer.

    The model counts it as still there, the searches as fetched anew.
    """
    residency = Residency(machine.cascade, machine.architecture, block)
    for name, schedule in residency.schedules.items():
        kept = [depth for keep, _, depth in schedule.keeps if keep.memory == machine.buffer]
        for access in (schedule.einsum.output, *schedule.einsum.inputs):
            way = residency.way(name, access, output=access is schedule.einsum.output)
            for store in way[1:]:
                depth = store.depth
                evicted = residency.evicted_by_others(name, store)
                while depth > evicted and schedule.loops[depth - 1].rank not in access.ranks:
                    if store.memory != machine.buffer and any(depth <= k for k in kept):
                        return True
                    depth -= 1
    return False


def check_front(case: Case) -> None:
    machine = case.machine()
    expected = oracle.brute_force(machine)
    try:
        found = found_by_search(machine)
    except accelsim.InputError:
        assert not expected
        return
    reached = [(option.energy_pj, option.cycles) for option in found]
    shown = f"{case}\nsearch      {reached}\nbrute force {[way[:2] for way in expected]}"
    # What the brute force says of its best blocks holds.
    for energy, cycles, fusions in expected:
        blocks = [machine.block(fusion) for fusion in fusions]
        exact = not any(inner.at_most for fusion in fusions for inner in fusion.inners)
        counted = recounted(machine, blocks)
        assert counted[0] <= energy * (1 + SAME) + SAME, f"{shown}\n{blocks}"
        assert counted[1] <= cycles * (1 + SAME), f"{shown}\n{blocks}"
        if exact:
            assert counted == pytest.approx((energy, cycles), rel=SAME, abs=SAME), shown
    # No block beats the search.
    for energy, cycles, fusions in expected:
        assert any(
            e <= energy * (1 + SAME) + SAME and c <= cycles * (1 + SAME) for e, c in reached
        ), f"{shown}\n{(energy, cycles)} {[machine.block(fusion) for fusion in fusions]}"
    # What it finds is as good as it says, and the brute force knows it, too.
    for option in found:
        counted = recounted(machine, option.blocks)
        assert counted == pytest.approx((option.energy_pj, option.cycles), rel=1e-12), shown
        if not any(stays_through_others(machine, block) for block in option.blocks):
            assert any(
                energy <= counted[0] * (1 + SAME) + SAME and cycles <= counted[1] * (1 + SAME)
                for energy, cycles, _ in expected
            ), f"{shown}\n{option}"


@settings(max_examples=10)
@given(cases(most=150))
def test_random_cascades(case: Case) -> None:
    check_front(case)


@pytest.mark.slow
@settings(max_examples=50)
@given(cases(most=20_000, kinds=[*KINDS, TINY_ATTENTION]))
def test_many_random_cascades(case: Case) -> None:
    check_front(case)


FREE = Chip(0.0, 0.0, None)
DEAR = Chip(64.0, 64.0, None)


def case_of(kind: Kind, sizes: Sequence[int], buffer: Chip, *registers: Chip | None) -> Case:
    """A case with elements of a byte, and one array of one PE for each kind of registers."""
    bits = dict.fromkeys("ABCDXYZ", 8)
    arrays = tuple((1, 1, chip) for chip in registers)
    return Case(kind, dict(zip("MNKL", sizes, strict=True)), bits, DEAR, buffer, arrays)


@pytest.mark.parametrize(
    "case",
    [
        # What is not kept between the shared loops crosses once, not twice.
        case_of(CHAIN, (2, 2, 2, 2), Chip(2.0, 2.0, None, 10), None),
        case_of(CHAIN, (3, 2, 2, 2), Chip(2.0, 2.0, None, 10), Chip(0.25, 0.25, None)),
        # What passes the buffer by does not keep it busy, nor cost its energy.
        replace(case_of(CHAIN, (1, 1, 1, 1), Chip(0.0, 0.0, 3e8), None), bypass=True),
        replace(
            case_of(VECTORS, (1, 1, 2, 1), Chip(6.0, 6.0, None, 3), None),
            root=Chip(8.0, 8.0, None),
            bypass=True,
        ),
        # Registers of two arrays are busy at the same time.
        case_of(CHAIN, (1, 1, 1, 1), FREE, Chip(0.0, 0.0, 3e8), Chip(0.0, 0.0, 3e8)),
        case_of(CHAIN, (1, 1, 1, 1), FREE, Chip(0.0, 0.0, 3e8), FREE),
        case_of(CHAIN, (1, 2, 1, 1), FREE, Chip(0.0, 0.0, 3e8), None),
    ],
    ids=["crosses once", "crosses once, latched", "bypass", "bypass, dear", "two", "one", "none"],
)
def test_cascades_that_were_once_wrong(case: Case) -> None:
    check_front(case)


@pytest.mark.parametrize(
    "case",
    [
        # Only one order of the shared loops keeps both B and C.
        case_of(SCALED, (4, 4, 1, 1), Chip(1.0, 1.0, None, 6), None),
        # What is handed on and wanted outside, too, is written out.
        replace(
            case_of(WANTED, (3, 2, 1, 1), Chip(64.0, 6.0, None, 9), None),
            root=Chip(8.0, 64.0, None),
        ),
        # A dearer mapping of one Einsum leaves the other more room.
        replace(
            case_of(CHAIN, (2, 4, 1, 3), Chip(6.0, 64.0, 1e9, 12), None),
            root=Chip(64.0, 8.0, 1e9),
        ),
        # On two arrays both run at once, which costs more.
        replace(
            case_of(
                CHAIN,
                (2, 1, 2, 1),
                Chip(0.0, 1.0, None, 14),
                Chip(1.0, 1.0, None),
                Chip(6.0, 6.0, None),
            ),
            root=Chip(8.0, 8.0, None),
        ),
    ],
    ids=["order", "wanted", "room", "arrays"],
)
def test_cascades_on_which_one_choice_decides(case: Case) -> None:
    check_front(case)


# ---- known cascades ---------------------------------------------------------------------------

PRODUCTS = Kind(
    "QK[m,p] = Q[e,p] * K[e,m]\nAV[f,p] = QK[m,p] * V[f,m]", {"Q": "EP", "K": "EM", "V": "FM"}
)


def on_the_reference_machine(
    kind: Kind, sizes: Mapping[str, int], *, fuse: bool = True
) -> tuple[Any, tuple[Option, ...]]:
    cascade = accelsim.cascade_from_text(
        kind.text,
        ranks=sizes,
        tensors={name: list(ranks) for name, ranks in kind.tensors.items()},
    )
    bits = dict.fromkeys(cascade.tensors, 8)
    machine = oracle.Machine(cascade, load_architecture("ref3"), bits, False, False)
    found = found_by_search(machine, fuse=fuse)
    for option in found:
        counted = recounted(machine, option.blocks)
        assert counted == pytest.approx((option.energy_pj, option.cycles), rel=1e-12)
    return machine, found


def test_products_of_attention_run_fused() -> None:
    sizes = {"E": 64, "F": 64, "M": 1024, "P": 1024}
    _, found = on_the_reference_machine(PRODUCTS, sizes)
    assert [block.name for block in found[0].blocks] == ["QK+AV"]
    assert found[0].energy_pj <= 144.140e6
    assert min(option.cycles for option in found) == 524_288


def test_products_of_attention_run_apart_where_fusing_is_not_allowed() -> None:
    sizes = {"E": 64, "F": 64, "M": 1024, "P": 1024}
    _, found = on_the_reference_machine(PRODUCTS, sizes, fuse=False)
    assert all([block.name for block in option.blocks] == ["QK", "AV"] for option in found)
    assert found[0].energy_pj <= 282.224e6


def test_tall_chain_runs_fused() -> None:
    _, found = on_the_reference_machine(CHAIN, {"M": 1024, "N": 256, "K": 256, "L": 256})
    assert all([block.name for block in option.blocks] == ["Y+Z"] for option in found)


# ---- the brute force itself -------------------------------------------------------------------


@given(cases(most=300), st.randoms(use_true_random=False))
def test_brute_force_counts_as_the_model_does(case: Case, random: Random) -> None:
    machine = case.machine()
    first = random.randrange(len(machine.names))
    group = machine.names[first : random.randint(first + 1, len(machine.names))]
    every = list(oracle.outers(machine, group)) or [oracle.Outer()]
    outer = random.choice(every)
    if len(every) == 1:
        group = group[:1]
    parts = []
    for name in group:
        nests = list(oracle.inners(machine, oracle.surroundings(machine, name, outer)))
        if not nests:
            return  # Not even single values fit.
        parts.append(nests)
    for _ in range(3):
        chosen = [random.choice(nests) for nests in parts]
        costs = oracle.kept_outside(machine, group, outer)
        for more, _ in chosen:
            costs = oracle.plus(costs, more)
        fusion = oracle.Fusion(outer, tuple(inner for _, inner in chosen), costs)
        block = machine.block(fusion)
        note(f"{block}\n{costs}")
        try:
            energy, cycles, held = count(machine, block)
        except accelsim.InputError:
            assert machine.held_bits(costs) > machine.room
            continue
        assert held == machine.held_bits(costs) <= machine.room
        expected = costs[0], machine.latency(costs)
        if any(inner.at_most for inner in fusion.inners):
            assert energy <= expected[0] * (1 + SAME) + SAME
            assert cycles <= expected[1] * (1 + SAME)
        else:
            assert (energy, cycles) == pytest.approx(expected, rel=SAME, abs=SAME)
