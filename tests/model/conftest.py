"""A small machine, and a brute-force interpreter of loop nests for the analytic counts.

The interpreter plays a nest out step by step with sets of coordinates. It is written from the
rules at the top of ``accelsim/model/count.py`` and calls nothing of ``mapping`` or ``model``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

import pytest

from accelsim.architecture import Architecture, Array, Memory, OperationCost
from accelsim.einsum import Einsum, Tensor, TensorAccess
from accelsim.mapping import Block, Loop

Point = Mapping[str, int]
Moved = dict[tuple[str, str], tuple[int, int]]
_Step = tuple[tuple[int, ...], list[tuple[tuple[int, ...], Point]]]
"""Which iteration of every loop, and (PE, point) at work in it."""


@pytest.fixture(scope="session")
def machine() -> Callable[..., Architecture]:
    """DRAM, an outer and an inner buffer, an array, and registers in its PEs if wanted."""

    def build(
        rows: int = 1,
        columns: int = 1,
        *,
        lanes: int = 1,
        registers: bool = True,
        inner_bytes: int | None = None,
    ) -> Architecture:
        def memory(name: str, parent: str | None, instances: int = 1) -> Memory:
            size_bytes = inner_bytes if name == "inner" else None
            return Memory(name, parent, size_bytes, None, 8, 1.0, 2.0, 3.0, instances)

        memories = [memory("DRAM", None), memory("outer", "DRAM"), memory("inner", "outer")]
        if registers:
            memories.append(memory("registers", "array", rows * columns))
        cycles = {"multiply-add": 1, "multiply": 1, "add": 1, "subtract": 1, "max": 2}
        array = Array(
            name="array",
            parent="inner",
            rows=rows,
            columns=columns,
            lanes=lanes,
            operations={name: OperationCost(n, {name: 1}) for name, n in cycles.items()},
            energy_pj=dict.fromkeys(cycles, 1.0),
            area_um2={"alu": 5.0},
        )
        return Architecture(
            "toy", 1e9, 8, "auto", {m.name: m for m in memories}, {"array": array}, {}
        )

    return build


@dataclass(frozen=True)
class Played:
    """What the interpreter counted: elements, not bits."""

    steps: int
    points: int
    moved: Moved
    """(memory, tensor) -> elements read, elements written, the operations' own left out."""
    first_copies: int
    """Partial results that a PE takes up for the first time, summed over PEs."""
    tiles: Mapping[tuple[str, str], int]
    """(memory, tensor) -> elements of the largest tile that is kept there."""
    deliveries: Mapping[str, int]
    """Input -> tiles of it that the PEs together take one after the other."""


@dataclass
class _Visit:
    """The stay of one tile in one store: which PE needs which values of the tensor's ranks."""

    name: tuple[int, ...]
    """Iterations of the loops around the store; another name is another stay."""
    needs: set[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=set)

    @property
    def points(self) -> set[tuple[int, ...]]:
        return {values for _, values in self.needs}


