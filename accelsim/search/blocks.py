"""Einsums -> blocks by search: each on its own, those that feed each other stepwise together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade
from accelsim.errors import InputError, unknown_name
from accelsim.mapping.legality import check_capacity
from accelsim.mapping.mapping import Block, Keep, Loop, Nest
from accelsim.mapping.residency import Residency
from accelsim.mapping.schema import SearchFile
from accelsim.search.exhaustive import search_einsum

__all__ = ["search_blocks"]


def search_blocks(
    names: Sequence[str],
    cascade: Cascade,
    architecture: Architecture,
    *,
    bits: Callable[[str], int],
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
    _check_ranks(search, cascade)
    found = {
        name: search_einsum(
            name, cascade, architecture, bits=bits, search=search, objective=objective
        )
        for name in names
    }
    blocks: list[Block] = []
    done: set[str] = set()
    for name in names:
        group = next((group for group in cascade.feedback if name in group), (name,))
        if name in done:
            continue
        done |= set(group)
        if len(group) == 1:
            blocks.append(found[name])
            continue
        rank = next(cascade[member].iterated for member in group if cascade[member].iterated)
        assert rank is not None
        missing = [member for member in group if member not in found]
        if missing:
            raise InputError(
                f"Einsum '{name}' is searched without {', '.join(missing)}, with which it steps "
                f"along {rank}; name them together"
            )
        block = _together(group, rank, found)
        try:
            check_capacity(Residency(cascade, architecture, block), bits, where=block.name)
        except InputError:
            # Each fits on its own, not all at once: then they stream past the buffer.
            block = _together(group, rank, {name: _streaming(found[name]) for name in group})
        blocks.append(block)
    return blocks


def _together(group: Sequence[str], rank: str, found: Mapping[str, Block]) -> Block:
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
    if problems:
        raise InputError(problems)
