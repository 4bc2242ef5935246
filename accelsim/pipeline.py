"""The main job: a workload on an architecture -> a result."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from accelsim.architecture import Architecture, load_architecture
from accelsim.errors import InputError, UnsupportedError, unknown_name
from accelsim.model.cost import LayerPlan, build_result
from accelsim.model.count import count_layer
from accelsim.model.result import Result
from accelsim.search.exhaustive import OBJECTIVES
from accelsim.search.plan import plan_layer
from accelsim.version import __version__
from accelsim.workload import Workload, load_workload

__all__ = ["FIDELITIES", "simulate"]

FIDELITIES = ("analytic",)
"""Fidelities that this version offers."""


def simulate(
    workload: str | Workload,
    *,
    on: str | Architecture,
    set: Mapping[str, int | str] | None = None,
    arch: Mapping[str, int | float | str] | None = None,
    mapper: str | None = None,
    objective: str = "latency",
    fidelity: str = "analytic",
) -> Result:
    """Cycles, energy, traffic and utilisation of a workload on an architecture.

    Args:
        workload: a shipped name, a path, or a Workload.
        on: a shipped architecture, a path, or an Architecture.
        set: rank sizes or model parameters (with a name or path only).
        arch: ``component.field`` -> value (with a name or path only).
        mapper: a shipped mapper or a path; the architecture's own where None.
        objective: ``latency``, ``energy`` or ``edp``, for mappers that search.
        fidelity: one of ``FIDELITIES``.

    Raises:
        InputError: for any input that is wrong, with what to do.

    Example:
        >>> simulate("attention/one-pass", on="fusemax", set={"M": 1024, "P": 1024}).cycles
        1892352
    """
    workload, on, mapper = map(_path_text, (workload, on, mapper))
    for name, value in (("set", set), ("arch", arch)):
        if value is not None and not isinstance(value, Mapping):
            raise InputError(f"{name} is {value!r}, must be a mapping of names to values")
    if not isinstance(workload, str | Workload):
        raise InputError(f"workload is {workload!r}, must be a name, a path or a Workload")
    if not isinstance(on, str | Architecture):
        raise InputError(f"on is {on!r}, must be a name, a path or an Architecture")
    if not isinstance(objective, str) or not isinstance(fidelity, str):
        raise InputError(f"objective is {objective!r} and fidelity {fidelity!r}, must be names")
    if not isinstance(mapper, str | None):
        raise InputError(f"mapper is {mapper!r}, must be a name or a path")
    try:
        return _simulate(workload, on, set, arch, mapper, objective, fidelity)
    except OverflowError:
        raise UnsupportedError(
            "these sizes and figures are so large or so small that results overflow; "
            "use smaller ranks or figures closer to a real machine's"
        ) from None


def _path_text(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _simulate(
    workload: str | Workload,
    on: str | Architecture,
    set: Mapping[str, int | str] | None,
    arch: Mapping[str, int | float | str] | None,
    mapper: str | None,
    objective: str,
    fidelity: str,
) -> Result:
    if fidelity not in FIDELITIES:
        raise InputError(unknown_name("fidelity", fidelity, FIDELITIES))
    if objective not in OBJECTIVES:
        raise InputError(unknown_name("objective", objective, OBJECTIVES))
    if isinstance(workload, str):
        workload = load_workload(workload, set)
    elif set:
        raise UnsupportedError("sizes of a Workload object are fixed; set them when loading it")
    if isinstance(on, str):
        on = load_architecture(on, arch)
    elif arch:
        raise UnsupportedError("figures of an Architecture object are fixed; set them on loading")
    chosen = mapper or on.mapper
    plans = []
    for layer in workload.layers:
        plan = plan_layer(layer, on, chosen, objective=objective)
        counts = count_layer(
            plan.mapped,
            plan.layer.cascade,
            on,
            bits=plan.bits,
            layer=layer.name,
            repeat=layer.repeat,
        )
        plans.append(
            LayerPlan(counts, plan.layer.template.name, plan.mapped.mapper, plan.mapped.tiles)
        )
    return build_result(
        plans, on, workload=workload.name, mapper=chosen, objective=objective, version=__version__
    )
