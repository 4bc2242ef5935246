"""Operators that need none: of constants, and those that another one repeats."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from accelsim.gateware.verilog.flow import operands, select_bits
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
)

__all__ = ["simplify"]

_REPEATED = frozenset(("$mux", "$add", "$sub", "$mul", "$shift", "$shr"))


def simplify(module: Netlist) -> None:
    """Until nothing is left to do; outputs stay."""
    _replace(module, lambda spec: spec)
    while found := _found(module):
        _replace(module, partial(_replaced, found=found))


def _found(module: Netlist) -> dict[str, Spec]:
    """Wire -> what it always equals."""
    found: dict[str, Spec] = {}
    seen: dict[tuple[object, ...], Spec] = {}
    kept: list[Cell | Process] = []
    for item in module.items:
        value: Spec | None = None
        if isinstance(item, Cell) and "Y" in item.ports:
            (driven,) = item.ports["Y"]
            assert isinstance(driven, Bits)
            if not module.wires[driven.wire].port:
                value = _known(item, driven.width)
                key = (item.kind, *item.parameters.items(), item.ports.get("S"),
                       item.ports.get("A"), item.ports.get("B"))  # fmt: skip
                if value is None and item.kind in _REPEATED and driven.wire.startswith("$"):
                    value = seen.get(key)
                    seen.setdefault(key, item.ports["Y"])
                if value is not None:
                    found[driven.wire] = value
        if value is None:
            kept.append(item)
    module.items = kept
    return found


def _known(cell: Cell, width: int) -> Spec | None:
    """What is left of an operator one of whose operands is constant."""
    if cell.kind == "$mux":
        select, yes, no = operands(cell, width)
        return {"0": no, "1": yes}.get(_digits(select))
    if cell.kind not in ("$and", "$or", "$eq", "$ne"):
        return None
    one, other = operands(cell, width)
    if cell.kind in ("$and", "$or"):
        keeps, decides = "10" if cell.kind == "$and" else "01"
        for a, b in ((one, other), (other, one)):
            if _digits(a) == keeps * width:
                return b
            if _digits(a) == decides * width:
                return a
    elif _digits(other) == ("1" if cell.kind == "$eq" else "0"):
        return one
    return None


def _digits(spec: Spec) -> str:
    return spec[0].digits if len(spec) == 1 and isinstance(spec[0], Const) else ""


def _replaced(spec: Spec, found: dict[str, Spec]) -> Spec:
    chunks: list[Chunk] = []
    for chunk in spec:
        if isinstance(chunk, Bits) and chunk.wire in found:
            new = select_bits(found[chunk.wire], chunk.high, chunk.low)
            chunks += _replaced(new, found)
        else:
            chunks.append(chunk)
    return tuple(chunks)


def _replace(module: Netlist, change: Callable[[Spec], Spec]) -> None:
    module.aliases = [(name, change(spec)) for name, spec in module.aliases]
    for item in module.items:
        if isinstance(item, Process):
            item.body = _body(item.body, change)
        else:
            item.ports = {port: change(spec) for port, spec in item.ports.items()}


def _body(body: list[Assign | Switch], change: Callable[[Spec], Spec]) -> list[Assign | Switch]:
    found: list[Assign | Switch] = []
    for each in body:
        if isinstance(each, Assign):
            found.append(Assign(each.left, change(each.right)))
            continue
        select = change(each.select)
        cases = [(patterns, _body(inner, change)) for patterns, inner in each.cases]
        if all(isinstance(chunk, Const) for chunk in select):
            digits = "".join(chunk.digits for chunk in select if isinstance(chunk, Const))
            fits = (inner for patterns, inner in cases if _fits(digits, patterns))
            found += next(fits, [])
        else:
            found.append(Switch(select, cases))
    return found


def _fits(digits: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(
        all(wanted in ("-", digit) for wanted, digit in zip(pattern, digits, strict=True))
        for pattern in patterns
    )
