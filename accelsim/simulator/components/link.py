"""A link between two arrays: a tile has crossed it after the link's latency."""

from __future__ import annotations

from accelsim.architecture.architecture import Architecture, Link
from accelsim.simulator.components.component import Component, register

__all__ = ["LinkComponent"]


class LinkComponent(Component):
    """Where an epoch waits for it, tiles cross one after the other; else they follow each other."""

    carries = True

    def __init__(self, link: Link) -> None:
        super().__init__(link.name)
        self.latency_cycles = link.latency_cycles
        self.end = link.end


@register
def _link(part: object, machine: Architecture) -> LinkComponent | None:
    return LinkComponent(part) if isinstance(part, Link) else None
