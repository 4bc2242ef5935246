"""The main job: a workload on an architecture -> a result."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from accelsim.architecture import Architecture, load_architecture
from accelsim.einsum.bounds import Bounds
from accelsim.errors import InputError, UnsupportedError, unknown_name
from accelsim.mapping.dump import PlannedLayer, dump_mapper
from accelsim.mapping.load import load_mapper
from accelsim.model.cost import LayerPlan, build_result, layer_cycles
from accelsim.model.count import count_layer
from accelsim.model.counts import ActionCounts
from accelsim.model.result import Result
from accelsim.search.cache import user_cache
from accelsim.search.choose import limits_of
from accelsim.search.exhaustive import OBJECTIVES
from accelsim.search.plan import Plans, plan_layers
from accelsim.simulator.timing import LayerTiming, timing_json
from accelsim.version import __version__
from accelsim.workload import Layer, Workload, load_workload

__all__ = ["FIDELITIES", "MappedWorkload", "map_workload", "simulate"]

FIDELITIES = ("analytic", "event")
"""Fidelities that this version offers."""


@dataclass(frozen=True)
class MappedWorkload:
    """A workload with its mapping and what follows from it."""

    workload: Workload
    architecture: Architecture
    plans: Plans
    result: Result
    counts: tuple[ActionCounts, ...] = ()
    """Of every layer."""
    timings: tuple[LayerTiming, ...] = ()
    """How every layer passes in time, for fidelity ``event``."""

    def as_mapper(self, *, name: str, comments: Sequence[str] = ()) -> str:
        """The text of a mapper file that gives this mapping again.

        Args:
            name: of the mapper.
            comments: lines in front of it.

        Raises:
            InputError: where a file cannot say it.
        """
        layers = [
            PlannedLayer(asked, plan.layer, plan.mapped)
            for asked, plan in zip(self.workload.layers, self.plans.plans, strict=True)
        ]
        return dump_mapper(layers, self.architecture, name=name, comments=comments)


def simulate(
    workload: str | Workload,
    *,
    on: str | Architecture,
    set: Mapping[str, int | str] | None = None,
    arch: Mapping[str, int | float | str] | None = None,
    mapper: str | None = None,
    objective: str | None = None,
    at_most: Mapping[str, float | str] | None = None,
    fidelity: str = "analytic",
    cache: bool = True,
    workers: int = 1,
) -> Result:
    """Cycles, energy, traffic and utilisation of a workload on an architecture.

    Args:
        workload: a shipped name, a path, or a Workload.
        on: a shipped architecture, a path, or an Architecture.
        set: rank sizes or model parameters (with a name or path only).
        arch: ``component.field`` -> value (with a name or path only).
        mapper: a shipped mapper or a path; the architecture's own where None.
        objective: ``latency``, ``energy`` or ``edp``, for mappers that search; the mapper's own
            where None, else ``latency``.
        at_most: the most ``cycles`` and ``energy_pj`` of all layers and repeats.
        fidelity: one of ``FIDELITIES``.
        cache: whether exact searches are kept in the user's cache folder, and taken from there.
        workers: processes that search, at most. They import the program that runs, so a script
            that asks for several needs ``if __name__ == "__main__":``.

    Raises:
        InputError: for any input that is wrong, with what to do.

    Example:
        >>> simulate("attention/one-pass", on="fusemax", set={"M": 1024, "P": 1024}).cycles
        1892352
    """
    return map_workload(
        workload,
        on=on,
        set=set,
        arch=arch,
        mapper=mapper,
        objective=objective,
        at_most=at_most,
        fidelity=fidelity,
        cache=cache,
        workers=workers,
    ).result


def map_workload(
    workload: str | Workload,
    *,
    on: str | Architecture,
    set: Mapping[str, int | str] | None = None,
    arch: Mapping[str, int | float | str] | None = None,
    mapper: str | None = None,
    objective: str | None = None,
    at_most: Mapping[str, float | str] | None = None,
    fidelity: str = "analytic",
    cache: bool = True,
    workers: int = 1,
    front: bool = False,
) -> MappedWorkload:
    """The same with the mapping of every layer, and the choices that there were.

    Args:
        workload: as for ``simulate``, and so are the others.
        on: the machine.
        set: rank sizes or model parameters.
        arch: figures of the machine.
        mapper: a shipped mapper or a path.
        objective: what is minimised.
        at_most: bounds.
        fidelity: one of ``FIDELITIES``.
        cache: whether the user's cache folder is used.
        workers: processes that search, at most.
        front: whether ``plans.front`` is asked for even where there is one choice only.

    Raises:
        InputError: for any input that is wrong, with what to do.
    """
    workload, on, mapper = map(_path_text, (workload, on, mapper))
    for name, value in (("set", set), ("arch", arch), ("at_most", at_most)):
        if value is not None and not isinstance(value, Mapping):
            raise InputError(f"{name} is {value!r}, must be a mapping of names to values")
    if not isinstance(workload, str | Workload):
        raise InputError(f"workload is {workload!r}, must be a name, a path or a Workload")
    if not isinstance(on, str | Architecture):
        raise InputError(f"on is {on!r}, must be a name, a path or an Architecture")
    if not isinstance(objective, str | None) or not isinstance(fidelity, str):
        raise InputError(f"objective is {objective!r} and fidelity {fidelity!r}, must be names")
    if not isinstance(mapper, str | None):
        raise InputError(f"mapper is {mapper!r}, must be a name or a path")
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InputError(f"workers is {workers!r}, must be a whole number of at least 1")
    if fidelity not in FIDELITIES:
        raise InputError(unknown_name("fidelity", fidelity, FIDELITIES))
    if objective is not None and objective not in OBJECTIVES:
        raise InputError(unknown_name("objective", objective, OBJECTIVES))
    limits = limits_of(at_most)
    try:
        return _mapped(
            workload,
            on,
            set,
            arch,
            mapper,
            objective,
            limits,
            cache,
            workers,
            front=front,
            fidelity=fidelity,
        )
    except OverflowError:
        raise UnsupportedError(
            "these sizes and figures are so large or so small that results overflow; "
            "use smaller ranks or figures closer to a real machine's"
        ) from None


def _mapped(
    workload: str | Workload,
    on: str | Architecture,
    set: Mapping[str, int | str] | None,
    arch: Mapping[str, int | float | str] | None,
    mapper: str | None,
    objective: str | None,
    limits: Mapping[str, float],
    cache: bool,
    workers: int,
    *,
    front: bool,
    fidelity: str,
) -> MappedWorkload:
    if isinstance(workload, str):
        workload = load_workload(workload, set)
    elif set:
        raise UnsupportedError("sizes of a Workload object are fixed; set them when loading it")
    if isinstance(on, str):
        on = load_architecture(on, arch)
    elif arch:
        raise UnsupportedError("figures of an Architecture object are fixed; set them on loading")
    chosen = mapper or on.mapper
    search = load_mapper(chosen).search
    aim = objective or (search and search.objective) or "latency"
    plans = plan_layers(
        workload.layers,
        on,
        chosen,
        objective=aim,
        limits=limits,
        cache=user_cache(os.environ) if cache else None,
        workers=workers,
        front=front,
    )
    counts = tuple(
        count_layer(
            plan.mapped,
            plan.layer.cascade,
            on,
            bits=plan.bits,
            layer=layer.name,
            repeat=layer.repeat,
        )
        for layer, plan in zip(workload.layers, plans.plans, strict=True)
    )
    timings: tuple[LayerTiming, ...] = ()
    if fidelity == "event":
        # SimPy is needed by nothing else.
        from accelsim.simulator.play import play_layers

        mapped = [(plan.mapped, plan.layer.cascade, plan.bits) for plan in plans.plans]
        timings = play_layers(mapped, on, counts)
    result = _result(workload, on, plans, counts, timings, chosen, aim)
    return MappedWorkload(workload, on, plans, result, counts, timings)


def _path_text(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _result(
    workload: Workload,
    on: Architecture,
    plans: Plans,
    counts: Sequence[ActionCounts],
    timings: Sequence[LayerTiming],
    mapper: str,
    objective: str,
) -> Result:
    played = [tuple(block.cycles for block in timing.blocks) for timing in timings]
    counted = [
        LayerPlan(
            count,
            plan.layer.template.name,
            plan.mapped.mapper,
            plan.mapped.tiles,
            plan.methods,
            played[i] if played else None,
            *_needed(workload.layers[i], on),
        )
        for i, (count, plan) in enumerate(zip(counts, plans.plans, strict=True))
    ]
    return build_result(
        counted,
        on,
        workload=workload.name,
        mapper=mapper,
        objective=objective,
        version=__version__,
        timing=_timing(on, counts, timings) if timings else None,
    )


def _needed(layer: Layer, on: Architecture) -> tuple[int, float]:
    """Operations and compulsory bytes of one run of what was asked for."""
    bounds = Bounds(layer.cascade)
    return bounds.operations, bounds.compulsory_bytes(lambda t: layer.bits(t, on.word_bits))


def _timing(
    on: Architecture, counts: Sequence[ActionCounts], timings: Sequence[LayerTiming]
) -> dict[str, Any]:
    """How time was spent, as the result's JSON has it."""
    analytic = sum((layer_cycles(count, on) for count in counts), Fraction(0))
    unknown = [
        memory.name
        for memory in on.memories.values()
        if memory.latency_cycles is None and memory.parent not in on.arrays
    ]
    return {
        "analytic_cycles": math.ceil(analytic),
        **timing_json(timings),
        "latency_unknown": unknown,
    }
