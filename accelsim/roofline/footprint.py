"""What a model needs of a device's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from accelsim.formats import storage_format
from accelsim.roofline.work import Work
from accelsim.workload.models.counts import kv_cache_bytes, weight_bytes
from accelsim.workload.models.scenario import Scenario
from accelsim.workload.models.transformer import Transformer
from accelsim.workload.workload import Workload

__all__ = ["Footprint", "footprint_of"]


@dataclass(frozen=True)
class Footprint:
    """Bytes in memory at the end of a stage."""

    weights: float
    kv_cache: float
    activations: float
    """The inputs and outputs of the layer that has most, and what bypasses it (the residual)."""

    @property
    def total(self) -> float:
        return self.weights + self.kv_cache + self.activations

    def as_json(self) -> dict[str, float]:
        """Plain values, in bytes."""
        return {
            "weights": self.weights,
            "kv_cache": self.kv_cache,
            "activations": self.activations,
            "total": self.total,
        }


def footprint_of(
    model: Transformer, scenario: Scenario, workload: Workload, works: Sequence[Work]
) -> Footprint:
    """The memory that one stage needs.

    Args:
        model: the transformer.
        scenario: the stage, with its formats; its context is the longest that is reached.
        workload: the model at that scenario.
        works: what its layers have to do.
    """
    cached = storage_format(scenario.kv_cache).bits
    cache = kv_cache_bytes(model, scenario.positions, cached, scenario.batch)
    largest = max(work.bytes["activations"] for work in works)
    bits = Fraction(storage_format(scenario.activations).bits)
    residual = float(bits * scenario.batch * scenario.new_tokens * model.hidden / 8)
    return Footprint(weight_bytes(model, workload), cache, largest + residual)
