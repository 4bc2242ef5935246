"""A comparison of two studies for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.explore.report.compare import Best, StudyComparison
from accelsim.explore.report.figures import figure_text
from accelsim.report.text import text_table

__all__ = ["study_comparison_text"]

_HEAD = ("name", "version", "method", "seed", "fidelity", "evaluated", "space_points")
_LABELS = {"space_points": "space"}


def study_comparison_text(found: StudyComparison) -> str:
    """Head, best figures, fronts, hypervolumes, then what was not the same."""
    sections = [_head(found), _best(found.objectives), _fronts(found), _space(found)]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _head(found: StudyComparison) -> list[str]:
    rows = {"studies": found.names}
    rows |= {
        _LABELS.get(key, key): (_shown(getattr(found.a, key)), _shown(getattr(found.b, key)))
        for key in _HEAD
    }
    return [f"{key:<12} {a if a == b else f'{a} -> {b}'}" for key, (a, b) in rows.items()]


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _best(objectives: Sequence[Best]) -> list[str]:
    if not objectives:
        return ["no objective is in both, with the same goal"]
    rows = [["best", "A", "B", "B/A", "better"]]
    for best in objectives:
        ratio = "-" if best.ratio is None else f"{best.ratio:.4g}"
        better = {"a": "A", "b": "B", "same": "same", None: "-"}[best.better]
        rows.append(
            [
                f"{'least' if best.goal == 'minimize' else 'most'} {best.name}",
                *(
                    "-" if value is None else figure_text(value, best.unit)
                    for value in (best.a, best.b)
                ),
                ratio,
                better,
            ]
        )
    return [text_table(rows)]


def _fronts(found: StudyComparison) -> list[str]:
    fronts = found.fronts
    if fronts is None:
        return []
    lines = [f"front        A {fronts.a_points:,} designs, B {fronts.b_points:,}"]
    for side, other, share in (
        ("A", "B", fronts.a_dominated_by_b),
        ("B", "A", fronts.b_dominated_by_a),
    ):
        if share is not None:
            lines.append(f"{'':<12} {share:.1%} of those of {side} are dominated by one of {other}")
    if fronts.equal_points:
        lines.append(f"{'':<12} {fronts.equal_points:,} of B have the same figures as one of A")
    if found.only_a or found.only_b:
        lines.append(f"{'':<12} seen in the objectives of both alone")
    volume = found.hypervolume
    if volume is None:
        return [*lines, f"hypervolume  unknown: {found.hypervolume_unknown}"]
    units = {best.name: best.unit for best in found.objectives}
    reference = ", ".join(
        f"{name} {figure_text(value, units[name])}" for name, value in volume.reference.items()
    )
    return [
        *lines,
        f"hypervolume  A {volume.a:.4f}, B {volume.b:.4f} of the box up to {reference}",
    ]


def _space(found: StudyComparison) -> list[str]:
    told = {
        "objectives of A alone": list(found.only_a),
        "objectives of B alone": list(found.only_b),
        "parameters of A alone": [n for n, side in found.parameters.items() if side == "a"],
        "parameters of B alone": [n for n, side in found.parameters.items() if side == "b"],
        "parameters with other values": [
            name for name, side in found.parameters.items() if side == "differs"
        ],
    }
    lines = [f"{what}: {', '.join(names)}" for what, names in told.items() if names]
    a, b = found.a.constraints, found.b.constraints
    if set(a) != set(b):
        lines.append(f"constraints: {'; '.join(a) or 'none'} -> {'; '.join(b) or 'none'}")
    return lines
