"""One Einsum on one array as numbers: what every search of its mappings works on.

A mapping decides, for every tensor and memory, the tile that is stored there. With it everything
is known: a store of tensor T moves ``delivered`` elements out of the memory above and ``taken``
into the one below, and energy and busy cycles are linear in these. The figures per element are
computed here, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from accelsim.architecture.architecture import Architecture, Array, Memory
from accelsim.einsum.cascade import Cascade, Einsum, Index, TensorAccess
from accelsim.errors import UnsupportedError
from accelsim.formats import Bits, machine_number
from accelsim.mapping.extents import axes_of, full_cut
from accelsim.mapping.legality import check_operations
from accelsim.mapping.volume import moved_elements
from accelsim.model.operations import operations_of, point_cycles, register_accesses

__all__ = ["Level", "Problem", "Use", "Window", "problem_of"]


@dataclass(frozen=True)
class Window:
    """Several ranks in one index of an access: a convolution's ``p + r``."""

    ranks: tuple[int, ...]
    """Positions of the ranks in the problem."""
    coefficients: tuple[int, ...]
    length: int
    """Of the dimension."""


@dataclass(frozen=True)
class Use:
    """How the Einsum uses a tensor."""

    access: TensorAccess
    bits: int | float
    plain: frozenset[int]
    """Ranks that stand alone in an index."""
    windows: tuple[Window, ...]
    size: int
    """Elements that cross into a store that takes the whole tensor once."""

    @property
    def name(self) -> str:
        return self.access.tensor

    @cached_property
    def in_windows(self) -> frozenset[int]:
        """Ranks that stand with others in an index."""
        return frozenset(rank for window in self.windows for rank in window.ranks)

    @cached_property
    def ranks(self) -> frozenset[int]:
        """Every rank on which the tensor depends."""
        return self.plain | self.in_windows


@dataclass(frozen=True)
class Level:
    """A memory below the outermost one, or the PEs themselves where they have no registers."""

    memory: Memory | None
    inside: bool
    """Whether every PE of the array has it."""
    capacity_bits: int | None
    """Of one PE, where it is inside; None: no limit, or one value of each tensor (see ``latch``)"""

    @property
    def latch(self) -> bool:
        """Whether it holds one value of each tensor only: registers of no known size, or none."""
        return self.inside and self.capacity_bits is None


@dataclass(frozen=True)
class Problem:
    """An Einsum on an array of a machine.

    ``uses[0]`` is the output. ``levels`` are the memories between the outermost one and the
    operations, innermost first; ``levels[0]`` is inside the PEs.
    """

    einsum: Einsum
    cascade: Cascade
    architecture: Architecture
    array: Array
    ranks: tuple[str, ...]
    sizes: tuple[int, ...]
    uses: tuple[Use, ...]
    levels: tuple[Level, ...]
    stepped: frozenset[int]
    """Ranks that cannot be unrolled."""

    @cached_property
    def operations(self) -> tuple[str, ...]:
        """Operations at one point."""
        return operations_of(self.einsum, self.array)

    @cached_property
    def cycles_per_step(self) -> int:
        """Cycles of all operations at a point."""
        return point_cycles(self.einsum, self.cascade, self.architecture, self.array)

    @cached_property
    def actions(self) -> Mapping[str, int]:
        """Functional unit -> how often it works."""
        actions: dict[str, int] = {}
        for name in self.operations:
            for action, times in self.array.operations[name].actions.items():
                actions[action] = actions.get(action, 0) + times * self.einsum.points
        return actions

    def register_accesses(self, bypassed: frozenset[int] = frozenset()) -> tuple[int, int]:
        """Register reads and writes of the operations, the first reads of results included.

        Args:
            bypassed: positions of the tensors that pass the registers by.
        """
        points, reads, writes = self.einsum.points, 0, 0
        for i, name in enumerate(self.operations):
            reduces = i == len(self.operations) - 1 and self.reduces
            per_point = register_accesses(name, self.array.operations[name], reduces=reduces)
            reads += per_point[0] * points
            writes += per_point[1] * points
        reads -= points * sum(1 for use in bypassed if use)
        if 0 in bypassed:
            reads -= points * self.reduces
            writes = max(writes - points, 0)
        return reads, writes

    @property
    def reduces(self) -> bool:
        return self.einsum.reduction is not None

    def memory(self, level: int) -> Memory | None:
        """The memory of a level; that above the last is the outermost."""
        return self.architecture.root if level == len(self.levels) else self.levels[level].memory

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Energy figures that are not known."""
        found = [
            f"{self.array.name}.energy_pj.{action}"
            for action in self.actions
            if action not in self.array.energy_pj
        ]
        for level in range(len(self.levels) + 1):
            memory = self.memory(level)
            if memory is not None and None in (memory.read_energy_pj, memory.write_energy_pj):
                found.append(f"{memory.name}.energy_pj")
        return tuple(sorted(found))

    @cached_property
    def points_energy_pj(self) -> float:
        """Energy of the functional units; 0 where a figure is not known."""
        return sum(n * self.array.energy_pj.get(a, 0.0) for a, n in self.actions.items())

    @cached_property
    def limited(self) -> tuple[int, ...]:
        """Levels whose memories have a bandwidth, the outermost memory's among them."""
        every = range(len(self.levels) + 1)
        memories = {level: self.memory(level) for level in every}
        return tuple(i for i, m in memories.items() if m and m.bandwidth_bytes_per_s is not None)

    def cycles_per_bit(self, level: int) -> Fraction:
        """Cycles that a memory is busy for each bit that it reads or writes."""
        memory = self.memory(level)
        if memory is None or memory.bandwidth_bytes_per_s is None:
            return Fraction(0)
        rate = Fraction(memory.bandwidth_bytes_per_s) * memory.instances * 8
        return Fraction(self.architecture.clock_hz) / rate

    def energy_per_bit_pj(self, level: int) -> tuple[float, float]:
        """Energy of reading and of writing a bit.

        Where some figure of the machine is missing, bits stand in for energy, those of outer
        memories above all others.
        """
        memory = self.memory(level)
        if memory is None:
            return 0.0, 0.0
        if self.missing:
            weight = 1.0 if level == len(self.levels) else 1e-6
            return weight, weight
        assert memory.access_bits is not None
        assert memory.read_energy_pj is not None
        assert memory.write_energy_pj is not None
        return memory.read_energy_pj / memory.access_bits, (
            memory.write_energy_pj / memory.access_bits
        )


