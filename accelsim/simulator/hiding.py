"""How many tiles at a time hide the latencies on their way."""

from __future__ import annotations

from collections.abc import Mapping

from accelsim.mapping.occupancy import Kept
from accelsim.mapping.residency import Residency
from accelsim.model.counts import BlockCounts
from accelsim.model.crossings import Crossing
from accelsim.simulator.components.component import ArrayLike, Component
from accelsim.simulator.loops import Way

__all__ = ["Hiding", "whole_turns"]

_MOST_TILES = 64
"""Of one tensor in one store, at a time."""


class Hiding:
    """One tile is worked on, one is moved, and another one for each time that the array needs for
    a tile while one is on its way."""

    def __init__(
        self,
        residency: Residency,
        components: Mapping[str, Component],
        ways: Mapping[str, Way],
        crossings: Mapping[str, tuple[Crossing, ...]],
        counts: BlockCounts,
    ) -> None:
        self.residency, self.components = residency, components
        self.ways, self.crossings = ways, crossings
        busy: dict[str, int] = {}
        for einsum in counts.einsums:
            busy[einsum.array] = busy.get(einsum.array, 0) + einsum.cycles
        self.cycles = max(busy.values())
        """Of the busiest array, in all turns."""

    def useful(self, kept: Kept) -> int:
        """Tiles of a space that are of use at a time."""
        memories, most = self.residency.architecture.memories, 2
        for name, way in self.ways.items():
            for crossing in self.crossings[name]:
                here = crossing.below.address == kept.address
                if here and crossing.access.tensor in kept.tensors:
                    ends = (crossing.above.memory, crossing.below.memory)
                    latency = sum(memories[end].latency_cycles or 0 for end in ends)
                    if crossing.kind == "up":
                        latency += self._drain_cycles(way)
                    depth = way.depth_of(crossing.depth) or 0
                    most = max(most, self._tiles(latency, way, depth))
        return most

    def useful_results(self, name: str) -> int:
        """The same of an Einsum's results, inside the PEs."""
        way = self.ways[name]
        return self._tiles(self._drain_cycles(way), way, len(way.levels))

    def _drain_cycles(self, way: Way) -> int:
        component = self.components[way.schedule.array.name]
        assert isinstance(component, ArrayLike)
        return component.latency_cycles

    def _tiles(self, latency_cycles: int, way: Way, depth: int) -> int:
        on_way = -(-latency_cycles * whole_turns(way, depth) // self.cycles)
        return min(_MOST_TILES, 2 + on_way)


def whole_turns(way: Way, depth: int) -> int:
    """How often the outermost loops turn, if all tiles were whole."""
    turns = 1
    for level in way.levels[:depth]:
        outer = level.length if level.parent < 0 else way.levels[level.parent].size
        turns *= -(-outer // level.size)
    return turns
