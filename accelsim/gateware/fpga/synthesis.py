"""What synthesis, place and route found of a design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

__all__ = ["Step", "Synthesis"]


@dataclass(frozen=True)
class Step:
    """A piece of the slowest path."""

    kind: str
    """``clk-to-q``, ``logic``, ``routing`` or ``setup``."""
    name: str
    """Of the cell or net."""
    delay_ns: float


@dataclass(frozen=True)
class Synthesis:
    """Cells that a design takes on a target, and its fastest clock."""

    design: str
    target: str
    part: str
    seed: int
    """Of the placer: one seed's clock is a sample, not a bound."""
    luts: int
    """Four-input LUTs (six-input ones for ``xcup``), those in carry cells with them."""
    ffs: int
    block_rams: int
    distributed_rams: int
    dsps: int
    carry_cells: int
    fmax_hz: float | None
    """Between registers: paths from and to ports do not count."""
    fmax_missing: str = ""
    """Why there is none."""
    critical_path: tuple[Step, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    """Tool -> version."""

    def as_json(self) -> dict[str, object]:
        """The same as plain data."""
        return asdict(self)
