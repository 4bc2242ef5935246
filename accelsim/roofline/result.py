"""A model on a device in one scenario: its rows and their totals, as values and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accelsim.architecture.devices import Device
from accelsim.roofline.bound import BOUNDS
from accelsim.roofline.footprint import Footprint
from accelsim.roofline.row import Row
from accelsim.version import __version__
from accelsim.workload.models import Scenario

__all__ = ["SCHEMA_VERSION", "Roofline", "bound_shares", "peaks_of"]

SCHEMA_VERSION = 1

_FORMATS = ("weights", "activations", "kv_cache", "embeddings")


@dataclass(frozen=True)
class Roofline:
    """A model, or any workload, on a device in one scenario."""

    model: str
    device: Device
    stage: str
    rows: tuple[Row, ...]
    scenario: Scenario | None
    """What a model was asked to do, with all formats; None of a plain workload."""
    tokens: int | None
    """New tokens of each sequence, of a generation."""
    computed_tokens: int | None
    """Tokens, all sequences, that are there at the end and were not before; None where unknown."""
    footprint: Footprint | None
    causal: bool = False
    """Whether a prefill ends in a token."""
    notes: tuple[str, ...] = ()

    def total(self, figure: str, stage: str | None = None) -> float:
        """The sum of a figure over rows and their repeats."""
        rows = [row for row in self.rows if stage in (None, row.stage)]
        return float(sum(getattr(row, figure) * row.repeat for row in rows))

    @property
    def seconds(self) -> float:
        """Of all rows, one after the other."""
        return self.total("seconds")

    @property
    def bound(self) -> str:
        """What bounds most of the time."""
        shares = bound_shares(self.rows)
        return max(shares, key=shares.__getitem__)

    @property
    def tokens_per_s(self) -> float | None:
        """New tokens of all sequences in a second."""
        return self.computed_tokens / self.seconds if self.computed_tokens else None

    @property
    def time_to_first_token_s(self) -> float | None:
        """The prefill, where there is one that ends in a token."""
        if self.stage == "decode" or not self.causal:
            return None
        return self.total("seconds", "prefill")

    @property
    def time_per_output_token_s(self) -> float | None:
        """A step of decode, on average; None where there is none."""
        steps = 1 if self.stage == "decode" else (self.tokens or 1) - 1
        if self.stage == "prefill" or self.scenario is None or not steps:
            return None
        return self.total("seconds", "decode") / steps

    @property
    def fits(self) -> bool | None:
        """Whether all is within the device's memory; None where that is unknown."""
        if self.footprint is None or self.device.memory_bytes is None:
            return None
        return self.footprint.total <= self.device.memory_bytes

    def as_json(self) -> dict[str, Any]:
        """Plain values; figures of ``layers`` are of one run, those of ``total`` of all."""
        operations, moved = self.total("operations"), self.total("bytes")
        asked = self.scenario
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "model": self.model,
            "device": self.device.name,
            "device_title": self.device.title,
            "stage": self.stage,
            "batch": asked and asked.batch,
            "context": asked and asked.context,
            "tokens": self.tokens,
            "attention": asked and asked.attention,
            "logits": asked and asked.logits,
            **{name: asked and getattr(asked, name) for name in _FORMATS},
            "total": {
                "operations": operations,
                "bytes": moved,
                "intensity": operations / moved if moved else None,
                "seconds": self.seconds,
                "bound": self.bound,
                "tokens_per_s": self.tokens_per_s,
                "time_to_first_token_s": self.time_to_first_token_s,
                "time_per_output_token_s": self.time_per_output_token_s,
                "dequantize_operations": self.total("converting_operations"),
                "memory_bytes": self.footprint and self.footprint.as_json(),
                "memory_capacity_bytes": self.device.memory_bytes,
                "fits": self.fits,
            },
            "layers": [row.as_json() for row in self.rows],
            "roofs": {
                "bandwidth_bytes_per_s": self.device.bandwidth_bytes_per_s,
                "peak_operations_per_s": peaks_of(self.device),
                "vector_operations_per_s": self.device.vector_operations_per_s,
            },
            "notes": list(self.notes),
        }


def bound_shares(rows: Iterable[Row]) -> dict[str, float]:
    """Bound -> seconds of the rows that it bounds, all repeats."""
    shares = dict.fromkeys(BOUNDS, 0.0)
    for row in rows:
        shares[row.bound] += row.seconds * row.repeat
    return shares


def peaks_of(device: Device) -> dict[str, float]:
    """Every peak of a device under the name that rows give it."""
    found = dict(device.peak_operations_per_s)
    if device.vector_operations_per_s and "fp32" not in found:
        found["fp32"] = device.vector_operations_per_s
    for pattern, peaks in device.sparse_peak_operations_per_s.items():
        found |= {f"{name} {pattern}": peak for name, peak in peaks.items()}
    return found
