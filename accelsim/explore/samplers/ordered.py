"""Every point of a space in order, or in a random order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from accelsim.explore.samplers.sampler import Asked, Told
from accelsim.study import Parameters, Space

__all__ = ["MOST_PASSED", "Exhaustive", "Random", "shuffled"]


@dataclass
class Exhaustive:
    """Every point, in the order of their numbers.

    Args:
        space: the points.
        most: how many are chosen at most.
        worth: whether a point is; others are passed over and not counted.
    """

    space: Space
    most: int
    worth: Callable[[Parameters], bool]
    passed: int = 0
    """Points that were not worth it."""
    _numbers: Iterator[int] = field(init=False, repr=False)
    _chosen: int = 0
    _done: bool = False

    def __post_init__(self) -> None:
        self._numbers = self._order()

    def _order(self) -> Iterator[int]:
        return iter(range(self.space.points))

    def _points(self) -> Iterator[Parameters]:
        passed = 0
        for number in self._numbers:
            point = self.space.point(number)
            if self.worth(point):
                passed = 0
                yield point
                continue
            self.passed += 1
            passed += 1
            if passed >= self._most_passed:
                return

    @property
    def _most_passed(self) -> int:
        return self.space.points

    def ask(self, most: int) -> list[Asked]:
        """The next points."""
        wanted = min(most, self.most - self._chosen)
        found = [
            Asked(self._chosen + i, point)
            for i, point in enumerate(islice(self._points(), max(wanted, 0)))
        ]
        self._chosen += len(found)
        self._done = len(found) < wanted or self._chosen >= self.most
        return found

    def tell(self, told: Told) -> None:
        """Nothing follows from it."""

    @property
    def done(self) -> bool:
        """Whether there are no more."""
        return self._done


@dataclass
class Random(Exhaustive):
    """The same in an order that only the seed knows: no point comes twice."""

    seed: int = 0

    def _order(self) -> Iterator[int]:
        return shuffled(self.space.points, self.seed)

    @property
    def _most_passed(self) -> int:
        return MOST_PASSED


_ROUNDS = 4
MOST_PASSED = 100_000
"""Points not worth it, one after the other, after which a random search gives up: it may be that a
space of any size has none."""


def shuffled(count: int, seed: int) -> Iterator[int]:
    """The numbers below a count in a random order, without holding them.

    A Feistel network permutes the numbers below a power of four; those beyond the count are walked
    over (Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002).
    """
    half = max(((count - 1).bit_length() + 1) // 2, 1)
    low = (1 << half) - 1

    def mixed(value: int, step: int) -> int:
        data = f"{seed}:{step}:{value}".encode()
        digest = hashlib.blake2b(data, digest_size=16).digest()
        return int.from_bytes(digest * (half // 128 + 1)) & low

    for number in range(1 << (2 * half)):
        left, right = number >> half, number & low
        for step in range(_ROUNDS):
            left, right = right, left ^ mixed(right, step)
        permuted = left << half | right
        if permuted < count:
            yield permuted
