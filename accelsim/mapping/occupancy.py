"""How much of each memory a block fills."""

from __future__ import annotations

from collections.abc import Callable

from accelsim.einsum.cascade import TensorAccess
from accelsim.mapping.mapping import Keep
from accelsim.mapping.residency import Residency
from accelsim.mapping.volume import same_elements, tile_elements

__all__ = ["Occupancy", "occupancy_of"]

Bits = Callable[[str], int]
"""Tensor -> bits per element."""

Occupancy = dict[str, dict[str, int]]
"""Memory -> tensors that share a space (``QK=SN=A``), or ``reserved`` -> bits."""


def occupancy_of(residency: Residency, bits: Bits, *, only: str | None = None) -> Occupancy:
    """Bits that the kept tiles of a block take, and what is reserved besides.

    A tile is as large as its largest; an iterated tensor keeps its running value only; what
    several PEs need, each of them holds in its registers.

    Args:
        residency: the block.
        bits: tensor -> bits per element.
        only: a memory, where the others are of no interest.
    """
    filled: Occupancy = {}
    seen: set[tuple[int, ...]] = set()
    for schedule in residency.schedules.values():
        for keep, address, _ in schedule.keeps:
            if address not in seen and only in (None, keep.memory):
                seen.add(address)
                spaces = filled.setdefault(keep.memory, {})
                for group, size in _groups(residency, keep, address, bits):
                    spaces[group] = spaces.get(group, 0) + size
    for memory, size_bytes in residency.block.reserve_bytes.items():
        filled.setdefault(memory, {})["reserved"] = size_bytes * 8
    return filled


def _groups(
    residency: Residency, keep: Keep, address: tuple[int, ...], bits: Bits
) -> list[tuple[str, int]]:
    found = []
    for group in keep.groups:
        sizes = [_tile(residency, keep, tensor, address) * bits(tensor) for tensor in group]
        found.append(("=".join(group), max(sizes)))
    return found


def _tile(residency: Residency, keep: Keep, tensor: str, address: tuple[int, ...]) -> int:
    """Elements of a tensor's tiles at a Keep: the largest of all Einsums there that use it.

    Accesses that walk over different elements need a tile each.
    """
    tiles: list[tuple[TensorAccess, int]] = []
    for schedule in residency.schedules.values():
        depth = next((d for _, a, d in schedule.keeps if a == address), None)
        if depth is None:
            continue
        einsum, inside = schedule.einsum, residency.inside(schedule.array.name)
        widths = schedule.widths if keep.memory == inside else None
        shape, running = residency.cascade.tensors[tensor], _running(residency, tensor)
        for access in (einsum.output, *einsum.inputs):
            if access.tensor == tensor:
                cut = schedule.cuts[depth]
                tile = tile_elements(access, shape, cut, widths, running=running)
                skip = shape.ranks.index(running) if running else None
                for i, (other, elements) in enumerate(tiles):
                    whole = min(elements, tile) >= shape.size
                    if whole or same_elements(other, access, residency.cascade.sizes, skip=skip):
                        tiles[i] = other, max(elements, tile)
                        break
                else:
                    tiles.append((access, tile))
    return sum(elements for _, elements in tiles)


def _running(residency: Residency, tensor: str) -> str | None:
    """The rank along which a tensor made in this block is iterated."""
    maker = residency.schedules.get(tensor)
    return maker.einsum.iterated if maker else None
