"""What a search found -> the block that says so."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Nest, Step
from accelsim.search.mapspace import Split
from accelsim.search.problem import Problem
from accelsim.search.terms import Found

__all__ = ["assemble", "joined", "nest_of"]


def assemble(problem: Problem, found: Found, split: Split, doubled: Sequence[str] = ()) -> Block:
    """The block of one mapping.

    Args:
        problem: the Einsum on the array.
        found: the mapping.
        split: PEs along every rank in rows, and in columns.
        doubled: memories that hold every tile twice.
    """
    nest = nest_of(problem, found, split, problem.sizes)
    return Block(problem.einsum.name, nest, double_buffer=tuple(doubled))


def nest_of(problem: Problem, found: Found, split: Split, outside: Sequence[int]) -> Nest:
    """The nest of one mapping, inside of loops that cut every rank to ``outside`` already."""
    extents, steps = list(outside), list[Step]()
    for level, use, tiles in found.stores:
        for rank, tile in enumerate(tiles):
            if tile < extents[rank]:
                extents[rank] = tile
                steps.append(Loop(problem.ranks[rank], tile))
        if use in found.holding[level]:
            memory = problem.levels[level].memory
            assert memory is not None
            steps.append(Keep(memory.name, ((problem.uses[use].name,),)))
    # What is left runs rank by rank down to what is unrolled.
    for rank, width in enumerate(found.widths):
        if width < extents[rank]:
            steps.append(Loop(problem.ranks[rank], width))
    rows, columns = (
        tuple((rank, n) for rank, n in zip(problem.ranks, along, strict=True) if n > 1)
        for along in split
    )
    compute = Compute(
        problem.einsum.name, problem.array.name, rows, columns, bypass=_bypassed(problem, found)
    )
    return Nest(joined(steps), (compute,))


def _bypassed(problem: Problem, found: Found) -> tuple[str, ...]:
    if problem.levels[0].latch:
        return ()
    return tuple(u.name for i, u in enumerate(problem.uses) if i not in found.holding[0])


def joined(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Neighbouring stores of one memory in one step."""
    joined: list[Step] = []
    for step in steps:
        last = joined[-1] if joined else None
        if isinstance(step, Keep) and isinstance(last, Keep) and step.memory == last.memory:
            joined[-1] = Keep(last.memory, last.groups + step.groups)
        else:
            joined.append(step)
    return tuple(joined)
