"""Two memories that share a product: one is held part by part, the other passes by once a part.

An idealisation that simulators of accelerators make in place of a loop nest: operands are read
again only where both exceed their memories, and parts are cut anywhere, in the middle of a tile of
the array, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from accelsim.mapping.occupancy import Occupancy
from accelsim.mapping.residency import Residency

__all__ = ["rounds_of"]


def rounds_of(residency: Residency, occupancy: Occupancy) -> Mapping[str, int]:
    """Memory -> how often it is sent what it keeps; empty without ``rounds``.

    With ``rounds: [first, second]`` either the first holds what it keeps in as many parts as it
    takes to fill it, and the second is sent everything once a part, or the other way round:
    whichever moves fewer bits.
    """
    if not residency.block.rounds:
        return {}
    first, second = residency.block.rounds
    kept = [Fraction(sum(occupancy.get(name, {}).values())) for name in (first, second)]
    parts = [
        _parts(size, residency.architecture.memories[name].capacity_bytes)
        for name, size in zip((first, second), kept, strict=True)
    ]
    if kept[0] + parts[0] * kept[1] < kept[1] + parts[1] * kept[0]:
        return {first: 1, second: parts[0]}
    return {first: parts[1], second: 1}


def _parts(size_bits: Fraction, capacity_bytes: int | None) -> int:
    """How often a memory is filled, cut anywhere."""
    if capacity_bytes is None:
        return 1
    return max(1, math.ceil(size_bits / (capacity_bytes * 8)))
