"""A mapped block as a person sees it: how often loops run, which tiles stay where and how large.

What a nest says, with its cascade's sizes worked in; texts and pictures are made from this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade, Gathered, Index, TensorAccess
from accelsim.formats import Bits
from accelsim.mapping.extents import Cut, largest
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Nest, Step, Unrolled
from accelsim.mapping.occupancy import occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.mapping.schedule import Schedule
from accelsim.mapping.windows import run_length
from accelsim.units import bytes_text

__all__ = [
    "GLUE",
    "BlockView",
    "EinsumView",
    "KeepView",
    "LoopView",
    "NestView",
    "Tile",
    "block_view",
]

GLUE = "\xa0"
"""A blank at which no line is broken."""

Address = tuple[int, ...]


@dataclass(frozen=True)
class Tile:
    """The space that a tensor, or several one after the other, take in a memory."""

    tensors: tuple[str, ...]
    shape: tuple[int, ...] | None
    """None where tiles are no boxes, or those of several tensors differ."""
    bytes: float
    """In the memory, or in that of one PE; all copies together."""
    copies: int = 1
    """2 where one copy is filled while the other is used."""

    @property
    def name(self) -> str:
        return "=".join(self.tensors)

    @property
    def extent(self) -> str:
        """``512 x 16``, lengths of one left out; empty where the shape is not known."""
        return " x ".join(f"{n:,}" for n in self.shape or () if n > 1)

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.extent, f"({self.space})") if part)

    @property
    def space(self) -> str:
        each = bytes_text(self.bytes / self.copies)
        return f"{self.copies} x {each}" if self.copies > 1 else each


@dataclass(frozen=True)
class LoopView:
    """A loop with how often it runs inside the loops around it."""

    rank: str
    times: int
    tile: int
    last: int
    """Values in the last tile, where it is smaller; else ``tile``."""

    def __str__(self) -> str:
        rest = f", last {self.last:,}" if self.last != self.tile else ""
        return f"for {self.rank} in {self.times:,} x {self.tile:,}{rest}"


@dataclass(frozen=True)
class KeepView:
    """Tiles that stay in a memory from here inwards."""

    memory: str
    address: Address
    """Of the Keep in its block."""
    tiles: tuple[Tile, ...]
    each_pe: bool
    """Whether the memory is one in each PE; sizes are then those of one."""


@dataclass(frozen=True)
class EinsumView:
    """An Einsum on its array."""

    name: str
    array: str
    sides: tuple[tuple[str, tuple[tuple[str, int], ...], int], ...]
    """``rows``, ``columns`` and ``lanes``: ranks with what they take of it, at most as many as they
    have values, and how many of it there are."""
    loops: tuple[LoopView, ...]
    """What is left runs one by one, or as many at once as PEs are taken."""
    forward: tuple[str, ...]
    bypass: tuple[str, ...]

    @property
    def details(self) -> Iterator[str]:
        """Its own loops, and how it takes and gives what it does not take from memories.

        Blanks at which no line should be broken are ``GLUE``.
        """
        if self.loops:
            each = (str(loop).removeprefix("for ").replace(" ", GLUE) for loop in self.loops)
            yield f"for {', '.join(each)}"
        if self.forward:
            yield f"{', '.join(self.forward)} from the registers of its maker"
        if self.bypass:
            yield f"{', '.join(self.bypass)} past the registers"

    @property
    def spread(self) -> str:
        """Which ranks lie where: ``M on 16 rows, N on 8 of 16 columns``."""
        parts = []
        for side, ranks, size in self.sides:
            whole = prod(pes for _, pes in ranks) == size
            if len(ranks) == 1:
                of_all = "" if whole else f"of {size:,} "
                parts.append(f"{ranks[0][0]} on {ranks[0][1]:,} {of_all}{side}")
            elif ranks:
                each = " x ".join(f"{rank} {pes:,}" for rank, pes in ranks)
                parts.append(f"{each} on {'the' if whole else 'some of'} {size:,} {side}")
        return ", ".join(parts) or "on one PE"


@dataclass(frozen=True)
class NestView:
    """Loops and keeps, outermost first, around what they hold."""

    steps: tuple[LoopView | KeepView, ...]
    body: tuple[NestView | EinsumView, ...]

    @property
    def einsums(self) -> Iterator[EinsumView]:
        """Every Einsum inside, in order of execution."""
        for part in self.body:
            if isinstance(part, EinsumView):
                yield part
            else:
                yield from part.einsums


@dataclass(frozen=True)
class BlockView:
    """A block: what it takes from and gives to the outermost memory, and its nest."""

    name: str
    root: str
    inputs: tuple[Tile, ...]
    """Tensors that it reads from the outermost memory, whole."""
    outputs: tuple[Tile, ...]
    """Tensors that it writes there."""
    nest: NestView

    @property
    def outermost(self) -> tuple[Tile, ...]:
        """What it uses of the outermost memory, each tensor once."""
        return tuple(dict.fromkeys((*self.inputs, *self.outputs)))


def block_view(block: Block, cascade: Cascade, architecture: Architecture, bits: Bits) -> BlockView:
    """A block with its sizes worked in.

    Args:
        block: of sound structure.
        cascade: at the sizes at which it is mapped.
        architecture: the machine.
        bits: tensor -> bits per element.
    """
    viewer = _Viewer(Residency(cascade, architecture, block), bits)
    inputs, outputs = viewer.through_root()
    nest = viewer.nest(block.nest, dict(cascade.sizes), ())
    return BlockView(block.name, architecture.root.name, inputs, outputs, nest)


@dataclass(frozen=True)
class _Viewer:
    residency: Residency
    bits: Bits

    def through_root(self) -> tuple[tuple[Tile, ...], tuple[Tile, ...]]:
        """Tensors that the block reads from the outermost memory, and those it writes there."""
        root = self.residency.architecture.root.name
        read: dict[str, Tile] = {}
        written: dict[str, Tile] = {}
        for name, schedule in self.residency.schedules.items():
            for access in schedule.einsum.inputs:
                way = self.residency.way(name, access, output=False)
                if way and way[0].memory == root:
                    read[access.tensor] = self._whole(access.tensor)
            way = self.residency.way(name, schedule.einsum.output, output=True)
            if way and way[0].memory == root:
                written[name] = self._whole(name)
        return tuple(read.values()), tuple(written.values())

    def _whole(self, name: str) -> Tile:
        tensor = self.residency.cascade.tensors[name]
        return Tile((name,), tensor.shape, float(tensor.size * self.bits(name) / 8))

    def nest(self, nest: Nest, left: dict[str, int], trail: Address) -> NestView:
        """A nest; ``left`` says how many values of each rank a tile has around it."""
        left = dict(left)
        steps: list[LoopView | KeepView] = []
        for i, step in enumerate(nest.steps):
            if isinstance(step, Loop):
                steps.append(_loop(step, left))
            else:
                steps.append(self.keep(step, (*trail, -1 - i)))
        body: list[NestView | EinsumView] = []
        for i, part in enumerate(nest.body):
            if isinstance(part, Compute):
                body.append(self.einsum(part, dict(left)))
            else:
                body.append(self.nest(part, left, (*trail, i)))
        return NestView(tuple(steps), tuple(body))

    def einsum(self, compute: Compute, left: dict[str, int]) -> EinsumView:
        array = self.residency.architecture.arrays[compute.array]
        einsum = self.residency.cascade[compute.einsum]
        widths = compute.widths(array)
        at_once = dict(left)
        loops = [_loop(Loop(rank, width), left) for rank, width in widths.items()]
        ranks = [r for r in einsum.sizes if r not in widths and r not in compute.order]
        ranks += [r for r in compute.order if r not in widths]
        loops += [_loop(Loop(rank), left) for rank in ranks]
        sides = tuple(
            (side, _taken(ranks, size, at_once), size) for side, ranks, size in compute.sides(array)
        )
        return EinsumView(
            compute.einsum,
            compute.array,
            sides,
            tuple(loop for loop in loops if loop.times > 1),
            compute.forward,
            compute.bypass,
        )

    def keep(self, keep: Keep, address: Address) -> KeepView:
        memory = self.residency.architecture.memories[keep.memory]
        each_pe = memory.parent in self.residency.architecture.arrays
        instances = memory.instances if each_pe else 1
        spaces = occupancy_of(self._alone(address), self.bits).get(keep.memory, {})
        tiles = tuple(
            self._tile(group, keep, address, float(spaces.get("=".join(group), 0) / 8 / instances))
            for group in keep.groups
        )
        return KeepView(keep.memory, address, tiles, each_pe)

    def _tile(self, group: tuple[str, ...], keep: Keep, address: Address, taken: float) -> Tile:
        shapes = {self._shape(tensor, keep, address) for tensor in group}
        shape = shapes.pop() if len(shapes) == 1 else None
        held = prod(shape or ()) * max(map(self.bits, group)) / 8
        # Where tiles of several Einsums differ, or are counted in a finer way, a shape would say
        # something else.
        copies = next((n for n in (1, 2) if held * n == taken), 0) if shape is not None else 0
        return Tile(group, shape if copies else None, taken, copies or 1)

    def _alone(self, address: Address) -> Residency:
        """The block with one Keep only: what it fills is then that Keep's."""
        block = self.residency.block
        nest = _only(block.nest, address, ())
        return replace(self.residency, block=replace(block, nest=nest, reserve_bytes={}))

    def _shape(self, tensor: str, keep: Keep, address: Address) -> tuple[int, ...] | None:
        """Extents of a tensor's tile, from the first Einsum there that uses it.

        In PEs, from the first on their array.
        """
        architecture = self.residency.architecture
        parent = architecture.memories[keep.memory].parent
        for schedule in self.residency.schedules.values():
            if parent in architecture.arrays and parent != schedule.array.name:
                continue
            depth = next((d for _, a, d in schedule.keeps if a == address), None)
            for access in (schedule.einsum.output, *schedule.einsum.inputs):
                if access.tensor == tensor and depth is not None:
                    return self._box(access, schedule, schedule.cuts[depth], keep)
        return None

    def _box(
        self, access: TensorAccess, schedule: Schedule, cut: Cut, keep: Keep
    ) -> tuple[int, ...]:
        tensor = self.residency.cascade.tensors[access.tensor]
        maker = self.residency.schedules.get(access.tensor)
        running = maker.einsum.iterated if maker else None
        inside = self.residency.architecture.memories[keep.memory].parent == schedule.array.name
        widths = schedule.widths if inside else None
        return tuple(
            1 if running in index.ranks else min(_extent(index, cut, widths), length)
            for index, length in zip(access.indices, tensor.shape, strict=True)
        )


