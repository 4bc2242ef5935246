"""Fields of items in words, against arithmetic on Python's whole numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.gateware.compiled.packing import pack, unpack

FIELD = st.tuples(st.integers(1, 6), st.integers(1, 63))
"""Lanes, and bits of each."""


@settings(max_examples=25)
@given(st.lists(FIELD, min_size=1, max_size=4), st.integers(1, 4), st.integers(0, 2**32))
def test_fields_lie_side_by_side_and_come_back(
    fields: Sequence[tuple[int, int]], items: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    values = [
        random.integers(-(1 << bits - 1), 1 << bits - 1, (items, lanes)) for lanes, bits in fields
    ]
    words = pack(*((each, bits) for each, (_, bits) in zip(values, fields, strict=True)))
    size = sum(lanes * bits for lanes, bits in fields)
    assert words.shape == (items, -(-size // 32))
    assert words.dtype == np.uint32
    for item in range(items):
        number = at = 0
        for each, (_, bits) in zip(values, fields, strict=True):
            for value in each[item].tolist():
                number |= value % (1 << bits) << at
                at += bits
        assert int.from_bytes(words[item].astype("<u4").tobytes(), "little") == number
    first = 0
    for each, (lanes, bits) in zip(values, fields, strict=True):
        assert (unpack(words, lanes, bits, first=first) == each).all()
        plain = unpack(words, lanes, bits, first=first, signed=False)
        assert (plain == each % (1 << bits)).all()
        first += lanes * bits


def test_bits_beyond_a_field_are_dropped() -> None:
    assert pack((np.array([[0x1F, -1]]), 4)).tolist() == [[0xFF]]
    assert pack((np.array([[True, False, True]]), 1)).tolist() == [[5]]
