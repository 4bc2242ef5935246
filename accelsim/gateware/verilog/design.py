"""A hierarchy of modules in Verilog."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import TYPE_CHECKING

from accelsim.gateware.verilog.module import Emitted, emit
from accelsim.gateware.verilog.names import Names, plain
from accelsim.gateware.verilog.netlist import Cell, Netlist, read_rtlil

if TYPE_CHECKING:
    from amaranth.lib.wiring import Component

__all__ = ["verilog_of"]


def verilog_of(
    component: Component,
    name: str,
    *,
    header: str = "",
    comments: Mapping[str, str] | None = None,
) -> str:
    """Verilog (IEEE 1364-2001) of a component and all that it is made of, in one text.

    Args:
        component: its ports are those of its signature, and ``clk`` and ``rst``.
        name: of its module, in front of the names of all others.
        header: what stands above, without comment signs.
        comments: module, without the name in front -> what it is.

    Raises:
        UnsupportedError: at what this cannot write.
    """
    from accelsim.gateware.sharing import ports_of, rtlil_of

    modules = {each.name: each for each in read_rtlil(rtlil_of(component, name))}
    order = ("clk", "rst", *ports_of(component))
    order = tuple(port for port in order if f"\\{port}" in modules[name].wires)
    emitted, same = _emit_all(modules, name, order)
    names = _names(same, name)
    blocks = [_comment(header)] if header else []
    for first in reversed(list(same)):
        called = names[first]
        body = re.sub(r"<\|(.*?)\|>", lambda found: names[found[1]], emitted[first].body)
        about = _comment((comments or {}).get(called.removeprefix(f"{name}_"), ""))
        blocks.append(f"{about}module {called}{body}")
    return "\n".join(blocks)


def _emit_all(
    modules: Mapping[str, Netlist], top: str, order: tuple[str, ...]
) -> tuple[dict[str, Emitted], dict[str, list[str]]]:
    """Modules by name, instances before what they stand in; and those that are alike."""
    emitted: dict[str, Emitted] = {}
    same: dict[str, list[str]] = {}
    firsts: dict[str, str] = {}

    def visit(name: str) -> None:
        instances = [item for item in modules[name].items if isinstance(item, Cell) and item.module]
        for item in instances:
            if item.module not in emitted:
                visit(item.module)
            _let_stand(item, stands_for[item.module], emitted)
        children = {item.module: emitted[item.module] for item in instances}
        found = emit(modules[name], children, order=order if name == top else None)
        emitted[name] = found
        stands_for[name] = firsts.setdefault(found.body, name)
        same.setdefault(stands_for[name], []).append(name)

    stands_for: dict[str, str] = {}
    visit(top)
    return emitted, same


def _let_stand(item: Cell, first: str, emitted: Mapping[str, Emitted]) -> None:
    """Make an instance one of the module that stands for all that are alike. In Verilog their ports
    are called the same; in RTLIL those without a name of their own are not."""
    called = {name: port for port, (_, name) in emitted[first].ports.items()}
    ports = emitted[item.module].ports
    item.ports = {
        called[ports[port][1]]: spec for port, spec in item.ports.items() if port in ports
    }
    item.kind = f"\\{first}"


def _names(same: Mapping[str, list[str]], top: str) -> dict[str, str]:
    """First of the modules that are alike -> what they are called: by what their names share."""
    names = Names()
    names.give(top)
    found = {top: top}
    for first, group in same.items():
        if first != top:
            found[first] = names.give(f"{top}_{plain(_shared(group, top))}")
    return found


def _shared(group: list[str], top: str) -> str:
    """What the ways to some modules have in common, from their ends on."""
    paths = [name.removeprefix(f"{top}.").split(".")[::-1] for name in group]
    found = []
    for parts in zip(*paths, strict=False):
        letters = takewhile(lambda same: len(set(same)) == 1, zip(*parts, strict=False))
        shared = "".join(same[0] for same in letters).strip("_")
        if len(shared) > 2:
            found.append(shared)
    return "_".join(reversed(found)) or "_".join(reversed(paths[0]))


def _comment(text: str) -> str:
    return "".join(f"// {line}".rstrip() + "\n" for line in text.splitlines())
