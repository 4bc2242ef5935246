"""What a heuristic search may choose: which tensors stay where, and what is unrolled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

from accelsim.errors import InputError
from accelsim.search.problem import Problem

__all__ = ["Space"]

Holding = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Space:
    """The choices; tile sizes and orders of stores are free."""

    holdings: tuple[Holding, ...]
    """Allowed ones: for every level, innermost first, the tensors that it keeps."""
    rows: frozenset[int]
    """Ranks that may lie along the rows of the array."""
    columns: frozenset[int]
    doubled: frozenset[int] = frozenset()
    """Levels above the array that hold every tile twice."""
    whole: frozenset[tuple[int, int]] = frozenset()
    """(level, rank): tiles at this level and further out span the whole rank."""

    def __post_init__(self) -> None:
        if not self.holdings:
            raise InputError("search space: no holding is allowed; allow at least one")

    @classmethod
    def of(
        cls,
        problem: Problem,
        *,
        bypass: Sequence[int] = (),
        rows: Sequence[int] | None = None,
        columns: Sequence[int] | None = None,
    ) -> Space:
        """Every level keeps every tensor, but for levels that tensors may bypass.

        Args:
            problem: the Einsum on an array.
            bypass: levels at which any tensor may be left out.
            rows: ranks that may lie along the rows; any where it is None.
            columns: the same for the columns.
        """
        uses = range(len(problem.uses))
        choices: list[list[tuple[int, ...]]] = []
        for level, spec in enumerate(problem.levels):
            if spec.latch:
                choices.append([()])
                continue
            least = 0 if level in bypass else len(uses)
            sizes = range(len(uses), least - 1, -1)
            choices.append([kept for size in sizes for kept in combinations(uses, size)])
        every = set(range(len(problem.ranks))) - problem.stepped
        return cls(
            tuple(product(*choices)),
            frozenset(every if rows is None else every & set(rows)),
            frozenset(every if columns is None else every & set(columns)),
        )
