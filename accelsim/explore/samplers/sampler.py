"""What all ways of choosing points have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from accelsim.study import Parameters

__all__ = ["Asked", "Sampler", "Told"]


@dataclass(frozen=True)
class Asked:
    """A point that is to be evaluated."""

    number: int
    """Counts the points of a study, in the order in which they were chosen."""
    parameters: Parameters


@dataclass(frozen=True)
class Told:
    """What became of a point."""

    number: int
    losses: tuple[float, ...] | None
    """Objectives as numbers of which less is better; None where it failed."""
    violation: float = 0.0
    """How far it is from fulfilling its constraints."""


class Sampler(Protocol):
    """Chooses points: by the seed and by what it was told, never by when."""

    most: int
    """Points that it chooses at most."""
    passed: int
    """Points that it passed over, since constraints on parameters alone exclude them."""

    def ask(self, most: int) -> list[Asked]:
        """The next points, some at most.

        None where it waits to be told of those that it chose, or is done.
        """

    def tell(self, told: Told) -> None:
        """What became of a point; in any order."""

    @property
    def done(self) -> bool:
        """Whether it will choose no more."""
