"""What of a module is needed: its live parts, the bits of them, and how often each is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

from accelsim.gateware.verilog.netlist import (
    Assign,
    Bits,
    Cell,
    Chunk,
    Const,
    Netlist,
    Process,
    Spec,
    Switch,
    low_bits,
    width_of,
)

__all__ = [
    "ZERO",
    "Flow",
    "Item",
    "assignments",
    "bits_of",
    "operands",
    "output_of",
    "segments",
    "select_bits",
]

Item = Cell | Process

ONE: Spec = (Const("1"),)
ZERO: Spec = (Const("0"),)
"""For what has no bits, where Verilog wants some."""

_SAME_WIDTH = frozenset(("$add", "$sub", "$and", "$or", "$xor", "$not", "$neg", "$mux"))
"""Whose lower bits depend on no higher ones."""
_COMPARISONS = frozenset(("$eq", "$ne", "$lt", "$le", "$gt", "$ge"))
_RIGHT_SHIFTS = frozenset(("$shr", "$sshr", "$shift"))


class Flow:
    """Of one module.

    Args:
        module: as it was read.
        children: module -> the ports that its instances really have, with their directions.
    """

    def __init__(self, module: Netlist, children: Mapping[str, Mapping[str, str]]) -> None:
        self.module, self._children = module, children
        self.producers = {wire: item for item in module.items for wire in self.outputs(item)}
        self.widths = {name: wire.width for name, wire in module.wires.items()}
        self.loose = {
            name: spec
            for name, spec in module.aliases
            if module.wires[name].port == "output" and name not in self.producers
        }
        """Outputs that are another name of something."""
        self.live = self._live()
        self._narrow()
        self.reads: Counter[str] = Counter()
        self.parted: set[str] = set()
        """Wires of which some are read in parts."""
        for item in self.live:
            for spec in self.needs(item):
                self._count(spec)
        for spec in self.loose.values():
            self._count(spec)
        self.next_values = self._next_values()
        for item in self.live:
            if isinstance(item, Process) and item.output not in self.next_values:
                self.parted |= set(_cut(item))

    def outputs(self, item: Item) -> Iterator[str]:
        """Wires that an item drives."""
        if isinstance(item, Process):
            yield item.output
        elif item.module:
            for port, direction in self._children[item.module].items():
                if direction == "output" and port in item.ports:
                    yield from (chunk.wire for chunk in bits_of(item.ports[port]))
        elif (output := output_of(item)) is not None:
            (driven,) = bits_of(item.ports[output])
            yield driven.wire

    def needs(self, item: Item) -> list[Spec]:
        """Values that an item reads."""
        if isinstance(item, Process):
            return [spec for spec in _read_by(item.body) if width_of(spec)]
        if item.module:
            ports = self._children[item.module]
            return [item.ports[port] for port, way in ports.items() if way == "input"]
        if item.kind == "$dff":
            return [item.ports["D"], item.ports["CLK"]]
        if item.kind.startswith("$mem"):
            wanted = ("ADDR", "DATA", "EN", "CLK")
            return [item.ports[port] for port in wanted if port != output_of(item)]
        return operands(item, self._result(item))

    def _result(self, item: Cell) -> int:
        (driven,) = bits_of(item.ports["Y"])
        return self.widths[driven.wire]

    def _live(self) -> list[Item]:
        wires = [
            *(name for name, wire in self.module.wires.items() if wire.port == "output"),
            *(chunk.wire for spec in self.loose.values() for chunk in bits_of(spec)),
        ]
        found: set[int] = set()
        pending: list[Item] = [
            item
            for item in self.module.items
            if isinstance(item, Cell) and (item.module or item.kind == "$memwr_v2")
        ]
        while wires or pending:
            if wires:
                item = self.producers.get(wires.pop())
                if item is None:
                    continue
            else:
                item = pending.pop()
            if id(item) not in found:
                found.add(id(item))
                wires += [chunk.wire for spec in self.needs(item) for chunk in bits_of(spec)]
        return [item for item in self.module.items if id(item) in found]

    def _narrow(self) -> None:
        """Let results of operators without a name have the bits that are read, and no more."""
        narrow = {
            wire
            for item in self.live
            if isinstance(item, Cell) and item.kind in (*_SAME_WIDTH, "$mul", "$shl")
            for wire in self.outputs(item)
            if wire.startswith("$")
        }
        while True:
            wanted = dict.fromkeys(narrow, 0)
            specs = [spec for item in self.live for spec in self.needs(item)]
            for spec in (*specs, *self.loose.values()):
                for chunk in bits_of(spec):
                    if chunk.wire in wanted:
                        wanted[chunk.wire] = max(wanted[chunk.wire], chunk.high + 1)
            if all(self.widths[wire] == width for wire, width in wanted.items()):
                return
            self.widths |= wanted

    def _next_values(self) -> dict[str, Process]:
        """Wire -> the process that is nothing but the next value of a register."""
        found: dict[str, Process] = {}
        for item in self.live:
            if not isinstance(item, Cell) or item.kind != "$dff" or len(item.ports["D"]) != 1:
                continue
            (bits,) = item.ports["D"]
            if isinstance(bits, Bits) and bits.wire.startswith("$"):
                made = self.producers.get(bits.wire)
                whole = bits.width == self.widths[bits.wire]
                if isinstance(made, Process) and whole and self.reads[bits.wire] == 1:
                    found[bits.wire] = made
        return found

    def _count(self, spec: Spec) -> None:
        for chunk in bits_of(spec):
            self.reads[chunk.wire] += 1
            if chunk.low or chunk.high + 1 != self.widths[chunk.wire]:
                self.parted.add(chunk.wire)


def operands(cell: Cell, width: int) -> list[Spec]:
    """What an operator reads, as wide as Verilog wants it for a result of ``width`` bits."""
    kind, ports = cell.kind, cell.ports
    if kind == "$mux":
        return [ports["S"], low_bits(ports["B"], width), low_bits(ports["A"], width)]
    names = [port for port in ("A", "B") if port in ports]
    specs = [(ports[port], bool(cell.parameters.get(f"{port}_SIGNED"))) for port in names]
    if kind in _SAME_WIDTH:
        return [_extended(spec, width, signed) for spec, signed in specs]
    if kind in _COMPARISONS:
        most = max(1, *(width_of(spec) for spec, _ in specs))
        return [_extended(spec, most, signed) for spec, signed in specs]
    if kind == "$mul":
        return [low_bits(spec, width) for spec, _ in specs]
    if kind == "$shl":
        return [_extended(specs[0][0], width, specs[0][1]), specs[1][0] or ZERO]
    if kind in _RIGHT_SHIFTS:
        (left, signed), (by, by_signed) = specs
        left, by = left or ZERO, by or ZERO
        if width_of(left) > width or by_signed or (signed and kind == "$shift"):
            return [left, by]
        return [_extended(left, width, signed), by]
    # Of no bits, all are set.
    nothing = ONE if kind == "$reduce_and" else ZERO
    return [spec or nothing for spec, _ in specs]


def output_of(cell: Cell) -> str | None:
    """The port of an operator, a register or a memory that drives a wire."""
    if cell.kind == "$memrd_v2":
        return "DATA"
    return next((port for port in ("Y", "Q") if port in cell.ports), None)


def bits_of(spec: Spec) -> list[Bits]:
    """The parts of a value that are no constants."""
    return [chunk for chunk in spec if isinstance(chunk, Bits)]


def assignments(body: list[Assign | Switch]) -> Iterator[Assign]:
    """All of them, under whatever condition."""
    for each in body:
        if isinstance(each, Assign):
            yield each
        else:
            for _, inner in each.cases:
                yield from assignments(inner)


def segments(process: Process) -> list[tuple[int, int]]:
    """Highest and lowest bit of the parts that are always assigned together."""
    ends = {each.left.high + 1 for each in assignments(process.body)}
    cuts = sorted(ends | {each.left.low for each in assignments(process.body)})
    return [(high - 1, low) for low, high in pairwise(cuts)]


def _cut(process: Process) -> Iterator[str]:
    """Wires of which a process assigns some bits here and some there."""
    parts = segments(process)
    for each in assignments(process.body):
        if (each.left.high, each.left.low) not in parts:
            yield from (chunk.wire for chunk in bits_of(each.right))


def select_bits(spec: Spec, high: int, low: int) -> Spec:
    """Some bits of a value."""
    upper = low_bits(spec, high + 1)
    found: list[Chunk] = []
    left = width_of(upper) - low
    for chunk in upper:
        if left <= 0:
            break
        taken = min(chunk.width, left)
        if isinstance(chunk, Const):
            found.append(Const(chunk.digits[:taken]))
        else:
            found.append(Bits(chunk.wire, chunk.high, chunk.high - taken + 1))
        left -= taken
    return tuple(found)


def _read_by(body: list[Assign | Switch]) -> Iterator[Spec]:
    for each in body:
        if isinstance(each, Assign):
            yield each.right
        else:
            yield each.select
            for _, inner in each.cases:
                yield from _read_by(inner)


def _extended(spec: Spec, width: int, signed: bool) -> Spec:
    missing = width - width_of(spec)
    if missing <= 0:
        return low_bits(spec, width)
    if not spec:
        return (Const("0" * missing),)
    if not signed and isinstance(spec[0], Const):
        return (Const("0" * missing + spec[0].digits), *spec[1:])
    if not signed:
        return (Const("0" * missing), *spec)
    top = spec[0]
    if isinstance(top, Const):
        return (Const(top.digits[0] * missing + top.digits), *spec[1:])
    return (*[Bits(top.wire, top.high, top.high)] * missing, *spec)