def _check_weighed(architecture: Architecture, array: Array) -> None:
    """Refuse what no candidate is weighed by: lanes, and energies that do not follow from bits."""
    if array.lanes > 1:
        raise UnsupportedError(
            f"searches lay nothing over the {array.lanes} lanes of '{array.name}'; use a mapper "
            "with cases, or --mapper auto, which leaves them idle"
        )
    tiles = [m.name for m in architecture.memories.values() if m.tile_energy_pj is not None]
    figures = [f"{array.name}.cycle_energy_pj"] if array.cycle_energy_pj else []
    if figures := [*figures, *(f"{name}.energy_pj.tile" for name in tiles)]:
        raise UnsupportedError(
            f"searches do not weigh {' and '.join(figures)}; use a mapper with cases, or --mapper "
            "auto"
        )


def problem_of(
    name: str, cascade: Cascade, architecture: Architecture, array: Array, *, bits: Bits
) -> Problem:
    """The problem of mapping one Einsum onto one array.

    Args:
        name: the Einsum.
        cascade: its cascade.
        architecture: the machine.
        array: where it runs.
        bits: tensor -> bits per element.

    Raises:
        InputError: where the array does not perform its operations.
        UnsupportedError: where a rank stands in two indices, one of them a sum.
    """
    einsum = cascade[name]
    check_operations(name, operations_of(einsum, array), array)
    _check_weighed(architecture, array)
    ranks = tuple(einsum.sizes)
    position = {rank: i for i, rank in enumerate(ranks)}
    accesses = dict.fromkeys((einsum.output, *einsum.inputs))
    whole = full_cut(axes_of(einsum, (), ranks))
    uses = tuple(
        _use(access, position, bits(access.tensor), cascade, moved_elements(access, tensor, whole))
        for access in accesses
        for tensor in [cascade.tensors[access.tensor]]
    )
    stepped = {
        cascade[member].iterated for group in cascade.feedback if name in group for member in group
    }
    return Problem(
        einsum=einsum,
        cascade=cascade,
        architecture=architecture,
        array=array,
        ranks=ranks,
        sizes=tuple(einsum.sizes.values()),
        uses=uses,
        levels=_levels(architecture, array),
        stepped=frozenset(position[rank] for rank in stepped if rank in position),
    )


def _use(
    access: TensorAccess,
    position: Mapping[str, int],
    bits: int | Fraction,
    cascade: Cascade,
    size: int,
) -> Use:
    alone, windows = set[int](), []
    for dim, index in enumerate(access.indices):
        if len(index.terms) > 1:
            windows.append(_window(index, position, cascade.tensors[access.tensor].shape[dim]))
        else:
            alone |= {position[rank] for rank, _ in index.terms}
    use = Use(access, machine_number(bits), frozenset(alone), tuple(windows), size)
    if use.plain & use.in_windows or len(use.in_windows) < sum(len(w.ranks) for w in windows):
        raise UnsupportedError(
            f"{access}: a rank stands in two indices, one of them a sum; what its tiles hold is "
            "not counted (evaluate can run it)"
        )
    return use


def _window(index: Index, position: Mapping[str, int], length: int) -> Window:
    ranks, coefficients = zip(*index.terms, strict=True)
    return Window(tuple(position[rank] for rank in ranks), tuple(coefficients), length)


def _levels(architecture: Architecture, array: Array) -> tuple[Level, ...]:
    registers = architecture.registers(array.name)
    size = registers.size_bytes if registers else None
    levels = [Level(registers, inside=True, capacity_bits=None if size is None else size * 8)]
    name: str | None = array.parent
    while name is not None and name != architecture.root.name:
        memory = architecture.memories[name]
        held = memory.capacity_bytes
        levels.append(Level(memory, inside=False, capacity_bits=None if held is None else held * 8))
        name = memory.parent
    return tuple(levels)
