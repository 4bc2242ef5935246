"""What tiles hold and what crosses between memories, for whole columns of candidates."""

from __future__ import annotations

import numpy as np

from accelsim.search.problem import Problem, Use
from accelsim.search.tiles import Floats, Ints, span, window_total

__all__ = ["Charges", "Moves"]


class Moves:
    """Counts of one problem. Tiles are nested as ``tiles.py`` says."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.sizes = np.array(problem.sizes, np.int64)

    def tile(self, use: Use, extents: Ints) -> Ints:
        """Elements of a tensor's tile."""
        total = np.ones(len(extents), np.int64)
        for rank in use.plain:
            total = total * extents[:, rank]
        for window in use.windows:
            parts = [extents[:, rank] for rank in window.ranks]
            total = total * span(window.coefficients, parts, window.length)
        return total

    def moved(self, use: Use, extents: Ints) -> Floats:
        """Elements that cross into a store above the array, over the whole Einsum."""
        total = np.ones(len(extents))
        counts = -(-self.sizes // extents)
        for rank, size in enumerate(self.problem.sizes):
            if rank in use.plain:
                total = total * size
            elif rank not in use.ranks:
                total = total * counts[:, rank]
        for window in use.windows:
            parts = []
            for rank in window.ranks:
                tile, size = extents[:, rank], self.problem.sizes[rank]
                full = (size - 1) // tile
                parts.append([(tile, full), (size - full * tile, np.ones_like(full))])
            total = total * window_total(window.coefficients, parts, window.length)
        return total

    def moved_to_pes(self, use: Use, tiles: Ints, widths: Ints) -> tuple[Floats, Floats]:
        """Elements that the memory above the array delivers, and that all PEs take.

        Args:
            use: the tensor.
            tiles: [candidate, rank] tile sizes per PE at the store.
            widths: [candidate, rank] PEs along every rank.
        """
        delivered, taken = np.ones(len(tiles)), np.ones(len(tiles))
        windows = {rank for window in use.windows for rank in window.ranks}
        parts = {}
        for rank, size in enumerate(self.problem.sizes):
            if rank in use.plain:
                delivered, taken = delivered * size, taken * size
                continue
            chunk, width = tiles[:, rank], widths[:, rank]
            tile = np.minimum(chunk * width, size)
            full = (size - 1) // tile
            rest = size - full * tile
            if rank in windows:
                last = -(-rest // width)
                whole = np.where(full > 0, -(-tile // width), 1)
                parts[rank] = [
                    (whole, full * (tile // whole)),
                    (tile - tile // whole * whole, full),
                    (last, rest // last),
                    (rest - rest // last * last, np.ones_like(full)),
                ]
            else:
                delivered = delivered * (full + 1)
                taken = taken * (full * np.minimum(tile, width) + np.minimum(rest, width))
        for window in use.windows:
            total = window_total(
                window.coefficients, [parts[rank] for rank in window.ranks], window.length
            )
            delivered, taken = delivered * total, taken * total
        return delivered, taken

    def least_taken(self, spec: Use, tiles: Ints) -> Floats:
        """Elements that all PEs take at least; exactly, for perfect tiles."""
        taken = np.ones(len(tiles))
        for rank, size in enumerate(self.problem.sizes):
            if rank in spec.plain:
                taken *= size
            else:
                taken *= size / tiles[:, rank]
        for window in spec.windows:
            parts = [tiles[:, rank] for rank in window.ranks]
            taken *= span(window.coefficients, parts, window.length)
        return taken


class Charges:
    """What one tensor costs at one level, per element delivered and taken."""

    def __init__(
        self,
        problem: Problem,
        use: int,
        level: int,
        parent: int,
        held: bool,
        *,
        charged: bool = True,
    ) -> None:
        self.output = use == 0
        bits = problem.uses[use].bits
        read, write = problem.energy_per_bit_pj(parent) if charged else (0.0, 0.0)
        own_read, own_write = problem.energy_per_bit_pj(level) if held else (0.0, 0.0)
        self.parent = (read * bits, write * bits)
        self.own = (own_read * bits, own_write * bits)
        limited = problem.limited
        self.parent_busy, self.own_busy = np.zeros(len(limited)), np.zeros(len(limited))
        if charged and parent in limited:
            self.parent_busy[limited.index(parent)] = float(problem.cycles_per_bit(parent)) * bits
        if held and level in limited:
            self.own_busy[limited.index(level)] = float(problem.cycles_per_bit(level)) * bits
        self.size = problem.uses[use].size

    def energy(self, delivered: Floats, taken: Floats, first: Floats | float) -> Floats:
        """Energy in pJ of moving a tensor's tiles across; ``first`` copies are new results."""
        (read, write), (own_read, own_write) = self.parent, self.own
        if not self.output:
            return np.asarray(delivered * read + taken * own_write)
        return np.asarray(
            delivered * write
            + (delivered - self.size) * read
            + taken * own_read
            + (taken - first) * own_write
        )

    def busy(self, delivered: Floats, taken: Floats, first: Floats | float) -> Floats:
        """Cycles of every memory with a bandwidth, [candidate, memory]."""
        if not self.output:
            return np.outer(delivered, self.parent_busy) + np.outer(taken, self.own_busy)
        return np.outer(2 * delivered - self.size, self.parent_busy) + np.outer(
            2 * taken - first, self.own_busy
        )
