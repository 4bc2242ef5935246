"""The proven best mappings of one Einsum: the Pareto front of energy and latency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade
from accelsim.errors import InputError
from accelsim.mapping.mapping import Block
from accelsim.mapping.schema import SearchFile
from accelsim.model.cost import block_cycles, energy_of
from accelsim.model.count import count_block
from accelsim.search.assemble import assemble
from accelsim.search.exact import exact_search
from accelsim.search.front import Front
from accelsim.search.mapspace import MapSpace
from accelsim.search.problem import Problem, problem_of

__all__ = ["Option", "front_of"]

Bits = Callable[[str], int]


@dataclass(frozen=True)
class Option:
    """A way to map some Einsums, counted in full."""

    blocks: tuple[Block, ...]
    cycles: float
    energy_pj: float
    """Where a figure of the machine is missing, bits moved stand in for it."""


def front_of(
    name: str,
    cascade: Cascade,
    architecture: Architecture,
    *,
    bits: Bits,
    search: SearchFile,
) -> tuple[Option, ...]:
    """Mappings of one Einsum of which none is both slower and dearer than any mapping there is.

    Args:
        name: the Einsum.
        cascade: its cascade.
        architecture: the machine.
        bits: tensor -> bits per element.
        search: what may be chosen.

    Returns:
        The front, cheapest first.

    Raises:
        InputError: where no array performs the Einsum, or no mapping is left.
    """
    spaces = [MapSpace(p, search) for p in _problems(name, cascade, architecture, bits)]
    front, excluded = Front(), Counter[str]()
    in_rows: dict[tuple[str, tuple[int, ...]], tuple[int, ...]] = {}
    for space in spaces:
        # Perfect tiles are few; what they reach cuts off most of the others.
        for ragged in dict.fromkeys((frozenset[int](), space.ragged)):
            widths, rows = space.unrollings(ragged)
            in_rows |= {(space.problem.array.name, key): value for key, value in rows.items()}
            excluded += exact_search(
                space.problem,
                holdings=space.holdings(),
                widths=widths,
                front=front,
                rules=space.rules(ragged),
            )
    if not len(front):
        rules = ", ".join(f"{rule} {count:,}" for rule, count in excluded.most_common() if count)
        raise InputError(
            f"Einsum '{name}': no mapping is left; candidates were excluded by: {rules or 'none'}; "
            "use larger memories or fewer constraints"
        )
    by_array = {space.problem.array.name: space for space in spaces}
    options = []
    for found in front.found:
        space = by_array[found.array]
        rows_of = in_rows[found.array, found.widths]
        block = assemble(space.problem, found, rows_of, space.doubled_memories)
        options.append(_counted(block, space.problem, bits))
    return tuple(options)


def _problems(name: str, cascade: Cascade, architecture: Architecture, bits: Bits) -> list[Problem]:
    problems, refused = [], None
    for array in architecture.arrays.values():
        try:
            problems.append(problem_of(name, cascade, architecture, array, bits=bits))
        except InputError as error:
            refused = refused or error
    if not problems:
        raise refused or InputError(f"Einsum '{name}': no array can take it")
    return problems


def _counted(block: Block, problem: Problem, bits: Bits) -> Option:
    where = f"search for Einsum '{problem.einsum.name}'"
    counts = count_block(block, problem.cascade, problem.architecture, bits=bits, where=where)
    (einsum,) = counts.einsums
    cycles = float(block_cycles(counts, problem.architecture))
    if problem.missing:
        root = problem.architecture.root.name
        moved = [(t.memory == root, float(t.read_bits + t.written_bits)) for t in einsum.transfers]
        return Option((block,), cycles, sum(bits * (1 if dram else 1e-6) for dram, bits in moved))
    table, _ = energy_of(einsum, problem.architecture)
    return Option((block,), cycles, sum(sum(row.values()) for row in table.values()))