def _loop(loop: Loop, left: dict[str, int]) -> LoopView:
    """A loop, and what it leaves of its rank."""
    before = left.get(loop.rank, 1)
    tile = min(loop.tile, before)
    left[loop.rank] = tile
    return LoopView(loop.rank, -(-before // tile), tile, before % tile or tile)


def _taken(dimension: Unrolled, pes: int, left: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """PEs that ranks take along one dimension, at most as many as they have values left."""
    found = []
    for rank, width in dimension:
        taken = min(pes if width is None else width, left[rank])
        left[rank] = -(-left[rank] // taken)
        found.append((rank, taken))
    return tuple(found)


def _extent(index: Index, cut: Cut, widths: Sequence[int] | None) -> int:
    """Positions from the first to the last that an index reaches."""
    if isinstance(index, Gathered):
        return index.length
    reach = 0
    for rank, step in index.terms:
        axis, extents = cut.of(rank)
        extent = largest(extents)
        if axis.inner is not None:
            extent = min(extent, axis.chunk) if rank == axis.inner else -(-extent // axis.chunk)
        if widths is not None and rank == (axis.inner or axis.outer):
            extent = run_length(extent, widths[cut.axes.index(axis)])
        reach += abs(step) * (extent - 1)
    return reach + 1


def _only(nest: Nest, address: Address, trail: Address) -> Nest:
    """The nest in which every Keep but one keeps nothing."""
    steps: list[Step] = []
    for i, step in enumerate(nest.steps):
        away = isinstance(step, Keep) and (*trail, -1 - i) != address
        steps.append(Keep(step.memory, ()) if away and isinstance(step, Keep) else step)
    body = tuple(
        part if isinstance(part, Compute) else _only(part, address, (*trail, i))
        for i, part in enumerate(nest.body)
    )
    return Nest(tuple(steps), body)
