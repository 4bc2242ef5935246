"""Values as expressions of Verilog.

Within an expression all operands have the width that the result has, so that none is extended or
cut behind the reader's back: what Verilog says of widths and signs never matters. The exceptions
are products and arithmetic shifts, which stand alone on the right of an assignment.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from textwrap import wrap

from accelsim.errors import UnsupportedError
from accelsim.gateware.verilog.flow import Flow, operands
from accelsim.gateware.verilog.names import Names, plain
from accelsim.gateware.verilog.netlist import Bits, Cell, Chunk, Const, Spec, width_of

__all__ = ["Expressions", "constant", "fitted"]

MOST_LETTERS = 72
"""Of an expression that stands within another."""
MOST_LETTERS_OFTEN = 32
"""Of one that stands within several: a condition of one bit."""

MOST_COLUMNS = 98

_BINARY = {
    "$add": "+", "$sub": "-", "$and": "&", "$or": "|", "$xor": "^", "$eq": "==", "$ne": "!=",
    "$lt": "<", "$le": "<=", "$gt": ">", "$ge": ">=", "$shl": "<<", "$shr": ">>", "$shift": ">>",
    "$mul": "*", "$sshr": ">>>", "$divfloor": "/", "$modfloor": "%",
}  # fmt: skip
_UNARY = {
    "$not": "~", "$neg": "-", "$reduce_or": "|", "$reduce_bool": "|", "$reduce_and": "&",
    "$reduce_xor": "^",
}  # fmt: skip
_ALONE = frozenset(("$mul", "$sshr"))
_NEVER_SIGNED = frozenset(("$divfloor", "$modfloor", "$shift"))
_WORDS = {
    "$add": "sum", "$sub": "difference", "$mul": "product", "$mux": "choice", "$and": "both",
    "$or": "either", "$xor": "differ", "$not": "inverse", "$neg": "negative", "$eq": "equal",
    "$ne": "differ", "$lt": "less", "$le": "within", "$gt": "more", "$ge": "enough",
    "$reduce_or": "any", "$reduce_bool": "any", "$reduce_and": "all_set", "$shl": "shifted",
    "$shr": "shifted", "$sshr": "shifted", "$shift": "shifted", "$memrd_v2": "word",
}  # fmt: skip

_Text = tuple[str, str]
"""An expression and its outermost operator; none where nothing can tear it apart."""


class Expressions:
    """Of one module.

    Args:
        flow: of the module.
        children: modules of its instances -> port -> what it is called.
    """

    def __init__(self, flow: Flow, children: Mapping[str, Mapping[str, str]]) -> None:
        self.flow, self.names = flow, Names()
        module = flow.module
        self._called: dict[str, str] = {}
        self.fields: dict[str, tuple[str, Bits]] = {}
        """Names for bits of a wire, where they are read: wire -> the name, the bits."""
        self._better: dict[str, str] = {}
        self._parts: dict[Bits, str] = {}
        for name, spec in module.aliases:
            if len(spec) != 1 or not isinstance(spec[0], Bits) or module.wires[name].port:
                continue
            bits = spec[0]
            whole = bits.width == module.wires[bits.wire].width
            if whole and _nameless(bits.wire) and not _nameless(name):
                self._better.setdefault(bits.wire, name)
            elif not whole and not _nameless(name):
                self._parts[bits] = name
        self.merged: dict[str, str] = {}
        """Wire that is an output port under another name -> the port."""
        for port, spec in flow.loose.items():
            if len(spec) == 1 and isinstance(spec[0], Bits):
                inner = module.wires[spec[0].wire]
                if spec[0].width == inner.width and not inner.port:
                    self.merged.setdefault(inner.name, port)
        self._better |= _of_instances(flow, children)
        self._better = self._of_ports() | self._better
        ports = [name for name, wire in module.wires.items() if wire.port]
        for name in (*ports, *module.memories, *(n for n in module.wires if not _nameless(n))):
            if name in ports or name in flow.producers or name in module.memories:
                self.name(name)
        self._texts: dict[str, _Text] = {}

    def _of_ports(self) -> dict[str, str]:
        """Names of ports that have none: of what they are a part or another name of."""
        found = {
            port: self._better.get(wire, wire)
            for wire, port in self.merged.items()
            if _nameless(port)
        }
        for alias, spec in self.flow.module.aliases:
            for at, chunk in enumerate(reversed(spec)):
                if not isinstance(chunk, Bits) or not chunk.wire.startswith("\\port$"):
                    continue
                if chunk.width == self.flow.module.wires[chunk.wire].width:
                    found.setdefault(chunk.wire, f"{alias}_{at}")
        return found

    def name(self, wire: str) -> str:
        """A wire's name."""
        wire = self.merged.get(wire, wire)
        if wire not in self._called:
            better = self._better.get(wire, wire)
            self._called[wire] = self.names.give(self._wanted(better))
        return self._called[wire]

    def _wanted(self, wire: str) -> str:
        if wire.startswith("\\port$"):
            return "fields"
        if wire.startswith("$"):
            item = self.flow.producers.get(wire)
            return _WORDS.get(item.kind, "value") if isinstance(item, Cell) else "next"
        return plain(wire)

    def within(self, wire: str) -> bool:
        """Whether the value of a wire is written where it is read, so that it needs no name."""
        item = self.flow.producers.get(wire)
        return (
            wire.startswith("$")
            and wire not in self._better
            and isinstance(item, Cell)
            and (item.kind in _BINARY or item.kind in _UNARY or item.kind == "$mux")
            and item.kind not in _ALONE
            and wire not in self.flow.parted
            and len(self._operation(wire)[0]) <= self._most_letters(wire)
        )

    def _most_letters(self, wire: str) -> int:
        if self.flow.reads[wire] == 1:
            return MOST_LETTERS
        return MOST_LETTERS_OFTEN if self.flow.widths[wire] == 1 else 0

    def text(self, spec: Spec) -> str:
        """A value."""
        return self._value(spec)[0]

    def alone(self, spec: Spec) -> str:
        """A value that is all that stands on the right of an assignment of the same width."""
        wire = self.alone_wire(spec)
        return self._operation(wire)[0] if wire else self.text(spec)

    def alone_wire(self, spec: Spec) -> str:
        """The wire of a product that is written on the right of its only assignment, or none."""
        if len(spec) != 1 or not isinstance(spec[0], Bits):
            return ""
        wire = spec[0].wire
        item = self.flow.producers.get(wire)
        fits = (
            isinstance(item, Cell)
            and item.kind in _ALONE
            and wire.startswith("$")
            and wire not in self._better
            and self.flow.reads[wire] == 1
            and wire not in self.flow.parted
        )
        return wire if fits else ""

    def operation(self, wire: str) -> str:
        """What a wire is assigned."""
        return self._operation(wire)[0]

    def _operation(self, wire: str) -> _Text:
        if wire not in self._texts:
            item = self.flow.producers[wire]
            assert isinstance(item, Cell)
            self._texts[wire] = self._write(item, self.flow.widths[wire])
        return self._texts[wire]

    def _write(self, cell: Cell, width: int) -> _Text:
        kind = cell.kind
        signed = bool(cell.parameters.get("A_SIGNED"))
        if (kind in _NEVER_SIGNED and signed) or kind not in (*_BINARY, *_UNARY, "$mux"):
            raise UnsupportedError(f"Verilog: operator {kind}{' of signed values' * signed}")
        specs = operands(cell, width)
        if kind == "$mux":
            select, yes, no = (self._value(spec) for spec in specs)
            return f"{_inner(select, '?')} ? {_inner(yes, '?')} : {no[0]}", "?"
        if kind in _UNARY:
            if kind.startswith("$reduce") and width_of(specs[0]) == 1:
                return self._value(specs[0])
            sign = _UNARY[kind]
            return f"{sign}{_inner(self._value(specs[0]), sign)}", sign + " "
        sign = _BINARY[kind]
        if signed and kind in ("$mul", "$lt", "$le", "$gt", "$ge"):
            left, right = (f"$signed({self.text(spec)})" for spec in specs)
            return f"{left} {sign} {right}", sign
        if kind == "$sshr":
            return f"$signed({self.text(specs[0])}) >>> {_inner(self._value(specs[1]), '?')}", sign
        if (kind, _digits(specs[1])) in (("$eq", "0"), ("$ne", "1")):
            return f"~{_inner(self._value(specs[0]), '~')}", "~ "
        left, right = (_inner(self._value(spec), sign) for spec in specs)
        return f"{left} {sign} {right}", sign

    def _value(self, spec: Spec) -> _Text:
        if len(spec) == 1:
            return self._chunk(spec[0])
        parts = []
        for chunk, same in groupby(spec):
            count = len(list(same))
            text = self._chunk(chunk)[0]
            parts.append(f"{{{count}{{{text}}}}}" if count > 1 else text)
        if len(parts) == 1:
            return parts[0], ""
        return "{" + ", ".join(parts) + "}", ""

    def _chunk(self, chunk: Chunk) -> _Text:
        if isinstance(chunk, Const):
            return constant(chunk.digits), ""
        if chunk.width == self.flow.widths[chunk.wire]:
            if self.within(chunk.wire):
                return self._operation(chunk.wire)
            return self.name(chunk.wire), ""
        if chunk in self._parts:
            field = self._parts[chunk]
            if field not in self.fields:
                self.fields[field] = (self.names.give(plain(field)), chunk)
            return self.fields[field][0], ""
        return self.bits(chunk), ""

    def bits(self, bits: Bits) -> str:
        """Some bits of a wire, by its own name."""
        name = self.name(bits.wire)
        if bits.width == self.flow.widths[bits.wire]:
            return name
        return f"{name}[{bits.high}]" if bits.width == 1 else f"{name}[{bits.high}:{bits.low}]"


