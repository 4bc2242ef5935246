"""What a host does for the array: operands as beats in the order of the tiles, results from beats.

A product is cut into tiles of ``SystolicParameters.tile_units``; K changes fastest, then N, then M.
The ranks that the array takes in folds are filled up with zeros to whole folds. Operands that the
next tile uses too are not sent again: A where K is one tile, B where K and N are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelsim.accelerators.systolic.parameters import SystolicParameters
from accelsim.accelerators.tiling import Tile, tiles_of
from accelsim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MOST_UNITS", "Product", "product_of", "reference"]

MOST_UNITS = (1 << 16) - 1
"""Of a rank, as the registers hold them."""


def reference(activations: NDArray[np.integer], weights: NDArray[np.integer]) -> NDArray[np.int32]:
    """The product as the array computes it: sums wrap around at 32 bits.

    Args:
        activations: [M, K].
        weights: [K, N].

    Returns:
        [M, N].
    """
    import numpy as np

    # Multiplication modulo 2^64, then modulo 2^32: wrapping once or twice is the same.
    exact = activations.astype(np.int64) @ weights.astype(np.int64)
    return exact.astype(np.uint32).view(np.int32)


@dataclass(frozen=True)
class Product:
    """One product for an array: its sizes, and its streams."""

    parameters: SystolicParameters
    m: int
    n: int
    k: int

    @property
    def units(self) -> tuple[int, int, int]:
        """Of ranks M, N and K: how many units, the last perhaps partial; what registers take."""
        sizes = (self.m, self.n, self.k)
        m, n, k = (-(-s // u) for s, u in zip(sizes, self.parameters.units, strict=True))
        return m, n, k

    def activations(self, values: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Beats of the stream of activations.

        Args:
            values: [M, K].

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        parameters = self.parameters
        filled = self._filled(values, (0, 2))
        words = []
        for tile in self.tiles():
            if tile.new_a:
                part = filled[tile.m, tile.k]
                if parameters.dataflow == "weight-stationary":
                    folds = np.split(part, part.shape[1] // parameters.rows, axis=1)
                else:
                    folds = [f.T for f in np.split(part, part.shape[0] // parameters.rows, axis=0)]
                words += folds
        return self._beats(np.concatenate(words), parameters.activation_bits)

    def weights(self, values: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Beats of the stream of weights.

        Args:
            values: [K, N].

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        parameters = self.parameters
        filled = self._filled(values, (2, 1))
        words = []
        for tile in self.tiles():
            if tile.new_b:
                part = filled[tile.k, tile.n]
                words += np.split(part, part.shape[1] // parameters.columns, axis=1)
        return self._beats(np.concatenate(words), parameters.weight_bits)

    @property
    def result_beats(self) -> int:
        """Of the stream of results."""
        columns = self.parameters.columns
        words: int = sum(
            (tile.m.stop - tile.m.start) * ((tile.n.stop - tile.n.start) // columns)
            for tile in self.tiles()
            if tile.ends
        )
        return words * self.parameters.z_bytes // self.parameters.stream_bytes

    def results(self, beats: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The product, from the beats of the stream of results.

        Args:
            beats: ``result_beats`` rows of ``stream_bytes``.

        Returns:
            [M, N].
        """
        import numpy as np

        columns = self.parameters.columns
        words = np.ascontiguousarray(beats).reshape(-1).view("<i4").reshape(-1, columns)
        m, n, _ = (u * s for u, s in zip(self.units, self.parameters.units, strict=True))
        found = np.zeros((m, n), np.int32)
        at = 0
        for tile in self.tiles():
            if tile.ends:
                rows = tile.m.stop - tile.m.start
                for first in range(tile.n.start, tile.n.stop, columns):
                    found[tile.m, first : first + columns] = words[at : at + rows]
                    at += rows
        return found[: self.m, : self.n]

    def tiles(self) -> Iterator[Tile]:
        """Tiles in their order, with the elements of each rank, zeros included."""
        return tiles_of(self.units, self.parameters.units, self.parameters.tile_units)

    def _filled(self, values: NDArray[np.integer], ranks: tuple[int, int]) -> NDArray[np.integer]:
        """With zeros up to whole units."""
        import numpy as np

        whole = [self.units[r] * self.parameters.units[r] for r in ranks]
        sizes = ((self.m, self.n, self.k)[r] for r in ranks)
        return np.pad(values, [(0, w - s) for w, s in zip(whole, sizes, strict=True)])

    def _beats(self, words: NDArray[np.integer], bits: int) -> NDArray[np.uint8]:
        """Words of values as rows of bytes, the first value in the low bits."""
        import numpy as np

        if bits in (8, 16):
            raw = words.astype(f"<i{bits // 8}").tobytes()
            return np.frombuffer(raw, np.uint8).reshape(-1, self.parameters.stream_bytes)
        planes = (words.astype(np.int64)[..., None] >> np.arange(bits)) & 1
        packed = np.packbits(
            planes.reshape(len(words), -1).astype(np.uint8), axis=1, bitorder="little"
        )
        return packed.reshape(-1, self.parameters.stream_bytes)


def product_of(parameters: SystolicParameters, m: int, n: int, k: int) -> Product:
    """A product for an array.

    Args:
        parameters: of the array.
        m: rows of the activations and of the result.
        n: columns of the weights and of the result.
        k: what is summed up.

    Raises:
        InputError: where a size is not legal.
    """
    found = Product(parameters, m, n, k)
    problems = []
    for name, size, units, unit in zip(
        "MNK", (m, n, k), found.units, parameters.units, strict=True
    ):
        if size < 1 or units > MOST_UNITS:
            problems.append(
                f"product: {name} is {size}, must be a whole number from 1 to {MOST_UNITS * unit:,}"
            )
    if problems:
        raise InputError(problems)
    return found
