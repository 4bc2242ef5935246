"""What all components share, and the kinds that there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from accelsim.architecture.architecture import Architecture, Array, Link, Memory

__all__ = ["ArrayLike", "Component", "MachinePart", "MemoryLike", "component_of", "register"]

MachinePart = Array | Link | Memory
_Maker = Callable[[MachinePart, Architecture], "Component | None"]
_MAKERS: list[_Maker] = []

M = TypeVar("M", bound=_Maker)


class Component:
    """A resource that serves jobs, first come first served."""

    shown = True
    """Whether it takes any time, so that tables list it."""
    carries = False
    """Whether what is on its way keeps it busy."""

    def __init__(self, name: str, servers: int = 1) -> None:
        self.name = name
        self.servers = servers
        self.in_use = 0
        self.wrote: bool | None = None
        """Whether the last transfer wrote; None before the first."""


class MemoryLike(Component, ABC):
    """A component that tiles are moved from and to."""

    limited: bool
    """Whether transfers take any time."""
    linear = True
    """Whether a transfer takes as long as its parts together, however it is cut."""
    latency_cycles: int
    """From a request to its first data."""

    @abstractmethod
    def cycles(self, bits: Fraction, *, run_bits: Fraction, write: bool) -> Fraction:
        """Cycles that one transfer holds one of its ports.

        Args:
            bits: what is moved.
            run_bits: how much of it lies in one piece.
            write: whether it is written.
        """

    def turn_cycles(self, *, write: bool) -> Fraction:
        """Cycles more where the transfer before went the other way."""
        return Fraction(0)


class ArrayLike(Component, ABC):
    """A component that computes tiles."""

    drain_cycles: int = 0
    """Of its latency, what the results of one fold take to leave."""

    @abstractmethod
    def cycles(self, steps: int, folds: int) -> int:
        """Cycles that one tile holds the array.

        Args:
            steps: cycles in which its PEs work.
            folds: how often what stays in the PEs is replaced in it.
        """

    @property
    def latency_cycles(self) -> int:
        """From the end of a tile until its last result has left."""
        return 0


def register(maker: M) -> M:
    """Add a kind: a function that makes the component of a part, or None if it is of another."""
    _MAKERS.append(maker)
    return maker


def component_of(part: MachinePart, machine: Architecture) -> Component:
    """The component of a part of a machine."""
    for maker in _MAKERS:
        if (found := maker(part, machine)) is not None:
            return found
    raise TypeError(f"no kind of component is registered for {type(part).__name__} '{part.name}'")
