"""A sequence of stores: what many candidates have in common, and what it fixes for all of them.

Between two stores lie loops over tiles. A store moves its tile anew for every loop above it except
those directly above that its tensor does not depend on; so of the loops in front of a store, those
that do not move its tile come last, and of these those that do not move the next store's tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accelsim.errors import InputError, UnsupportedError
from accelsim.mapping.extents import axes_of
from accelsim.search.problem import Problem

__all__ = ["StoreOrder", "Update", "check_order", "check_problem", "loop_order", "updates_of"]


@dataclass(frozen=True)
class StoreOrder:
    """Which memories keep which tensors, outermost first."""

    stores: tuple[tuple[int, int], ...]
    """(level, tensor) as positions in the problem. At level 0 a tensor that the registers do not
    keep is latched at the functional units: its store says from where on its value stays."""
    registers: frozenset[int] = frozenset()
    """Tensors that registers of a known size keep; all others pass them by."""
    doubled: frozenset[int] = frozenset()
    """Levels above the array that hold every tile twice."""

    def keeps(self, store: int) -> bool:
        """Whether a store is a memory, or else a latch."""
        level, use = self.stores[store]
        return level > 0 or use in self.registers

    def latched(self, use: int) -> bool:
        """Whether a tensor's values are latched at the functional units."""
        return use not in self.registers


@dataclass(frozen=True)
class Update:
    """At the loops over ``moving``, where one of them runs, a tensor's tile moves anew."""

    use: int
    moving: tuple[int, ...]
    idle: tuple[tuple[int, bool], ...]
    """(rank that does not move the tile, whether its loop lies further out)."""


def check_problem(problem: Problem) -> None:
    """Refuse what is not counted by columns.

    Raises:
        UnsupportedError: where a tensor is accessed twice, ranks are split with a ragged end, the
            Einsum steps along a rank, or its result is written through a window.
    """
    einsum = problem.einsum
    names = [use.name for use in problem.uses]
    if len(set(names)) < len(names):
        what = "it uses a tensor in two places"
    elif any(axis.inner for axis in axes_of(einsum, ())):
        what = "two of its ranks split another one with a ragged end"
    elif einsum.iterated is not None:
        what = f"it steps along rank '{einsum.iterated}'"
    elif problem.uses[0].windows:
        what = "its result is written through a window"
    else:
        return
    raise UnsupportedError(
        f"Einsum '{einsum.name}': {what}, candidates of such are not counted together (count_block "
        "counts them one by one)"
    )


def check_order(problem: Problem, order: StoreOrder) -> None:
    """Refuse a sequence of stores that is not one of the problem.

    Raises:
        InputError: naming every rule that it breaks.
    """
    problems = []
    if problem.levels[0].latch and order.registers:
        problems.append("registers without a known size keep one value of each tensor, not tiles")
    for i in sorted(order.registers - {use for level, use in order.stores if level == 0}):
        problems.append(f"tensor '{problem.uses[i].name}' is in the registers without a store")
    for i, use in enumerate(problem.uses):
        levels = [level for level, other in order.stores if other == i]
        if levels != sorted(set(levels), reverse=True):
            problems.append(f"stores of tensor '{use.name}' do not lie further and further in")
    if any(not 0 <= level < len(problem.levels) for level, _ in order.stores):
        problems.append(f"a level is none of the {len(problem.levels)} of the problem")
    if problems:
        where = f"stores of Einsum '{problem.einsum.name}'"
        raise InputError([f"{where}: {problem}" for problem in problems])


def loop_order(problem: Problem, order: StoreOrder, at: int) -> tuple[int, ...]:
    """Order of the loops directly above store ``at``, outermost first; of the innermost ones where
    there is no such store."""
    placed = [use for _, use in order.stores]
    later = [*placed[at:], *(u for u in range(len(problem.uses)) if u not in placed)]
    ranks = range(len(problem.ranks))
    return tuple(
        sorted(ranks, key=lambda rank: [rank not in problem.uses[use].ranks for use in later])
    )


def updates_of(problem: Problem, order: StoreOrder, at: int) -> tuple[Update, ...]:
    """What the loops directly above store ``at`` do to the tensors stored there or further in."""
    loops = loop_order(problem, order, at)
    inside = {use for _, use in order.stores[at:]}
    inside |= {use for use in range(len(problem.uses)) if order.latched(use)}
    found = []
    for use in sorted(inside):
        ranks = problem.uses[use].ranks
        for first, last in _runs(loops, ranks):
            moving, before = loops[first:last], loops[:first]
            idle = tuple((r, r in before) for r in range(len(loops)) if r not in ranks)
            found.append(Update(use, moving, idle))
    return tuple(found)


def _runs(loops: Sequence[int], ranks: frozenset[int]) -> list[tuple[int, int]]:
    """Where loops over a tensor's ranks stand side by side: (first, behind the last)."""
    inside = [False, *(rank in ranks for rank in loops), False]
    edges = [i for i in range(len(inside) - 1) if inside[i] != inside[i + 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))
