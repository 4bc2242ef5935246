"""Equal parts as one module: a PE is emitted once, however often it stands in an array."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amaranth.back import rtlil
from amaranth.hdl import ClockSignal, Instance, ResetSignal, Value
from amaranth.lib import wiring

if TYPE_CHECKING:
    from amaranth.lib.wiring import Component

__all__ = ["Sharing", "place", "rtlil_of"]


@dataclass
class Sharing:
    """A platform on which parts that are placed with ``place`` become instances of one module."""

    parts: dict[str, Component] = field(default_factory=dict)
    """Module -> the part that stands for all."""


def place(part: Component, platform: object, module: str) -> Any:
    """A part as it is, or an instance of the module of that name where modules are shared.

    Args:
        part: all parts under one module name must be alike.
        platform: as given to ``elaborate``.
        module: name of the module.
    """
    if not isinstance(platform, Sharing):
        return part
    if platform.parts.setdefault(module, part) is not part:
        # Amaranth warns of parts that were made and never elaborated; these stand for another.
        part._MustUse__silence = True
    ports: dict[str, Any] = {"i_clk": ClockSignal(), "i_rst": ResetSignal()}
    for path, member, value in part.signature.flatten(part):
        flow = "i" if member.flow == wiring.In else "o"
        ports[f"{flow}_{'__'.join(map(str, path))}"] = Value.cast(value)
    return Instance(module, **ports)


def rtlil_of(component: Component, name: str) -> str:
    """RTLIL of a component, shared parts once, without source locations.

    The module ``name`` is the top one; ports are called as the signature has them.
    """
    sharing = Sharing()
    texts = [rtlil.convert(component, name=name, platform=sharing, emit_src=False)]
    done: set[str] = set()
    while rest := [module for module in sharing.parts if module not in done]:
        for module in rest:
            done.add(module)
            part = sharing.parts[module]
            text = rtlil.convert(part, name=module, platform=sharing, emit_src=False)
            texts.append(text.replace("attribute \\top 1\n", ""))
    return "\n".join(texts)
