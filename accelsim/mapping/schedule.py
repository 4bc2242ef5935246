"""One Einsum's path in a block -> its full loop order on the array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from accelsim.architecture.architecture import Architecture, Array
from accelsim.einsum.cascade import Cascade, Einsum
from accelsim.mapping.extents import Cut, axes_of, cut_by, full_cut, iterations, largest
from accelsim.mapping.mapping import Keep, Loop, Path, Step

__all__ = ["Schedule", "schedule_of"]


@dataclass(frozen=True)
class Schedule:
    """The loops around one Einsum, outermost first, and the state of its ranks at every depth."""

    einsum: Einsum
    array: Array
    path: Path
    loops: tuple[Loop, ...]
    """Temporal loops that apply to it and cut, those that fit it to the array included."""
    addresses: tuple[tuple[int, ...] | None, ...]
    """Of every loop, its address in the block; None for those that fit it to the array."""
    cuts: tuple[Cut, ...]
    """State before each loop, and after the last."""
    keep_depths: tuple[int, ...]
    """For every Keep of the path, in order: the number of loops around it."""
    spatial: tuple[str, ...]
    """Ranks unrolled over the array."""

    @cached_property
    def steps(self) -> int:
        """Temporal iterations: each is one operation on every PE in use."""
        product = 1
        last = self.cuts[-1]
        for axis, extents in zip(last.axes, last.extents, strict=True):
            # After the last loop only what is unrolled has extents above one.
            assert axis.outer in self.spatial or axis.inner in self.spatial or largest(extents) == 1
            product *= iterations(extents)
        return product

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """PEs along each axis: after the last loop only what is unrolled is longer than one."""
        return tuple(largest(extents) for extents in self.cuts[-1].extents)

    @cached_property
    def keeps(self) -> tuple[tuple[Keep, tuple[int, ...], int], ...]:
        """Every Keep of the path with its address and the number of loops around it."""
        found = [
            (step, address)
            for step, address in zip(self.path.steps, self.path.addresses, strict=True)
            if isinstance(step, Keep)
        ]
        return tuple(
            (keep, address, depth)
            for (keep, address), depth in zip(found, self.keep_depths, strict=True)
        )


def schedule_of(cascade: Cascade, architecture: Architecture, path: Path) -> Schedule:
    """Complete a path: cut what is unrolled to the array's size, then run the rest one by one.

    Loops over ranks that the Einsum does not have do not apply to it; those that run once change
    nothing and are left out.
    """
    einsum, array = cascade[path.compute.einsum], architecture.arrays[path.compute.array]
    widths = path.compute.widths(array)
    spatial = tuple(widths)
    inner = [Loop(rank, width) for rank, width in widths.items()]
    left = [r for r in einsum.sizes if r not in spatial and r not in path.compute.order]
    inner += [Loop(rank) for rank in (*left, *path.compute.order) if rank not in spatial]
    every = [*path.steps, *inner]
    places = [*path.addresses, *(None for _ in inner)]
    steps = tuple(_cutting(zip(every, places, strict=True), einsum))
    order = [step.rank for step, _ in steps if isinstance(step, Loop)]
    cut = full_cut(axes_of(einsum, order, spatial))
    loops: list[Loop] = []
    addresses: list[tuple[int, ...] | None] = []
    cuts, depths = [cut], []
    for step, address in steps:
        if isinstance(step, Keep):
            depths.append(len(loops))
        elif (after := cut_by(cut, step.rank, step.tile)) is not cut:
            cut = after
            loops.append(step)
            addresses.append(address)
            cuts.append(cut)
    return Schedule(
        einsum,
        array,
        path,
        tuple(loops),
        tuple(addresses),
        tuple(cuts),
        tuple(depths),
        spatial,
    )


_Placed = tuple[Step, tuple[int, ...] | None]


def _cutting(steps: Iterable[_Placed], einsum: Einsum) -> Iterator[_Placed]:
    """Keeps, and the loops that apply to the Einsum and run more than once."""
    tiles = dict(einsum.sizes)
    for step, address in steps:
        if isinstance(step, Keep):
            yield step, address
        elif step.tile < tiles.get(step.rank, 0):
            tiles[step.rank] = step.tile
            yield step, address
