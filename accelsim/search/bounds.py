"""What the stores of a search cost, and what is still to come at least."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from accelsim.search.front import Front
from accelsim.search.moves import Charges, Moves
from accelsim.search.problem import Problem
from accelsim.search.rows import Rows
from accelsim.search.terms import Around, Holding, Rules
from accelsim.search.tiles import Floats, Ints

__all__ = ["Bounds"]


class Bounds(ABC):
    """Costs of a search's stores, and bounds of what is not decided yet."""

    def __init__(
        self,
        problem: Problem,
        holding: Holding,
        front: Front,
        widths: Ints,
        rules: Rules,
        around: Around | None = None,
    ) -> None:
        self.problem, self.holding, self.front = problem, holding, front
        self.widths, self.rules = widths, rules
        self.around = around or Around(problem.sizes, frozenset())
        self.top = np.array(self.around.top, np.int64)
        self.moves = Moves(problem)
        none = np.zeros(len(problem.limited))
        self.busy_around: Floats = np.array(self.around.busy) if self.around.busy else none
        self.excluded = Counter[str]()
        """Rule -> candidates that it excluded."""
        self.uses = problem.uses
        self.sizes = np.array(problem.sizes, np.int64)
        self.latch = problem.levels[0].latch
        self.registers = problem.levels[0].memory is not None
        self._bounds: dict[int, tuple[float, float]] = {}

    def _bits(self, use: int, level: int, extents: Ints) -> Floats:
        """Bits that a tensor's tile fills at a level."""
        spec = self.uses[use]
        filled = self.moves.tile(spec, extents) * float(spec.bits)
        if level in self.rules.doubled:
            # A tile that is never replaced needs no second one.
            replaced = self.moves.tile(spec, extents) < self.moves.tile(spec, self.sizes[None, :])
            filled = filled * np.where(replaced, 2.0, 1.0)
        return np.asarray(filled)

    # ---- what is left outside -------------------------------------------------------------

    def _parent(self, use: int, level: int) -> int:
        """The next memory outwards that keeps a tensor."""
        outer = range(level + 1, len(self.problem.levels))
        home = len(self.problem.levels) - (use in self.around.resident)
        return next((i for i in outer if use in self.holding[i]), home)

    @cached_property
    def _costs(self) -> dict[tuple[int, int], Charges]:
        """(tensor, level) -> costs of its store there."""
        found = {}
        for level in range(len(self.problem.levels)):
            for use in range(len(self.uses)):
                held = use in self.holding[level] or (level == 0 and self.latch)
                if held or level == 0:
                    parent = self._parent(use, level)
                    free = self.around.free and parent == len(self.problem.levels) - 1
                    charged = not (free and use in self.around.resident)
                    found[use, level] = Charges(
                        self.problem, use, level, parent, held, charged=charged
                    )
        return found

    def _least_outside(self, level: int) -> tuple[float, Floats]:
        """Energy and busy cycles of everything outside of a level, each tensor crossing once."""
        energy, busy = 0.0, np.zeros(len(self.problem.limited))
        for (use, at), costs in self._costs.items():
            if at > level:
                size = np.array([float(self.uses[use].size)])
                energy += float(costs.energy(size, size, size)[0])
                busy = busy + costs.busy(size, size, size)[0]
        return energy, busy

    def _bound_outside(self, level: int) -> tuple[float, float]:
        if level not in self._bounds:
            self._bounds[level] = self._bound(level)
        return self._bounds[level]

    def _bound(self, level: int) -> tuple[float, float]:
        """Least energy and least latency of everything outside of a level, for any tiles there.

        Found by a search of its own, from tiles of 1, into which everything can be cut.
        """
        if not any(self.holding[level + 1 :]):
            return 0.0, 0.0
        energy, busy = self._least_outside(level)
        if all(self._holds_everything(at) for at in range(level + 1, len(self.holding))):
            return energy, float(busy.max(initial=0.0))
        return self.search_outside(level)

    @abstractmethod
    def search_outside(self, level: int) -> tuple[float, float]:
        """Least energy and least latency of the stores outside of a level, by a search."""

    def _holds_everything(self, level: int) -> bool:
        """Whether all tensors that a level keeps fit into it as a whole."""
        capacity = self.problem.levels[level].capacity_bits
        used = sum(self._bits(use, level, self.top[None, :])[0] for use in self.holding[level])
        return capacity is None or bool(used <= capacity)

    def _worth(self, rows: Rows, level: int) -> NDArray[np.bool_]:
        _, busy = self._least_outside(level)
        energy, cycles = self._bound_outside(level)
        return self._hopeful(rows, energy, busy, cycles)

    def _hopeful(
        self, rows: Rows, energy: float, busy: Floats, least_cycles: float = 0.0
    ) -> NDArray[np.bool_]:
        cycles = np.maximum(rows.cycles + self.around.cycles, least_cycles)
        if rows.busy.shape[1]:
            cycles = np.maximum(cycles, (rows.busy + busy + self.busy_around).max(axis=1))
        return self.front.worth(rows.energy + energy + self.around.energy, cycles)

    # ---- bounds for what is inside, before it is laid over the array ----------------------

    @cached_property
    def _shared(self) -> Floats:
        """[unrolling, tensor] PEs that one element delivered serves."""
        columns = []
        for use in self.uses:
            absent = [r for r in range(len(self.sizes)) if r not in use.ranks]
            columns.append(self.widths[:, absent].prod(axis=1).astype(np.float64))
        return np.stack(columns, axis=1)

    @cached_property
    def _sharings(self) -> tuple[Floats, Ints, Floats]:
        """Distinct rows of ``_shared``, which of them an unrolling has, and their least cycles."""
        kinds, which = np.unique(self._shared, axis=0, return_inverse=True)
        which = which.reshape(-1)
        cycles = np.full(len(kinds), np.inf)
        np.minimum.at(cycles, which, self._steps(self.widths))
        return kinds, which, cycles

    @cached_property
    def _most_shared(self) -> Ints:
        """Of the distinct ways to share, those that no other one beats for every tensor."""
        kinds = self._sharings[0]
        beaten = np.all(kinds[:, None, :] <= kinds[None, :, :], axis=2).sum(axis=1) > 1
        return np.flatnonzero(~beaten)

    def _steps(self, widths: Ints) -> Floats:
        """Cycles on the array."""
        steps = (-(-self.sizes // widths)).astype(np.float64).prod(axis=1)
        return np.asarray(steps * self.problem.cycles_per_step)

    def _least_of_sharing(self, taken: Floats, kinds: Ints) -> Floats:
        """[candidate, way to share] least energy."""
        outside = self._bound_outside(0)[0] + self.around.energy
        total = np.full((len(taken), len(kinds)), outside)
        shared = self._sharings[0][kinds]
        begun = shared[None, :, 0] * float(self.uses[0].size)
        total += self._operations_energy(begun)
        for use, spec in enumerate(self.uses):
            all_of_it = np.maximum(taken[:, use, None] * (1 - 1e-9), spec.size)
            delivered = np.maximum(all_of_it / shared[None, :, use], spec.size)
            all_of_it = np.maximum(all_of_it, begun) if use == 0 else all_of_it
            total += self._costs[use, 0].energy(delivered, all_of_it, begun)
        return total

    @cached_property
    def least_cycles(self) -> float:
        """No mapping is faster, whatever is unrolled."""
        _, busy = self._least_outside(0)
        return max(
            float((busy + self.busy_around).max(initial=0.0)),
            self._bound_outside(0)[1],
            float(self._sharings[2].min()) + self.around.cycles,
        )

    def _worth_inside(self, least: Floats) -> NDArray[np.bool_]:
        """Of least energies, which may lead to something new."""
        return self.front.worth(least, np.full(len(least), self.least_cycles))

    def _register_bits(self, begun: Floats) -> tuple[Floats, float]:
        """Bits that the operations read from and write to registers, first reads left out."""
        reads, writes = self.problem.register_accesses(self._bypassed)
        first = begun * (self.problem.reduces and 0 not in self._bypassed)
        bits = self.uses[0].bits
        return np.maximum(reads - first, 0) * bits, float(writes * bits)

    def _operations_energy(self, begun: Floats) -> Floats:
        """Energy of the operations and of their register accesses."""
        energy = np.zeros_like(begun)
        if not self.problem.missing:
            energy += self.problem.points_energy_pj
        if self.registers:
            read, write = self.problem.energy_per_bit_pj(0)
            reads, writes = self._register_bits(begun)
            energy += reads * read + writes * write
        return energy

    def _operations_busy(self, begun: Floats) -> Floats:
        """[candidate, memory] cycles that the registers are busy with the operations."""
        busy = np.zeros((len(begun), len(self.problem.limited)))
        if 0 in self.problem.limited:
            reads, writes = self._register_bits(begun)
            busy[:, 0] = (reads + writes) * float(self.problem.cycles_per_bit(0))
        return busy

    @cached_property
    def _bypassed(self) -> frozenset[int]:
        """Tensors that pass the registers by."""
        if self.latch:
            return frozenset()
        return frozenset(range(len(self.uses))) - frozenset(self.holding[0])
