"""The Pareto front of a study, as it grows, with any number of objectives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Front"]


class Front:
    """Points of which none is at least as good as another in every objective.

    Of points that are equal in all of them the one with the least number stays, so that the front
    does not depend on the order in which points come.

    Args:
        objectives: how many there are.
    """

    def __init__(self, objectives: int) -> None:
        self._losses: NDArray[np.float64] = np.empty((0, objectives))
        self._found: list[tuple[int, Any]] = []

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Any]:
        """What is on it, by number."""
        return (found for _, found in sorted(self._found, key=lambda each: each[0]))

    def add(self, losses: tuple[float, ...], number: int, found: Any) -> bool:
        """Take in a point, and drop those that it beats.

        Args:
            losses: objectives of which less is better.
            number: of the point.
            found: what is kept of it.

        Returns:
            Whether it is on the front.
        """
        new = np.array(losses)
        if len(self._found):
            no_worse = (self._losses <= new).all(axis=1)
            if no_worse.any():
                at = int(no_worse.argmax())
                same = (self._losses[at] == new).all()
                if same and number < self._found[at][0]:
                    self._found[at] = (number, found)
                    return True
                return False
            kept = ~(new <= self._losses).all(axis=1)
            if not kept.all():
                self._losses = self._losses[kept]
                self._found = [self._found[i] for i in np.flatnonzero(kept).tolist()]
        self._losses = np.vstack((self._losses, new))
        self._found.append((number, found))
        return True
