"""Weights in few bits, and what they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from accelsim.quantization.schemes import Scheme

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Quantized"]

_FLOAT_BITS = 32
_BLOCK = 1 << 17
"""Weights that are worked on at a time: they stay in a core's cache."""


@dataclass(frozen=True, eq=False)
class Quantized:
    """A tensor of weights, quantised."""

    scheme: Scheme
    shape: tuple[int, ...]
    """Of the tensor; the first axis are output channels, the others are flattened."""
    group: int
    """Weights that share a scale and a type; a channel's last group may have fewer."""
    codes: NDArray[np.uint8]
    """(channels, weights of a channel): a code in the lower bits of each."""
    selectors: NDArray[np.uint8]
    """(channels, groups): the place of each group's type in ``scheme.types``."""
    group_scales: NDArray[np.float32] | NDArray[np.uint8]
    """(channels, groups): scales, or with ``scale_bits`` whole multiples of the channel's."""
    scale_bits: int | None
    """Of a group's scale; None: it is binary32."""
    channel_scales: NDArray[np.float32] | None
    """(channels,): unit of the groups' scales; None without ``scale_bits``."""
    choice: str = "group"
    """What has one type: a ``group``, a ``channel`` or the whole ``tensor``."""

    @property
    def scales(self) -> NDArray[np.float32]:
        """(channels, groups): the scale of each group."""
        return self._scales(0, len(self.codes))

    @property
    def bits_per_weight(self) -> float:
        """All that is stored: codes, scales, selectors, and 32 bits a channel for its scale."""
        channels, width = self.codes.shape
        groups = self.selectors.shape[1]
        bits = channels * width * self.scheme.bits
        bits += channels * groups * (self.scale_bits or _FLOAT_BITS)
        types = {"group": channels * groups, "channel": channels, "tensor": 1}[self.choice]
        bits += types * self.scheme.selector_bits
        if self.channel_scales is not None:
            bits += channels * _FLOAT_BITS
        return float(bits / (channels * width))

    def dequantize(self) -> NDArray[np.float32]:
        """The weights as they are read back, in the tensor's shape."""
        found = np.empty(self.codes.shape, np.float32)
        rows = max(1, _BLOCK // self.codes.shape[1])
        for first in range(0, len(found), rows):
            found[first : first + rows] = self.rows(first, first + rows)
        return found.reshape(self.shape)

    def rows(self, first: int, end: int) -> NDArray[np.float32]:
        """The weights of some channels, (channels, weights of a channel)."""
        codes = self.codes[first:end]
        width = codes.shape[1]
        kinds = np.repeat(self.selectors[first:end], self.group, axis=1)[:, :width]
        scales = np.repeat(self._scales(first, end), self.group, axis=1)[:, :width]
        return self._values(codes, kinds) * scales

    def _scales(self, first: int, end: int) -> NDArray[np.float32]:
        scales = self.group_scales[first:end].astype(np.float32)
        if self.channel_scales is not None:
            scales *= self.channel_scales[first:end, None]
        return scales

    def _values(self, codes: NDArray[np.uint8], kinds: NDArray[np.uint8]) -> NDArray[np.float32]:
        values = np.array(self.scheme.values, np.float32)[kinds, codes]
        if not self.scheme.outliers:
            return np.asarray(values)
        victims = (codes == self.scheme.victim).reshape(len(codes), -1, 2)
        beside = victims[..., ::-1].reshape(codes.shape)
        outliers = np.array(self.scheme.outliers, np.float32)[kinds, codes]
        return np.where(beside, outliers, values)
