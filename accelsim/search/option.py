"""One way to map some Einsums, with what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.mapping.mapping import Block

__all__ = ["Option"]


@dataclass(frozen=True)
class Option:
    """A way to map some Einsums, counted in full."""

    blocks: tuple[Block, ...]
    cycles: float
    energy_pj: float
    """What is not known of it is left out, or bits moved stand in for it."""
