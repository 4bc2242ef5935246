"""How many tiles each kept tensor may hold at a time: with two, one is filled while one is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from accelsim.formats import Bits
from accelsim.mapping.occupancy import Kept, kept_tiles, occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.model.crossings import still_there
from accelsim.simulator.loops import Address

__all__ = ["Copies"]


class Copies:
    """Tiles at a time of every space that a block keeps.

    A memory that the block buffers twice holds two of each tile that is replaced. In the others,
    what Einsums work on at a time is held first; then what space is left holds second copies, of
    the innermost spaces first, since their tiles are replaced most often; then as many more as hide
    the latencies on the tile's way. A memory without a stated size has space for all.
    """

    def __init__(self, residency: Residency, bits: Bits) -> None:
        self.residency = residency
        self._spare = _spare(residency, bits)
        once = Residency(
            residency.cascade, residency.architecture, replace(residency.block, double_buffer=())
        )
        self._held: dict[Kept, int] = {}
        for one, all_of_it in zip(kept_tiles(once, bits), kept_tiles(residency, bits), strict=True):
            self._held[one] = 1 if one.size_bits == all_of_it.size_bits else 2
        self._kept = {(kept.address, t): kept for kept in self._held for t in kept.tensors}

    def prefetch(self, wanted: Callable[[Kept], int] = lambda _: 2) -> None:
        """Give what space is left to second tiles, and to as many more as hide latencies.

        Args:
            wanted: how many tiles of a space are of use.
        """
        innermost_first = sorted(self._held, key=lambda k: (-len(k.address), k.address))
        for least in (True, False):
            for kept in innermost_first:
                if kept.memory in self.residency.block.double_buffer or not self._is_replaced(kept):
                    continue
                tiles = 2 if least else wanted(kept)
                while tiles > self._held[kept] and not self.ask(
                    [(kept.address, kept.tensors[0], tiles)]
                ):
                    tiles -= 1

    def of(self, address: Address, tensor: str) -> int:
        """Tiles of a tensor that one Keep holds at a time."""
        return self._held[self._kept[address, tensor]]

    def group(self, address: Address, tensor: str) -> tuple[str, ...]:
        """The tensors that share its space."""
        return self._kept[address, tensor].tensors

    def ask(self, wanted: Iterable[tuple[Address, str, int]]) -> bool:
        """Hold so many tiles of tensors in Keeps, if there is space for all that is asked for."""
        held, spare = dict(self._held), dict(self._spare)
        for address, tensor, copies in wanted:
            kept = self._kept[address, tensor]
            more = max(0, copies - held[kept])
            held[kept] += more
            left = spare[kept.memory]
            if left is not None:
                left -= more * kept.size_bits
                if more and left < 0:
                    return False
                spare[kept.memory] = left
        self._held, self._spare = held, spare
        return True

    def as_table(self) -> Mapping[str, Mapping[str, int]]:
        """Memory -> tensors that share a space (``QK=SN=A``) -> tiles at a time."""
        table: dict[str, dict[str, int]] = {}
        for kept, copies in self._held.items():
            row = table.setdefault(kept.memory, {})
            name = "=".join(kept.tensors)
            row[name] = max(copies, row.get(name, 0))
        return table

    def _is_replaced(self, kept: Kept) -> bool:
        for schedule in self.residency.schedules.values():
            depth = next((d for _, a, d in schedule.keeps if a == kept.address), None)
            if depth is not None:
                for access in (schedule.einsum.output, *schedule.einsum.inputs):
                    if access.tensor in kept.tensors and still_there(schedule, access, depth):
                        return True
        return False


def _spare(residency: Residency, bits: Bits) -> dict[str, int | Fraction | None]:
    """Memory -> bits that nothing fills, None where it has no stated size."""
    filled = occupancy_of(residency, bits)
    spare: dict[str, int | Fraction | None] = {}
    for name, memory in residency.architecture.memories.items():
        spare[name] = None
        if memory.capacity_bytes is not None:
            used = sum(filled.get(name, {}).values())
            spare[name] = max(0, memory.capacity_bytes * 8 - used)
    return spare
