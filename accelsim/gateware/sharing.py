"""Equal parts as one module: a PE is emitted once, however often it stands in an array."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amaranth.back import rtlil
from amaranth.hdl import ClockSignal, Instance, ResetSignal, Value
from amaranth.lib import wiring

if TYPE_CHECKING:
    from amaranth.lib.wiring import Component

__all__ = ["Sharing", "place", "ports_of", "rtlil_of"]


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
    for name, (value, flow) in ports_of(part).items():
        ports[f"{'i' if flow == wiring.In else 'o'}_{name}"] = value
    return Instance(module, **ports)


def ports_of(component: Component) -> dict[str, tuple[Any, Any]]:
    """Name of a port -> its value and direction: the way to a member, joined by underscores."""
    found: dict[str, tuple[Any, Any]] = {}
    for path, member, value in component.signature.flatten(component):
        name = "_".join(map(str, path))
        if name in found:
            raise ValueError(f"two ports are called '{name}'")
        found[name] = Value.cast(value), member.flow
    return found


def rtlil_of(component: Component, name: str, *, keep_parts: bool = False) -> str:
    """RTLIL of a component, shared parts once, without source locations.

    Args:
        component: its ports are called as the signature has them.
        name: of its module, the top one.
        keep_parts: whether shared parts stay modules where all else is flattened; those inside of
            other shared parts do not.
    """
    sharing = Sharing()
    texts = [_convert(component, name, sharing)]
    outer = set(sharing.parts) if keep_parts else set()
    done: set[str] = set()
    lacking: dict[str, list[str]] = {}
    while rest := [module for module in sharing.parts if module not in done]:
        for module in rest:
            done.add(module)
            part = sharing.parts[module]
            kept = "attribute \\keep_hierarchy 1\n" if module in outer else ""
            text = _convert(part, module, sharing)
            texts.append(text.replace("attribute \\top 1\n", kept))
            lacking[module] = [p for p in ("clk", "rst") if not re.search(_INPUT % p, text, re.M)]
    found = "\n".join(texts)
    return _without_lacking(found, lacking) if any(lacking.values()) else found


_INPUT = r"^ *wire width 1 input \d+ +\\%s$"


def _without_lacking(text: str, lacking: Mapping[str, Sequence[str]]) -> str:
    """Instances of parts without a register: these have no clock, so that none is connected.

    Whether a part has one is known only when it is made, after what it stands in.
    """
    kept, gone = [], frozenset[str]()
    for line in text.splitlines(keepends=True):
        words = line.split()
        if words[:1] == ["cell"]:
            gone = frozenset(f"\\{port}" for port in lacking.get(words[1].removeprefix("\\"), ()))
        elif words[:1] == ["end"]:
            gone = frozenset()
        if not (words[:1] == ["connect"] and words[1] in gone):
            kept.append(line)
    return "".join(kept)


def _convert(component: Component, name: str, sharing: Sharing) -> str:
    # The direction of a port follows from whether the component drives it.
    ports = {port: (value, None) for port, (value, _) in ports_of(component).items()}
    text: str = rtlil.convert(component, name=name, platform=sharing, ports=ports, emit_src=False)
    return text
