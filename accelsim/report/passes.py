"""The analysis of a cascade as text."""

from __future__ import annotations

from accelsim.report.text import text_table
from accelsim.units import number_text
from accelsim.workload.analysis import CascadeAnalysis, WorkloadAnalysis, product_text

__all__ = ["passes_text"]


def passes_text(analysis: WorkloadAnalysis) -> str:
    """Passes, then a line per Einsum and per tensor, what may be fused, and the bounds."""
    parts = []
    for each in analysis.layers:
        title = f"{each.layer.name}: " if each.layer.name else ""
        parts.append(f"{title}{each.layer.template.name}\n{_cascade_text(each)}")
    return "\n\n".join(parts)


def _cascade_text(analysis: CascadeAnalysis) -> str:
    sections = [
        _head(analysis),
        text_table(_einsum_rows(analysis)),
        text_table(_tensor_rows(analysis)),
        text_table(_fusion_rows(analysis)) if analysis.fusion.fusable else "",
        _bounds(analysis),
    ]
    return "\n\n".join(section for section in sections if section)


def _head(analysis: CascadeAnalysis) -> str:
    passes = analysis.passes
    counts = [(level.fiber.rank, level.count) for level in passes.fibers if level.count > 1]
    lines = [f"{n} passes over {rank}" for rank, n in counts] or ["1 pass over every rank"]
    if passes.rescales:
        lines.append(
            f"{', '.join(passes.rescales)} only rescale{'s' * (len(passes.rescales) == 1)} what an "
            "earlier pass made"
        )
    return "\n".join(lines)


def _einsum_rows(analysis: CascadeAnalysis) -> list[list[str]]:
    passes = analysis.passes
    ranks = [level.fiber.rank for level in passes.fibers if level.count > 1]
    if not ranks:
        ranks = [level.fiber.rank for level in passes.fibers]
    rows = [["Einsum", *(f"pass over {rank}" for rank in ranks)]]
    for name, found in passes.of_einsums.items():
        rows.append([name, *(str(found.get(rank, "-")) for rank in ranks)])
    return rows


def _tensor_rows(analysis: CascadeAnalysis) -> list[list[str]]:
    rows = [["tensor", "passes", "live footprint", "elements"]]
    for tensor, ranks in analysis.passes.passes.items():
        live = analysis.fusion.footprint[tensor]
        elements = analysis.elements(live)
        rows.append(
            [
                tensor,
                " ".join(f"{rank} {n}" for rank, n in ranks.items()) or "-",
                product_text(live),
                "-" if elements is None else number_text(elements),
            ]
        )
    return rows


def _fusion_rows(analysis: CascadeAnalysis) -> list[list[str]]:
    rows = [["may be fused", "with", "on"]]
    return rows + [[one, other, " ".join(ranks)] for one, other, ranks in analysis.fusion.fusable]


def _bounds(analysis: CascadeAnalysis) -> str:
    bounds = analysis.bounds
    lines = [f"compulsory traffic  {' + '.join(bounds.compulsory.values())} elements"]
    if not analysis.sized:
        return "\n".join([*lines, "sizes are left open; --set RANK=SIZE gives the numbers"])
    total = f"{number_text(bounds.compulsory_elements)} elements"
    if analysis.bytes is not None:
        total += f", {number_text(analysis.bytes)} bytes"
    lines.append(f"                    = {total}")
    lines.append(f"operations          {number_text(bounds.operations)}")
    limit = f"{bounds.intensity_per_element:,.4g} operations an element"
    if analysis.bytes:
        limit += f", {bounds.operations / analysis.bytes:,.4g} a byte"
    lines.append(f"intensity at most   {limit}")
    return "\n".join(lines)
