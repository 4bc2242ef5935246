"""A result as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.model.result import Result
from accelsim.units import bytes_text, energy_text, number_text, seconds_text

__all__ = ["markdown_table", "result_text", "text_table"]

_MAX_EINSUMS = 40


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as aligned columns; the first row is the head, the first column is text."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as a Markdown table; the first row is the head."""
    head, *body = rows
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in body]
    return "\n".join(lines)


def _energy(picojoules: float | None) -> str:
    return "unknown" if picojoules is None else energy_text(picojoules)


def result_text(result: Result) -> str:
    """Totals, then a line per Einsum, then what is not known."""
    head = [
        ("workload", f"{result.workload} on {result.architecture}, mapper {_mappers(result)}"),
        ("time", f"{number_text(result.cycles)} cycles, {seconds_text(result.seconds)}"),
        ("stalls", _stalls(result)),
        ("energy", _energy(result.energy_pj)),
        ("traffic", _listed({k: bytes_text(v) for k, v in result.traffic_bytes.items()})),
        ("utilisation", _listed({k: f"{v:.1%}" for k, v in result.utilization.items()})),
        ("occupancy", _listed({k: bytes_text(v) for k, v in result.occupancy_bytes.items()})),
        ("bound by", _bound(result)),
        ("FPGA", _fpga(result)),
    ]
    lines = [f"{name:<12} {value}" for name, value in head if value]
    rows = [["Einsum", "unit", "cycles", "operations", "energy", "bound"]]
    for einsum in result.einsums[:_MAX_EINSUMS]:
        rows.append(
            [
                einsum.name,
                einsum.unit,
                number_text(einsum.cycles),
                number_text(einsum.operations),
                _energy(einsum.energy_pj),
                f"{einsum.bound} ({einsum.limiting})",
            ]
        )
    lines += ["", text_table(rows)]
    if len(result.einsums) > _MAX_EINSUMS:
        lines.append(f"... and {len(result.einsums) - _MAX_EINSUMS} more; --json has them all")
    if result.energy_missing:
        lines += ["", f"energy is unknown: no figure for {', '.join(result.energy_missing)}"]
    if result.timing is not None and result.timing["latency_unknown"]:
        names = ", ".join(result.timing["latency_unknown"])
        lines += ["", f"latency is unknown, taken as 0: {names}"]
    return "\n".join(lines)


def _stalls(result: Result) -> str:
    """What playing it out added to the analytic model's cycles."""
    if result.timing is None:
        return ""
    analytic = result.timing["analytic_cycles"]
    more = f"+{result.cycles / analytic - 1:.1%}" if analytic else "all"
    return f"{more} over {number_text(analytic)} cycles of the analytic model"


def _mappers(result: Result) -> str:
    """The mapper that was asked for, and those that it fell back to."""
    used = [layer.mapper for layer in result.layers if layer.mapper != result.mapper]
    fallen = f" (falls back to {', '.join(dict.fromkeys(used))})" if used else ""
    rewritten = [
        layer.cascade
        for layer in result.layers
        if len(result.layers) == 1 and layer.cascade != result.workload
    ]
    return result.mapper + fallen + (f", run as {rewritten[0]}" if rewritten else "")


def _fpga(result: Result) -> str:
    """What the machine takes of its device."""
    if result.fpga is None:
        return ""
    found = result.fpga
    taken = {
        kind: f"{count:,}"
        + (f" of {found['available'][kind]:,}" if kind in found["available"] else "")
        for kind, count in found["resources"].items()
    }
    full = "" if found["fits"] else "; does not fit"
    return f"{found['part']}: {_listed(taken)}{full}"


def _listed(values: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _bound(result: Result) -> str:
    """The component that limits most of the time, with its share."""
    share: dict[str, float] = {}
    for layer in result.layers:
        for block in layer.blocks:
            part = block.cycles * layer.repeat
            share[block.limiting] = share.get(block.limiting, 0.0) + part
    total = sum(share.values())
    if not total:
        return ""
    worst = sorted(share, key=share.__getitem__, reverse=True)[:3]
    return ", ".join(f"{name} {share[name] / total:.0%} of the time" for name in worst)
