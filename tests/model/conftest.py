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
from accelsim.mapping import Block, Compute, Loop

Point = Mapping[str, int]
Moved = dict[tuple[str, str], tuple[int, int]]
_Step = tuple[tuple[int, ...], list[tuple[tuple[int, int], Point]]]
"""Which iteration of every loop, and (PE, point) at work in it."""


@pytest.fixture(scope="session")
def machine() -> Callable[..., Architecture]:
    """DRAM, an outer and an inner buffer, an array, and registers in its PEs if wanted."""

    def build(
        rows: int = 1, columns: int = 1, *, registers: bool = True, inner_bytes: int | None = None
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


@dataclass
class _Visit:
    """The stay of one tile in one store: what each PE, and all together, need of it."""

    name: tuple[int, ...]
    """Iterations of the loops around the store; another name is another stay."""
    points: set[tuple[int, ...]] = field(default_factory=set)
    of_pe: dict[tuple[int, int], set[tuple[int, ...]]] = field(default_factory=dict)


class _Interpreter:
    def __init__(
        self, einsum: Einsum, tensors: Mapping[str, Tensor], block: Block, machine: Architecture
    ) -> None:
        (path,) = block.paths()
        self.einsum, self.tensors, self.machine = einsum, tensors, machine
        self.compute: Compute = path.compute
        self.loops: list[Loop] = []
        self.keeps: list[tuple[str, str, int]] = []
        for step in path.steps:
            if not isinstance(step, Loop):
                self.keeps += [(step.memory, tensor, len(self.loops)) for tensor in step.tensors]
            elif step.rank in einsum.sizes:
                self.loops.append(step)
        array, order = machine.arrays[path.compute.array], path.compute.order
        unrolled = {path.compute.rows: array.rows, path.compute.columns: array.columns}
        self.unrolled = [rank for rank in unrolled if rank is not None]
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

    def _at_work(self, box: Mapping[str, range]) -> Iterator[tuple[tuple[int, int], Point]]:
        for values in product(*box.values()):
            point = dict(zip(box, values, strict=True))
            if all(_value(c.terms, c.constant, point) >= 0 for c in self.einsum.constraints):
                rows, columns = self.compute.rows, self.compute.columns
                row = point[rows] - box[rows].start if rows else 0
                column = point[columns] - box[columns].start if columns else 0
                yield (row, column), point

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

    def held(self, access: TensorAccess, visit: _Visit, inside: bool) -> int:
        """Elements in a store; in the registers, what several PEs need counts for each of them."""
        parts = visit.of_pe.values() if inside else [visit.points]
        return sum(self.elements(access, points) for points in parts)

    # ---- counting ---------------------------------------------------------------------------

    def play(self) -> Played:
        box = {rank: range(size) for rank, size in self.einsum.sizes.items()}
        steps = list(self.walk(box))
        repeats = [any(done[i] for done, _ in steps) for i in range(len(self.loops))]
        registers = self.machine.registers(self.compute.array)
        inside = registers.name if registers else None
        moved: Moved = {}
        first_copies = 0
        tiles: dict[tuple[str, str], int] = {}
        for access in (*self.einsum.inputs, self.einsum.output):
            stores: list[tuple[str | None, int]] = []
            for memory, tensor, depth in self.keeps:
                if tensor == access.tensor:
                    stores.append((memory, depth))
                    visits = self._visits(access, steps, depth)
                    held = [self.held(access, visit, memory == inside) for visit in visits]
                    tiles[memory, tensor] = max(held)
            if not stores or stores[-1][0] != inside:
                stores.append((inside, len(self.loops)))
            above: str | None = "DRAM"
            for store, depth in stores:
                # Loops directly around the store that do not change the tile leave it there.
                ranks = self.ranks(access)
                changing = [
                    i + 1 for i in range(depth) if repeats[i] and self.loops[i].rank in ranks
                ]
                visits = self._visits(access, steps, max(changing, default=0))
                if access is self.einsum.output:
                    first_copies = self._out(moved, access, visits, above, store, store == inside)
                else:
                    for visit in visits:
                        n = self.held(access, visit, inside=False)
                        _add(moved, above, access.tensor, reads=n)
                        n = self.held(access, visit, store == inside)
                        _add(moved, store, access.tensor, writes=n)
                above = store
        points = sum(len(at_work) for _, at_work in steps)
        return Played(len(steps), points, moved, first_copies, tiles)

    def _visits(self, access: TensorAccess, steps: Sequence[_Step], depth: int) -> list[_Visit]:
        ranks = self.ranks(access)
        visits: list[_Visit] = []
        for done, at_work in steps:
            if not visits or visits[-1].name != done[:depth]:
                visits.append(_Visit(done[:depth]))
            for pe, point in at_work:
                values = tuple(point[rank] for rank in ranks)
                visits[-1].points.add(values)
                visits[-1].of_pe.setdefault(pe, set()).add(values)
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
            parts = list(visit.of_pe.values()) if inside else [visit.points]
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
