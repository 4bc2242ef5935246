"""Two results side by side: what changed, as parts that add up to the whole change.

Layers, blocks and Einsums are matched by name. Blocks of a layer without a counterpart (a fused
block against the blocks of its Einsums) are compared as one group.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Protocol, TypeVar

from accelsim.errors import InputError
from accelsim.model.result import Result
from accelsim.model.result_file import BlockEntry, LayerEntry, ResultFile
from accelsim.report.comparison import Change, Comparison, EinsumPair, LayerPair, Part

__all__ = ["EPOCHS", "apportion", "compare"]

EPOCHS = "epochs"
"""The entry of busy cycles that is no component: its epochs one after the other."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Named = TypeVar("Named", bound=_Named)


def _pairs(a: Iterable[Named], b: Iterable[Named]) -> list[tuple[str, Named | None, Named | None]]:
    """Entries of the same name; the second of a name in A is matched with the second in B."""
    sides = []
    for entries in (a, b):
        keyed: dict[tuple[str, int], Named] = {}
        seen: dict[str, int] = {}
        for entry in entries:
            seen[entry.name] = seen.get(entry.name, 0) + 1
            keyed[entry.name, seen[entry.name]] = entry
        sides.append(keyed)
    keys = dict.fromkeys([*sides[0], *sides[1]])
    return [(key[0], sides[0].get(key), sides[1].get(key)) for key in keys]


def apportion(parts: Sequence[Fraction], total: int, *, slack: int) -> tuple[list[int], int]:
    """Whole numbers that add up to a whole total, each the part rounded down or up.

    The total was rounded once and its parts never, so that rounding each part alone would not add
    up.

    Args:
        parts: the exact parts.
        total: what they add up to, rounded.
        slack: at most this much more or less, which floating point lost, goes to the largest part.

    Returns:
        The whole numbers, and what is left where the parts do not add up to the total.

    Example:
        >>> apportion([Fraction(1, 3), Fraction(5, 3), Fraction(-4)], -2, slack=0)
        ([0, 2, -4], 0)
    """
    whole = [math.floor(part) for part in parts]
    rest = total - sum(whole)
    up = sorted(range(len(parts)), key=lambda i: whole[i] - parts[i])
    for i in [i for i in up if parts[i] != whole[i]][: max(rest, 0)]:
        whole[i] += 1
        rest -= 1
    if parts and abs(rest) <= slack:
        whole[max(range(len(parts)), key=lambda i: abs(parts[i]))] += rest
        rest = 0
    return whole, rest


def compare(
    a: ResultFile | Result, b: ResultFile | Result, *, names: tuple[str, str] = ("A", "B")
) -> Comparison:
    """What changed from A to B.

    Args:
        a: a result, of a simulation or from a file (``load_result``).
        b: another one, of any workload on any machine.
        names: what to call them.
    """
    a, b = _as_file(a), _as_file(b)
    layers, unassigned = _layers(a, b)
    components, actions = _components(a, b)
    return Comparison(
        names=names,
        a=a,
        b=b,
        totals=_totals(a, b),
        layers=layers,
        unassigned_cycles=unassigned,
        components=components,
        actions=actions,
        einsums=tuple(EinsumPair(*pair) for pair in _pairs(a.einsums, b.einsums)),
        fpga=_changes(*(each.fpga.resources if each.fpga else {} for each in (a, b))),
    )


def _totals(a: ResultFile, b: ResultFile) -> dict[str, Change]:
    def dram(result: ResultFile) -> float:
        layers = math.fsum(layer.dram_bytes for layer in result.layers)
        return result.traffic_bytes.get(result.outermost_memory, layers)

    return {
        "cycles": Change(a.cycles, b.cycles),
        "seconds": Change(a.seconds, b.seconds),
        "energy_pj": Change(a.energy_pj, b.energy_pj),
        "dram_bytes": Change(dram(a), dram(b)),
        "operations": Change(a.operations, b.operations),
        "area_um2": Change(a.area_um2, b.area_um2),
    }


