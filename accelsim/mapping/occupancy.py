"""How much of each memory a block fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from accelsim.einsum.cascade import TensorAccess
from accelsim.formats import Bits
from accelsim.mapping.mapping import Keep
from accelsim.mapping.residency import Residency
from accelsim.mapping.schedule import Schedule
from accelsim.mapping.volume import pe_elements, same_elements, tile_elements

__all__ = ["Kept", "Occupancy", "kept_tiles", "occupancy_of"]


Occupancy = dict[str, dict[str, int | Fraction]]
"""Memory -> tensors that share a space (``QK=SN=A``), or ``reserved`` -> bits."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Tensors that share one space in a memory, from some step of the nest inwards."""

    memory: str
    address: tuple[int, ...]
    tensors: tuple[str, ...]
    size_bits: int | Fraction


def kept_tiles(residency: Residency, bits: Bits) -> Iterator[Kept]:
    """Every space that a block keeps tiles in, outermost first along each way.

    Args:
        residency: the block.
        bits: tensor -> bits per element.
    """
    seen: set[tuple[int, ...]] = set()
    for schedule in residency.schedules.values():
        for keep, address, _ in schedule.keeps:
            if address not in seen:
                seen.add(address)
                sizes = _groups(residency, keep, address, bits)
                for tensors, (_, size) in zip(keep.groups, sizes, strict=True):
                    yield Kept(keep.memory, address, tensors, size)


def occupancy_of(residency: Residency, bits: Bits, *, only: str | None = None) -> Occupancy:
    """Bits that the kept tiles of a block take, and what is reserved besides.

    A tile is as large as its largest; an iterated tensor keeps its running value only. Registers
    count as if each PE held as much as the one that holds most, for the Einsum that needs most.
    Where the block buffers a memory twice, tiles that are replaced take twice their space.

    Args:
        residency: the block.
        bits: tensor -> bits per element.
        only: a memory, where the others are of no interest.
    """
    filled: Occupancy = {}
    seen: set[tuple[int, ...]] = set()
    for schedule in residency.schedules.values():
        own: Occupancy = {}
        for keep, address, _ in schedule.keeps:
            if only not in (None, keep.memory):
                continue
            if residency.architecture.memories[keep.memory].parent in residency.architecture.arrays:
                _fill(own, keep, residency, address, bits)
            elif address not in seen:
                seen.add(address)
                _fill(filled, keep, residency, address, bits)
        # An array works on one Einsum at a time: its registers hold what that one needs.
        for memory, spaces in own.items():
            if sum(spaces.values()) > sum(filled.get(memory, {}).values()):
                filled[memory] = spaces
    for memory, size_bytes in residency.block.reserve_bytes.items():
        filled.setdefault(memory, {})["reserved"] = size_bytes * 8
    return filled


def _fill(
    filled: Occupancy, keep: Keep, residency: Residency, address: tuple[int, ...], bits: Bits
) -> None:
    spaces = filled.setdefault(keep.memory, {})
    for group, size in _groups(residency, keep, address, bits):
        spaces[group] = spaces.get(group, 0) + size


def _groups(
    residency: Residency, keep: Keep, address: tuple[int, ...], bits: Bits
) -> list[tuple[str, int | Fraction]]:
    found = []
    for group in keep.groups:
        sizes = [_tile(residency, keep, tensor, address) * bits(tensor) for tensor in group]
        found.append(("=".join(group), max(sizes)))
    return found


def _tile(residency: Residency, keep: Keep, tensor: str, address: tuple[int, ...]) -> int:
    """Elements of a tensor's tiles at a Keep: the largest of all Einsums there that use it.

    Accesses that walk over different elements need a tile each.
    """
    tiles: list[tuple[TensorAccess, int, bool]] = []
    shape, running = residency.cascade.tensors[tensor], _running(residency, tensor)
    skip = shape.ranks.index(running) if running else None
    for schedule in residency.schedules.values():
        depth = next((d for _, a, d in schedule.keeps if a == address), None)
        if depth is None:
            continue
        for access in (schedule.einsum.output, *schedule.einsum.inputs):
            if access.tensor == tensor:
                held = _held(residency, schedule, keep, access, depth)
                cut = schedule.cuts[depth]
                whole = tile_elements(access, shape, cut, running=running) >= shape.size
                for i, (other, before, all_of_it) in enumerate(tiles):
                    same = same_elements(other, access, residency.cascade.sizes, skip=skip)
                    if same or (whole and all_of_it):
                        tiles[i] = other, max(before, held), all_of_it and whole
                        break
                else:
                    tiles.append((access, held, whole))
    return sum(held for _, held, _ in tiles)


def _held(
    residency: Residency, schedule: Schedule, keep: Keep, access: TensorAccess, depth: int
) -> int:
    """Elements that one access keeps in a memory."""
    tensor, cut = residency.cascade.tensors[access.tensor], schedule.cuts[depth]
    memory, running = residency.architecture.memories[keep.memory], _running(residency, tensor.name)
    tile = tile_elements(access, tensor, cut, running=running)
    copies = 1
    if keep.memory in residency.block.double_buffer:
        whole = tile_elements(access, tensor, schedule.cuts[0], running=running)
        copies = 1 if tile == whole else 2
    if memory.parent == schedule.array.name:
        widths = schedule.widths
        return copies * memory.instances * pe_elements(access, tensor, cut, widths, running=running)
    # Registers of another array, to which the tensor is handed on: it is spread evenly.
    return copies * memory.instances * -(-tile // memory.instances)


def _running(residency: Residency, tensor: str) -> str | None:
    """The rank along which a tensor made in this block is iterated."""
    maker = residency.schedules.get(tensor)
    return maker.einsum.iterated if maker else None
