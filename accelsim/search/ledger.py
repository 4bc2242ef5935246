"""Elements that cross between stores -> energy and busy cycles, to the bit as the model does.

Sums of floating-point numbers depend on their order, so this is the order of
``accelsim.model.count`` (transfers, by memory and tensor) and ``accelsim.model.cost`` (their sum).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelsim.architecture.architecture import Memory
from accelsim.search.problem import Problem
from accelsim.search.store_order import StoreOrder
from accelsim.search.tiles import Floats

__all__ = ["BEGUN", "Ledger", "Quantity", "most_bits"]

Numbers = NDArray[Any]
Quantity = tuple[str, int, int]
"""``delivered`` or ``taken``, tensor, level of the store; see also ``BEGUN``."""

BEGUN: Quantity = ("begun", 0, 0)
"""Results that PEs begin, summed over PEs."""

_EXACT = 2**53


def most_bits(problem: Problem) -> int:
    """No sum of bits that a candidate moves is larger: a value crosses once a point at most."""
    points = prod(problem.sizes)
    memories = [problem.memory(level) for level in range(len(problem.levels) + 1)]
    instances = max(memory.instances for memory in memories if memory is not None)
    crossings = 4 * len(problem.uses) * len(memories) * points
    held = 2 * sum(use.size + 1 for use in problem.uses) * instances
    bits = max(use.bits for use in problem.uses)
    return ceil((crossings + sum(problem.register_accesses()) + held) * bits)


@dataclass
class _Line:
    """Elements of one tensor that one memory reads and writes: sums of quantities."""

    memory: Memory
    bits: int | float
    reads: list[tuple[int, Quantity]] = field(default_factory=list)
    writes: list[tuple[int, Quantity]] = field(default_factory=list)
    reads_besides: int = 0
    writes_besides: int = 0
    operands: int | None = None
    """Reads of the operations, those of results that are only begun included."""


class Ledger:
    """What a sequence of stores makes of the elements that cross.

    Args:
        problem: the Einsum on an array.
        order: the stores.
    """

    def __init__(self, problem: Problem, order: StoreOrder) -> None:
        self.problem, self.order = problem, order
        self._lines: dict[tuple[str, int], _Line] = {}
        for use in range(1, len(problem.uses)):
            self._input(use)
        self._output()
        self._operations()

    # ---- lines, in the order of the model's transfers --------------------------------------

    def _way(self, use: int) -> list[int]:
        """Levels on a tensor's way, the outermost memory's first and the PEs' last."""
        kept = [level for level, other in self.order.stores if other == use and level]
        return [len(self.problem.levels), *kept, 0]

    def _line(self, level: int, use: int) -> _Line | None:
        memory = self.problem.memory(level)
        bypassed = not self.problem.levels[0].latch and self.order.latched(use)
        if memory is None or (level == 0 and bypassed):
            return None
        key = (memory.name, use)
        return self._lines.setdefault(key, _Line(memory, self.problem.uses[use].bits))

    def _input(self, use: int) -> None:
        way = self._way(use)
        for above, below in pairwise(way):
            if line := self._line(above, use):
                line.reads.append((1, ("delivered", use, below)))
            if line := self._line(below, use):
                line.writes.append((1, ("taken", use, below)))

    def _output(self) -> None:
        way, written = self._way(0), self.problem.uses[0].size
        for above, below in pairwise(way):
            if line := self._line(above, 0):
                line.writes.append((1, ("delivered", 0, below)))
                line.reads.append((1, ("delivered", 0, below)))
                line.reads_besides -= written
            if line := self._line(below, 0):
                line.reads.append((1, ("taken", 0, below)))
                line.writes.append((1, ("taken", 0, below)))
                # Not written before: one copy of each element, or one in each PE that reduces it.
                if below:
                    line.writes_besides -= written
                else:
                    line.writes.append((-1, BEGUN))

    def _operations(self) -> None:
        """What the operations themselves read from and write to the registers."""
        problem = self.problem
        registers = problem.levels[0].memory
        if registers is None:
            return
        bypassed = () if problem.levels[0].latch else range(len(problem.uses))
        passing = frozenset(use for use in bypassed if self.order.latched(use))
        reads, writes = problem.register_accesses(passing)
        begun = problem.reduces and 0 not in passing
        if not (begun or reads > 0 or writes):
            return
        key = (registers.name, 0)
        line = self._lines.setdefault(key, _Line(registers, problem.uses[0].bits))
        line.writes_besides += writes
        if begun:
            line.operands = reads
        else:
            line.reads_besides += max(reads, 0)

    # ---- sums --------------------------------------------------------------------------------

    def bits(self, quantities: Mapping[Quantity, Numbers]) -> list[tuple[Memory, Numbers, Numbers]]:
        """(memory, bits read, bits written) of every transfer."""
        found = []
        for line in self._lines.values():
            sides = []
            for terms, besides in (
                (line.reads, line.reads_besides),
                (line.writes, line.writes_besides),
            ):
                total: Any = besides
                for sign, quantity in terms:
                    value = quantities[quantity]
                    total = total + value if sign > 0 else total - value
                sides.append(total)
            if line.operands is not None:
                sides[0] = sides[0] + np.maximum(line.operands - quantities[BEGUN], 0)
            sides = [np.asarray(side * line.bits) for side in sides]
            found.append((line.memory, sides[0], sides[1]))
        return found

    def energy(self, moved: list[tuple[Memory, Numbers, Numbers]], count: int) -> Floats:
        """Energy in pJ; where a figure of the machine is missing, bits weighed as the exact search
        does."""
        if self.problem.missing:
            root = self.problem.architecture.root
            weights = [1.0 if memory is root else 1e-6 for memory, _, _ in moved]
            total = np.zeros(count)
            for weight, (_, reads, writes) in zip(weights, moved, strict=True):
                total += weight * (reads + writes)
            return total
        read: dict[str, Floats] = {}
        written: dict[str, Floats] = {}
        for memory, reads, writes in moved:
            name, width = memory.name, memory.access_bits
            assert width is not None
            assert memory.read_energy_pj is not None
            assert memory.write_energy_pj is not None
            spent = _per_access(reads, width) * memory.read_energy_pj
            read[name] = read[name] + spent if name in read else spent
            spent = _per_access(writes, width) * memory.write_energy_pj
            written[name] = written[name] + spent if name in written else spent
        parts: list[Floats | float] = []
        if self.problem.actions:
            energies = self.problem.array.energy_pj
            parts.append(sum(n * energies[action] for action, n in self.problem.actions.items()))
        parts += [read[name] + written[name] for name in read]
        return np.broadcast_to(_summed(parts), (count,)).astype(np.float64)

    def busy(self, moved: list[tuple[Memory, Numbers, Numbers]]) -> dict[str, Floats]:
        """Memory with a bandwidth -> cycles that it is busy."""
        bits: dict[str, Numbers] = {}
        for memory, reads, writes in moved:
            both = reads + writes
            bits[memory.name] = bits[memory.name] + both if memory.name in bits else both
        rates = {}
        for level in self.problem.limited:
            limited = self.problem.memory(level)
            assert limited is not None
            rates[limited.name] = self.problem.cycles_per_bit(level)
        most = most_bits(self.problem)
        known = {name: rate for name, rate in rates.items() if name in bits}
        return {name: _times(bits[name], rate, most) for name, rate in known.items()}


def _per_access(bits: Numbers, width: int) -> Floats:
    return np.asarray(bits / width if width != 1 else bits, np.float64)


def _times(bits: Numbers, rate: Fraction, most: int) -> Floats:
    """The product, rounded once."""
    if most * rate.numerator < _EXACT and rate.denominator < _EXACT:
        return np.asarray(bits * rate.numerator / rate.denominator, np.float64)
    values, places = np.unique(bits, return_inverse=True)
    exact = np.array([float(Fraction(value) * rate) for value in values.tolist()])
    return np.asarray(exact[places.reshape(np.shape(bits))])


def _summed(parts: list[Floats | float]) -> Floats:
    """As Python's ``sum`` does: from Python 3.12 on, what is lost to rounding is added at last."""
    total: Any = 0.0
    lost: Any = 0.0
    for part in parts:
        after = total + part
        if sys.version_info >= (3, 12):
            larger = np.abs(total) >= np.abs(part)
            lost = lost + np.where(larger, (total - after) + part, (part - after) + total)
        total = after
    return np.asarray(total + lost)
