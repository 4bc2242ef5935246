"""What a host does for the array: operands as beats in the order of the tiles, results from beats.

A product is cut into tiles of ``SystolicParameters.tile_units``; K changes fastest, then N, then M.
The ranks that the array takes in folds are filled up with zeros to whole folds. Operands that the
next tile uses too are not sent again: A where K is one tile, B where K and N are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelsim.accelerators.product import TiledProduct
from accelsim.accelerators.systolic.parameters import SystolicParameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Product", "product_of", "reference"]


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
class Product(TiledProduct):
    """One product for an array: its sizes, and its streams."""

    parameters: SystolicParameters

    def activations(self, values: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Beats of the stream of activations.

        Args:
            values: [M, K].

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        parameters = self.parameters
        filled = self.filled(values, (0, 2))
        words = []
        for tile in self.tiles():
            if tile.new_a:
                part = filled[tile.m, tile.k]
                if parameters.dataflow == "weight-stationary":
                    folds = np.split(part, part.shape[1] // parameters.rows, axis=1)
                else:
                    folds = [f.T for f in np.split(part, part.shape[0] // parameters.rows, axis=0)]
                words += folds
        return self.packed(np.concatenate(words), parameters.activation_bits)

    def weights(self, values: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Beats of the stream of weights.

        Args:
            values: [K, N].

        Returns:
            a row of ``stream_bytes`` for each beat.
        """
        import numpy as np

        parameters = self.parameters
        filled = self.filled(values, (2, 1))
        words = []
        for tile in self.tiles():
            if tile.new_b:
                part = filled[tile.k, tile.n]
                words += np.split(part, part.shape[1] // parameters.columns, axis=1)
        return self.packed(np.concatenate(words), parameters.weight_bits)

    def results(self, beats: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The product, from the beats of the stream of results.

        Args:
            beats: ``result_beats`` rows of ``stream_bytes``.

        Returns:
            [M, N].
        """
        return self.unpacked(beats, "<i4")


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
    found.check()
    return found
