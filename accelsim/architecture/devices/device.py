"""A chip as its data sheet has it: a memory, and peak rates by number format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accelsim.formats import FORMATS, NUMBERS

__all__ = ["COMPUTE_FORMATS", "Device"]

COMPUTE_FORMATS = (*NUMBERS, *(name for name, each in FORMATS.items() if each.group))
"""Formats that a peak may be of: number types, and those that carry scales of their own."""


@dataclass(frozen=True)
class Device:
    """A chip with its memory. An operation is a multiplication or an addition."""

    name: str
    """As given: a shipped name or a path."""
    title: str
    """In words, such as ``NVIDIA A100 SXM 40GB``."""
    memory_bytes: int | None
    """Capacity of the memory; None where it is unknown or differs between products."""
    bandwidth_bytes_per_s: float
    """Peak of the memory."""
    peak_operations_per_s: Mapping[str, float] = field(hash=False)
    """Number format -> dense peak of the matrix units, or of what multiplies matrices there."""
    sparse_peak_operations_per_s: Mapping[str, Mapping[str, float]] = field(hash=False)
    """Pattern (``2:4``) -> format -> peak, with products with zeros counted as done."""
    vector_operations_per_s: float | None
    """Peak of the general units in fp32; None where it is unknown."""
    on_chip_bytes: int | None
    """Capacity of the last memory on the chip; None where it is unknown."""
    sources: Mapping[str, str] = field(hash=False, compare=False, repr=False)
    """Figure (``memory``, ``bandwidth``, ``peak`` ...) -> where it is from."""
