"""A chosen mapping as text, as JSON and as a mapper file; what proves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from accelsim.errors import InputError
from accelsim.pipeline import MappedWorkload
from accelsim.report.nest_text import nest_lines, wrapped
from accelsim.report.nest_view import block_view
from accelsim.report.text import text_table
from accelsim.search.layer import Unit
from accelsim.search.plan import Plan, PlanPoint
from accelsim.search.space_size import choices_of, dividing_ranks
from accelsim.units import energy_text, number_text, seconds_text

__all__ = [
    "front_text",
    "mapper_text",
    "mapping_json",
    "mapping_text",
    "nests_text",
]

SCHEMA_VERSION = 1
_MOST_POINTS = 40
_MOST_LISTED = 4


def mapping_text(found: MappedWorkload) -> str:
    """Time, energy, their product, and what is known of how good that is."""
    result = found.result
    rows = [
        (
            "workload",
            f"{result.workload} on {result.architecture}, mapper {result.mapper}, "
            f"for {result.objective}",
        ),
        ("time", f"{number_text(result.cycles)} cycles, {seconds_text(result.seconds)}"),
    ]
    if result.energy_pj is None:
        rows.append(("energy", f"unknown: no figure for {', '.join(result.energy_missing)}"))
    else:
        rows.append(("energy", energy_text(result.energy_pj)))
        rows.append(("EDP", f"{result.energy_pj * 1e-12 * result.seconds:.4g} J s"))
    rows += [("search", line) for line in _proof_lines(found)]
    if len(found.plans.front) > 1:
        rows.append(
            ("front", f"{len(found.plans.front):,} choices between time and energy (--front)")
        )
    lines: list[str] = []
    for name, value in rows:
        lines += wrapped(value, f"{name:<12} ", " " * 9)
    return "\n".join(lines)


def _proof_lines(found: MappedWorkload) -> Iterator[str]:
    units = found.plans.units
    exact = [unit for unit in units if unit.method == "exact"]
    if exact:
        choices = sum(choices_of(unit) for unit in exact)
        yield (
            f"exact: proven best of {choices:.3g} choices of tiles{_tiles(exact)}, orders and PEs "
            f"for {_einsums(exact)}{_halo(exact)}"
        )
    for method in dict.fromkeys(unit.method for unit in units):
        these = [unit for unit in units if unit.method == method]
        if method == "enumerate":
            yield f"enumerate: best of an enumerated set for {_einsums(these)}"
        elif method != "exact":
            tried = these[0].search.evaluations
            yield f"{method}: best of up to {tried:,} that were tried for {_einsums(these)}"
    mapped = sum(len(plan.layer.cascade.einsums) for plan in found.plans.plans)
    searched = sum(len(plan.methods) for plan in found.plans.plans)
    if mapped > searched:
        text = "Einsums are" if mapped - searched > 1 else "Einsum is"
        yield f"none: {mapped - searched} {text} mapped as the mapper's case says"


def _halo(units: list[Unit]) -> str:
    """What the proof leaves out, in words."""
    overlap = any(unit.search.halo == "overlap" for unit in units)
    return "; proven with windows fetched whole, then counted with overlap" if overlap else ""


def _tiles(units: list[Unit]) -> str:
    """Whether tiles divide their rank, in words."""
    ragged = {
        rank
        for unit in units
        for name in unit.names
        for rank in unit.cascade[name].sizes
        if rank not in dividing_ranks(unit)
    }
    if not ragged:
        return " that divide what they are in"
    if any(dividing_ranks(unit) for unit in units):
        return f" that divide what they are in (but for {', '.join(sorted(ragged))})"
    return ""


def _einsums(units: list[Unit]) -> str:
    names = ["+".join(unit.names) for unit in units]
    if len(names) <= _MOST_LISTED and len(set(names)) == len(names):
        return ", ".join(names)
    return f"{len(names)} different Einsums"


def front_text(found: MappedWorkload) -> str:
    """Every choice between time and energy, cheapest first; of many the ends and some between."""
    points, chosen = found.plans.front, found.plans.chosen
    clock = found.architecture.clock_hz
    shown = list(points)
    if len(points) > _MOST_POINTS:
        step = (len(points) - 1) / (_MOST_POINTS - 1)
        shown = [points[round(i * step)] for i in range(_MOST_POINTS)]
        if chosen is not None and chosen not in shown:
            shown = sorted([*shown, chosen], key=lambda point: -point.cycles)
    rows = [["front", "cycles", "energy", "over the least", "EDP in J s"]]
    for point in shown:
        cells = _cells(point, points[0].energy_pj, clock)
        rows.append(["chosen" if point == chosen else "", *cells])
    lines = [text_table(rows)]
    if len(shown) < len(points):
        lines.append(f"{len(shown)} of {len(points):,}; --json has them all")
    return "\n".join(lines)


def _cells(point: PlanPoint, least_pj: float | None, clock_hz: float) -> list[str]:
    if point.energy_pj is None or not least_pj:
        return [number_text(point.cycles), "unknown", "", ""]
    product = point.energy_pj * 1e-12 * point.cycles / clock_hz
    over = point.energy_pj / least_pj - 1
    energy = energy_text(point.energy_pj)
    return [number_text(point.cycles), energy, f"{over:.3%}", f"{product:.4g}"]


def nests_text(found: MappedWorkload) -> str:
    """The nest of every block; layers that run alike are shown once."""
    lines: list[str] = []
    done: list[tuple[str, Plan]] = []
    for asked, plan in zip(found.workload.layers, found.plans.plans, strict=True):
        if lines:
            lines.append("")
        if asked.name:
            often = f", {asked.repeat:,} times" if asked.repeat > 1 else ""
            lines.append(f"layer {asked.name}{often}")
        same = next((name for name, other in done if _same(other, plan)), None)
        if same is not None:
            lines.append(f"  runs as layer {same} does")
            continue
        done.append((asked.name, plan))
        for block in plan.mapped.blocks:
            view = block_view(block, plan.layer.cascade, found.architecture, plan.bits)
            lines += [f"block {block.name}", *nest_lines(view, prefix="  ")]
    return "\n".join(lines)


def _same(one: Plan, other: Plan) -> bool:
    return (
        one.layer.template.name == other.layer.template.name
        and one.layer.cascade.sizes == other.layer.cascade.sizes
        and one.mapped.blocks == other.mapped.blocks
    )


def mapper_text(found: MappedWorkload) -> str:
    """A mapper file that gives the mapping again.

    Raises:
        InputError: where a file cannot say it.
    """
    result = found.result
    energy = "" if result.energy_pj is None else f", {energy_text(result.energy_pj)}"
    comments = [
        f"{number_text(result.cycles)} cycles{energy}; found by accelsim {result.version}, mapper "
        f"{result.mapper}, for {result.objective}.",
        *(f"{line}." for line in _proof_lines(found)),
    ]
    return found.as_mapper(name=f"{result.workload} on {result.architecture}", comments=comments)


def mapping_json(found: MappedWorkload, *, at_most: Mapping[str, Any]) -> dict[str, Any]:
    """The documented JSON form (docs/json.md); keys may be added, never changed."""
    result = found.result
    return {
        "schema_version": SCHEMA_VERSION,
        "version": result.version,
        "objective": result.objective,
        "at_most": {name: float(value) for name, value in at_most.items()},
        "cycles": result.cycles,
        "energy_pj": result.energy_pj,
        "edp_j_s": (
            None if result.energy_pj is None else result.energy_pj * 1e-12 * result.seconds
        ),
        "search": [_proof(unit) for unit in found.plans.units],
        "front": [
            {"cycles": point.cycles, "energy_pj": point.energy_pj} for point in found.plans.front
        ],
        "mapping": _mapping(found),
        "result": result.as_json(),
    }


def _proof(unit: Unit) -> dict[str, Any]:
    exact = unit.method == "exact"
    return {
        "einsums": list(unit.names),
        "method": unit.method,
        "proven": exact and unit.search.halo == "whole",
        "choices": choices_of(unit) if exact else None,
        "dividing": list(dividing_ranks(unit)) if exact else None,
    }


def _mapping(found: MappedWorkload) -> object:
    """What ``-o`` would write, as data; None where a file cannot say it."""
    from accelsim.documents import parse_document

    try:
        return parse_document(mapper_text(found), name="mapping").data
    except InputError:
        return None
