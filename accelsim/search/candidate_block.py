"""A candidate -> the block that says so; counted as it stands, it costs what the candidate does."""

from __future__ import annotations

from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Nest, Step, Unrolled
from accelsim.search.candidates import Candidates
from accelsim.search.problem import Problem
from accelsim.search.store_order import loop_order

__all__ = ["block_of"]


def block_of(candidates: Candidates, which: int) -> Block:
    """The block of one candidate.

    Loops between two stores stand in the order of ``loop_order``. A latched tensor needs no step
    of its own: it stays while only loops run that it does not depend on.

    Args:
        candidates: the candidates.
        which: position of the candidate.
    """
    problem, order = candidates.problem, candidates.order
    extents, steps = list(problem.sizes), list[Step]()
    rows, columns = candidates.rows[which].tolist(), candidates.columns[which].tolist()
    inmost = [a * b for a, b in zip(rows, columns, strict=True)]
    for at, tiles in enumerate([*candidates.tiles[which].tolist(), inmost]):
        for rank in loop_order(problem, order, at):
            if tiles[rank] < extents[rank]:
                extents[rank] = tiles[rank]
                steps.append(Loop(problem.ranks[rank], tiles[rank]))
        if at < len(order.stores) and order.keeps(at):
            level, use = order.stores[at]
            steps.append(_keep(problem, level, use))
    compute = Compute(
        problem.einsum.name,
        problem.array.name,
        rows=_unrolled(problem, rows),
        columns=_unrolled(problem, columns),
        bypass=() if problem.levels[0].latch else _bypassed(candidates),
    )
    doubled = [problem.levels[level].memory for level in sorted(order.doubled)]
    return Block(
        problem.einsum.name,
        Nest(tuple(steps), (compute,)),
        double_buffer=tuple(memory.name for memory in doubled if memory is not None),
    )


def _keep(problem: Problem, level: int, use: int) -> Keep:
    memory = problem.levels[level].memory
    assert memory is not None
    return Keep(memory.name, ((problem.uses[use].name,),))


def _bypassed(candidates: Candidates) -> tuple[str, ...]:
    uses = enumerate(candidates.problem.uses)
    return tuple(use.name for i, use in uses if candidates.order.latched(i))


def _unrolled(problem: Problem, widths: list[int]) -> Unrolled:
    return tuple((rank, n) for rank, n in zip(problem.ranks, widths, strict=True) if n > 1)
