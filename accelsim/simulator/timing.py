"""What the event simulator says: when each component did what, and what it waited for.

Times are exact: fractions of cycles, counted from the start of the block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal, get_args

__all__ = [
    "LABELS",
    "STATES",
    "BlockTiming",
    "LayerTiming",
    "Link",
    "Skip",
    "Span",
    "State",
    "chain_of",
    "most_copies",
    "stall_table",
    "timing_json",
]

State = Literal["busy", "input", "space", "resource", "barrier", "idle"]

STATES: tuple[State, ...] = get_args(State)
"""Every state of a component, in the order in which tables and legends show them."""

LABELS: Mapping[State, str] = MappingProxyType(
    {
        "busy": "busy",
        "input": "waiting for input",
        "space": "waiting for output space",
        "resource": "waiting for a resource",
        "barrier": "at a barrier",
        "idle": "idle",
    }
)
"""State -> the same in words."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a component did, or waited for, from ``start`` to ``end``."""

    component: str
    start: Fraction
    end: Fraction
    what: str
    """The Einsum or tensor, such as ``BQK`` or ``K``."""
    state: State


@dataclass(frozen=True, slots=True)
class Skip:
    """Repeated time that was not played out: its events are those of the period before it."""

    start: Fraction
    end: Fraction
    times: int
    """Repetitions in it of the period that ends at ``start``."""
    what: str
    """The loop whose iterations repeat, such as ``M1``."""


@dataclass(frozen=True, slots=True)
class Link:
    """Part of the critical chain: time for which the block could not have been shorter."""

    component: str
    what: str
    cycles: Fraction


@dataclass(frozen=True)
class BlockTiming:
    """The time of one block (fused Einsums), and how each component spent it."""

    name: str
    cycles: Fraction
    stalls: Mapping[str, Mapping[State, Fraction]]
    """Component -> state -> cycles; the states of a component sum to ``cycles`` exactly."""
    chain: tuple[Link, ...]
    """The critical chain; its links sum to ``cycles``."""
    spans: tuple[Span, ...]
    """In order of time; those of one component never overlap."""
    skips: tuple[Skip, ...]
    """In order of time; no span begins in one."""
    copies: Mapping[str, Mapping[str, int]]
    """Memory -> tensor -> tiles of it that the memory holds at a time."""
    events: int
    """Events that were played."""
    spans_left_out: int = 0
    """Spans in the middle of a long block of which no record is kept."""


@dataclass(frozen=True)
class LayerTiming:
    """The blocks of one layer, one after another, and how often the layer is repeated."""

    name: str
    repeat: int
    blocks: tuple[BlockTiming, ...]

    @property
    def cycles_once(self) -> Fraction:
        """Cycles of one repetition."""
        return sum((block.cycles for block in self.blocks), Fraction(0))


def stall_table(layers: Iterable[LayerTiming]) -> dict[str, dict[State, Fraction]]:
    """Component -> state -> cycles, over every repetition of every layer.

    A component that a block does not list is idle there, so each row sums to the total. Every
    row holds every state, in the order of ``STATES``.

    Example:
        >>> block = BlockTiming("QK", Fraction(4), {"array": {"busy": Fraction(4)}}, (), (), (),
        ...                     {}, 1)
        >>> other = BlockTiming("AV", Fraction(3), {}, (), (), (), {}, 1)
        >>> row = stall_table([LayerTiming("", 2, (block, other))])["array"]
        >>> {state: str(cycles) for state, cycles in row.items() if cycles}
        {'busy': '8', 'idle': '6'}
    """
    played = list(_blocks(layers))
    components = dict.fromkeys(name for block, _ in played for name in block.stalls)
    table = {name: dict.fromkeys(STATES, Fraction(0)) for name in components}
    for block, repeat in played:
        absent: Mapping[State, Fraction] = {"idle": block.cycles}
        for name, row in table.items():
            for state, cycles in block.stalls.get(name, absent).items():
                row[state] += cycles * repeat
    return table


def chain_of(layers: Iterable[LayerTiming]) -> tuple[Link, ...]:
    """The critical chain of the whole workload: a link per component and Einsum or tensor.

    Returns:
        the links, longest first; they sum to the cycles of the workload.
    """
    merged: dict[tuple[str, str], Fraction] = {}
    for block, repeat in _blocks(layers):
        for link in block.chain:
            key = link.component, link.what
            merged[key] = merged.get(key, Fraction(0)) + link.cycles * repeat
    found = (Link(component, what, cycles) for (component, what), cycles in merged.items())
    return tuple(sorted(found, key=lambda link: (-link.cycles, link.component, link.what)))


def most_copies(layers: Iterable[LayerTiming]) -> dict[str, dict[str, int]]:
    """Memory -> tensor -> tiles that it holds at a time, at most in any block."""
    most: dict[str, dict[str, int]] = {}
    for block in (block for layer in layers for block in layer.blocks):
        for memory, held in block.copies.items():
            row = most.setdefault(memory, {})
            for tensor, count in held.items():
                row[tensor] = max(count, row.get(tensor, 0))
    return {memory: held for memory, held in most.items() if held}


def timing_json(layers: Sequence[LayerTiming]) -> dict[str, Any]:
    """The same for the result file, over every repetition of every layer.

    Tiles are the most of any block; events are those that were played, once for each layer.
    """
    return {
        "stalls": {
            name: {state: float(cycles) for state, cycles in row.items()}
            for name, row in stall_table(layers).items()
        },
        "critical_chain": [
            {"component": link.component, "what": link.what, "cycles": float(link.cycles)}
            for link in chain_of(layers)
        ],
        "copies": most_copies(layers),
        "events": sum(block.events for layer in layers for block in layer.blocks),
    }


def _blocks(layers: Iterable[LayerTiming]) -> Iterator[tuple[BlockTiming, int]]:
    for layer in layers:
        for block in layer.blocks:
            yield block, layer.repeat
