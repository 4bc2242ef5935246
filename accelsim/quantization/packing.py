"""Codes of a few bits, one behind the other in bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from accelsim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["pack_codes", "packed_bytes", "unpack_codes"]

_BYTE = 8
_PART = 1 << 20


def packed_bytes(width: int, bits: int) -> int:
    """Bytes of a channel's codes.

    Example:
        >>> packed_bytes(3, 3)
        2
    """
    return -(-width * bits // _BYTE)


def pack_codes(codes: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Codes, (channels, weights), as bytes, (channels, bytes).

    Code j of a channel has the bits from j times ``bits``, the least significant first; a channel
    begins with a byte.

    Example:
        >>> pack_codes(np.array([[1, 2, 15]], np.uint8), 4).tolist()
        [[33, 15]]
    """
    channels, width = codes.shape
    packed = np.empty((channels, packed_bytes(width, bits)), np.uint8)
    high = max(1, _PART // width)
    for top in range(0, channels, high):
        part = codes[top : top + high]
        places = np.unpackbits(part[..., None], axis=-1, count=bits, bitorder="little")
        row = places.reshape(len(part), width * bits)
        packed[top : top + high] = np.packbits(row, axis=-1, bitorder="little")
    return packed


def unpack_codes(packed: NDArray[np.uint8], width: int, bits: int) -> NDArray[np.uint8]:
    """The codes that were packed.

    Raises:
        InputError: where the bytes are not as many as so many codes need.

    Example:
        >>> unpack_codes(np.array([[33, 15]], np.uint8), 3, 4).tolist()
        [[1, 2, 15]]
    """
    if packed.ndim != 2 or packed.shape[1] != packed_bytes(width, bits):
        raise InputError(
            f"codes: shape is {packed.shape}, must be (channels, {packed_bytes(width, bits)}) for "
            f"{width} codes of {bits} bits"
        )
    codes = np.empty((len(packed), width), np.uint8)
    high = max(1, _PART // width)
    for top in range(0, len(packed), high):
        part = packed[top : top + high]
        row = np.unpackbits(part, axis=-1, count=width * bits, bitorder="little")
        places = row.reshape(len(part), width, bits)
        codes[top : top + high] = np.packbits(places, axis=-1, bitorder="little")[..., 0]
    return codes
