"""Two results side by side, as text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from accelsim.report.compare_why import ratio_text, reasons
from accelsim.report.comparison import HEAD, Comparison, EinsumPair
from accelsim.report.text import text_table
from accelsim.units import bytes_text, energy_text, number_text, seconds_text

__all__ = ["comparison_text"]

_MAX_EINSUMS = 40


def _area(um2: float) -> str:
    return f"{um2 / 1e6:,.4g} mm^2"


def _percent(part: float) -> str:
    return f"{part:.1%}"


Text = Callable[[float], str]

_TOTALS: dict[str, tuple[str, Text]] = {
    "cycles": ("cycles", number_text),
    "seconds": ("time", seconds_text),
    "energy_pj": ("energy", energy_text),
    "dram_bytes": ("traffic of the outermost memory", bytes_text),
    "operations": ("operations", number_text),
    "area_um2": ("area", _area),
}
_FIGURES: dict[str, tuple[str, Text]] = {
    "busy_cycles": ("busy cycles", number_text),
    "utilization": ("utilisation", _percent),
    "energy_pj": ("energy", energy_text),
    "traffic_bytes": ("traffic", bytes_text),
    "occupancy_bytes": ("occupancy", bytes_text),
}


def comparison_text(found: Comparison) -> str:
    """Head, totals, reasons, then components and Einsums that changed."""
    head = _head(found)
    if found.same:
        return "\n".join([*head, "", "no difference"])
    sections = [head, _totals(found)]
    why = reasons(found)
    if why:
        sections.append(["why", *(f"- {sentence}" for sentence in why)])
    sections += [_components(found), _fpga(found), _einsums(found)]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _head(found: Comparison) -> list[str]:
    """What each is of; ``A -> B`` only where they differ."""
    rows = {"compared": found.names}
    rows |= {key: (getattr(found.a, key), getattr(found.b, key)) for key in HEAD}
    return [f"{key:<12} {a if a == b else f'{a} -> {b}'}" for key, (a, b) in rows.items()]


def _cell(value: float | None, text: Text, missing: str = "unknown") -> str:
    return missing if value is None else text(value)


def _totals(found: Comparison) -> list[str]:
    rows = [["total", "A", "B", "B/A"]]
    for key, change in found.totals.items():
        name, text = _TOTALS[key]
        rows.append([name, _cell(change.a, text), _cell(change.b, text), ratio_text(change)])
    return [text_table(rows)]


def _components(found: Comparison) -> list[str]:
    rows, same = [["component", "A", "B", "B/A"]], 0
    for component, figures in found.components.items():
        for key, change in figures.items():
            name, text = _FIGURES[key]
            if change.a == change.b:
                same += change.a is not None
                continue
            missing = "unknown" if key == "energy_pj" else "-"
            cells = [_cell(value, text, missing) for value in (change.a, change.b)]
            rows.append([f"{component} {name}", *cells, ratio_text(change)])
    return _changed(rows, f"figures of components that are the same in both: {same}")


def _fpga(found: Comparison) -> list[str]:
    """What they take of an FPGA, where that is not the same."""
    rows = [["FPGA", "A", "B", "B/A"]]
    for kind, change in found.fpga.items():
        if change.a != change.b:
            cells = [_cell(value, number_text, "-") for value in (change.a, change.b)]
            rows.append([kind, *cells, ratio_text(change)])
    return [text_table(rows)] if len(rows) > 1 else []


def _changed(rows: Sequence[Sequence[str]], same: str) -> list[str]:
    return [*([text_table(rows)] if len(rows) > 1 else []), same]


def _einsums(found: Comparison) -> list[str]:
    changed = [pair for pair in found.einsums if pair.a != pair.b]
    rows = [["Einsum", "unit", "cycles", "energy", "operations", "DRAM", "bound"]]
    rows += [_einsum(pair) for pair in changed[:_MAX_EINSUMS]]
    lines = _changed(
        rows, f"Einsums that are the same in both: {len(found.einsums) - len(changed)}"
    )
    if len(changed) > _MAX_EINSUMS:
        lines.insert(1, f"... and {len(changed) - _MAX_EINSUMS} more; --json has them all")
    if any(layer.a and layer.b and layer.a.cascade != layer.b.cascade for layer in found.layers):
        lines.append("the cascades differ: Einsums of one name may compute different things")
    return lines


def _einsum(pair: EinsumPair) -> list[str]:
    cells = [
        [
            entry.unit,
            number_text(entry.cycles),
            _cell(entry.energy_pj, energy_text),
            number_text(entry.operations),
            bytes_text(entry.dram_bytes),
            f"{entry.bound} ({entry.limiting})",
        ]
        for entry in (pair.a, pair.b)
        if entry is not None
    ]
    name = pair.name
    if len(cells) == 1:
        return [f"{name} (only in {'A' if pair.a else 'B'})", *cells[0]]
    return [name, *(a if a == b else f"{a} -> {b}" for a, b in zip(*cells, strict=True))]
