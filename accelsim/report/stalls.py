"""How each component spent its time, as text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from accelsim.report.text import text_table
from accelsim.simulator.timing import (
    LABELS,
    STATES,
    LayerTiming,
    Link,
    State,
    chain_of,
    most_copies,
    stall_table,
)
from accelsim.units import number_text

__all__ = ["chain_text", "copies_text", "share_text", "stalls_text", "timing_text"]

_MOST_LINKS = 8
_HEADS: Mapping[State, str] = {
    "busy": "busy",
    "input": "input",
    "space": "output space",
    "resource": "resource",
    "barrier": "barrier",
    "idle": "idle",
}


def timing_text(layers: Sequence[LayerTiming]) -> str:
    """Everything that is said of a timing: stalls, critical chain, tiles that memories hold."""
    parts = (stalls_text(stall_table(layers)), chain_text(chain_of(layers)), copies_text(layers))
    return "\n\n".join(part for part in parts if part)


def share_text(part: Fraction, whole: Fraction) -> str:
    """A share of the time; what is there never reads as nothing, what is not all never as all.

    Example:
        >>> share_text(Fraction(1), Fraction(3)), share_text(Fraction(1), Fraction(10**6))
        ('33.3%', '<0.1%')
        >>> share_text(Fraction(0), Fraction(3)), share_text(Fraction(99_999), Fraction(100_000))
        ('-', '>99.9%')
    """
    if not part or not whole:
        return "-"
    share = part / whole
    if share < Fraction(1, 1000):
        return "<0.1%"
    if Fraction(999, 1000) < share < 1:
        return ">99.9%"
    return f"{float(share):.1%}"


def stalls_text(table: Mapping[str, Mapping[State, Fraction]]) -> str:
    """Two tables, shares of the time and cycles: a row a component, a column a state."""
    if not table:
        return ""
    waits = ", ".join(_HEADS[state] for state in STATES if LABELS[state].startswith("waiting for"))
    total = max(sum(row.values(), Fraction(0)) for row in table.values())
    shares = _rows("share of the time", table, lambda cycles: share_text(cycles, total))
    cycles = _rows("cycles", table, _cycles_text)
    note = f"({waits}: waiting for it)"
    return "\n".join([text_table(shares), note, "", text_table(cycles)])


def _rows(
    head: str,
    table: Mapping[str, Mapping[State, Fraction]],
    shown: Callable[[Fraction], str],
) -> list[list[str]]:
    rows = [[head, *(_HEADS[state] for state in STATES)]]
    for name, row in table.items():
        rows.append([name, *(shown(row.get(state, Fraction(0))) for state in STATES)])
    return rows


def _cycles_text(cycles: Fraction) -> str:
    if not cycles:
        return "-"
    return "<1" if cycles < 1 else number_text(float(cycles))


def chain_text(chain: Sequence[Link]) -> str:
    """The critical chain in one line: what the time goes by, most of it first."""
    total = sum((link.cycles for link in chain), Fraction(0))
    links = [link for link in chain if link.cycles]
    if not links:
        return ""
    shown = [
        f"{link.component} {link.what} {share_text(link.cycles, total)}"
        for link in links[:_MOST_LINKS]
    ]
    if rest := links[_MOST_LINKS:]:
        share = share_text(sum((link.cycles for link in rest), Fraction(0)), total)
        shown.append(f"{len(rest):,} more {share}")
    return f"critical chain: {', '.join(shown)}"


def copies_text(layers: Sequence[LayerTiming]) -> str:
    """Tiles that each memory holds at a time: a line a memory, tensors grouped by their number."""
    lines = []
    for memory, held in most_copies(layers).items():
        groups: dict[int, list[str]] = {}
        for tensor, count in held.items():
            groups.setdefault(count, []).append(tensor)
        said = (
            f"{count:,} of {', '.join(groups[count])}" for count in sorted(groups, reverse=True)
        )
        lines.append(f"tiles in {memory}: {'; '.join(said)}")
    return "\n".join(lines)
