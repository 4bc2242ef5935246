"""Candidates of the exact search, one a row, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelsim.search.problem import Problem
from accelsim.search.tiles import Floats, Ints

__all__ = ["Rows", "join"]


@dataclass(frozen=True)
class Rows:
    """Candidates at one point, one a row."""

    extents: Ints
    """[candidate, rank] tile sizes."""
    stores: NDArray[np.int32]
    """[candidate, store, rank] tile sizes at the stores so far; at the innermost level per PE."""
    used: Floats
    """Bits that are filled at the level at hand."""
    taken: Floats
    """[candidate, tensor] elements that all PEs take at least."""
    widths: Ints
    """[candidate, rank]"""
    energy: Floats
    cycles: Floats
    busy: Floats
    """[candidate, memory with a bandwidth] cycles."""

    @staticmethod
    def start(problem: Problem) -> Rows:
        """A single candidate: tiles of one element, nothing stored yet."""
        ranks, uses = len(problem.sizes), len(problem.uses)
        return Rows(
            extents=np.ones((1, ranks), np.int64),
            stores=np.zeros((1, uses * len(problem.levels), ranks), np.int32),
            used=np.zeros(1),
            taken=np.array([[float(use.size) for use in problem.uses]]),
            widths=np.ones((1, ranks), np.int64),
            energy=np.zeros(1),
            cycles=np.zeros(1),
            busy=np.zeros((1, len(problem.limited))),
        )

    def __len__(self) -> int:
        return len(self.extents)

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Rows:
        """Some of the rows, each column copied."""
        return Rows(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def join(parts: Sequence[Rows]) -> Rows:
    """All rows of several parts."""
    names = Rows.__dataclass_fields__
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
