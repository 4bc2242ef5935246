"""Einsums of a layer -> units that are searched on their own, and the mappings of each."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade
from accelsim.errors import InputError, UnsupportedError, unknown_name
from accelsim.formats import Bits
from accelsim.mapping.extents import axes_of
from accelsim.mapping.mapping import Block
from accelsim.mapping.schema import SearchFile
from accelsim.model.cost import block_cycles, energy_of
from accelsim.model.count import count_block
from accelsim.search.blocks import groups_of, search_blocks
from accelsim.search.choose import combine
from accelsim.search.exhaustive import OBJECTIVES
from accelsim.search.option import Option
from accelsim.search.problem import problem_of
from accelsim.search.search_key import SearchKey, key_of

__all__ = [
    "METHODS",
    "Unit",
    "check_search",
    "counted",
    "energy_missing",
    "layer_front",
    "unit_front",
    "units_of",
]


METHODS = {
    "enumerate": "the best of a small set, for any Einsum",
    "exact": "the best that there is, proven",
    "anneal": "simulated annealing",
    "genetic": "a genetic algorithm",
    "random": "random mappings",
}
"""Ways to search, with a line each."""

_MOST_TOGETHER = 8
"""Neighbouring Einsums whose fusion is searched."""

_UNKNOWN_TO_ENUMERATED = ("bypass", "keep", "leave_out", "whole", "double_buffer")


@dataclass(frozen=True)
class Unit:
    """Einsums that are mapped together, by one search."""

    names: tuple[str, ...]
    cascade: Cascade
    architecture: Architecture
    words: Mapping[str, int | Fraction]
    """Tensor -> bits per element."""
    search: SearchFile
    method: str
    objectives: tuple[str, ...]
    """What is minimised; a search that finds a whole front needs none."""

    @cached_property
    def key(self) -> SearchKey | None:
        """Of a search that is worth keeping."""
        if self.method == "enumerate":
            return None
        return key_of(
            self.names,
            self.cascade,
            self.architecture,
            words=self.words,
            search=self.search,
            objectives=() if self.method == "exact" else self.objectives,
        )

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Energy figures that are not known, of all arrays that can take an Einsum."""
        found: set[str] = set()
        for name in self.names if self.method != "enumerate" else ():
            for array in self.architecture.arrays.values():
                try:
                    problem = problem_of(
                        name, self.cascade, self.architecture, array, bits=self.words.__getitem__
                    )
                except InputError:
                    continue
                found |= set(problem.missing)
        return tuple(sorted(found))


def check_search(search: SearchFile, *, where: str) -> None:
    """Refuse a method that does not exist, or that cannot do what a search says.

    Raises:
        InputError: what to write instead.
    """
    if search.method not in METHODS:
        raise InputError(unknown_name("search: method", search.method, METHODS, where=where))
    if problem := _not_obeyed(search, search.method):
        raise InputError(f"{where}: search: {problem}; write method: exact, or leave it out")
    if search.objective is not None and search.objective not in OBJECTIVES:
        name = search.objective
        raise InputError(unknown_name("search: objective", name, OBJECTIVES, where=where))


def _not_obeyed(search: SearchFile, method: str) -> str | None:
    """What a method does not know of a search; None where it knows all."""
    if method == "exact":
        return None
    for key in _UNKNOWN_TO_ENUMERATED if method == "enumerate" else ():
        if getattr(search, key):
            return f"{key} is not obeyed by method '{method}'"
    known = ("any", "output", "weights") if method == "enumerate" else ("any",)
    if search.stationary not in known:
        return f"stationary '{search.stationary}' is not obeyed by method '{method}'"
    if search.tiles != "auto":
        return f"tiles '{search.tiles}' is not obeyed by method '{method}'"
    return None


def units_of(
    names: Sequence[str],
    cascade: Cascade,
    architecture: Architecture,
    *,
    bits: Bits,
    search: SearchFile,
    objectives: tuple[str, ...] = ("latency",),
) -> tuple[Unit, ...]:
    """What is searched on its own, in the order of the Einsums.

    Einsums that feed each other through an iterated rank are one unit. These, Einsums that read one
    tensor by two accesses, and those that split a rank that has a ragged end are left to the
    enumerated set whatever the method.

    Args:
        names: the Einsums.
        cascade: their cascade.
        architecture: the machine.
        bits: tensor -> bits per element.
        search: what may be chosen.
        objectives: what an enumerated search minimises, one mapping each.

    Raises:
        InputError: where a group is torn, a rank is unknown, or a constraint would not be obeyed.
    """
    words = {tensor: bits(tensor) for tensor in cascade.tensors}
    units = []
    for group in groups_of(names, cascade, search):
        method = search.method
        why = _beyond(group, cascade) if method != "enumerate" else None
        if why:
            # More freedom than the enumerated set uses is no rule that it breaks.
            rules = search.model_copy(update={"bypass": False, "tiles": "auto"})
            if problem := _not_obeyed(rules, "enumerate"):
                raise InputError(
                    f"Einsum '{group[0]}': {why}, so that method 'enumerate' maps it, but search: "
                    f"{problem}; map it by a case, or with another mapper"
                )
            method = "enumerate"
        units.append(Unit(group, cascade, architecture, words, search, method, objectives))
    return tuple(_neighbours(units) if search.fuse else units)