def _digits(spec: Spec) -> str:
    """Of a constant; nothing of anything else."""
    return spec[0].digits if len(spec) == 1 and isinstance(spec[0], Const) else ""


def _inner(text: _Text, operator: str) -> str:
    """An operand of an operator, in parentheses where they help."""
    words, outer = text
    if not outer or (outer == operator and operator in "+&|^"):
        return words
    if outer == "~ " and operator not in "~-":
        return words
    return f"({words})"


def constant(digits: str) -> str:
    """A constant; decimal where it is short.

    Example:
        >>> constant("0"), constant("00101"), constant("1" * 16)
        ("1'b0", "5'd5", "16'hffff")
    """
    width, value = len(digits), int(digits, 2)
    if width == 1:
        return f"1'b{value}"
    return f"{width}'d{value}" if value < 1024 else f"{width}'h{value:x}"


def fitted(indent: str, text: str) -> list[str]:
    """A statement in lines that are not too long."""
    return wrap(
        text,
        MOST_COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent + "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _nameless(wire: str) -> bool:
    """Whether a name says nothing."""
    return wire.startswith(("$", "\\$", "\\port$"))


def _of_instances(flow: Flow, children: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Names of wires between instances: of the one that drives it, or of the only one it is for."""
    found: dict[str, str] = {}
    for item in flow.live:
        if not isinstance(item, Cell) or not item.module:
            continue
        driven = set(flow.outputs(item))
        for port, name in children[item.module].items():
            spec = item.ports.get(port, ())
            if len(spec) != 1 or not isinstance(spec[0], Bits):
                continue
            wire = spec[0].wire
            drives = wire in driven
            only = flow.reads[wire] == 1 and wire not in flow.parted and wire in flow.producers
            if not flow.module.wires[wire].port and (drives or (only and not _nameless(wire))):
                source = flow.producers[wire]
                held = isinstance(source, Cell) and source.kind == "$dff"
                if drives or not (held or (isinstance(source, Cell) and source.module)):
                    found[wire] = f"{item.name}_{name}"
    return found
