"""Many mappings of one Einsum with the same sequence of stores: what each of them costs, exactly.

Tile sizes may be any that do not grow inwards: tiles need not divide what they are in, at no
level. Elements are whole numbers; energy and cycles are to the bit those that ``count_block`` and
``accelsim.model.cost`` find for the block of a candidate (see ``candidate_block``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelsim.errors import InputError, UnsupportedError
from accelsim.search import window_columns
from accelsim.search.ledger import BEGUN, Ledger, Quantity, most_bits
from accelsim.search.nested import Nested
from accelsim.search.problem import Problem, Window
from accelsim.search.store_order import (
    StoreOrder,
    Update,
    check_order,
    check_problem,
    updates_of,
)
from accelsim.search.tiles import Floats, Ints

__all__ = ["Candidates", "Coster", "Costs", "costs"]

Numbers = NDArray[Any]
"""Whole numbers: in floating point where all of them are exact in it, else as integers."""

_CHUNK = 8192
"""Candidates at once: so many that their columns stay in a core's second cache."""


@dataclass(frozen=True)
class Candidates:
    """Mappings of one problem, one a row."""

    problem: Problem
    order: StoreOrder
    tiles: Ints
    """[candidate, store, rank] tile sizes over all PEs, at most those of the store before."""
    rows: Ints
    """[candidate, rank] PEs along every rank in the rows of the array."""
    columns: Ints
    """The same in its columns."""

    def __post_init__(self) -> None:
        count, ranks = len(self.tiles), len(self.problem.ranks)
        shapes = {
            "tiles": (count, len(self.order.stores), ranks),
            "rows": (count, ranks),
            "columns": (count, ranks),
        }
        for name, shape in shapes.items():
            found = getattr(self, name).shape
            if found != shape:
                raise InputError(f"candidates: {name} are of shape {found}, must be {shape}")
        whole = np.broadcast_to(np.array(self.problem.sizes), (count, 1, ranks))
        chain = np.concatenate((whole, self.tiles), axis=1)
        if (np.diff(chain, axis=1) > 0).any() or (self.tiles < 1).any():
            raise InputError(
                "candidates: a tile is larger than the one around it or below 1; tiles go from the "
                "outermost store inwards"
            )
        if (self.rows < 1).any() or (self.columns < 1).any():
            raise InputError("candidates: a rank takes less than 1 PE; 1 leaves it on its own")

    def __len__(self) -> int:
        return len(self.tiles)


@dataclass(frozen=True)
class Costs:
    """What candidates cost, and which rules they break."""

    energy_pj: Floats
    """Where a figure of the machine is missing, bits stand in for it."""
    cycles: Floats
    busy: Mapping[str, Floats]
    """The array, and every memory with a bandwidth -> busy cycles."""
    occupancy_bits: Mapping[str, Numbers]
    """Memory -> bits that its tiles fill."""
    violations: Mapping[str, Numbers]
    """Rule -> by how much it is broken, 0 where it is met: ``capacity GLB`` in bits, ``fanout
    rows`` in PEs, ``latch`` in tensors of which more than one value would have to stay."""

    @cached_property
    def legal(self) -> NDArray[np.bool_]:
        """Which candidates meet every rule."""
        fine = np.ones(len(self.energy_pj), bool)
        for broken in self.violations.values():
            fine &= broken == 0
        return fine


def costs(candidates: Candidates) -> Costs:
    """Cost candidates.

    Raises:
        UnsupportedError: where numbers could pass 64 bits, or for what ``check_problem`` names.
    """
    coster = Coster(candidates.problem, candidates.order)
    return coster(candidates.tiles, candidates.rows, candidates.columns)


