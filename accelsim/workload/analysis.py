"""What the cascades of a workload imply on every machine, as one value with its JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accelsim.einsum.bounds import Bounds
from accelsim.einsum.fusion import Fusion
from accelsim.einsum.passes import Passes, analyse
from accelsim.workload.load import load_open_workload
from accelsim.workload.workload import Layer

__all__ = ["CascadeAnalysis", "WorkloadAnalysis", "analyse_workload"]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class CascadeAnalysis:
    """Passes, fusion, footprints and bounds of one cascade."""

    layer: Layer
    sized: bool
    """Whether every size is known, so that there are numbers besides expressions."""

    @cached_property
    def passes(self) -> Passes:
        """Passes over every rank."""
        return analyse(self.layer.cascade)

    @cached_property
    def fusion(self) -> Fusion:
        """What may be fused, and what stays live."""
        return Fusion(self.passes)

    @cached_property
    def bounds(self) -> Bounds:
        """Operations and compulsory traffic."""
        return Bounds(self.layer.cascade)

    @property
    def bytes(self) -> float | None:
        """Compulsory traffic; None where a tensor's format is not given."""
        formats = self.layer.template.formats
        if not all(name in formats or "default" in formats for name in self.bounds.compulsory):
            return None
        return self.bounds.compulsory_bytes(self.layer.bits)

    def elements(self, ranks: Sequence[str]) -> int | None:
        """The product of some sizes, where they are known."""
        return math.prod(self.layer.cascade.sizes[r] for r in ranks) if self.sized else None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        bounds, footprint = self.bounds, self.fusion.footprint
        known_bytes = self.bytes if self.sized else None
        return {
            "max_passes": self.passes.max_passes,
            "passes": {tensor: dict(ranks) for tensor, ranks in self.passes.passes.items()},
            "footprint": {tensor: product_text(ranks) for tensor, ranks in footprint.items()},
            "footprint_elements": {t: self.elements(ranks) for t, ranks in footprint.items()},
            "fusable": [[one, other, list(ranks)] for one, other, ranks in self.fusion.fusable],
            "einsum_passes": self.passes.of_einsums,
            "rescales": list(self.passes.rescales),
            "compulsory_traffic": {
                "elements": dict(bounds.compulsory),
                "total_elements": bounds.compulsory_elements if self.sized else None,
                "total_bytes": known_bytes,
            },
            "operations": bounds.operations if self.sized else None,
            "arithmetic_intensity_limit": {
                "operations_per_element": bounds.intensity_per_element if self.sized else None,
                "operations_per_byte": bounds.operations / known_bytes if known_bytes else None,
            },
            "sizes": dict(self.layer.cascade.sizes) if self.sized else None,
        }


@dataclass(frozen=True)
class WorkloadAnalysis:
    """The analyses of a workload's layers."""

    workload: str
    layers: tuple[CascadeAnalysis, ...]

    @property
    def max_passes(self) -> int:
        """The most passes over any rank of any layer."""
        return max(layer.passes.max_passes for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """One cascade's values, or those of each layer of a network."""
        head = {"schema_version": SCHEMA_VERSION, "workload": self.workload}
        if len(self.layers) == 1 and not self.layers[0].layer.name:
            return {**head, **self.layers[0].as_json()}
        layers = [
            {"name": each.layer.name, "cascade": each.layer.template.name, **each.as_json()}
            for each in self.layers
        ]
        return {**head, "max_passes": self.max_passes, "layers": layers}


def analyse_workload(
    name: str, settings: Mapping[str, int | str] | None = None
) -> WorkloadAnalysis:
    """Passes, fusion, footprints and bounds of a workload.

    Sizes that are left open need not be set: all but the numbers follows from the text.

    Args:
        name: a shipped name or a path to a YAML file.
        settings: rank sizes or model parameters -> value or expression.

    Raises:
        InputError: every problem of the file or the settings.

    Example:
        >>> analyse_workload("attention/two-pass").max_passes
        2
    """
    workload, sized = load_open_workload(name, settings)
    return WorkloadAnalysis(name, tuple(CascadeAnalysis(each, sized) for each in workload.layers))


def product_text(ranks: Sequence[str]) -> str:
    """`M0*P`; `1` without ranks."""
    return "*".join(ranks) or "1"
