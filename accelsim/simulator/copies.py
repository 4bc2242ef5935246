"""How many tiles each kept tensor may hold at a time: with two, one is filled while one is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from accelsim.mapping.occupancy import Kept, kept_tiles, occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.model.crossings import still_there
from accelsim.simulator.loops import Address

__all__ = ["Copies"]

Bits = Callable[[str], int]


class Copies:
    """Tiles at a time of every space that a block keeps.

    A memory that the block buffers twice holds two of each tile that is replaced. In the others,
    what space is left holds second copies, of the innermost spaces first, since their tiles are
    replaced most often; a memory without a stated size holds two.
    """

    def __init__(self, residency: Residency, bits: Bits) -> None:
        self.residency = residency
        self._spare = _spare(residency, bits)
        self._kept = {(k.address, t): k for k in kept_tiles(residency, bits) for t in k.tensors}
        self._held: dict[Kept, int] = {}
        for kept in sorted(
            dict.fromkeys(self._kept.values()), key=lambda k: (-len(k.address), k.address)
        ):
            self._held[kept] = 1
            if kept.memory in residency.block.double_buffer:
                self._held[kept] = 2
            elif self._is_replaced(kept):
                self.ask(kept.address, kept.tensors[0], 2)

    def of(self, address: Address, tensor: str) -> int:
        """Tiles of a tensor that one Keep holds at a time."""
        return self._held[self._kept[address, tensor]]

    def group(self, address: Address, tensor: str) -> tuple[str, ...]:
        """The tensors that share its space."""
        return self._kept[address, tensor].tensors

    def ask(self, address: Address, tensor: str, copies: int) -> bool:
        """Hold so many tiles, if there is space for them."""
        kept = self._kept[address, tensor]
        more = (copies - self._held[kept]) * kept.size_bits
        spare = self._spare[kept.memory]
        if more <= 0:
            return True
        if spare is not None:
            if more > spare:
                return False
            self._spare[kept.memory] = spare - more
        self._held[kept] = copies
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


def _spare(residency: Residency, bits: Bits) -> dict[str, int | None]:
    """Memory -> bits that nothing fills, None where it has no stated size."""
    filled = occupancy_of(residency, bits)
    spare: dict[str, int | None] = {}
    for name, memory in residency.architecture.memories.items():
        spare[name] = None
        if memory.capacity_bytes is not None:
            used = sum(filled.get(name, {}).values())
            spare[name] = max(0, memory.capacity_bytes * 8 - used)
    return spare