class Coster:
    """The cost function of one sequence of stores; tiles are taken as they are, unchecked."""

    def __init__(self, problem: Problem, order: StoreOrder) -> None:
        check_problem(problem)
        check_order(problem, order)
        most = most_bits(problem)
        if most >= 2**63:
            raise UnsupportedError(
                f"Einsum '{problem.einsum.name}' may move up to {most:,} bits, candidates are "
                "counted in 64 bits (count_block counts without limit)"
            )
        self.problem, self.order = problem, order
        self.whole: type[Any] = np.float64 if most < 2**53 else np.int64
        self.ledger = Ledger(problem, order)
        self.updates = [updates_of(problem, order, at) for at in range(len(order.stores) + 1)]
        self.held = {
            level: [i for i, (at, _) in enumerate(order.stores) if at == level and order.keeps(i)]
            for level in range(len(problem.levels))
        }

    def __call__(self, tiles: Numbers, rows: Numbers, columns: Numbers) -> Costs:
        """Costs of candidates; arrays as those of ``Candidates``."""
        parts = [
            _Chunk(
                self, tiles[i : i + _CHUNK], rows[i : i + _CHUNK], columns[i : i + _CHUNK]
            ).costs()
            for i in range(0, max(len(tiles), 1), _CHUNK)
        ]
        first = parts[0]
        if len(parts) == 1:
            return first

        def joined(name: str) -> dict[str, Numbers]:
            tables = [getattr(part, name) for part in parts]
            return {key: np.concatenate([t[key] for t in tables]) for key in tables[0]}

        return Costs(
            np.concatenate([part.energy_pj for part in parts]),
            np.concatenate([part.cycles for part in parts]),
            joined("busy"),
            joined("occupancy_bits"),
            joined("violations"),
        )


