"""One module in Verilog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from accelsim.errors import UnsupportedError
from accelsim.gateware.verilog.expressions import Expressions, constant, fitted
from accelsim.gateware.verilog.flow import ZERO, Flow, output_of, segments, select_bits
from accelsim.gateware.verilog.netlist import (
    Assign,
    Bits,
    Cell,
    Const,
    Netlist,
    Process,
    Spec,
    Wire,
    width_of,
)
from accelsim.gateware.verilog.simplify import simplify
from accelsim.gateware.verilog.statements import (
    Branch,
    Put,
    Statement,
    choice,
    merged,
    reset_first,
    statements,
    written,
)

__all__ = ["Emitted", "emit"]

_FIRST = ("clk", "rst")


@dataclass(frozen=True)
class Emitted:
    """A module without its name."""

    body: str
    """Its ports and what follows; modules of its instances as ``<|module|>``: no operator of
    Verilog looks like that."""
    ports: Mapping[str, tuple[str, str]]
    """Port, as it was read -> its direction and its name."""


def emit(
    module: Netlist, children: Mapping[str, Emitted], *, order: tuple[str, ...] | None = None
) -> Emitted:
    """Verilog of a module.

    Args:
        module: as it was read.
        children: modules of its instances.
        order: its ports, all of which stay; without, those that it reads or drives.

    Raises:
        UnsupportedError: at an operator that is not known.
    """
    return _Emitter(module, children, order).emitted()


class _Emitter:
    def __init__(
        self, module: Netlist, children: Mapping[str, Emitted], order: tuple[str, ...] | None
    ) -> None:
        simplify(module)
        _widen_shifts(module)
        ways = {
            name: {port: way for port, (way, _) in child.ports.items()}
            for name, child in children.items()
        }
        self.module, self.children = module, children
        self.flow = Flow(module, ways)
        called = {
            name: {port: word for port, (_, word) in child.ports.items()}
            for name, child in children.items()
        }
        self.words = Expressions(self.flow, called)
        self.wires: dict[str, str] = {}
        """Name -> declaration, without those of ports."""
        self.registers: dict[str, str] = {}
        self.ports = self._ports(order)

    def _ports(self, order: tuple[str, ...] | None) -> list[str]:
        ports = {name: wire for name, wire in self.module.wires.items() if wire.port}
        if order is not None:
            return [f"\\{name}" for name in order]
        read = {name for name in ports if self.flow.reads[name] or ports[name].port == "output"}
        first = [f"\\{name}" for name in _FIRST if f"\\{name}" in read]
        rest = [name for name in ports if name in read and name not in first]
        return [*first, *sorted(rest, key=lambda name: ports[name].port != "input")]

    def emitted(self) -> Emitted:
        assigns = [line for item in self.flow.live for line in self._assigns(item)]
        assigns += [
            f"assign {self.words.name(name)} = {self.words.text(spec)};"
            for name, spec in self.flow.loose.items()
            if name not in self.words.merged.values()
        ]
        always = [*self._always(), *self._memories()]
        instances = [line for item in self.flow.live for line in self._instance(item)]
        fields = [
            f"wire {_range(bits.width)}{name} = {self.words.bits(bits)};"
            for name, bits in sorted(
                self.words.fields.values(), key=lambda field: (field[1].wire, field[1].low)
            )
        ]
        head = ",\n".join(f"  {self._port(name)}" for name in self.ports)
        parts = [
            [*self.registers.values(), *self._memory_declarations()],
            list(self.wires.values()),
            fields,
            [each for line in assigns for each in fitted("", line)],
            always,
            instances,
        ]
        text = "\n\n".join("\n".join(part) for part in parts if part)
        lines = [f"  {line}" if line else "" for line in text.splitlines()]
        ports = {
            name[1:]: (self.module.wires[name].port, self.words.name(name)) for name in self.ports
        }
        return Emitted(" (\n" + head + "\n);\n" + "\n".join(lines) + "\nendmodule\n", ports)

    def _port(self, name: str) -> str:
        wire = self.module.wires[name]
        called = self.words.name(name)
        if wire.port == "input":
            return f"input  wire {_range(wire.width)}{called}"
        if called in self.registers:
            return "output " + self.registers.pop(called).rstrip(";")
        self.wires.pop(called, None)
        return f"output wire {_range(wire.width)}{called}"

    def _declare(self, wire: str) -> str:
        name = self.words.name(wire)
        self.wires[name] = f"wire {_range(self.flow.widths[wire])}{name};"
        return name

    def _register(self, wire: str, init: str | None) -> str:
        name, width = self.words.name(wire), self.flow.widths[wire]
        value = constant(init or "0" * width)
        self.registers[name] = f"reg  {_range(width)}{name} = {value};"
        return name

    def _assigns(self, item: Cell | Process) -> Iterator[str]:
        """Assignments of what is no register, and has a name."""
        if isinstance(item, Process):
            if item.output not in self.flow.next_values:
                self._declare(item.output)
                for high, low in segments(item):
                    left = self.words.bits(Bits(item.output, high, low))
                    yield f"assign {left} = {choice(item, high, low, self.words)};"
            return
        if item.module or item.kind == "$dff" or item.kind.startswith("$mem"):
            return
        (driven,) = item.ports["Y"]
        assert isinstance(driven, Bits)
        if not self.words.within(driven.wire) and driven.wire not in self._products:
            yield f"assign {self._declare(driven.wire)} = {self.words.operation(driven.wire)};"

    @cached_property
    def _products(self) -> set[str]:
        """Wires that are written on the right of the assignment to a register."""
        specs: list[Spec] = []
        for item in self.flow.live:
            if isinstance(item, Process):
                if item.output in self.flow.next_values:
                    specs += self.flow.needs(item)
            elif item.kind == "$dff":
                specs.append(item.ports["D"])
        return {self.words.alone_wire(spec) for spec in specs} - {""}

    def _always(self) -> list[str]:
        """Registers, those with a reset and those without."""
        blocks: dict[tuple[str, bool], list[Statement]] = {}
        for item in self.flow.live:
            if not isinstance(item, Cell) or item.kind != "$dff":
                continue
            if item.parameters["CLK_POLARITY"] != 1:
                raise UnsupportedError("Verilog: a register that moves with the falling clock")
            (driven,), data = item.ports["Q"], item.ports["D"]
            assert isinstance(driven, Bits)
            name = self._register(driven.wire, self.module.wires[driven.wire].init)
            process = self._process_of(data)
            if process is None:
                body: list[Statement] = [Put(name, self.words.alone(data))]
            else:
                body = statements(process.body, driven.wire, self.words)
            body = reset_first(body, "rst")
            resets = bool(body) and isinstance(body[0], Branch) and body[0].conditions[0] == "rst"
            clock = self.words.text(item.ports["CLK"])
            merged(blocks.setdefault((clock, resets), []), body)
        lines: list[str] = []
        for (clock, _), body in blocks.items():
            lines += [f"always @(posedge {clock}) begin", *written(body, "  "), "end", ""]
        return lines[:-1]

    def _process_of(self, data: Spec) -> Process | None:
        if len(data) == 1 and isinstance(data[0], Bits):
            return self.flow.next_values.get(data[0].wire)
        return None

    def _memory_declarations(self) -> Iterator[str]:
        for memory in self.module.memories.values():
            name = self.words.name(memory.name)
            yield f"reg  {_range(memory.width)}{name} [0:{memory.size - 1}];"

    def _memories(self) -> Iterator[str]:
        for item in self.module.items:
            if isinstance(item, Cell) and item.kind == "$meminit_v2":
                yield from self._contents(item)
        for item in self.flow.live:
            if isinstance(item, Cell) and item.kind == "$memwr_v2":
                yield from self._write(item)
            if isinstance(item, Cell) and item.kind == "$memrd_v2":
                yield from self._read(item)

    def _memory(self, item: Cell) -> str:
        return self.words.name(str(item.parameters["MEMID"]))

    def _contents(self, item: Cell) -> Iterator[str]:
        memory = self.module.memories[str(item.parameters["MEMID"])]
        name, width = self._memory(item), memory.width
        digits = "".join(chunk.digits for chunk in item.ports["DATA"] if isinstance(chunk, Const))
        rows = [digits[at : at + width] for at in range(0, len(digits), width)][::-1]
        at = self.words.names.give(f"{name}_at")
        yield f"\ninteger {at};\ninitial begin"
        yield f"  for ({at} = 0; {at} < {memory.size}; {at} = {at} + 1)"
        yield f"    {name}[{at}] = {constant('0' * width)};"
        for row, value in enumerate(rows):
            if "1" in value:
                yield f"  {name}[{row}] = {constant(value)};"
        yield "end"

    def _write(self, item: Cell) -> Iterator[str]:
        name, address = self._memory(item), self.words.text(item.ports["ADDR"] or ZERO)
        ports = item.ports
        yield f"\nalways @(posedge {self.words.text(ports['CLK'])}) begin"
        for high, low in _lanes(ports["EN"]):
            enable = select_bits(ports["EN"], low, low)
            data = self.words.text(select_bits(ports["DATA"], high, low))
            part = "" if width_of(ports["EN"]) == high - low + 1 else f"[{high}:{low}]"
            put = f"{name}[{address}]{part} <= {data};"
            test = "" if enable == (Const("1"),) else f"if ({self.words.text(enable)}) "
            yield f"  {test}{put}"
        yield "end"

    def _read(self, item: Cell) -> Iterator[str]:
        word = f"{self._memory(item)}[{self.words.text(item.ports['ADDR'] or ZERO)}]"
        (driven,) = item.ports[output_of(item) or ""]
        assert isinstance(driven, Bits)
        if item.parameters["CLK_ENABLE"] != 1:
            yield f"\nassign {self._declare(driven.wire)} = {word};"
            return
        if "1" in str(item.parameters["TRANSPARENCY_MASK"]).partition("'")[2]:
            raise UnsupportedError("Verilog: a memory that reads what is written in the same cycle")
        put = f"{self._register(driven.wire, None)} <= {word};"
        enable = item.ports["EN"]
        test = "" if enable == (Const("1"),) else f"if ({self.words.text(enable)}) "
        yield f"\nalways @(posedge {self.words.text(item.ports['CLK'])}) begin\n  {test}{put}\nend"

    def _instance(self, item: Cell | Process) -> Iterator[str]:
        if not isinstance(item, Cell) or not item.module:
            return
        lines = []
        for port, (way, name) in self.children[item.module].ports.items():
            spec = item.ports.get(port, ())
            text = self.words.text(spec)
            if way == "output":
                (driven,) = spec
                assert isinstance(driven, Bits)
                read = self.flow.reads[driven.wire] or self.module.wires[driven.wire].port
                read = read or driven.wire in self.words.merged
                text = self._declare(driven.wire) if read else ""
            lines.append(f"  .{name}({text})")
        name = self.words.names.give(item.name[1:].replace("$", "_"))
        yield f"<|{item.module}|> {name} (\n" + ",\n".join(lines) + "\n);"


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""


def _lanes(enable: Spec) -> Iterator[tuple[int, int]]:
    """Highest and lowest bits that are written together."""
    bits = [
        (chunk.wire, chunk.low + at) if isinstance(chunk, Bits) else (chunk.digits[~at], 0)
        for chunk in reversed(enable)
        for at in range(chunk.width)
    ]
    low = 0
    for at in range(1, len(bits) + 1):
        if at == len(bits) or bits[at] != bits[low]:
            if bits[low] != ("0", 0):
                yield at - 1, low
            low = at


def _widen_shifts(module: Netlist) -> None:
    """Let what is shifted right keep its width: its lowest bits are what is read."""
    for item in list(module.items):
        if not isinstance(item, Cell) or item.kind not in ("$shr", "$shift", "$sshr"):
            continue
        (driven,) = item.ports["Y"]
        assert isinstance(driven, Bits)
        width = width_of(item.ports["A"])
        if width <= driven.width:
            continue
        wide = driven.wire
        if not wide.startswith("$"):
            # A wire with a name keeps its width, and takes the lowest bits of one without.
            wide = f"$shifted${item.name}"
            module.wires[wide] = Wire(wide, width)
            lowest = (Bits(wide, driven.width - 1, 0),)
            module.items.append(Process([Assign(driven, lowest)]))
        module.wires[wide].width = width
        item.ports["Y"] = (Bits(wide, width - 1, 0),)