def _slack(parts: Sequence[object], cycles: float) -> int:
    return len(parts) + math.ceil(cycles * 1e-9)


def _layers(a: ResultFile, b: ResultFile) -> tuple[tuple[LayerPair, ...], int]:
    pairs = _pairs(a.layers, b.layers)
    exact = [Fraction(y.cycles if y else 0) - Fraction(x.cycles if x else 0) for _, x, y in pairs]
    slack = _slack(pairs, max(a.cycles, b.cycles))
    whole, rest = apportion(exact, b.cycles - a.cycles, slack=slack)
    units = [_operations(result) for result in (a, b)]
    layers = []
    for (name, x, y), change in zip(pairs, whole, strict=True):
        cycles = Change(x.cycles if x else 0, y.cycles if y else 0, change)
        parts, left = _parts(x, y, change)
        on = [units[i].get(name, {}) for i in (0, 1)]
        layers.append(
            LayerPair(
                name=name,
                a=x,
                b=y,
                cycles=cycles,
                energy_pj=Change(x.energy_pj if x else 0, y.energy_pj if y else 0),
                dram_bytes=Change(x.dram_bytes if x else 0, y.dram_bytes if y else 0),
                operations={
                    unit: Change(on[0].get(unit, 0), on[1].get(unit, 0))
                    for unit in dict.fromkeys([*on[0], *on[1]])
                },
                parts=parts,
                unassigned_cycles=left,
            )
        )
    return tuple(layers), rest


def _operations(result: ResultFile) -> dict[str, dict[str, int]]:
    """Layer -> array -> operations; an Einsum of a network is named ``layer.einsum``."""
    found: dict[str, dict[str, int]] = {layer.name: {} for layer in result.layers}
    for einsum in result.einsums:
        owner = einsum.name
        while owner and owner not in found:
            owner = owner.rpartition(".")[0]
        units = found.setdefault(owner, {})
        units[einsum.unit] = units.get(einsum.unit, 0) + einsum.operations
    return found


def _parts(a: LayerEntry | None, b: LayerEntry | None, total: int) -> tuple[tuple[Part, ...], int]:
    pairs = _pairs(a.blocks if a else (), b.blocks if b else ())
    sides: list[tuple[list[BlockEntry], list[BlockEntry]]] = [
        ([x], [y]) for _, x, y in pairs if x and y
    ]
    alone = ([x for _, x, y in pairs if x and not y], [y for _, x, y in pairs if y and not x])
    if any(alone):
        sides.append(alone)
    repeats = (a.repeat if a else 0, b.repeat if b else 0)
    exact = [_cycles(y, repeats[1]) - _cycles(x, repeats[0]) for x, y in sides]
    slack = _slack(sides, max(layer.cycles for layer in (a, b) if layer))
    whole, rest = apportion(exact, total, slack=slack)
    parts = [_part(side, repeats, change) for side, change in zip(sides, whole, strict=True)]
    return tuple(parts), rest


def _cycles(blocks: Sequence[BlockEntry], repeat: int) -> Fraction:
    return sum((Fraction(block.cycles) for block in blocks), Fraction(0)) * repeat


