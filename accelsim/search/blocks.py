"""Einsums -> blocks by search: each on its own, those that feed each other stepwise together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from accelsim.architecture.architecture import Architecture, Array
from accelsim.einsum.cascade import Cascade
from accelsim.errors import InputError, unknown_name
from accelsim.formats import Bits
from accelsim.mapping.legality import check_capacity, check_operations
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.residency import Residency
from accelsim.mapping.schema import SearchFile
from accelsim.model.operations import operations_of
from accelsim.search.exhaustive import search_einsum

__all__ = ["groups_of", "placeholder", "search_blocks", "together"]


def search_blocks(
    names: Sequence[str],
    cascade: Cascade,
    architecture: Architecture,
    *,
    bits: Bits,
    search: SearchFile,
    objective: str,
) -> list[Block]:
    """Blocks for these Einsums, one after the other.

    Einsums that feed each other through an iterated rank share a block that steps along that
    rank; what they hand to each other goes through the outermost memory.

    Args:
        names: the Einsums, in the order of the cascade.
        cascade: their cascade.
        architecture: the machine.
        bits: tensor -> bits per element.
        search: what may be chosen.
        objective: one of ``OBJECTIVES``.

    Raises:
        InputError: where no array performs an Einsum, or the search names an unknown rank.
    """
    found = {
        name: search_einsum(
            name, cascade, architecture, bits=bits, search=search, objective=objective
        )
        for group in groups_of(names, cascade, search)
        for name in group
    }
    blocks: list[Block] = []
    for group in groups_of(names, cascade, search):
        rank = _step_of(group, cascade)
        if len(group) == 1 or rank is None:
            blocks.append(found[group[0]])
            continue
        block = together(group, rank, found)
        try:
            check_capacity(Residency(cascade, architecture, block), bits, where=block.name)
        except InputError:
            # Each fits on its own, not all at once: then they stream past the buffer.
            block = together(group, rank, {name: _streaming(found[name]) for name in group})
        blocks.append(block)
    return blocks


def groups_of(
    names: Sequence[str], cascade: Cascade, search: SearchFile
) -> tuple[tuple[str, ...], ...]:
    """Einsums that are mapped together: those that feed each other, all others alone.

    Raises:
        InputError: where a group is torn, or the search names an unknown rank.
    """
    _check_ranks(search, cascade)
    groups: list[tuple[str, ...]] = []
    for name in names:
        group = next((group for group in cascade.feedback if name in group), (name,))
        if group in groups:
            continue
        missing = [member for member in group if member not in names]
        if missing:
            raise InputError(
                f"Einsum '{name}' is searched without {', '.join(missing)}, with which it steps "
                f"along {_step_of(group, cascade)}; name them together"
            )
        groups.append(group)
    return tuple(groups)


def _step_of(group: Sequence[str], cascade: Cascade) -> str | None:
    """The rank along which the members of a group feed each other."""
    return next((cascade[name].iterated for name in group if cascade[name].iterated), None)


def placeholder(group: Sequence[str], cascade: Cascade, architecture: Architecture) -> Block:
    """A block without tiles that stands for one that is not searched yet.

    Raises:
        InputError: where no array performs an Einsum.
    """
    found = {}
    for name in group:
        array = _some_array(name, cascade, architecture)
        found[name] = Block(name, Nest((), (Compute(name, array.name),)))
    rank = _step_of(group, cascade)
    return found[group[0]] if len(group) == 1 or rank is None else together(group, rank, found)


def _some_array(name: str, cascade: Cascade, architecture: Architecture) -> Array:
    problem: InputError | None = None
    for array in architecture.arrays.values():
        try:
            check_operations(name, operations_of(cascade[name], array), array)
        except InputError as error:
            problem = problem or error
            continue
        return array
    raise problem or InputError(f"Einsum '{name}': no array can take it")


def together(group: Sequence[str], rank: str, found: Mapping[str, Block]) -> Block:
    """A block of Einsums that step along a rank together."""
    return Block(
        "+".join(group), Nest((Loop(rank),), tuple(found[member].nest for member in group))
    )


def _streaming(block: Block) -> Block:
    steps = tuple(step for step in block.nest.steps if not isinstance(step, Keep))
    return replace(block, nest=Nest(steps, block.nest.body))


def _check_ranks(search: SearchFile, cascade: Cascade) -> None:
    kinds = ("reduced", "output")
    ranks = {rank for einsum in cascade.einsums for rank in einsum.sizes}
    problems = [
        unknown_name(f"search: rank for {key}", name, [*ranks, *kinds])
        for key in ("rows", "columns")
        for name in getattr(search, key)
        if name not in ranks and name not in kinds
    ]
    problems += [
        unknown_name(f"search: whole: {memory}: rank", name, ranks)
        for memory, names in search.whole.items()
        for name in names
        if name not in ranks
    ]
    if problems:
        raise InputError(problems)
