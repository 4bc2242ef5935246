"""Groups of every kind, and how a PE takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.bitmod.golden import (
    SCALE_BITS,
    GroupWords,
    group_words,
)
from accelsim.accelerators.bitmod.terms import term_format

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

__all__ = [
    "GroupTrial",
    "random_group_trial",
    "word_items",
]

_TERM_BITS = 4
_WORD_BITS = 32


@dataclass(frozen=True)
class GroupTrial:
    """Groups of one type."""

    name: str
    """Of the type."""
    activation_bits: NDArray[np.int32]
    """FP16 patterns, [groups, weights]."""
    codes: NDArray[np.int32]
    selectors: NDArray[np.int32]
    scales: NDArray[np.int32]

    def words(self, lanes: int) -> GroupWords:
        """In the order in which a PE takes them."""
        return group_words(self.activation_bits, self.codes, self.name, self.selectors, lanes=lanes)


def random_group_trial(name: str, groups: int, count: int, random: Generator) -> GroupTrial:
    """Groups of every kind: usual ones, mixed exponents, cancellation, subnormals, zeros, extremes.

    Args:
        name: type of the weights.
        groups: how many.
        count: weights in a group.
        random: source of all that is chosen.
    """
    import numpy as np

    chosen = term_format(name)
    shape = groups, count
    codes = random.integers(0, 1 << chosen.code_bits, shape, dtype=np.int32)
    kinds = random.integers(0, len(_KINDS), groups)
    activations = np.zeros(shape, np.int32)
    for kind, make in enumerate(_KINDS):
        rows = np.flatnonzero(kinds == kind)
        activations[rows] = make(random, (len(rows), count))
    # Half of the groups have many weights of 0, or one code alone, the special one with them.
    fill = random.integers(0, 1 << chosen.code_bits, (groups, 1), dtype=np.int32)
    fill[::3] = 0
    some = random.random(shape) < random.choice([0, 0, 0.5, 0.95, 1], (groups, 1))
    return GroupTrial(
        name,
        activations,
        np.where(some, fill, codes).astype(np.int32),
        random.integers(0, 4, groups, dtype=np.int32),
        random.integers(0, 1 << SCALE_BITS, groups, dtype=np.int32),
    )


def _usual(random: Generator, shape: tuple[int, int]) -> Any:
    import numpy as np

    return random.standard_normal(shape).astype(np.float16).view(np.uint16)


def _any(random: Generator, shape: tuple[int, int]) -> Any:
    import numpy as np

    # Every finite pattern.
    return random.integers(0, 31 << 10, shape, np.int32) | random.integers(0, 2, shape) << 15


def _mixed(random: Generator, shape: tuple[int, int]) -> Any:
    import numpy as np

    some = _any(random, shape)
    field = np.where(random.random(shape) < 0.1, random.integers(24, 31, shape), 1)
    return some & 0x83FF | field << 10


def _cancelling(random: Generator, shape: tuple[int, int]) -> Any:
    import numpy as np

    found = _any(random, shape)
    # A value, and soon its negative, with small ones between and behind.
    found[:, 4:8] = found[:, :4] ^ 0x8000
    found[:, 8:] = np.where(random.random((shape[0], 1)) < 0.5, found[:, 8:] & 0x8FFF, found[:, 8:])
    return found


def _subnormal(random: Generator, shape: tuple[int, int]) -> Any:
    return _any(random, shape) & 0x87FF


def _sparse(random: Generator, shape: tuple[int, int]) -> Any:
    import numpy as np

    return np.where(random.random(shape) < 0.05, _any(random, shape), 0)


def _greatest(random: Generator, shape: tuple[int, int]) -> Any:
    import numpy as np

    return np.full(shape, 0x7BFF) | random.integers(0, 2, (shape[0], 1)) << 15


_KINDS = (_usual, _any, _mixed, _cancelling, _subnormal, _sparse, _greatest)


def word_items(words: GroupWords, scales: NDArray[np.int32]) -> NDArray[np.uint32]:
    """Items of ``GroupPe.i``, groups one after the other: rows of 32-bit words.

    Args:
        words: of the groups.
        scales: of each; they go with the last words, the lowest bit first.
    """
    import numpy as np

    lanes, steps = words.lanes, len(words.significances)
    groups = len(scales)
    activations = np.repeat(words.activations, steps, axis=0).transpose(2, 0, 1)
    packed = words.sign | words.exponent << 1 | words.mantissa << 3
    terms = packed.reshape(words.steps, lanes, groups).transpose(2, 0, 1).astype(np.uint64)
    shared = np.zeros((groups, words.steps), np.uint64)
    shared |= np.tile(np.array(words.significances, np.uint64) + 1, len(words.activations))
    bits = scales[:, None] >> np.arange(SCALE_BITS) & 1
    shared[:, -SCALE_BITS:] |= bits.astype(np.uint64) << 3
    shared[:, -1] |= 1 << 4
    columns = [np.ascontiguousarray(activations, "<u2").view("<u4")]
    each = min(lanes, _WORD_BITS // _TERM_BITS)
    places = np.arange(each, dtype=np.uint64) * _TERM_BITS
    parts = terms.reshape(groups, words.steps, -1, each)
    low = (parts << places).sum(axis=-1, dtype=np.uint64)
    if each * _TERM_BITS < _WORD_BITS:
        low[..., -1] |= shared << np.uint64(each * _TERM_BITS)
    else:
        low = np.concatenate([low, shared[..., None]], axis=-1)
    columns.append(low.astype(np.uint32))
    return np.concatenate(columns, axis=-1).reshape(groups * words.steps, -1)
