"""What a host does for the array: quantised weights and activations as beats, results from beats.

A product is cut into tiles: K changes fastest, a group of weights at a time, then N, then M. M and
N are filled up with zeros to whole units of the array, K to whole words, and to as many words as
its scales need. In front of the codes of a group stand words with the scales and selectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from accelsim.accelerators.bitmod.golden import group_result, result_values
from accelsim.accelerators.bitmod.parameters import ACTIVATION_BITS, SCALE_BITS, BitModParameters
from accelsim.accelerators.tiling import Tile, tiles_of
from accelsim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MOST_UNITS", "Product", "Weights", "product_of", "reference"]

MOST_UNITS = (1 << 16) - 1
"""Of a rank, as the registers hold them."""


@dataclass(frozen=True)
class Weights:
    """A quantised matrix, its scales whole numbers."""

    codes: NDArray[np.integer]
    """[K, N]."""
    scales: NDArray[np.integer]
    """[groups of K, N], 0 to 255."""
    selectors: NDArray[np.integer]
    """[groups of K, N], 0 to 3; of no account for integers."""


@dataclass(frozen=True)
class Product:
    """One product for an array: its sizes, and its streams."""

    parameters: BitModParameters
    m: int
    n: int
    k: int

    @property
    def units(self) -> tuple[int, int, int]:
        """Of ranks M, N and K: how many units; what the registers take."""
        rows, columns, lanes = self.parameters.units
        words = ceil(self.k / lanes)
        # A last group that is short would end before its scales have come.
        rest = words % self.parameters.tile
        if 0 < rest < self.parameters.shortest:
            words += self.parameters.shortest - rest
        return ceil(self.m / rows), ceil(self.n / columns), words

    @property
    def groups(self) -> int:
        """Along K."""
        return ceil(self.units[2] / self.parameters.tile)

    def tiles(self) -> Iterator[Tile]:
        """In their order."""
        return tiles_of(self.units, self.parameters.units, self.parameters.tile_units)

    def activations(self, bits: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Beats of the stream of activations.

        Args:
            bits: [M, K], patterns of FP16.

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        rows, lanes = self.parameters.rows, self.parameters.lanes
        filled = self._filled(bits, (0, 2))
        words = []
        for tile in self.tiles():
            if tile.new_a:
                part = filled[tile.m, tile.k]
                for fold in np.split(part, part.shape[0] // rows, axis=0):
                    # [rows, words, lanes] -> [words, rows, lanes]
                    cut = fold.reshape(rows, -1, lanes).transpose(1, 0, 2)
                    words.append(cut.reshape(len(cut), -1))
        return self._beats(np.concatenate(words), ACTIVATION_BITS)

    def weights(self, weights: Weights) -> NDArray[np.uint8]:
        """Beats of the stream of weights.

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        parameters = self.parameters
        columns, lanes = parameters.columns, parameters.lanes
        codes = self._filled(weights.codes, (2, 1))
        heads = weights.scales.astype(np.int64) | weights.selectors.astype(np.int64) << SCALE_BITS
        heads = np.pad(heads, [(0, self.groups - len(heads)), (0, codes.shape[1] - self.n)])
        words = []
        for tile in self.tiles():
            if tile.new_b:
                part, scales = (
                    codes[tile.k, tile.n],
                    heads[tile.k.start // parameters.group, tile.n],
                )
                for first in range(0, part.shape[1], columns):
                    words.append(self._head_words(scales[first : first + columns]))
                    fold = part[:, first : first + columns].reshape(-1, lanes, columns)
                    words.append(fold.transpose(0, 2, 1).reshape(len(fold), -1).astype(np.int64))
        return self._beats(np.concatenate(words), parameters.format.code_bits)

    def _head_words(self, heads: NDArray[np.int64]) -> NDArray[np.int64]:
        """What stands in front of a group, as if it were codes: [words, columns * lanes]."""
        import numpy as np

        parameters = self.parameters
        bits, lanes = parameters.format.code_bits, parameters.lanes
        slots = np.arange(parameters.heads * lanes)
        pieces = heads[:, None] >> bits * slots & (1 << bits) - 1
        return (
            pieces.reshape(len(heads), parameters.heads, lanes)
            .transpose(1, 0, 2)
            .reshape(parameters.heads, -1)
        )

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

    def results(self, beats: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The product, from the beats of the stream of results, in units of its weights' terms.

        Args:
            beats: ``result_beats`` rows of ``stream_bytes``.

        Returns:
            [M, N]; times the channels' scales and the type's unit they are the product.
        """
        import numpy as np

        columns = self.parameters.columns
        words = np.ascontiguousarray(beats).reshape(-1).view("<f4").reshape(-1, columns)
        found = np.zeros(self._whole()[:2], "<f4")
        at = 0
        for tile in self.tiles():
            if tile.ends:
                rows = tile.m.stop - tile.m.start
                for first in range(tile.n.start, tile.n.stop, columns):
                    found[tile.m, first : first + columns] = words[at : at + rows]
                    at += rows
        return found[: self.m, : self.n]

    def beats_of(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Beats of a product: what ``results`` reads.

        Args:
            values: [M, N].
        """
        import numpy as np

        columns = self.parameters.columns
        filled = np.zeros(self._whole()[:2], "<f4")
        filled[: self.m, : self.n] = values
        words = [
            filled[tile.m, first : first + columns]
            for tile in self.tiles()
            if tile.ends
            for first in range(tile.n.start, tile.n.stop, columns)
        ]
        raw = np.concatenate(words).tobytes()
        return np.frombuffer(raw, np.uint8).reshape(-1, self.parameters.stream_bytes)

    def _whole(self) -> tuple[int, ...]:
        """Elements of ranks M, N and K in whole units."""
        return tuple(u * s for u, s in zip(self.units, self.parameters.units, strict=True))

    def _filled(self, values: NDArray[np.integer], ranks: tuple[int, int]) -> NDArray[np.integer]:
        """With zeros up to whole units."""
        import numpy as np

        whole = [self._whole()[r] for r in ranks]
        sizes = ((self.m, self.n, self.k)[r] for r in ranks)
        return np.pad(values, [(0, w - s) for w, s in zip(whole, sizes, strict=True)])

    def _beats(self, words: NDArray[np.integer], bits: int) -> NDArray[np.uint8]:
        """Words of values as rows of bytes, the first value in the low bits."""
        import numpy as np

        stream = self.parameters.stream_bytes
        if bits == ACTIVATION_BITS:
            return np.frombuffer(words.astype("<u2").tobytes(), np.uint8).reshape(-1, stream)
        planes = (words.astype(np.int64)[..., None] >> np.arange(bits)) & 1
        packed = np.packbits(
            planes.reshape(len(words), -1).astype(np.uint8), axis=1, bitorder="little"
        )
        return packed.reshape(-1, stream)


def reference(
    parameters: BitModParameters, bits: NDArray[np.integer], weights: Weights
) -> NDArray[np.float32]:
    """The product as the array computes it: each group as the PE does, groups in binary32.

    Args:
        parameters: of the array.
        bits: [M, K], patterns of finite FP16 values.
        weights: [K, N].

    Returns:
        [M, N], as ``Product.results``.
    """
    import numpy as np

    (m, k), n, group = bits.shape, weights.codes.shape[1], parameters.group
    total = np.zeros((m, n), np.float32)
    for at, first in enumerate(range(0, k, group)):
        a = np.repeat(bits[:, first : first + group], n, axis=0)
        w = np.tile(weights.codes[first : first + group].T, (m, 1))
        exponents, mantissas = group_result(
            a,
            w,
            parameters.weights,
            np.tile(weights.selectors[at], m),
            np.tile(weights.scales[at], m),
            lanes=parameters.lanes,
        )
        # In units of the terms: the type's own unit is for whoever scales the channels.
        values = result_values(exponents, mantissas, "int8").reshape(m, n)
        total = (total + values.astype(np.float32)).astype(np.float32)
    return total


def product_of(parameters: BitModParameters, m: int, n: int, k: int) -> Product:
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
    problems = [
        f"product: {name} is {size}, must be a whole number from 1 to {MOST_UNITS * unit:,}"
        for name, size, units, unit in zip(
            "MNK", (m, n, k), found.units, parameters.units, strict=True
        )
        if size < 1 or units > MOST_UNITS
    ]
    if problems:
        raise InputError(problems)
    return found
