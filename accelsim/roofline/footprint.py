"""What a model needs of a device's memory."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from accelsim.formats import storage_format
from accelsim.roofline.work import works_of
from accelsim.workload.models.counts import kv_positions, weight_bytes
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


def footprint_of(model: Transformer, scenario: Scenario, workload: Workload) -> Footprint:
    """The memory that one stage needs.

    Args:
        model: the transformer.
        scenario: the stage, with its formats; its context is the longest that is reached.
        workload: the model at that scenario.
    """
    cached = storage_format(scenario.kv_cache).bits
    width = 2 * model.kv_heads * model.head_size * scenario.batch
    kv_bits = Fraction(cached) * width * kv_positions(model, scenario.positions)
    largest = max(
        sum(work.bytes["activations"] for work in works_of(layer)) for layer in workload.layers
    )
    bits = Fraction(storage_format(scenario.activations).bits)
    residual = float(bits * scenario.batch * scenario.new_tokens * model.hidden / 8)
    return Footprint(weight_bytes(model, workload), float(kv_bits / 8), largest + residual)
