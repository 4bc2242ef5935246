"""Where each tensor of a block lives: the memories between its home and the PEs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade, TensorAccess
from accelsim.mapping.mapping import Block
from accelsim.mapping.schedule import Schedule, schedule_of

__all__ = ["Residency", "Store"]

Address = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """A memory on a tensor's way; ``address`` is that of its Keep, None for the outermost memory
    and for the PEs' own registers (the array's name, where it has none or they are bypassed)."""

    memory: str
    address: Address | None
    depth: int
    """Loops around it, in the Einsum at hand."""


@dataclass(frozen=True, eq=False)
class Residency:
    """The schedules of a block and the way of every access."""

    cascade: Cascade
    architecture: Architecture
    block: Block

    @cached_property
    def schedules(self) -> Mapping[str, Schedule]:
        """Einsum -> its schedule, in order of execution."""
        return {
            path.compute.einsum: schedule_of(self.cascade, self.architecture, path)
            for path in self.block.paths()
        }

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """Tensor -> Einsums of this block that read it."""
        return {
            tensor: tuple(name for name in readers if name in self.schedules)
            for tensor, readers in self.cascade.consumers.items()
        }

    def keeps(self, einsum: str, tensor: str) -> tuple[Store, ...]:
        """Every Keep of a tensor around an Einsum, outermost first."""
        return tuple(
            Store(keep.memory, address, depth)
            for keep, address, depth in self.schedules[einsum].keeps
            if tensor in keep.tensors
        )

    @cached_property
    def _shared(self) -> Mapping[str, frozenset[Address]]:
        """Tensor made in this block -> Keeps around its maker and all its readers here."""
        shared = {}
        for tensor, readers in self.consumers.items():
            if tensor in self.schedules:
                common = self._addresses(tensor, tensor)
                for reader in readers:
                    if tensor not in self.schedules[reader].path.compute.forward:
                        common &= self._addresses(reader, tensor)
                shared[tensor] = common
        return shared

    def _addresses(self, einsum: str, tensor: str) -> frozenset[Address]:
        return frozenset(s.address for s in self.keeps(einsum, tensor) if s.address is not None)

    def made_here(self, tensor: str) -> bool:
        """Whether the tensor is made in this block and handed on without the outermost memory."""
        return bool(self._shared.get(tensor))

    def is_shared(self, tensor: str, address: Address) -> bool:
        """Whether a Keep hands a tensor that is made in this block to all that read it here."""
        return address in self._shared.get(tensor, ())

    def leaves(self, tensor: str) -> bool:
        """Whether a tensor that is made in this block is needed outside of it."""
        outside = set(self.cascade.consumers[tensor]) - set(self.schedules)
        read_through_root = [
            reader
            for reader in self.consumers[tensor]
            if tensor not in self.schedules[reader].path.compute.forward
            and not self.made_here(tensor)
        ]
        return tensor in self.cascade.outputs or bool(outside) or bool(read_through_root)

    def inside(self, array: str) -> str:
        """Name of the store that each PE of an array has: its registers, or the array itself."""
        registers = self.architecture.registers(array)
        return registers.name if registers else array

    def in_pes(self, array: str, store: Store) -> bool:
        """Whether each PE of an array has such a store: its registers, or a bare latch."""
        return store.memory in (array, self.inside(array))

    def evicted_by_others(self, einsum: str, store: Store) -> int:
        """Loops around a register store in each turn of which the array works on others, too.

        Their tiles take its place: whatever lay there is gone at the next turn.
        """
        schedule = self.schedules[einsum]
        if store.address is None or store.memory != self.inside(schedule.array.name):
            return 0
        others = {
            address
            for name, other in self.schedules.items()
            if other.array is schedule.array and store.address not in other.path.addresses
            for address in other.addresses
        }
        shared = [i for i, a in enumerate(schedule.addresses) if a is not None and a in others]
        return max(shared, default=-1) + 1

    def way(self, einsum: str, access: TensorAccess, *, output: bool) -> tuple[Store, ...]:
        """The memories of one access, outermost first, the PEs last. Empty for an input that its
        producer left in the registers."""
        schedule = self.schedules[einsum]
        tensor = access.tensor
        if not output and tensor in schedule.path.compute.forward:
            return ()
        stores = list(self.keeps(einsum, tensor))
        if self.made_here(tensor):
            shared = self._shared[tensor]
            first = next(i for i, store in enumerate(stores) if store.address in shared)
            stores = stores[first:]
            from_root = output and self.leaves(tensor)
        else:
            only_forwarded = output and not self.leaves(tensor)
            from_root = not only_forwarded
        if from_root:
            stores.insert(0, Store(self.architecture.root.name, None, 0))
        bypassed = tensor in schedule.path.compute.bypass
        inside = schedule.array.name if bypassed else self.inside(schedule.array.name)
        if stores and stores[-1].memory != inside:
            stores.append(Store(inside, None, len(schedule.loops)))
        return tuple(stores)