class _Interpreter:
    def __init__(
        self, einsum: Einsum, tensors: Mapping[str, Tensor], block: Block, machine: Architecture
    ) -> None:
        (path,) = block.paths()
        self.einsum, self.tensors, self.machine = einsum, tensors, machine
        self.block, self.compute = block, path.compute
        self.loops: list[Loop] = []
        self.keeps: list[tuple[str, str, int]] = []
        for step in path.steps:
            if not isinstance(step, Loop):
                self.keeps += [(step.memory, tensor, len(self.loops)) for tensor in step.tensors]
            elif step.rank in einsum.sizes:
                self.loops.append(step)
        array, order = machine.arrays[path.compute.array], path.compute.order
        unrolled: dict[str, int] = {}
        compute = path.compute
        sides = (compute.rows, array.rows), (compute.columns, array.columns)
        for ranks, size in (*sides, (compute.lanes, array.lanes)):
            for rank, pes in ranks:
                unrolled[rank] = unrolled.get(rank, 1) * (pes or size)
        self.unrolled = list(unrolled)
        self.in_use = dict.fromkeys(unrolled, 1)
        self.loops += [Loop(rank, unrolled[rank]) for rank in self.unrolled]
        rest = [*(rank for rank in einsum.sizes if rank not in order), *order]
        self.loops += [Loop(rank) for rank in rest if rank not in self.unrolled]

    # ---- the nest, one iteration after the other ------------------------------------------

    def walk(
        self, box: Mapping[str, range], level: int = 0, done: tuple[int, ...] = ()
    ) -> Iterator[_Step]:
        """Every step on the array: its iteration of every loop, and (PE, point) at work."""
        if level == len(self.loops):
            at_work = list(self._at_work(box))
            if at_work:
                yield done, at_work
            return
        loop = self.loops[level]
        whole = box[loop.rank]
        for i, start in enumerate(range(whole.start, whole.stop, loop.tile)):
            part = range(start, min(start + loop.tile, whole.stop))
            yield from self.walk({**box, loop.rank: part}, level + 1, (*done, i))

    def _at_work(self, box: Mapping[str, range]) -> Iterator[tuple[tuple[int, ...], Point]]:
        for values in product(*box.values()):
            point = dict(zip(box, values, strict=True))
            if all(_value(c.terms, c.constant, point) >= 0 for c in self.einsum.constraints):
                yield tuple(point[rank] - box[rank].start for rank in self.unrolled), point

    # ---- tiles ------------------------------------------------------------------------------

    def ranks(self, access: TensorAccess) -> list[str]:
        return sorted({rank for index in access.indices for rank, _ in index.terms})

    def elements(self, access: TensorAccess, points: set[tuple[int, ...]]) -> int:
        """Elements that a tile holds; of several ranks in one dimension it holds a whole run."""
        ranks = self.ranks(access)
        total, plain = 1, []
        for d, index in enumerate(access.indices):
            own = [ranks.index(rank) for rank, _ in index.terms]
            if len(own) < 2:
                plain.append((own, index))
                continue
            combinations = {tuple(p[i] for i in own) for p in points}
            names = [rank for rank, _ in index.terms]
            reached = sorted(
                _value(index.terms, index.constant, dict(zip(names, c, strict=True)))
                for c in combinations
            )
            gap = math.gcd(*(b - a for a, b in pairwise(reached))) or 1
            run = (reached[-1] - reached[0]) // gap + 1
            total *= min(run, len(combinations), self.tensors[access.tensor].shape[d])
        return total * len({tuple(p[i] for own, _ in plain for i in own) for p in points})

    def parts(
        self, access: TensorAccess, visit: _Visit, *, copies: bool
    ) -> dict[tuple[int, ...], set[tuple[int, ...]]]:
        """What each PE takes of a tile: along the tensor's ranks a contiguous run of values, of
        the others, where ``copies`` count, what each PE needs."""
        ranks = self.ranks(access)
        present = {r: sorted({v[i] for v in visit.points}) for i, r in enumerate(ranks)}
        found: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
        for pe, values in visit.needs:
            label = []
            for coordinate, rank in zip(pe, self.unrolled, strict=True):
                if rank in present:
                    run = -(-len(present[rank]) // self.in_use[rank])
                    label.append(present[rank].index(values[ranks.index(rank)]) // run)
                else:
                    label.append(coordinate if copies else 0)
            found.setdefault(tuple(label), set()).add(values)
        return found

    def held(self, access: TensorAccess, visit: _Visit, inside: bool, copies: bool = True) -> int:
        """Elements in a store; in the registers, what several PEs need counts for each of them."""
        parts = self.parts(access, visit, copies=copies) if inside else {(): visit.points}
        return sum(self.elements(access, points) for points in parts.values())

    # ---- tiles that keep what their neighbour held ------------------------------------------

    def new(
        self,
        access: TensorAccess,
        visits: Sequence[_Visit],
        moves: tuple[int, int, int],
        inside: bool,
    ) -> int:
        """Elements that the tile before, along the innermost loops, did not hold.

        Args:
            access: with ranks in sums such that the elements reached are those of the tiles.
            visits: all tiles.
            moves: loops around those that move a tile over its neighbours, the dimension, and by
                how much the rank moves it there.
            inside: whether each PE has a tile of its own.
        """
        run, dim, step = moves
        total = 0
        runs: dict[tuple[int, ...], list[_Visit]] = {}
        for visit in visits:
            runs.setdefault(visit.name[:run], []).append(visit)
        for tiles in runs.values():
            # The last tile need not be continued.
            even = all(self._even(access, visit.points, dim, step) for visit in tiles[:-1])
            before: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
            for visit in tiles:
                parts = self.parts(access, visit, copies=True) if inside else {(): visit.points}
                now = {pe: self._reached(access, points) for pe, points in parts.items()}
                for pe, cells in now.items():
                    total += len(cells - before.get(pe, set()) if even else cells)
                before = now
        return total

    def _reached(self, access: TensorAccess, points: set[tuple[int, ...]]) -> set[tuple[int, ...]]:
        named = [dict(zip(self.ranks(access), point, strict=True)) for point in points]
        return {tuple(_value(i.terms, i.constant, p) for i in access.indices) for p in named}

    def _even(
        self, access: TensorAccess, points: set[tuple[int, ...]], dim: int, step: int
    ) -> bool:
        """Whether a tile has no gaps into which it would move."""
        reached = sorted({cell[dim] for cell in self._reached(access, points)})
        apart = {b - a for a, b in pairwise(reached)}
        return not apart or (len(apart) == 1 and step % apart.pop() == 0)

    # ---- counting ---------------------------------------------------------------------------

    def play(self) -> Played:
        box = {rank: range(size) for rank, size in self.einsum.sizes.items()}
        steps = list(self.walk(box))
        repeats = [any(done[i] for done, _ in steps) for i in range(len(self.loops))]
        for i, rank in enumerate(self.unrolled):
            self.in_use[rank] = 1 + max(pe[i] for _, at_work in steps for pe, _ in at_work)
        registers = self.machine.registers(self.compute.array)
        moved: Moved = {}
        first_copies = 0
        tiles: dict[tuple[str, str], int] = {}
        deliveries: dict[str, int] = {}
        for access in (*self.einsum.inputs, self.einsum.output):
            inside = registers.name if registers else None
            stores: list[tuple[str | None, int]] = []
            for memory, tensor, depth in self.keeps:
                if tensor == access.tensor:
                    stores.append((memory, depth))
                    tiles[memory, tensor] = self._tile(access, steps, memory, depth)
            inside = None if access.tensor in self.compute.bypass else inside
            if not stores or stores[-1][0] != inside:
                stores.append((inside, len(self.loops)))
            above: str | None = "DRAM"
            for store, depth in stores:
                # Loops directly around the store that do not change the tile leave it there.
                ranks = self.ranks(access)
                changing = [
                    i + 1 for i in range(depth) if repeats[i] and self.loops[i].rank in ranks
                ]
                last = max(changing, default=0)
                visits = self._visits(access, steps, last)
                if access is self.einsum.output:
                    first_copies = self._out(moved, access, visits, above, store, store == inside)
                else:
                    moves = self._moves(access, last, repeats, store == inside)
                    read, written = self._in(access, visits, moves, store == inside)
                    if store == inside:
                        deliveries[access.tensor] = len(visits)
                    _add(moved, above, access.tensor, reads=read)
                    _add(moved, store, access.tensor, writes=written)
                above = store
        points = sum(len(at_work) for _, at_work in steps)
        return Played(len(steps), points, moved, first_copies, tiles, deliveries)

    def _tile(self, access: TensorAccess, steps: Sequence[_Step], memory: str, depth: int) -> int:
        """Elements for which a memory needs space, in all PEs as many as in the fullest."""
        visits = self._visits(access, steps, depth)
        most = max(self.elements(access, visit.points) for visit in visits)
        (whole,) = self._visits(access, steps, 0)
        replaced = most < self.elements(access, whole.points)
        copies = 2 if replaced and memory in self.block.double_buffer else 1
        if self.machine.memories[memory].parent != self.compute.array:
            return copies * most
        most = max(
            self.elements(access, points)
            for visit in visits
            for points in self.parts(access, visit, copies=True).values()
        )
        return copies * most * self.machine.memories[memory].instances

    def _moves(
        self, access: TensorAccess, depth: int, repeats: Sequence[bool], inside: bool
    ) -> tuple[int, int, int] | None:
        """Loops around those that move a tile over its neighbours, the dimension along which they
        do, and the step; None where none do."""
        if self.block.halo == "whole" or not depth:
            return None
        rank = self.loops[depth - 1].rank
        dim = next(d for d, i in enumerate(access.indices) if rank in dict(i.terms))
        window = [r for r, _ in access.indices[dim].terms]
        if len(window) < 2 or (inside and any(self.in_use.get(r, 1) > 1 for r in window)):
            return None
        while depth and (not repeats[depth - 1] or self.loops[depth - 1].rank == rank):
            depth -= 1
        return depth, dim, dict(access.indices[dim].terms)[rank]

    def _in(
        self,
        access: TensorAccess,
        visits: Sequence[_Visit],
        moves: tuple[int, int, int] | None,
        inside: bool,
    ) -> tuple[int, int]:
        """Elements of an input that the memory above reads, and that the store takes."""
        if moves is not None:
            return (
                self.new(access, visits, moves, inside=False),
                self.new(access, visits, moves, inside),
            )
        # PEs side by side do not share what their windows have in common, unless it is asked for.
        apart = inside and self.block.halo == "whole"
        return (
            sum(self.held(access, visit, apart, copies=False) for visit in visits),
            sum(self.held(access, visit, inside) for visit in visits),
        )

    def _visits(self, access: TensorAccess, steps: Sequence[_Step], depth: int) -> list[_Visit]:
        ranks = self.ranks(access)
        visits: list[_Visit] = []
        for done, at_work in steps:
            if not visits or visits[-1].name != done[:depth]:
                visits.append(_Visit(done[:depth]))
            for pe, point in at_work:
                values = tuple(point[rank] for rank in ranks)
                visits[-1].needs.add((pe, values))
        return visits

    def _out(
        self,
        moved: Moved,
        access: TensorAccess,
        visits: Sequence[_Visit],
        above: str | None,
        store: str | None,
        inside: bool,
    ) -> int:
        """Partial results: written up at the end of a stay, read back where one was before."""
        seen: set[tuple[int, ...]] = set()
        first = 0
        for visit in visits:
            back = visit.points & seen
            parts = (
                list(self.parts(access, visit, copies=True).values()) if inside else [visit.points]
            )
            copies = sum(len(part) for part in parts)
            copies_back = sum(len(part & seen) for part in parts)
            _add(moved, above, access.tensor, reads=len(back), writes=len(visit.points))
            _add(moved, store, access.tensor, reads=copies, writes=copies_back)
            first += copies - copies_back
            seen |= visit.points
        return first


def _value(terms: Sequence[tuple[str, int]], constant: int, point: Point) -> int:
    return constant + sum(c * point[rank] for rank, c in terms)


def _add(moved: Moved, memory: str | None, tensor: str, *, reads: int = 0, writes: int = 0) -> None:
    if memory is not None:
        before = moved.get((memory, tensor), (0, 0))
        moved[memory, tensor] = before[0] + reads, before[1] + writes


@pytest.fixture(scope="session")
def play() -> Callable[[Einsum, Mapping[str, Tensor], Block, Architecture], Played]:
    """Play one Einsum's nest out: ``play(einsum, tensors, block, machine)``."""
    return lambda einsum, tensors, block, machine: _Interpreter(
        einsum, tensors, block, machine
    ).play()
