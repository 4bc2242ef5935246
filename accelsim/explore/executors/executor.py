"""What all ways of evaluating points have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from accelsim.explore.evaluate import Metrics

__all__ = ["Chunk", "Done", "Executor"]


@dataclass(frozen=True)
class Chunk:
    """Points that are evaluated together, one after the other."""

    numbers: tuple[int, ...]
    parameters: tuple[dict[str, int | float | str], ...]


@dataclass(frozen=True)
class Done:
    """What became of a chunk."""

    chunk: Chunk
    found: Sequence[tuple[Metrics | None, str]]
    """For each point its metrics, or why it failed."""
    seconds: float
    """Of work."""


class Executor(Protocol):
    """Evaluates chunks."""

    @property
    def workers(self) -> int:
        """How many points are evaluated at the same time."""

    def submit(self, chunk: Chunk) -> None:
        """Hand over a chunk."""

    def wait(self) -> list[Done]:
        """Chunks that are done; waits for one at least.

        Raises:
            UnsupportedError: where nothing evaluates any more.
        """

    def close(self) -> None:
        """Stop; what is in flight is dropped."""
