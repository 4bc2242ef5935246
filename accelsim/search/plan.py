"""Layers + mapper -> layers with their mappings, chosen for all of them together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from accelsim.architecture.architecture import Architecture
from accelsim.errors import InputError
from accelsim.mapping.legality import check_structure
from accelsim.mapping.mapping import Block, MappedLayer
from accelsim.search.cache import Cache
from accelsim.search.choose import CombinedFront, choose, combine
from accelsim.search.draft import Bits, Draft, bits_of, draft_layer
from accelsim.search.exhaustive import OBJECTIVES
from accelsim.search.layer import Unit, counted, energy_missing
from accelsim.search.option import Option
from accelsim.search.searches import fronts_of
from accelsim.workload import Layer

__all__ = ["OBJECTIVES", "Plan", "PlanPoint", "Plans", "bits_of", "plan_layer", "plan_layers"]


@dataclass(frozen=True)
class Plan:
    """A layer as it will run, and its mapping."""

    layer: Layer
    """Rewritten, and with the sizes that the dataflow fixes, where the mapper says so."""
    mapped: MappedLayer
    bits: Bits
    methods: Mapping[str, str] = field(default_factory=dict)
    """Einsum -> how its mapping was searched; those of cases are left out."""


@dataclass(frozen=True)
class PlanPoint:
    """What one choice of mappings costs, all layers and repeats together."""

    cycles: float
    energy_pj: float | None
    """None where a figure of the machine is missing."""


@dataclass(frozen=True)
class Plans:
    """Every layer as it will run, and what else could have been chosen."""

    plans: tuple[Plan, ...]
    units: tuple[Unit, ...]
    """What was searched, each once."""
    front: tuple[PlanPoint, ...]
    """Choices of which none is both slower and dearer, cheapest first; empty where there was no
    choice to make."""
    chosen: PlanPoint | None
    """The one of them that was taken."""
    weighed: bool = False
    """Whether bandwidths or energies had a say in any mapping."""


def plan_layer(
    layer: Layer, architecture: Architecture, mapper: str, *, objective: str = "latency"
) -> Plan:
    """Map one layer.

    Args:
        layer: the cascade with its sizes.
        architecture: the machine.
        mapper: name of the mapper, or a path.
        objective: what a search minimises, one of ``OBJECTIVES``.

    Raises:
        InputError: where the mapper does not cover the cascade, or its mapping is not legal.
    """
    return plan_layers([layer], architecture, mapper, objective=objective).plans[0]


def plan_layers(
    layers: Sequence[Layer],
    architecture: Architecture,
    mapper: str,
    *,
    objective: str = "latency",
    limits: Mapping[str, float] | None = None,
    cache: Cache | None = None,
    workers: int = 1,
    front: bool = False,
) -> Plans:
    """Map the layers of a workload, so that all of them together are best.

    Layers that are searched alike are mapped alike.

    Args:
        layers: the cascades with their sizes, in the order in which they run.
        architecture: the machine.
        mapper: name of the mapper, or a path.
        objective: what is minimised, one of ``OBJECTIVES``.
        limits: the most ``cycles`` and ``energy_pj`` of all layers and repeats.
        cache: what exact searches found before.
        workers: processes that search, at most.
        front: whether the front is asked for, even where there is one choice only.

    Raises:
        InputError: where the mapper does not cover a cascade, a mapping is not legal, or nothing
            is within the limits.
    """
    limits = limits or {}
    # Under a bound the mapping that is best for the objective alone may not do.
    objectives = tuple(dict.fromkeys((objective, *(OBJECTIVES if limits else ()))))
    drafts = _drafts(layers, architecture, mapper, objectives)
    units = [unit for draft in drafts for unit in draft.units]
    _check_energy({f for unit in units for f in unit.missing}, objective, limits)
    fronts = fronts_of(units, cache=cache, workers=workers)
    found = _Choices(drafts, units, fronts, architecture)
    choice = bool(limits) or any(len(each) > 1 for each in fronts)
    if not front and not choice:
        return found.plans([0] * len(fronts), None, 0)
    if choice and (objective == "edp" or limits):
        _check_energy(found.missing, objective, limits)
    combined = found.combined
    at = choose(combined, objective, limits, what=f"mapper '{mapper}'")
    return found.plans(found.picks(combined, at), combined, at)


def _drafts(
    layers: Sequence[Layer], architecture: Architecture, mapper: str, objectives: tuple[str, ...]
) -> list[Draft]:
    """A draft of each layer; those that differ in their names and repeats alone share one."""
    drafted: list[tuple[Layer, Draft]] = []
    for layer in layers:
        for other, draft in drafted:
            if other.settings == layer.settings and other.template == layer.template:
                names = {each: getattr(layer, each) for each in _NAMES}
                drafted.append((layer, replace(draft, layer=replace(draft.layer, **names))))
                break
        else:
            made = draft_layer(layer, architecture, mapper, objectives=objectives)
            drafted.append((layer, made))
    return [draft for _, draft in drafted]


_NAMES = ("name", "repeat", "kind", "roles", "epilogues")
"""Fields of a layer that say nothing about how it is mapped."""


def _check_energy(missing: Collection[str], objective: str, limits: Mapping[str, float]) -> None:
    """Refuse to weigh energies that are not known."""
    if missing and (objective != "latency" or "energy_pj" in limits):
        wanted, instead = f"objective '{objective}'", "use --objective latency"
        if objective == "latency":
            wanted, instead = "a bound on energy_pj", "leave it out"
        raise InputError(
            f"{wanted} needs the energy of every choice; add {', '.join(sorted(missing))}, or "
            f"{instead}"
        )


@dataclass(frozen=True)
class _Choices:
    """All that there is to choose from."""

    drafts: Sequence[Draft]
    units: Sequence[Unit]
    """Of all drafts, in their order."""
    fronts: Sequence[tuple[Option, ...]]
    """One a unit."""
    architecture: Architecture

    @cached_property
    def groups(self) -> dict[str, list[int]]:
        """Units that are mapped alike."""
        groups: dict[str, list[int]] = {}
        for i, unit in enumerate(self.units):
            groups.setdefault(unit.key.text if unit.key else f"unit {i}", []).append(i)
        return groups

    @property
    def combined(self) -> CombinedFront:
        """The front of all layers and repeats; a part for each group, one for what is settled."""
        repeats = [draft.layer.repeat for draft in self.drafts for _ in draft.units]
        times = [sum(repeats[i] for i in members) for members in self.groups.values()]
        fronts = [self.fronts[members[0]] for members in self.groups.values()]
        return combine(
            [*fronts, *([self._settled(d)] for d in self.drafts)],
            [*times, *(draft.layer.repeat for draft in self.drafts)],
        )

    @cached_property
    def missing(self) -> frozenset[str]:
        """Energy figures that some choice, or what is settled, needs and that are not known."""
        found = {figure for unit in self.units for figure in unit.missing}
        for unit, front in zip(self.units, self.fronts, strict=True):
            if unit.key is None:
                blocks = [block for option in front for block in option.blocks]
                bits = unit.words.__getitem__
                found |= energy_missing(blocks, unit.cascade, self.architecture, bits)
        for draft in self.drafts:
            blocks = [part for part in draft.parts if isinstance(part, Block)]
            found |= energy_missing(blocks, draft.layer.cascade, self.architecture, draft.bits)
        return frozenset(found)

    def _settled(self, draft: Draft) -> Option:
        blocks = [part for part in draft.parts if isinstance(part, Block)]
        return counted(blocks, draft.layer.cascade, self.architecture, draft.bits)

    def picks(self, front: CombinedFront, at: int) -> list[int]:
        """The option that every unit takes at a point of the front."""
        picks = [0] * len(self.units)
        for group, members in enumerate(self.groups.values()):
            for i in members:
                picks[i] = int(front.picks[at, group])
        return picks

    def plans(self, picks: Sequence[int], front: CombinedFront | None, at: int) -> Plans:
        """Every layer with the options that were picked."""
        found = iter([option[pick].blocks for option, pick in zip(self.fronts, picks, strict=True)])
        plans = []
        for draft in self.drafts:
            mapped = draft.mapped(found)
            check_structure(mapped, draft.layer.cascade, self.architecture)
            methods = {name: unit.method for unit in draft.units for name in unit.names}
            plans.append(Plan(draft.layer, mapped, draft.bits, methods))
        units = tuple(self.units[members[0]] for members in self.groups.values())
        points = self._points(front)
        weighed = bool(self.units) or any(draft.weighed for draft in self.drafts)
        return Plans(tuple(plans), units, points, points[at] if points else None, weighed)

    def _points(self, front: CombinedFront | None) -> tuple[PlanPoint, ...]:
        if front is None:
            return ()
        known = not self.missing
        pairs = zip(front.cycles.tolist(), front.energy_pj.tolist(), strict=True)
        return tuple(PlanPoint(cycles, energy if known else None) for cycles, energy in pairs)
