"""What a search found -> the block that says so."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Nest, Step
from accelsim.search.exact import Found
from accelsim.search.problem import Problem

__all__ = ["assemble"]


def assemble(
    problem: Problem, found: Found, in_rows: Sequence[int], doubled: Sequence[str] = ()
) -> Block:
    """The block of one mapping.

    Args:
        problem: the Einsum on the array.
        found: the mapping.
        in_rows: of the PEs along every rank, those in rows; the rest lies in columns.
        doubled: memories that hold every tile twice.
    """
    extents, steps = list(problem.sizes), list[Step]()
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
    rows = tuple((r, n) for r, n in zip(problem.ranks, in_rows, strict=True) if n > 1)
    columns = tuple(
        (rank, width // n)
        for rank, width, n in zip(problem.ranks, found.widths, in_rows, strict=True)
        if width > n
    )
    compute = Compute(
        problem.einsum.name, problem.array.name, rows, columns, bypass=_bypassed(problem, found)
    )
    return Block(
        problem.einsum.name, Nest(_joined(steps), (compute,)), double_buffer=tuple(doubled)
    )


def _bypassed(problem: Problem, found: Found) -> tuple[str, ...]:
    if problem.levels[0].latch:
        return ()
    return tuple(u.name for i, u in enumerate(problem.uses) if i not in found.holding[0])


def _joined(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Neighbouring stores of one memory in one step."""
    joined: list[Step] = []
    for step in steps:
        last = joined[-1] if joined else None
        if isinstance(step, Keep) and isinstance(last, Keep) and step.memory == last.memory:
            joined[-1] = Keep(last.memory, last.groups + step.groups)
        else:
            joined.append(step)
    return tuple(joined)
