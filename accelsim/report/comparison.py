"""Two results side by side: the changes, immutable and printable as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accelsim.model.result_file import EinsumEntry, LayerEntry, ResultFile

__all__ = ["Change", "Comparison", "EinsumPair", "LayerPair", "Part"]

SCHEMA_VERSION = 1
HEAD = ("workload", "architecture", "mapper", "objective", "fidelity", "version")
"""What a result says of itself."""


@dataclass(frozen=True)
class Change:
    """A figure in A and in B; None where it is unknown."""

    a: float | None
    b: float | None
    whole: int | None = None
    """The change as a whole number, where all changes must add up to that of the total."""

    @property
    def change(self) -> float | None:
        """B less A."""
        if self.whole is not None:
            return self.whole
        if self.a is None or self.b is None:
            return None
        if isinstance(self.a, int) and isinstance(self.b, int):
            return self.b - self.a
        return float(Fraction(self.b) - Fraction(self.a))

    @property
    def ratio(self) -> float | None:
        """B over A; None where A is 0 or a figure is unknown."""
        if not self.a or self.b is None:
            return None
        exact = Fraction(self.b) / Fraction(self.a)
        return float(exact) if exact < 10**300 else None

    def as_json(self) -> dict[str, float | None]:
        return {"a": self.a, "b": self.b, "change": self.change, "ratio": self.ratio}


@dataclass(frozen=True)
class Part:
    """Blocks of A against blocks of B: one of each, or a group. Figures are for all repeats."""

    a: tuple[str, ...]
    """Names of the blocks, empty where there is no counterpart."""
    b: tuple[str, ...]
    cycles: Change
    limiting_a: Mapping[str, Fraction]
    """Component -> cycles of the blocks that it limits in A."""
    limiting_b: Mapping[str, Fraction]
    busy: Mapping[str, Change]
    """Component -> busy cycles; None where it is never busy."""
    spilled: Mapping[str, Change]
    """Memory -> largest part of its tiles that goes to the memory above."""

    def as_json(self) -> dict[str, Any]:
        return {
            "a": list(self.a),
            "b": list(self.b),
            "cycles": self.cycles.as_json(),
            "limiting_cycles_a": {name: float(part) for name, part in self.limiting_a.items()},
            "limiting_cycles_b": {name: float(part) for name, part in self.limiting_b.items()},
            "busy_cycles": _json(self.busy),
            "spilled": _json(self.spilled),
        }


@dataclass(frozen=True)
class LayerPair:
    """A layer in A and the one of the same name in B."""

    name: str
    a: LayerEntry | None
    b: LayerEntry | None
    cycles: Change
    energy_pj: Change
    dram_bytes: Change
    operations: Mapping[str, Change]
    """Array -> operations of the layer on it."""
    parts: tuple[Part, ...]
    unassigned_cycles: int
    """Part of the change that is in no block; 0 in results that nobody edited."""

    def as_json(self) -> dict[str, Any]:
        keys = {"cascade", "mapper", "repeat", "tiles"}
        return {
            "name": self.name,
            "a": self.a.model_dump(include=keys) if self.a else None,
            "b": self.b.model_dump(include=keys) if self.b else None,
            "cycles": self.cycles.as_json(),
            "energy_pj": self.energy_pj.as_json(),
            "dram_bytes": self.dram_bytes.as_json(),
            "operations": _json(self.operations),
            "blocks": [part.as_json() for part in self.parts],
            "unassigned_cycles": self.unassigned_cycles,
        }


@dataclass(frozen=True)
class EinsumPair:
    """An Einsum in A and the one of the same name in B; None where there is none."""

    name: str
    a: EinsumEntry | None
    b: EinsumEntry | None

    def as_json(self) -> dict[str, Any]:
        keys = {"unit", "cycles", "energy_pj", "operations", "bound", "limiting", "dram_bytes"}
        return {
            "name": self.name,
            "a": self.a.model_dump(include=keys) if self.a else None,
            "b": self.b.model_dump(include=keys) if self.b else None,
        }


@dataclass(frozen=True)
class Comparison:
    """Everything that two results have in common or not."""

    names: tuple[str, str]
    """The files, as the user gave them."""
    a: ResultFile = field(repr=False)
    b: ResultFile = field(repr=False)
    totals: Mapping[str, Change]
    layers: tuple[LayerPair, ...]
    unassigned_cycles: int
    """Part of the change that is in no layer; 0 in results that nobody edited."""
    components: Mapping[str, Mapping[str, Change]]
    """Component -> figure (``busy_cycles``, ``energy_pj``, ...) -> change."""
    actions: Mapping[str, Mapping[str, Change]]
    """Component -> action -> energy in pJ; components whose energy is known in both."""
    einsums: tuple[EinsumPair, ...]
    fpga: Mapping[str, Change] = field(default_factory=dict)
    """Kind of an FPGA's resources -> how many the machine takes; None where it does not say."""

    @property
    def same(self) -> bool:
        """Whether the two say the same, whoever wrote them and whatever sources they name."""
        known = set(type(self.a).model_fields) - {"version", "sources"}
        return self.a.model_dump(include=known) == self.b.model_dump(include=known)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form (docs/json.md), but for the sentences."""
        heads = [
            {"file": name, **{key: getattr(result, key) for key in HEAD}}
            for name, result in zip(self.names, (self.a, self.b), strict=True)
        ]
        return {
            "schema_version": SCHEMA_VERSION,
            "a": heads[0],
            "b": heads[1],
            "same": self.same,
            "totals": _json(self.totals),
            "layers": [layer.as_json() for layer in self.layers],
            "unassigned_cycles": self.unassigned_cycles,
            "components": {
                name: {**_json(figures), "actions_pj": _json(self.actions.get(name, {}))}
                for name, figures in self.components.items()
            },
            "einsums": [einsum.as_json() for einsum in self.einsums],
            "fpga": _json(self.fpga),
        }


def _json(changes: Mapping[str, Change]) -> dict[str, Any]:
    return {name: change.as_json() for name, change in changes.items()}
