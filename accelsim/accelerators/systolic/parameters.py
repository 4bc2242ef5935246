"""What can be chosen of a systolic array, and what is legal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import gcd

from accelsim.accelerators.settings import settings_to
from accelsim.errors import InputError, unknown_name
from accelsim.formats import NUMBERS

__all__ = ["SUM_BITS", "SystolicParameters", "systolic_parameters"]

SUM_BITS = 32
"""Of a sum: two's complement, which wraps around."""
INTEGERS = ("int2", "int3", "int4", "int6", "int8", "int16")
"""Formats that the PE has."""
DATAFLOWS = ("weight-stationary", "output-stationary")
_DEFAULT_STREAM_BYTES = 8


@dataclass(frozen=True)
class SystolicParameters:
    """An array with its scratchpads and streams.

    Raises:
        InputError: with every parameter that is not legal.
    """

    dataflow: str = "weight-stationary"
    """What stays in the PEs."""
    rows: int = 8
    columns: int = 8
    activations: str = "int8"
    weights: str = "int8"
    tile: int = 64
    """Of the rank that passes unit by unit, the most in a tile."""
    folds: int = 4
    """Of each other rank, the most in a tile; a fold is as much as the array takes at once."""
    stream_bytes: int = 0
    """Width of the streams; 0 for the widest up to 8 that words are a multiple of."""

    def __post_init__(self) -> None:
        problems = [*self._names(), *self._ranges()]
        if not problems:
            if self.stream_bytes == 0 and not self._odd_words():
                object.__setattr__(self, "stream_bytes", self._widest())
            problems = [*self._odd_words(), *self._odd_streams()]
        if problems:
            raise InputError(problems)

    def _names(self) -> list[str]:
        found = []
        for name, kind, valid in (
            ("dataflow", "dataflow", DATAFLOWS),
            ("activations", "activations: format of the PE", INTEGERS),
            ("weights", "weights: format of the PE", INTEGERS),
        ):
            value = getattr(self, name)
            if not isinstance(value, str):
                rule = f"must be one of {', '.join(valid)}"
                found.append(f"systolic: {name} is {value!r}, {rule}")
            elif value not in valid:
                found.append(unknown_name(f"systolic: {kind}", value, valid))
        return found

    def _ranges(self) -> list[str]:
        found = []
        for name, least, most in (
            ("rows", 4, 64),
            ("columns", 1, 64),
            ("tile", 8, 4096),
            ("folds", 1, 16),
            ("stream_bytes", 0, 512),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                rule = f"must be a whole number from {least} to {most:,}"
                found.append(f"systolic: {name} is {value!r}, {rule}")
        return found

    def _odd_words(self) -> list[str]:
        """A word must be whole bytes."""
        return [
            f"systolic: {size} is {getattr(self, size)} with {operand} of {bits} bits, must make a "
            f"word of whole bytes; choose a multiple of {8 // gcd(8, bits)}"
            for size, operand, bits in (
                ("rows", "activations", self.activation_bits),
                ("columns", "weights", self.weight_bits),
            )
            if getattr(self, size) * bits % 8
        ]

    def _odd_streams(self) -> list[str]:
        if self._odd_words() or self.stream_bytes in self._legal_streams():
            return []
        legal = ", ".join(map(str, self._legal_streams()))
        return [
            f"systolic: stream_bytes is {self.stream_bytes}, must be a power of two of which every "
            f"word is a multiple: {legal}"
        ]

    def _legal_streams(self) -> list[int]:
        return [
            each
            for each in (1 << power for power in range(10))
            if not any(word % each for word in (self.a_bytes, self.b_bytes, self.z_bytes))
        ]

    def _widest(self) -> int:
        return max(each for each in self._legal_streams() if each <= _DEFAULT_STREAM_BYTES)

    def as_json(self) -> dict[str, int | str]:
        return asdict(self)

    @property
    def activation_bits(self) -> int:
        return int(NUMBERS[self.activations].bits)

    @property
    def weight_bits(self) -> int:
        return int(NUMBERS[self.weights].bits)

    @property
    def a_bytes(self) -> int:
        """Of a word of activations: a value for each row."""
        return self.rows * self.activation_bits // 8

    @property
    def b_bytes(self) -> int:
        """Of a word of weights: a value for each column."""
        return self.columns * self.weight_bits // 8

    @property
    def z_bytes(self) -> int:
        """Of a word of results: a sum for each column."""
        return self.columns * SUM_BITS // 8

    @property
    def units(self) -> tuple[int, int, int]:
        """Of ranks M, N and K: values that the array takes at once."""
        if self.dataflow == "weight-stationary":
            return 1, self.columns, self.rows
        return self.rows, self.columns, 1

    @property
    def tile_units(self) -> tuple[int, int, int]:
        """Of ranks M, N and K: units in the largest tile."""
        if self.dataflow == "weight-stationary":
            return self.tile, self.folds, self.folds
        return self.folds, self.folds, self.tile


def systolic_parameters(settings: Mapping[str, str]) -> SystolicParameters:
    """Parameters from texts, as a command line has them.

    Raises:
        InputError: with every setting that is unknown, or is not legal.
    """
    return settings_to(SystolicParameters, settings, what="systolic")
