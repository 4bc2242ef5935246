"""What to change in a machine: each figure doubled, mapped anew, and the changes that help most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from accelsim.architecture.architecture import Architecture
from accelsim.errors import AccelsimError
from accelsim.model.result import Result
from accelsim.report.nest_text import wrapped
from accelsim.units import number_text

__all__ = ["Change", "changes_text", "cheapest_changes"]

Settings = Mapping[str, int | float]
_LEAST = 5e-4
"""A smaller part is no effect: it would be shown as 0.0%."""


@dataclass(frozen=True)
class Change:
    """A change of the machine and what came of it."""

    title: str
    settings: Settings
    """``component.field`` -> value, as for ``--arch``."""
    result: Result | None
    problem: str = ""
    """Why there is no result."""


def cheapest_changes(
    architecture: Architecture,
    result: Result,
    resimulate: Callable[[Settings], Result],
    *,
    most: int = 3,
) -> tuple[Change, ...]:
    """The changes that help most, best first; then those that failed.

    Tried are: the size and the bandwidth of every memory, the rows and the columns of every array
    doubled, and other shapes of an array with the same PEs. What helps is told by the objective of
    the result, or by cycles where energy is not known.

    Args:
        architecture: the machine.
        result: what it does now.
        resimulate: the result with some figures changed, mapped anew.
        most: how many that help are given.
    """
    helped: list[tuple[tuple[float, float], int, Change]] = []
    failed: list[Change] = []
    before = _costs(result, result)
    for title, settings in _variants(architecture):
        try:
            change = Change(title, settings, resimulate(settings))
        except AccelsimError as error:
            problem = str(error).partition("\n")[0]
            failed.append(Change(title, settings, None, problem))
            continue
        assert change.result is not None
        after = _costs(change.result, result)
        gains = tuple(new / old if old else 1.0 for new, old in zip(after, before, strict=True))
        if gains[0] < 1 - _LEAST:
            helped.append(((gains[0], gains[1]), len(helped), change))
    best = [change for *_, change in sorted(helped, key=lambda each: each[:2])]
    return (*best[:most], *failed)


def _costs(result: Result, wanted: Result) -> tuple[float, float]:
    """What is minimised, and what breaks ties; as far as both results know it."""
    if result.energy_pj is None or wanted.energy_pj is None:
        return float(result.cycles), 1.0
    product = result.energy_pj * result.seconds
    first = {"latency": float(result.cycles), "energy": result.energy_pj, "edp": product}
    return first[wanted.objective], product


def _variants(architecture: Architecture) -> Iterator[tuple[str, Settings]]:
    for memory in architecture.memories.values():
        if memory.size_bytes is not None:
            yield (
                f"{memory.name} twice as large",
                {f"{memory.name}.size_bytes": memory.size_bytes * 2},
            )
        if memory.bytes_per_cycle is not None:
            figure = f"{memory.name}.bytes_per_cycle"
            yield f"{memory.name} twice as fast", {figure: memory.bytes_per_cycle * 2}
        elif memory.bandwidth_bytes_per_s is not None:
            rate = float(memory.bandwidth_bytes_per_s * 2)
            yield f"{memory.name} twice as fast", {f"{memory.name}.bandwidth_bytes_per_s": rate}
    for array in architecture.arrays.values():
        rows, columns = f"{array.name}.rows", f"{array.name}.columns"
        shape = {rows: array.rows, columns: array.columns}
        for side in (rows, columns):
            yield f"{side} {shape[side]:,} -> {shape[side] * 2:,}", {side: shape[side] * 2}
        for more, less in ((rows, columns), (columns, rows)):
            if shape[less] % 2 == 0:
                other = {more: shape[more] * 2, less: shape[less] // 2}
                text = f"{array.name} {other[rows]:,} x {other[columns]:,} PEs"
                yield f"{text} instead of {array.rows:,} x {array.columns:,}", other


def changes_text(changes: Sequence[Change], result: Result) -> str:
    """A line for each change: what it does to cycles, energy and their product."""
    aim = {"latency": "cycles", "energy": "energy", "edp": "EDP"}[result.objective]
    if result.energy_pj is None:
        aim = "cycles"
    found = [change for change in changes if change.result is not None]
    lines = [f"cheapest changes, by {aim}, mapped anew; energy of an access as before:"]
    if not found:
        lines.append("  none of the figures of this machine, doubled on its own, helps")
    for change in found:
        assert change.result is not None
        lines += wrapped(f"{change.title}: {_effect(change.result, result)}", "  ")
    for change in changes:
        if change.result is None:
            lines += wrapped(f"{change.title}: cannot be mapped: {change.problem}", "  ")
    return "\n".join(lines)


def _effect(after: Result, before: Result) -> str:
    cycles = f"cycles {number_text(after.cycles)} ({_percent(after.cycles, before.cycles)})"
    if after.energy_pj is None or before.energy_pj is None:
        return f"{cycles}, energy unknown"
    energy = _percent(after.energy_pj, before.energy_pj)
    product = _percent(after.energy_pj * after.seconds, before.energy_pj * before.seconds)
    return f"{cycles}, energy {energy}, EDP {product}"


def _percent(after: float, before: float) -> str:
    if not before:
        return "unknown"
    change = after / before - 1
    return "as before" if abs(change) < _LEAST else f"{change:+.1%}"
