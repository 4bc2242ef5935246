"""Units side by side in one component, so that one compilation serves many tests."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from amaranth._toolchain.yosys import YosysWarning
from amaranth.hdl import Module, Shape
from amaranth.lib import wiring
from numpy.typing import NDArray

from accelsim.gateware.compiled import Compiled, compile_component
from accelsim.gateware.pipeline import Pipeline

Bits = NDArray[np.uint32]


class SideBySide(wiring.Component):
    """Streams ``<name>_i`` and ``<name>_o`` of every unit."""

    def __init__(self, units: Mapping[str, Pipeline]) -> None:
        self.units = dict(units)
        super().__init__(
            {
                f"{name}_{port}": unit.signature.members[port]
                for name, unit in self.units.items()
                for port in ("i", "o")
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name, unit in self.units.items():
            m.submodules[name] = unit
            for port in ("i", "o"):
                outer = wiring.flipped(getattr(self, f"{name}_{port}"))
                wiring.connect(m, getattr(unit, port), outer)
        return m


class Bench:
    """Compiled units, and runs of them with operands as arrays of patterns."""

    def __init__(self, units: Mapping[str, Pipeline]) -> None:
        self.units = dict(units)
        with warnings.catch_warnings():
            # Units in parts of their own cost the simulation a second look at their wires.
            warnings.simplefilter("ignore", YosysWarning)
            self.compiled: Compiled = compile_component(SideBySide(units))

    def words(self, name: str, operands: Sequence[Bits]) -> Bits:
        """Operands of a unit side by side, as rows of words."""
        shape: Any = self.units[name].i.payload.shape()
        if isinstance(shape, Shape):
            # An integer of more than 32 bits comes in words.
            return packed([min(shape.width, 32)] * len(operands), operands)
        return packed([field.width for _, field in shape], operands)

    def run(
        self, cases: Mapping[str, Sequence[Bits]], stalls: Mapping[str, Any] | None = None
    ) -> dict[str, Bits]:
        """Unit -> operands, to unit -> results; all at once."""
        rows = {f"{name}_i": self.words(name, operands) for name, operands in cases.items()}
        counts = {f"{name}_o": len(operands[0]) for name, operands in cases.items()}
        most = 16 + 8 * max(counts.values())
        run = self.compiled.run(rows, counts, stalls=stalls, most_cycles=most, extra_cycles=16)
        assert not any(run.broken.values())
        assert all(run.passed[name] == count for name, count in counts.items())
        return {name: run.outputs[f"{name}_o"][:, 0] for name in cases}


def packed(widths: Sequence[int], values: Sequence[Bits]) -> Bits:
    """Fields of 32 bits at most, the first in the low bits, as rows of 32-bit words."""
    words = np.zeros((len(values[0]), -(-sum(widths) // 32)), np.uint32)
    at = 0
    for width, value in zip(widths, values, strict=True):
        word, shift = divmod(at, 32)
        moved = (value.astype(np.uint64) & np.uint64((1 << width) - 1)) << np.uint64(shift)
        words[:, word] |= (moved & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        if shift + width > 32:
            words[:, word + 1] |= (moved >> np.uint64(32)).astype(np.uint32)
        at += width
    return words
