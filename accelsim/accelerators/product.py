"""One product for a matrix core, whatever its PEs are: units, tiles, and rows of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from accelsim.accelerators.tiling import Tile, tiles_of
from accelsim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MOST_UNITS", "Core", "TiledProduct"]

MOST_UNITS = (1 << 16) - 1
"""Of a rank, as the registers hold them."""


class Core(Protocol):
    """What a product must know of its array."""

    @property
    def columns(self) -> int:
        """PEs side by side, each with a column of the product."""

    @property
    def units(self) -> tuple[int, int, int]:
        """Elements of ranks M, N and K in a unit."""

    @property
    def tile_units(self) -> tuple[int, int, int]:
        """Units of each in the largest tile."""

    @property
    def z_bytes(self) -> int:
        """Of a row of results."""

    @property
    def stream_bytes(self) -> int:
        """Width of the streams."""


@dataclass(frozen=True)
class TiledProduct:
    """A product [M, K] times [K, N], cut into tiles."""

    parameters: Core
    m: int
    n: int
    k: int

    @property
    def units(self) -> tuple[int, int, int]:
        """Of ranks M, N and K: how many units, the last perhaps partial; what registers take."""
        sizes = (self.m, self.n, self.k)
        m, n, k = (-(-s // u) for s, u in zip(sizes, self.parameters.units, strict=True))
        return m, n, k

    def check(self) -> None:
        """Refuse sizes that the registers do not hold.

        Raises:
            InputError: for each of them.
        """
        problems = [
            f"product: {name} is {size}, must be a whole number from 1 to {MOST_UNITS * unit:,}"
            for name, size, units, unit in zip(
                "MNK", (self.m, self.n, self.k), self.units, self.parameters.units, strict=True
            )
            if size < 1 or units > MOST_UNITS
        ]
        if problems:
            raise InputError(problems)

    def tiles(self) -> Iterator[Tile]:
        """Tiles in their order, with the elements of each rank, zeros included."""
        return tiles_of(self.units, self.parameters.units, self.parameters.tile_units)

    @property
    def whole(self) -> tuple[int, int, int]:
        """Elements of ranks M, N and K in whole units."""
        m, n, k = (u * s for u, s in zip(self.units, self.parameters.units, strict=True))
        return m, n, k

    @property
    def result_beats(self) -> int:
        """Of the stream of results."""
        words: int = sum(tile.m.stop - tile.m.start for tile, _ in self._result_folds())
        return words * self.parameters.z_bytes // self.parameters.stream_bytes

    def _result_folds(self) -> Iterator[tuple[Tile, slice]]:
        """Tiles whose results leave, and columns that leave together, in their order."""
        columns = self.parameters.columns
        for tile in self.tiles():
            if tile.ends:
                for first in range(tile.n.start, tile.n.stop, columns):
                    yield tile, slice(first, first + columns)

    def unpacked(self, beats: NDArray[np.uint8], element: str) -> NDArray[Any]:
        """The product, from the beats of the stream of results.

        Args:
            beats: ``result_beats`` rows of ``stream_bytes``.
            element: of the product, as NumPy names it, little-endian.

        Returns:
            [M, N].
        """
        import numpy as np

        columns = self.parameters.columns
        words = np.ascontiguousarray(beats).reshape(-1).view(element).reshape(-1, columns)
        found = np.zeros(self.whole[:2], element)
        at = 0
        for tile, side in self._result_folds():
            rows = tile.m.stop - tile.m.start
            found[tile.m, side] = words[at : at + rows]
            at += rows
        return found[: self.m, : self.n]

    def beats_of(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Beats of a product: what ``unpacked`` reads.

        Args:
            values: [M, N].
        """
        import numpy as np

        filled = np.zeros(self.whole[:2], values.dtype)
        filled[: self.m, : self.n] = values
        raw = np.concatenate([filled[tile.m, side] for tile, side in self._result_folds()])
        return np.frombuffer(raw.tobytes(), np.uint8).reshape(-1, self.parameters.stream_bytes)

    def filled(self, values: NDArray[np.integer], ranks: tuple[int, int]) -> NDArray[np.integer]:
        """An operand with zeros up to whole units.

        Args:
            values: the operand.
            ranks: places in M, N, K of its ranks.
        """
        import numpy as np

        sizes = (self.m, self.n, self.k)
        return np.pad(values, [(0, self.whole[r] - sizes[r]) for r in ranks])

    def packed(self, words: NDArray[np.integer], bits: int) -> NDArray[np.uint8]:
        """Words of values as rows of bytes, the first value in the low bits.

        Args:
            words: [words, values].
            bits: of a value.

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        stream = self.parameters.stream_bytes
        if bits in (8, 16):
            raw = words.astype(f"<i{bits // 8}").tobytes()
            return np.frombuffer(raw, np.uint8).reshape(-1, stream)
        planes = (words.astype(np.int64)[..., None] >> np.arange(bits)) & 1
        rows = planes.reshape(len(words), -1).astype(np.uint8)
        return np.packbits(rows, axis=1, bitorder="little").reshape(-1, stream)
