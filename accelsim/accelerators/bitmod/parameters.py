"""What can be chosen of a BitMoD array, and what is legal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil

from accelsim.accelerators.bitmod.terms import TERM_FORMATS, TermFormat, term_format
from accelsim.accelerators.settings import settings_to
from accelsim.errors import InputError, unknown_name

__all__ = ["HEAD_BITS", "BitModParameters", "bitmod_parameters"]

ACTIVATION_BITS = 16
RESULT_BITS = 32
"""Of a sum over groups: binary32."""
SCALE_BITS = 8
HEAD_BITS = SCALE_BITS + 2
"""In front of a group, for each column: the scale, and the selector above it."""
SHORTEST_GROUP = 16
"""Words of the array in the shortest group: scales come with the last 8 of them, and are applied
while the next group's come."""
LANES = (2, 4, 8, 16)
_WEIGHTS = tuple(TERM_FORMATS)
_LEGAL_STREAMS = tuple(1 << power for power in range(10))
_DEFAULT_STREAM_BYTES = 16


@dataclass(frozen=True)
class BitModParameters:
    """An output-stationary array of bit-serial PEs with scratchpads and streams.

    Raises:
        InputError: with every parameter that is not legal.
    """

    rows: int = 4
    """Of PEs: rows of activations and of the result at a time."""
    columns: int = 4
    lanes: int = 4
    """Weights that a PE multiplies at a time."""
    weights: str = "fp4"
    """``fp3``, ``fp4``, ``int4``, ``int6`` or ``int8``."""
    group: int = 128
    """Weights that share a scale."""
    folds: int = 4
    """Of rows and of columns of the result, the most in a tile, in units of the array's."""
    stream_bytes: int = 0
    """Width of the streams; 0 for the widest up to 16 that words are a multiple of."""

    def __post_init__(self) -> None:
        problems = [*self._names(), *self._ranges()]
        if not problems:
            problems = [*self._groups(), *self._odd_words()]
        if not problems:
            if self.stream_bytes == 0:
                widest = [w for w in self._whole_streams() if w <= _DEFAULT_STREAM_BYTES]
                object.__setattr__(self, "stream_bytes", max(widest))
            if self.stream_bytes not in self._whole_streams():
                legal = ", ".join(map(str, self._whole_streams()))
                problems.append(
                    f"bitmod: stream_bytes is {self.stream_bytes}, must be a power of two of which "
                    f"every word is a multiple: {legal}"
                )
        if problems:
            raise InputError(problems)

    def _names(self) -> list[str]:
        if not isinstance(self.weights, str):
            rule = f"must be one of {', '.join(_WEIGHTS)}"
            return [f"bitmod: weights is {self.weights!r}, {rule}"]
        if self.weights not in _WEIGHTS:
            return [unknown_name("bitmod: weights", self.weights, _WEIGHTS)]
        return []

    def _ranges(self) -> list[str]:
        found = []
        for name, least, most in (
            ("rows", 1, 64),
            ("columns", 1, 64),
            ("group", 8, 4096),
            ("folds", 1, 16),
            ("stream_bytes", 0, 512),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                rule = f"must be a whole number from {least} to {most:,}"
                found.append(f"bitmod: {name} is {value!r}, {rule}")
        if isinstance(self.lanes, bool) or self.lanes not in LANES:
            rule = f"must be one of {', '.join(map(str, LANES))}"
            found.append(f"bitmod: lanes is {self.lanes!r}, {rule}")
        return found

    def _groups(self) -> list[str]:
        least = self.shortest * self.lanes
        if self.group < least or self.group % self.lanes:
            return [
                f"bitmod: group is {self.group}, must be a multiple of {self.lanes}, of {least} or "
                f"more, with {self.lanes} lanes and weights of {self.format.steps} terms"
            ]
        return []

    def _odd_words(self) -> list[str]:
        if self.columns * self.lanes * self.format.code_bits % 8:
            return [
                f"bitmod: columns is {self.columns} with {self.lanes} weights of "
                f"{self.format.code_bits} bits each, must make a word of whole bytes; choose "
                "another number of columns"
            ]
        return []

    def _whole_streams(self) -> list[int]:
        words = (self.a_bytes, self.b_bytes, self.z_bytes)
        return [each for each in _LEGAL_STREAMS if not any(word % each for word in words)]

    def as_json(self) -> dict[str, int | str]:
        return asdict(self)

    @property
    def format(self) -> TermFormat:
        """Of the weights."""
        return term_format(self.weights)

    @property
    def shortest(self) -> int:
        """Words of codes in the shortest group."""
        return ceil(SHORTEST_GROUP / self.format.steps)

    @property
    def tile(self) -> int:
        """Words of codes in a group."""
        return self.group // self.lanes

    @property
    def heads(self) -> int:
        """Words in front of a group that bring its scales."""
        return ceil(HEAD_BITS / (self.lanes * self.format.code_bits))

    @property
    def a_bytes(self) -> int:
        """Of a word of activations: as many as lanes for each row."""
        return self.rows * self.lanes * ACTIVATION_BITS // 8

    @property
    def b_bytes(self) -> int:
        """Of a word of weights: codes, as many as lanes for each column."""
        return self.columns * self.lanes * self.format.code_bits // 8

    @property
    def z_bytes(self) -> int:
        """Of a word of results: a sum for each column."""
        return self.columns * RESULT_BITS // 8

    @property
    def units(self) -> tuple[int, int, int]:
        """Of ranks M, N and K: values that the array takes at once."""
        return self.rows, self.columns, self.lanes

    @property
    def tile_units(self) -> tuple[int, int, int]:
        """Of ranks M, N and K: units in the largest tile."""
        return self.folds, self.folds, self.tile


def bitmod_parameters(settings: Mapping[str, str]) -> BitModParameters:
    """Parameters from texts, as a command line has them.

    Raises:
        InputError: with every setting that is unknown, or is not legal.
    """
    return settings_to(BitModParameters, settings, what="bitmod")