def _neighbours(units: Sequence[Unit]) -> list[Unit]:
    """Units that may run fused joined: exact ones that read what a neighbour makes."""
    joined: list[Unit] = []
    for unit in units:
        last = joined[-1] if joined else None
        if (
            last
            and last.method == unit.method == "exact"
            and len(last.names) < _MOST_TOGETHER
            and bool(last.missing) == bool(unit.missing)
            and any(access.tensor in last.names for access in unit.cascade[unit.names[0]].inputs)
        ):
            joined[-1] = replace(last, names=last.names + unit.names)
        else:
            joined.append(unit)
    return joined


def _beyond(names: Sequence[str], cascade: Cascade) -> str | None:
    """Why Einsums cannot be searched exactly; None where they can."""
    if any(name in group for name in names for group in cascade.feedback):
        return "it feeds itself through an iterated rank"
    for name in names:
        accesses = dict.fromkeys((cascade[name].output, *cascade[name].inputs))
        tensors = [access.tensor for access in accesses]
        if len(set(tensors)) < len(tensors):
            return "it reads one tensor by two accesses"
        if any(axis.inner for axis in axes_of(cascade[name], ())):
            return "it splits a rank that has a ragged end"
    return None


def unit_front(unit: Unit) -> tuple[Option, ...]:
    """The mappings of a unit that are worth a look, by its method, cheapest first.

    Raises:
        InputError: where no array performs an Einsum, or no mapping is left.
    """
    if unit.method == "exact":
        front = _exact(unit)
        # Without its energy figures a machine has no front, only a fastest mapping.
        return tuple(
            Option(each.blocks, each.cycles, each.energy_pj)
            for each in (front[-1:] if unit.missing else front)
        )
    find = _enumerated if unit.method == "enumerate" else _heuristic
    found = [find(unit, unit.objectives[0])]
    for objective in unit.objectives[1:]:
        with contextlib.suppress(InputError):  # Such as for energies that are not known.
            found.append(find(unit, objective))
    return tuple(found)


def _exact(unit: Unit) -> tuple[Option, ...]:
    from accelsim.search.optimal import front_of
    from accelsim.search.segments import segmented_front

    bits, search = unit.words.__getitem__, unit.search
    fronts = {
        name: front_of(name, unit.cascade, unit.architecture, bits=bits, search=search)
        for name in unit.names
    }
    if len(unit.names) == 1:
        return fronts[unit.names[0]]
    return segmented_front(
        unit.names, fronts, unit.cascade, unit.architecture, bits=bits, search=search
    )


def _heuristic(unit: Unit, objective: str) -> Option:
    from accelsim.search.heuristic_unit import searched_blocks

    blocks = searched_blocks(unit, objective)
    return counted(blocks, unit.cascade, unit.architecture, unit.words.__getitem__)


def _enumerated(unit: Unit, objective: str) -> Option:
    bits = unit.words.__getitem__
    blocks = search_blocks(
        unit.names,
        unit.cascade,
        unit.architecture,
        bits=bits,
        search=unit.search,
        objective=objective,
    )
    return counted(blocks, unit.cascade, unit.architecture, bits)


def counted(
    blocks: Sequence[Block], cascade: Cascade, architecture: Architecture, bits: Bits
) -> Option:
    """Blocks with their time and energy; what is not known of the energy counts as nothing.

    Raises:
        InputError: where tiles do not fit or an array lacks an operation.
    """
    cycles, energy = 0.0, 0.0
    for block in blocks:
        counts = count_block(block, cascade, architecture, bits=bits, where=f"block '{block.name}'")
        cycles += float(block_cycles(counts, architecture))
        for einsum in counts.einsums:
            table, _ = energy_of(einsum, architecture)
            energy += sum(sum(row.values()) for row in table.values())
    return Option(tuple(blocks), cycles, energy)


def energy_missing(
    blocks: Sequence[Block], cascade: Cascade, architecture: Architecture, bits: Bits
) -> frozenset[str]:
    """Figures that the energy of blocks needs and that are not known."""
    found: set[str] = set()
    for block in blocks:
        counts = count_block(block, cascade, architecture, bits=bits, where=f"block '{block.name}'")
        for einsum in counts.einsums:
            found |= energy_of(einsum, architecture)[1]
    return frozenset(found)


def layer_front(
    names: Sequence[str],
    cascade: Cascade,
    architecture: Architecture,
    *,
    bits: Bits,
    search: SearchFile,
) -> tuple[Option, ...]:
    """The front of Einsums of a layer, one unit after the other.

    Args:
        names: the Einsums, in the order of the cascade.
        cascade: their cascade.
        architecture: the machine.
        bits: tensor -> bits per element.
        search: what may be chosen.

    Raises:
        InputError: where no array performs an Einsum, or no mapping is left.
        UnsupportedError: where an Einsum cannot be counted.
    """
    units = units_of(names, cascade, architecture, bits=bits, search=search)
    if not units:
        raise UnsupportedError("there is no Einsum to map; name one")
    fronts = [unit_front(unit) for unit in units]
    front = combine(fronts)
    return tuple(
        Option(
            tuple(block for i, pick in enumerate(picks) for block in fronts[i][pick].blocks),
            float(cycles),
            float(energy),
        )
        for cycles, energy, picks in zip(
            front.cycles, front.energy_pj, front.picks.tolist(), strict=True
        )
    )
