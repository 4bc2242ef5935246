"""Why two results differ, in sentences: the machine, the work, the time and the energy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from accelsim.report.compare import EPOCHS
from accelsim.report.comparison import Change, Comparison, LayerPair, Part
from accelsim.units import bytes_text, energy_text, number_text

if TYPE_CHECKING:
    from accelsim.model.result_file import FpgaEntry

__all__ = ["change_text", "ratio_text", "reasons"]

_MOST_PARTS = 12
_MOST_ACTIONS = 6
_ENOUGH = 0.9
"""Actions are named until they make up this much of all changes in energy."""


def ratio_text(change: Change) -> str:
    """B over A, short.

    Example:
        >>> ratio_text(Change(4, 6)), ratio_text(Change(0, 6))
        ('1.500', '-')
    """
    ratio = change.ratio
    if ratio is None:
        return "-"
    return f"{ratio:.3f}" if 0.01 <= ratio < 1000 else f"{ratio:.3g}"


def change_text(change: Change) -> str:
    """Both counts, or one where they are the same.

    Example:
        >>> change_text(Change(900, 2000)), change_text(Change(None, 7)), change_text(Change(7, 7))
        ('900 -> 2,000', 'none -> 7', '7')
    """
    a, b = ("none" if each is None else number_text(each) for each in (change.a, change.b))
    return a if change.a == change.b else f"{a} -> {b}"


def reasons(found: Comparison) -> list[str]:
    """Sentences that say what changed and why, the largest share of the change first."""
    if found.same:
        return []
    return [*_machine(found), *_work(found), *_time(found), *_energy(found)]


def _machine(found: Comparison) -> Iterator[str]:
    a, b = found.a, found.b
    if a.version != b.version:
        yield f"A is of accelsim {a.version}, B of {b.version}: the model may have changed"
    for side, result, other in (("A", a, b), ("B", b, a)):
        for figure, source in result.sources.items():
            if source.startswith("set by the user") and other.sources.get(figure) != source:
                yield f"{figure} in {side}: {source}"
    if a.clock_hz != b.clock_hz:
        clocks = f"{a.clock_hz / 1e6:,.6g} MHz -> {b.clock_hz / 1e6:,.6g} MHz"
        yield f"clock: {clocks}; seconds compare, cycles do not"
    for array in a.peak_operations_per_s:
        pes = _pes(found, array)
        if pes:
            yield f"{array}: {change_text(pes)} PEs ({ratio_text(pes)})"
    for memory in dict.fromkeys([*a.bandwidth_bytes_per_s, *b.bandwidth_bytes_per_s]):
        rates = [side.bandwidth_bytes_per_s.get(memory) for side in (a, b)]
        there = all(memory in side.traffic_bytes for side in (a, b))
        if there and rates[0] != rates[1]:
            shown = ["unlimited" if r is None else f"{bytes_text(r)}/s" for r in rates]
            yield f"{memory}: bandwidth {shown[0]} -> {shown[1]}"
    yield from _fpga(a.fpga, b.fpga)


def _fpga(a: FpgaEntry | None, b: FpgaEntry | None) -> Iterator[str]:
    if a is None or b is None:
        if a is not b:
            yield f"only {'A' if a else 'B'} says what it takes of an FPGA"
        return
    if a.part != b.part:
        yield f"FPGA: {a.part} -> {b.part}; resources of different parts are hard to compare"
    if a.fits != b.fits:
        yield f"the machine fits its FPGA in {'A' if a.fits else 'B'} only"


def _pes(found: Comparison, array: str) -> Change | None:
    """PEs of an array that both machines have, where they differ."""
    counts = []
    for result in (found.a, found.b):
        if array not in result.peak_operations_per_s:
            return None
        counts.append(
            round(Fraction(result.peak_operations_per_s[array]) / Fraction(result.clock_hz))
        )
    return Change(*counts) if counts[0] != counts[1] else None


def _work(found: Comparison) -> Iterator[str]:
    if found.a.workload != found.b.workload:
        yield (
            f"the workloads differ ({found.a.workload}, {found.b.workload}); layers and Einsums "
            "are matched by name"
        )
    operations = found.totals["operations"]
    if operations.change:
        yield f"operations: {change_text(operations)} ({ratio_text(operations)})"


def _time(found: Comparison) -> Iterator[str]:
    """A sentence for each part that changed, be it behind the component that limits it."""
    total = found.totals["cycles"].change or 0
    parts = [(layer, part) for layer in found.layers for part in layer.parts]
    parts.sort(key=lambda pair: abs(pair[1].cycles.change or 0), reverse=True)
    telling = [pair for pair in parts if pair[1].cycles.change or _changed_behind(pair[1])]
    for layer, part in telling[:_MOST_PARTS]:
        change = part.cycles.change or 0
        told = f"{_label(layer, part)}: {_cycles_text(change, total)}: {_limits(part)}"
        yield "; ".join([told, *_causes(layer, part)])
    rest = telling[_MOST_PARTS:]
    if rest:
        change = sum(part.cycles.change or 0 for _, part in rest)
        yield f"{len(rest)} more blocks: {_cycles_text(change, total)}"
    loose = found.unassigned_cycles + sum(layer.unassigned_cycles for layer in found.layers)
    if loose:
        yield f"in no block: {_cycles_text(loose, total)}; a file does not add up"


def _cycles_text(change: float, total: float) -> str:
    if not change:
        return "the same cycles"
    text = f"{_signed(number_text(change))} cycles"
    if not total:
        return text
    share = float(Fraction(change) / Fraction(total))
    size = "less than 1%" if abs(share) < 0.005 else f"{abs(share):.0%}"
    return f"{text} ({size} {'of' if share > 0 else 'against'} the change)"


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _label(layer: LayerPair, part: Part) -> str:
    if len(layer.parts) == 1 and layer.name:
        name = layer.name
    elif part.a == part.b or not (part.a and part.b):
        name = ", ".join(part.a or part.b)
    else:
        name = f"{', '.join(part.a)} -> {', '.join(part.b)}"
    if part.a and part.b:
        return name
    return f"{name} (only in {'A' if part.a else 'B'})"


def _changed_behind(part: Part) -> bool:
    limits_differ = set(part.limiting_a) != set(part.limiting_b)
    return limits_differ or any(busy.a != busy.b for busy in part.busy.values())


def _limits(part: Part) -> str:
    """Which component was the reason in A and is in B, and how its busy cycles changed."""
    if not (part.a and part.b):
        return f"limited by {_shares(part.limiting_a or part.limiting_b)}"
    if max(len(part.limiting_a), len(part.limiting_b)) > 1:
        told = f"limited by {_shares(part.limiting_b)}; was limited by {_shares(part.limiting_a)}"
        names = dict.fromkeys([*part.limiting_b, *part.limiting_a])
        return "; ".join([told, *(f"{_component(name)} {_busy(part, name)}" for name in names)])
    (before,), (after,) = part.limiting_a, part.limiting_b
    if before == after:
        return f"limited by {_component(after)} in both, {_busy(part, after)}"
    now = f"limited by {_component(after)}, {_busy(part, after)}"
    return f"{now}; was limited by {_component(before)}, {_busy(part, before)}"


def _component(name: str) -> str:
    return "its epochs one after the other" if name == EPOCHS else name


def _busy(part: Part, component: str) -> str:
    return f"busy {change_text(part.busy.get(component, Change(None, None)))}"


def _shares(limiting: Mapping[str, Fraction]) -> str:
    """Components that limit blocks, each with its share of the time if there are several."""
    ordered = sorted(limiting, key=limiting.__getitem__, reverse=True)
    total = sum(limiting.values())
    if len(ordered) == 1 or not total:
        return ", ".join(map(_component, ordered))
    return ", ".join(f"{_component(name)} {float(limiting[name] / total):.0%}" for name in ordered)


def _causes(layer: LayerPair, part: Part) -> Iterator[str]:
    """What else changed in the layer that tells why its components are busy for longer."""
    a, b = layer.a, layer.b
    if a is None or b is None:
        return
    if not part.cycles.change:
        limiting = {*part.limiting_a, *part.limiting_b}
        for name, busy in part.busy.items():
            if name not in limiting and busy.a != busy.b:
                yield f"behind it {name} busy {change_text(busy)}"
    if len(layer.parts) == 1:
        for unit in dict.fromkeys([*part.limiting_b, *part.limiting_a]):
            on_it = layer.operations.get(unit)
            if on_it is not None and on_it.change:
                yield f"operations on {unit} {change_text(on_it)}"
    for what in ("cascade", "mapper", "repeat"):
        before, after = getattr(a, what), getattr(b, what)
        if before != after:
            yield f"{what} {before} -> {after}"
    for tile in a.tiles.keys() & b.tiles.keys():
        if a.tiles[tile] != b.tiles[tile]:
            yield f"tile {tile} {a.tiles[tile]} -> {b.tiles[tile]}"
    for memory, spill in part.spilled.items():
        if spill.change:
            yield f"{memory} spills {spill.a:.1%} -> {spill.b:.1%}"


def _energy(found: Comparison) -> Iterator[str]:
    """The actions that make up most of the change in energy."""
    for side, result in (("A", found.a), ("B", found.b)):
        if result.energy_missing:
            yield f"energy in {side} is unknown: no figure for {', '.join(result.energy_missing)}"
    changes = [
        (change.change or 0.0, f"{component} {action}")
        for component, actions in found.actions.items()
        for action, change in actions.items()
        if change.change
    ]
    if not changes:
        return
    changes.sort(key=lambda pair: abs(pair[0]), reverse=True)
    whole, told, named = sum(abs(change) for change, _ in changes), 0.0, []
    for change, name in changes[:_MOST_ACTIONS]:
        if told >= _ENOUGH * whole:
            break
        told += abs(change)
        named.append(f"{name} {_signed(energy_text(change))}")
    rest = changes[len(named) :]
    if rest:
        left = _signed(energy_text(sum(change for change, _ in rest)))
        named.append(f"{len(rest)} more {left} together")
    total = found.totals["energy_pj"]
    head = "energy where it is known in both"
    if total.change is not None:
        head = f"energy {_signed(energy_text(total.change))} ({ratio_text(total)})"
    yield f"{head}: {', '.join(named)}"