def _part(
    sides: tuple[Sequence[BlockEntry], Sequence[BlockEntry]], repeats: tuple[int, int], whole: int
) -> Part:
    limiting: list[dict[str, Fraction]] = []
    busy: list[dict[str, Fraction]] = []
    spilled: list[dict[str, float]] = []
    for blocks, repeat in zip(sides, repeats, strict=True):
        limits: dict[str, Fraction] = {}
        times: dict[str, Fraction] = {}
        spills: dict[str, float] = {}
        for block in blocks:
            cycles = Fraction(block.cycles) * repeat
            limits[block.limiting] = limits.get(block.limiting, Fraction(0)) + cycles
            for name, taken in block.busy_cycles.items():
                times[name] = times.get(name, Fraction(0)) + Fraction(taken) * repeat
            for name, spill in block.spilled.items():
                spills[name] = max(spills.get(name, 0.0), spill)
        limiting.append(limits)
        busy.append(times)
        spilled.append(spills)
    a, b = (float(_cycles(side, repeat)) for side, repeat in zip(sides, repeats, strict=True))
    return Part(
        a=tuple(block.name for block in sides[0]),
        b=tuple(block.name for block in sides[1]),
        cycles=Change(a, b, whole),
        limiting_a=limiting[0],
        limiting_b=limiting[1],
        busy=_changes(
            {name: float(taken) for name, taken in busy[0].items()},
            {name: float(taken) for name, taken in busy[1].items()},
        ),
        spilled={
            name: Change(spilled[0].get(name, 0.0), spilled[1].get(name, 0.0))
            for name in dict.fromkeys([*spilled[0], *spilled[1]])
        },
    )


def _changes(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, Change]:
    return {name: Change(a.get(name), b.get(name)) for name in dict.fromkeys([*a, *b])}


Figures = dict[str, dict[str, float | None]]


def _figures(result: ResultFile) -> Figures:
    """Component -> figure; a figure that does not apply or is unknown is None."""
    busy: dict[str, Fraction] = {}
    for layer in result.layers:
        for block in layer.blocks:
            for name, taken in block.busy_cycles.items():
                if name != EPOCHS:
                    busy[name] = busy.get(name, Fraction(0)) + Fraction(taken) * layer.repeat
    kinds = (result.utilization, result.traffic_bytes, busy, result.energy_breakdown_pj)
    found: Figures = {}
    for name in dict.fromkeys(name for kind in kinds for name in kind):
        timed = name not in result.traffic_bytes or name in result.bandwidth_bytes_per_s
        kept = result.occupancy_bytes.get(name, 0.0 if name in result.traffic_bytes else None)
        spent = math.fsum(result.energy_breakdown_pj.get(name, {}).values())
        lacking = any(figure.startswith(f"{name}.") for figure in result.energy_missing)
        found[name] = {
            "busy_cycles": float(busy.get(name, 0)) if timed or name in busy else None,
            "utilization": result.utilization.get(name),
            "energy_pj": None if lacking else spent,
            "traffic_bytes": result.traffic_bytes.get(name),
            "occupancy_bytes": kept,
        }
    return found


def _components(
    a: ResultFile, b: ResultFile
) -> tuple[dict[str, dict[str, Change]], dict[str, dict[str, Change]]]:
    """Figures of each component, and the energy of each action where it is known in both."""
    figures = (_figures(a), _figures(b))
    components: dict[str, dict[str, Change]] = {}
    actions: dict[str, dict[str, Change]] = {}
    for name in dict.fromkeys([*figures[0], *figures[1]]):
        x, y = (side.get(name) for side in figures)
        either = x or y or {}
        # What a machine does not have spends and moves nothing; it has no time or use to speak of.
        spendable = ("energy_pj", "traffic_bytes")
        gone = {f: 0.0 for f in spendable if f == "energy_pj" or either[f] is not None}
        rows = {f: Change((x or gone).get(f), (y or gone).get(f)) for f in either}
        components[name] = rows
        if rows["energy_pj"].change is not None:
            spent = [side.energy_breakdown_pj.get(name, {}) for side in (a, b)]
            actions[name] = {
                action: Change(spent[0].get(action, 0.0), spent[1].get(action, 0.0))
                for action in dict.fromkeys([*spent[0], *spent[1]])
            }
    return components, actions


def _as_file(result: ResultFile | Result) -> ResultFile:
    if not isinstance(result, Result | ResultFile):
        raise InputError("compare takes results; read files with load_result")
    return ResultFile.model_validate(result.as_json()) if isinstance(result, Result) else result
