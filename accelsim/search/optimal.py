"""The proven best mappings of one Einsum: the Pareto front of energy and latency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade
from accelsim.errors import InputError
from accelsim.formats import Bits
from accelsim.mapping.mapping import Block
from accelsim.mapping.schema import SearchFile
from accelsim.model.cost import block_cycles, energy_of
from accelsim.model.count import count_block
from accelsim.search.assemble import assemble
from accelsim.search.exact import exact_search
from accelsim.search.front import Front, undominated
from accelsim.search.mapspace import MapSpace, Split
from accelsim.search.option import Option
from accelsim.search.problem import Problem, problem_of
from accelsim.search.terms import Found

__all__ = ["best_options", "counted", "front_of", "problems_of"]


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
    spaces = [MapSpace(p, search) for p in problems_of(name, cascade, architecture, bits)]
    front, excluded = Front(), Counter[str]()
    splits: dict[tuple[str, tuple[int, ...]], Split] = {}
    every: dict[Found, None] = {}
    for space in spaces:
        # Perfect tiles are few; what they reach cuts off most of the others.
        for ragged in dict.fromkeys((frozenset[int](), space.ragged)):
            widths, split_of = space.unrollings(ragged)
            splits |= {(space.problem.array.name, key): split for key, split in split_of.items()}
            excluded += exact_search(
                space.problem,
                holdings=space.holdings(),
                widths=widths,
                front=front,
                rules=space.rules(ragged),
            )
            # Some count less than the search assumed: a tile that happens to stay is not fetched.
            every.update(dict.fromkeys(front.found))
    if not len(front):
        rules = ", ".join(f"{rule} {count:,}" for rule, count in excluded.most_common() if count)
        raise InputError(
            f"Einsum '{name}': no mapping is left; candidates were excluded by: {rules or 'none'}; "
            "use larger memories or fewer constraints"
        )
    by_array = {space.problem.array.name: space for space in spaces}
    options = []
    for found in every:
        space = by_array[found.array]
        split = splits[found.array, found.widths]
        block = assemble(space.problem, found, split, space.doubled_memories)
        block = replace(block, halo=search.halo)
        options.append(counted(block, cascade, architecture, bits))
    return best_options(options)


def best_options(options: Sequence[Option]) -> tuple[Option, ...]:
    """Those that no other one beats, cheapest first."""
    energy = np.array([option.energy_pj for option in options])
    cycles = np.array([option.cycles for option in options])
    return tuple(options[i] for i in undominated((energy, cycles)).tolist())


def problems_of(
    name: str, cascade: Cascade, architecture: Architecture, bits: Bits
) -> list[Problem]:
    """The problems of mapping an Einsum, one for every array that can take it.

    Raises:
        InputError: where none can.
    """
    problems, refused = [], None
    for array in architecture.arrays.values():
        try:
            problems.append(problem_of(name, cascade, architecture, array, bits=bits))
        except InputError as error:
            refused = refused or error
    if not problems:
        raise refused or InputError(f"Einsum '{name}': no array can take it")
    return problems


def counted(block: Block, cascade: Cascade, architecture: Architecture, bits: Bits) -> Option:
    """A block with what it costs, counted in full.

    Args:
        block: some Einsums, mapped.
        cascade: their cascade.
        architecture: the machine.
        bits: tensor -> bits per element.

    Raises:
        InputError: where it is not legal.
    """
    where = f"search for block '{block.name}'"
    counts = count_block(block, cascade, architecture, bits=bits, where=where)
    cycles = float(block_cycles(counts, architecture))
    energy, bits_moved, missing = 0.0, 0.0, set[str]()
    for einsum in counts.einsums:
        table, lacking = energy_of(einsum, architecture)
        energy += sum(sum(row.values()) for row in table.values())
        missing |= lacking
        for transfer in einsum.transfers:
            weight = 1.0 if transfer.memory == architecture.root.name else 1e-6
            bits_moved += weight * float(transfer.read_bits + transfer.written_bits)
    return Option((block,), cycles, bits_moved if missing else energy)
