"""Items of streams as the words of a compiled component: fields side by side, low bits first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["pack", "unpack"]


def pack(*fields: tuple[NDArray[np.integer], int]) -> NDArray[np.uint32]:
    """Items as rows of 32-bit words.

    Args:
        fields: values, [items, lanes], and the bits of each; negative ones in two's complement.
            The first lane of the first field has the low bits.

    Example:
        >>> import numpy as np
        >>> pack((np.array([[1, -1]]), 4), (np.array([[1]]), 1))
        array([[497]], dtype=uint32)
    """
    import numpy as np

    planes = []
    for values, bits in fields:
        raw = np.asarray(values).astype(np.int64)
        each = (raw[..., None] >> np.arange(bits)) & 1
        planes.append(each.astype(np.uint8).reshape(len(raw), -1))
    ones = np.concatenate(planes, axis=1)
    ones = np.pad(ones, ((0, 0), (0, -ones.shape[1] % 32)))
    packed = np.packbits(ones, axis=1, bitorder="little")
    return np.ascontiguousarray(packed).view("<u4").astype(np.uint32, copy=False)


def unpack(
    words: NDArray[np.uint32], lanes: int, bits: int, *, first: int = 0, signed: bool = True
) -> NDArray[np.int64]:
    """Values of one field, [items, lanes].

    Args:
        words: items as rows of 32-bit words.
        lanes: values in an item.
        bits: of a value, at most 63.
        first: bit at which the field begins.
        signed: whether values are in two's complement.
    """
    import numpy as np

    raw = np.ascontiguousarray(words.astype("<u4")).view(np.uint8)
    ones = np.unpackbits(raw, axis=1, bitorder="little")[:, first : first + lanes * bits]
    weights = np.int64(1) << np.arange(bits, dtype=np.int64)
    values: NDArray[np.int64] = ones.reshape(len(words), lanes, bits).astype(np.int64) @ weights
    if signed:
        values -= (values >> (bits - 1)) << bits
    return values