class _Chunk:
    """Some candidates, from the outermost store inwards."""

    def __init__(self, coster: Coster, tiles: Numbers, rows: Numbers, columns: Numbers) -> None:
        self.coster, self.problem, self.order = coster, coster.problem, coster.order
        self.count, sizes = len(tiles), self.problem.sizes
        self.nested = Nested(sizes, len(self.order.stores) + 1, self.count)
        kind = self.nested.tile.dtype
        self.tiles: Floats = np.ascontiguousarray(np.moveaxis(tiles, 0, 2), kind)
        self.rows: Floats = np.ascontiguousarray(rows.T, kind)
        self.columns: Floats = np.ascontiguousarray(columns.T, kind)
        inmost = self.tiles[-1] if len(self.tiles) else self.nested.tile
        self.widths: Floats = np.minimum(self.rows * self.columns, inmost)
        self.unrolled = [bool((width > 1).any()) for width in self.widths]
        self.quantities: dict[Quantity, Numbers] = {}
        self.again: dict[int, Numbers] = {}
        """Tensor -> how often the tile that lies where we are is moved."""
        self.spread: dict[int, Numbers] = {}
        """The same, in every PE that takes it."""

    def costs(self) -> Costs:
        self._count()
        moved = self.coster.ledger.bits(self.quantities)
        steps = self.quantities["steps", 0, 0] * self.problem.cycles_per_step
        array = np.asarray(steps, np.float64)
        memories = self.coster.ledger.busy(moved)
        cycles = array
        for busy in memories.values():
            cycles = np.maximum(cycles, busy)
        occupancy, broken = self._rules()
        energy = self.coster.ledger.energy(moved, self.count)
        busy_all = {self.problem.array.name: array, **memories}
        return Costs(energy, cycles, busy_all, occupancy, broken)

    # ---- what crosses ------------------------------------------------------------------------

    def _count(self) -> None:
        problem, order = self.problem, self.order
        pieces, spread = self._pieces()
        for use, spec in enumerate(problem.uses):
            idle = [rank for rank in range(len(problem.ranks)) if rank not in spec.ranks]
            self.again[use] = self._product(1, [pieces[rank] for rank in idle])
            self.spread[use] = self._product(1, [spread[rank] for rank in idle])
        self.quantities[BEGUN] = self.spread[0] * problem.uses[0].size
        for at in range(len(order.stores) + 1):
            before = self.nested.tile
            after = self.tiles[at] if at < len(order.stores) else self.widths
            self.nested.cut(after)
            now = self._pieces()
            self._move(self.coster.updates[at], after < before, (pieces, spread), now)
            pieces, spread = now
            if at < len(order.stores) and order.keeps(at):
                self._store(*order.stores[at])
        for use in range(len(problem.uses)):
            if order.latched(use):
                self._store(0, use)
        self.quantities["steps", 0, 0] = self._product(1, list(pieces))

    def _pieces(self) -> tuple[Numbers, Numbers]:
        """Tiles of every rank, and PEs that work on them, summed over tiles."""
        pieces = self.nested.pieces().astype(self.coster.whole)
        if not any(self.unrolled):
            return pieces, pieces
        return pieces, self.nested.pieces(self.widths).astype(self.coster.whole)

    def _product(self, start: int, factors: list[Numbers]) -> Numbers:
        if not factors:
            return np.full(self.count, start, self.coster.whole)
        total = factors[0] if start == 1 else factors[0] * start
        for factor in factors[1:]:
            total = total * factor
        return np.array(total) if total is factors[0] else total

    def _move(
        self,
        updates: tuple[Update, ...],
        runs: NDArray[np.bool_],
        before: tuple[Numbers, Numbers],
        now: tuple[Numbers, Numbers],
    ) -> None:
        """Loops that move a tensor's tile do so anew for every tile of all ranks around them."""
        for update in updates:
            moving = runs[update.moving[0]]
            for rank in update.moving[1:]:
                moving = moving | runs[rank]
            for table, old, new in zip((self.again, self.spread), before, now, strict=True):
                factors = [(new if outside else old)[rank] for rank, outside in update.idle]
                if factors:
                    value = factors[0]
                    for factor in factors[1:]:
                        value = value * factor
                    np.copyto(table[update.use], value, where=moving)

    def _store(self, level: int, use: int) -> None:
        """Elements that cross into a store, where it lies."""
        spec = self.problem.uses[use]
        plain = 1
        for rank in spec.plain:
            plain *= self.problem.sizes[rank]
        delivered = self.again[use] * plain
        taken = delivered if level else self.spread[use] * plain
        for window in spec.windows:
            shared, each = self._window(window, inside=level == 0)
            taken = taken * each
            delivered = taken if level else delivered * shared
        self.quantities["delivered", use, level] = delivered
        self.quantities["taken", use, level] = taken

    def _window(self, window: Window, *, inside: bool) -> tuple[Numbers, Numbers]:
        """Elements of a window that are delivered, and that all stores take."""
        columns = [self.nested.columns(rank) for rank in window.ranks]
        widths = [self.widths[rank].astype(np.float64) for rank in window.ranks]
        size = prod(self.problem.sizes[rank] for rank in window.ranks)
        found = window_columns.crossing(window, columns, widths if inside else None, size)
        shared, each = (elements.astype(self.coster.whole) for elements in found)
        return shared, each

    # ---- rules -------------------------------------------------------------------------------

    def _rules(self) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
        occupancy: dict[str, Numbers] = {}
        broken: dict[str, Numbers] = {}
        for level, stores in self.coster.held.items():
            memory = self.problem.levels[level].memory
            if memory is None or not stores:
                continue
            filled: Any = 0
            for at in stores:
                filled = (
                    filled
                    + self._held(at, level) * self.problem.uses[self.order.stores[at][1]].bits
                )
            occupancy[memory.name] = filled
            if memory.size_bytes is not None:
                room = memory.size_bytes * 8 * memory.instances
                broken[f"capacity {memory.name}"] = np.maximum(filled - room, 0)
        array = self.problem.array
        for name, taken, pes in (
            ("rows", self.rows, array.rows),
            ("columns", self.columns, array.columns),
        ):
            total = taken.prod(axis=0, dtype=np.float64)
            broken[f"fanout {name}"] = np.maximum(total - pes, 0)
        latches = [i for i in range(len(self.order.stores)) if not self.order.keeps(i)]
        if latches:
            tiles = [self._tile(self.order.stores[at][1], self._per_pe(at)) for at in latches]
            broken["latch"] = np.count_nonzero(np.array(tiles) > 1, axis=0)
        return occupancy, broken

    def _per_pe(self, at: int) -> list[Floats]:
        return [
            np.ceil(tile / width) if unrolled else tile
            for tile, width, unrolled in zip(
                self.tiles[at], self.widths, self.unrolled, strict=True
            )
        ]

    def _tile(self, use: int, lengths: list[Floats]) -> Numbers:
        """Elements of a tile."""
        spec = self.problem.uses[use]
        found = self._product(1, [lengths[r].astype(self.coster.whole) for r in sorted(spec.plain)])
        for window in spec.windows:
            held = window_columns.span(window, [lengths[r].astype(float) for r in window.ranks])
            found = found * held.astype(self.coster.whole)
        return found

    def _held(self, at: int, level: int) -> Numbers:
        """Elements that a store holds, in all instances of its memory."""
        memory = self.problem.levels[level].memory
        assert memory is not None
        use = self.order.stores[at][1]
        if level == 0:
            return self._tile(use, self._per_pe(at)) * memory.instances
        tile = self._tile(use, list(self.tiles[at]))
        held = tile
        if memory.instances > 1:
            held = -(-tile // memory.instances) * memory.instances
        if level in self.order.doubled:
            held = np.where(tile == self.problem.uses[use].size, held, 2 * held)
        return held
