"""RTLIL, as Amaranth writes it, in memory: wires, cells, and the assignments under conditions.

Source of the format: Yosys manual, appendix "RTLIL text representation".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from accelsim.errors import UnsupportedError

__all__ = [
    "Assign",
    "Bits",
    "Cell",
    "Chunk",
    "Const",
    "Memory",
    "Netlist",
    "Process",
    "Spec",
    "Switch",
    "Wire",
    "low_bits",
    "read_rtlil",
    "width_of",
]


@dataclass(frozen=True)
class Bits:
    """Some bits of a wire."""

    wire: str
    high: int
    low: int

    @property
    def width(self) -> int:
        return self.high - self.low + 1


@dataclass(frozen=True)
class Const:
    """Digits of a constant, the highest first."""

    digits: str

    @property
    def width(self) -> int:
        return len(self.digits)


Chunk: TypeAlias = Bits | Const
Spec: TypeAlias = tuple[Chunk, ...]
"""A value put together of chunks, the highest first."""


@dataclass
class Wire:
    """A wire or a register, perhaps a port."""

    name: str
    width: int
    port: str = ""
    """``input``, ``output``, or nothing."""
    init: str | None = None
    """Digits of what a register holds at first."""


@dataclass
class Cell:
    """An operator, a register, a port of a memory, or an instance of another module."""

    kind: str
    name: str
    parameters: dict[str, int | str] = field(default_factory=dict)
    ports: dict[str, Spec] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """Of an instance, its module; of all else nothing."""
        return self.kind[1:] if self.kind.startswith("\\") else ""


@dataclass
class Assign:
    """Within a process; later ones win."""

    left: Bits
    right: Spec


@dataclass
class Switch:
    """Within a process: the first case with a pattern that fits, or that has none."""

    select: Spec
    cases: list[tuple[tuple[str, ...], list[Assign | Switch]]] = field(default_factory=list)


@dataclass
class Process:
    """What gives a wire its value."""

    body: list[Assign | Switch] = field(default_factory=list)

    @property
    def output(self) -> str:
        """The wire; the first assignment is its value without any condition."""
        first = self.body[0]
        assert isinstance(first, Assign)
        return first.left.wire


@dataclass
class Memory:
    """Words that a cell of its own initialises."""

    name: str
    width: int
    size: int


@dataclass
class Netlist:
    """A module."""

    name: str
    wires: dict[str, Wire] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    items: list[Cell | Process] = field(default_factory=list)
    aliases: list[tuple[str, Spec]] = field(default_factory=list)
    """Other names, and outputs that nothing drives directly."""


def width_of(spec: Spec) -> int:
    """Bits of a value."""
    return sum(chunk.width for chunk in spec)


def low_bits(spec: Spec, width: int) -> Spec:
    """The lowest of a value that has so many or more."""
    found: list[Chunk] = []
    for chunk in reversed(spec):
        if width <= 0:
            break
        if chunk.width > width:
            if isinstance(chunk, Const):
                chunk = Const(chunk.digits[-width:])
            else:
                chunk = Bits(chunk.wire, chunk.low + width - 1, chunk.low)
        found.append(chunk)
        width -= chunk.width
    return tuple(reversed(found))


def read_rtlil(text: str) -> list[Netlist]:
    """The modules of a design, in their order.

    Raises:
        UnsupportedError: at a line that Amaranth did not write when this was made.
    """
    lines = (line for raw in text.splitlines() if (line := raw.strip()))
    return list(_modules(lines))


def _unknown(text: str) -> UnsupportedError:
    return UnsupportedError(
        f"Verilog: Amaranth describes hardware with '{text}', which is not known here; install the "
        "Amaranth that accelsim asks for with pip install 'accelsim[hardware]'"
    )


def _cut_off(what: str) -> UnsupportedError:
    return UnsupportedError(f"Verilog: {what} does not end in Amaranth's description of hardware")


def _modules(lines: Iterator[str]) -> Iterator[Netlist]:
    for line in lines:
        if line.startswith("module "):
            yield _module(line[len("module \\") :], lines)
        elif not line.startswith("attribute "):
            raise _unknown(line)


def _module(name: str, lines: Iterator[str]) -> Netlist:
    module = Netlist(name)
    init: str | None = None
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "end":
            _drop_empty(module)
            return module
        if word == "attribute":
            if rest.startswith("\\init "):
                init = rest.partition("'")[2]
            continue
        if word == "wire":
            wire = _wire(rest, init)
            module.wires[wire.name] = wire
            init = None
        elif word == "memory":
            _, width, _, size, memory = rest.split()
            module.memories[memory] = Memory(memory, int(width), int(size))
        elif word == "cell":
            kind, cell = rest.split()
            module.items.append(_cell(Cell(kind, cell), lines, module))
        elif word == "process":
            module.items.append(Process(_body(lines, module)[0]))
        elif word == "connect":
            left, _, right = rest.partition(" ")
            module.aliases.append((left, _spec(right, module)))
        else:
            raise _unknown(line)
    raise _cut_off(f"module {name}")


def _wire(text: str, init: str | None) -> Wire:
    words = text.split()
    port = next((word for word in words if word in ("input", "output", "inout")), "")
    return Wire(words[-1], int(words[1]), port, init)


def _cell(cell: Cell, lines: Iterator[str], module: Netlist) -> Cell:
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "end":
            return cell
        name, _, value = rest.partition(" ")
        if word == "connect":
            cell.ports[name[1:]] = _spec(value, module)
        elif name == "signed":
            raise _unknown(line)
        elif value.isdecimal():
            cell.parameters[name[1:]] = int(value)
        else:
            cell.parameters[name[1:]] = value.strip('"').replace("\\\\", "\\")
    raise _cut_off(f"cell {cell.name}")


def _body(lines: Iterator[str], module: Netlist) -> tuple[list[Assign | Switch], str]:
    """Assignments and switches up to the end of what they stand in, and the line that ends it."""
    found: list[Assign | Switch] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "assign":
            left, right = _split_assign(rest)
            for target in _spec(left, module):
                assert isinstance(target, Bits)
                found.append(Assign(target, _spec(right, module)))
        elif word == "switch":
            found.append(_switch(rest, lines, module))
        else:
            return found, line
    raise _cut_off("a process")


def _switch(select: str, lines: Iterator[str], module: Netlist) -> Switch:
    switch = Switch(_spec(select, module))
    line = next(lines, "")
    while line != "end":
        if not line.startswith("case"):
            raise _unknown(line) if line else _cut_off("a switch")
        patterns = tuple(part.partition("'")[2] for part in line[4:].split(",") if part.strip())
        body, line = _body(lines, module)
        switch.cases.append((patterns, body))
    return switch


def _split_assign(text: str) -> tuple[str, str]:
    words = text.split()
    if words[0] == "{":  # a wire without bits
        return "", ""
    count = 2 if words[1].startswith("[") else 1
    return " ".join(words[:count]), " ".join(words[count:])


_RANGE = re.compile(r"\[(\d+)(?::(\d+))?\]")
_CONST = re.compile(r"\d+'([01x-]*)")


def _spec(text: str, module: Netlist) -> Spec:
    chunks: list[Chunk] = []
    for word in text.split():
        if word in "{}":
            continue
        if word[0] in "\\$":
            chunks.append(Bits(word, module.wires[word].width - 1, 0))
        elif found := _RANGE.fullmatch(word):
            last = chunks.pop()
            assert isinstance(last, Bits)
            high = int(found[1])
            chunks.append(Bits(last.wire, high, int(found[2] or high)))
        elif const := _CONST.fullmatch(word):
            if const[1]:
                chunks.append(Const(const[1]))
        else:
            raise _unknown(text)
    return tuple(chunk for chunk in chunks if chunk.width)


def _drop_empty(module: Netlist) -> None:
    """Verilog has no values without bits: drop wires without, and what drives them."""

    def empty(item: Cell | Process) -> bool:
        if isinstance(item, Process):
            return not item.body
        return not item.module and not all(item.ports.get(port, 1) for port in "YQ")

    module.items = [item for item in module.items if not empty(item)]
    module.wires = {name: wire for name, wire in module.wires.items() if wire.width}
    module.aliases = [(name, spec) for name, spec in module.aliases if name in module.wires]
