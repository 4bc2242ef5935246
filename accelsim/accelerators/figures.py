"""Published figures beside ours: one record for each, and the report of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Figure", "figures_markdown", "figures_rows"]


@dataclass(frozen=True)
class Figure:
    """One published figure, what we get, and whether that is close enough."""

    figure: str
    source: str
    published: float
    ours: float
    tolerance: float | None
    """Largest relative deviation; None where the published figure does not follow from published
    data, so that nothing can be asserted."""
    note: str = ""

    @property
    def deviation(self) -> float:
        """Relative: ours / published - 1."""
        return self.ours / self.published - 1

    @property
    def ok(self) -> bool | None:
        """Whether it is within tolerance; None where there is none."""
        if self.tolerance is None:
            return None
        # The last term lets a figure at the very edge pass in spite of rounding.
        return abs(self.deviation) <= self.tolerance * (1 + 1e-9)

    def as_json(self) -> dict[str, Any]:
        return {
            "figure": self.figure,
            "source": self.source,
            "published": self.published,
            "ours": self.ours,
            "deviation": self.deviation,
            "tolerance": self.tolerance,
            "ok": self.ok,
            "note": self.note,
        }


def figures_rows(figures: Sequence[Figure]) -> list[list[str]]:
    """Cells of a table: a head, and a row for each figure."""
    rows = [["figure", "published", "ours", "deviation", "tolerance", "ok"]]
    for each in figures:
        verdict = {None: "not asserted", True: "ok", False: "OUT OF TOLERANCE"}[each.ok]
        tolerance = "" if each.tolerance is None else f"{each.tolerance:.2%}"
        published, ours = f"{each.published:.6g}", f"{each.ours:.6g}"
        rows.append([each.figure, published, ours, f"{each.deviation:+.3%}", tolerance, verdict])
    return rows


def figures_markdown(title: str, figures: Sequence[Figure], table: str) -> str:
    """A section of the validation report: the table, then notes and sources."""
    notes = list(dict.fromkeys(each.note for each in figures if each.note))
    sources = list(dict.fromkeys(each.source for each in figures))
    parts = [f"## {title}", "", table, ""]
    if notes:
        parts += ["Notes", "", *(f"- {note}" for note in notes), ""]
    parts += ["Sources", "", *(f"- {source}" for source in sources), ""]
    return "\n".join(parts)
