"""What a host does for the array: quantised weights and activations as beats, results from beats.

A product is cut into tiles: K changes fastest, a group of weights at a time, then N, then M. M and
N are filled up with zeros to whole units of the array, K to whole words, and to as many words as
its scales need. In front of the codes of a group stand words with the scales and selectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from accelsim.accelerators.bitmod.golden import group_result, result_values
from accelsim.accelerators.bitmod.parameters import ACTIVATION_BITS, SCALE_BITS, BitModParameters
from accelsim.accelerators.product import TiledProduct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Product", "Weights", "product_of", "reference"]


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
class Product(TiledProduct):
    """One product for an array: its sizes, and its streams."""

    parameters: BitModParameters

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

    def activations(self, bits: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Beats of the stream of activations.

        Args:
            bits: [M, K], patterns of FP16.

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        rows, lanes = self.parameters.rows, self.parameters.lanes
        filled = self.filled(bits, (0, 2))
        words = []
        for tile in self.tiles():
            if tile.new_a:
                part = filled[tile.m, tile.k]
                for fold in np.split(part, part.shape[0] // rows, axis=0):
                    # [rows, words, lanes] -> [words, rows, lanes]
                    cut = fold.reshape(rows, -1, lanes).transpose(1, 0, 2)
                    words.append(cut.reshape(len(cut), -1))
        return self.packed(np.concatenate(words), ACTIVATION_BITS)

    def weights(self, weights: Weights) -> NDArray[np.uint8]:
        """Beats of the stream of weights.

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        parameters = self.parameters
        columns, lanes = parameters.columns, parameters.lanes
        codes = self.filled(weights.codes, (2, 1))
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
        return self.packed(np.concatenate(words), parameters.format.code_bits)

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

    def results(self, beats: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The product, from the beats of the stream of results, in units of its weights' terms.

        Args:
            beats: ``result_beats`` rows of ``stream_bytes``.

        Returns:
            [M, N]; times the channels' scales and the type's unit they are the product.
        """
        return self.unpacked(beats, "<f4")


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
    found.check()
    return found
