"""Streams as a host makes them, against an executor that knows only what a README says of them."""

from __future__ import annotations

from itertools import product as every
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.accelerators.bitmod.algorithm import (
    Product,
    Weights,
    product_of,
    reference,
)
from accelsim.accelerators.bitmod.golden import group_bound, group_words
from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.accelerators.product import MOST_UNITS
from accelsim.errors import InputError
from accelsim.formats.bitmod import decode

HEAD_BITS = 10


class Words:
    """Words of a stream of beats."""

    def __init__(self, beats: Any, word_bytes: int) -> None:
        self.raw, self.at, self.bytes = beats.tobytes(), 0, word_bytes

    def next(self, values: int, bits: int) -> list[int]:
        """The values of the next word, the one in the low bits first."""
        assert self.at < len(self.raw)
        word = int.from_bytes(self.raw[self.at : self.at + self.bytes], "little")
        self.at += self.bytes
        assert word < 1 << values * bits
        return [word >> at * bits & (1 << bits) - 1 for at in range(values)]


def parts(units: int, unit: int, most: int) -> list[list[int]]:
    """First elements of the units of each tile along a rank."""
    return [
        [unit * each for each in range(first, min(first + most, units))]
        for first in range(0, units, most)
    ]


def heads_of(b: Words, p: BitModParameters) -> list[tuple[int, int]]:
    """Scale and selector of each column, from the words in front of a group."""
    slot = p.lanes * p.format.code_bits
    found = [0] * p.columns
    for word in range(p.heads):
        for column, piece in enumerate(b.next(p.columns, slot)):
            found[column] |= piece << word * slot
    assert all(each < 1 << HEAD_BITS for each in found)
    return [(each & 255, each >> 8) for each in found]


def decoded(job: Product, a_beats: Any, b_beats: Any) -> tuple[Any, Any, Any, Any]:
    """A, codes, scales and selectors, zeros beyond the product's end included."""
    p = job.parameters
    lanes, group = p.lanes, p.group
    a, b = Words(a_beats, p.a_bytes), Words(b_beats, p.b_bytes)
    ms, ns, ks = (parts(*each) for each in zip(job.units, p.units, p.tile_units, strict=True))
    whole = [units * unit for units, unit in zip(job.units, p.units, strict=True)]
    found_a = np.full((whole[0], whole[2]), -1)
    codes = np.full((whole[2], whole[1]), -1)
    scales, selectors = np.full((2, len(ks), whole[1]), -1)
    for (i, m), (j, n), (at, k) in every(enumerate(ms), enumerate(ns), enumerate(ks)):
        assert k[0] == at * group
        if len(ks) > 1 or j == 0:
            for row, first in every(m, k):
                cut = np.array(a.next(p.rows * lanes, 16)).reshape(p.rows, lanes)
                found_a[row : row + p.rows, first : first + lanes] = cut
        if len(ks) > 1 or len(ns) > 1 or i == 0:
            for column in n:
                here = slice(column, column + p.columns)
                scales[at, here], selectors[at, here] = zip(*heads_of(b, p), strict=True)
                for first in k:
                    cut = np.array(b.next(p.columns * lanes, p.format.code_bits))
                    codes[first : first + lanes, here] = cut.reshape(p.columns, lanes).T
    assert (a.at, b.at) == (len(a.raw), len(b.raw))
    return found_a, codes, scales, selectors


CHOSEN = st.builds(
    lambda lanes, weights, words, **rest: BitModParameters(
        lanes=lanes,
        weights=weights,
        group=lanes * (words + {"fp3": 8, "fp4": 8, "int4": 8, "int6": 6, "int8": 4}[weights]),
        **rest,
    ),
    st.sampled_from([2, 4]),
    st.sampled_from(["fp3", "fp4", "int4", "int6", "int8"]),
    st.integers(0, 5),
    rows=st.integers(1, 3),
    columns=st.sampled_from([4, 8]),
    folds=st.integers(1, 2),
    stream_bytes=st.sampled_from([0, 1]),
)


def any_weights(p: BitModParameters, k: int, n: int, random: np.random.Generator) -> Weights:
    groups = -(-k // p.group)
    return Weights(
        random.integers(0, 1 << p.format.code_bits, (k, n)),
        random.integers(0, 256, (groups, n)),
        random.integers(0, 4 if p.format.is_float else 1, (groups, n)),
    )


@settings(max_examples=25)
@given(CHOSEN, st.integers(1, 14), st.integers(1, 20), st.integers(1, 90), st.integers(0, 2**32))
def test_operands_are_found_again_in_streams_of_any_shape(
    p: BitModParameters, m: int, n: int, k: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    a = random.integers(0, 1 << 16, (m, k))
    weights = any_weights(p, k, n, random)
    job = product_of(p, m, n, k)
    beats = job.activations(a), job.weights(weights)
    assert {each.shape[1] for each in beats} == {p.stream_bytes}
    found = decoded(job, *beats)
    for given_values, got in zip(
        (a, weights.codes, weights.scales, weights.selectors), found, strict=True
    ):
        rows, columns = given_values.shape
        assert (got[:rows, :columns] == given_values).all()
        # What is beyond the end is 0, and all of it is there.
        assert got.sum() == given_values.sum()
    # No group is shorter than its scales take.
    last = job.units[2] - (job.groups - 1) * p.tile
    assert last >= p.shortest


@settings(max_examples=15)
@given(CHOSEN, st.integers(1, 14), st.integers(1, 20), st.integers(1, 90))
def test_results_are_found_again_in_their_order(
    p: BitModParameters, m: int, n: int, k: int
) -> None:
    job = product_of(p, m, n, k)
    values = np.arange(1, m * n + 1, dtype=np.float32).reshape(m, n)
    beats = job.beats_of(values)
    assert beats.shape == (job.result_beats, p.stream_bytes)
    assert (job.results(beats) == values).all()
    # By hand: for each tile of M and N, columns at a time, all rows.
    z = Words(beats, p.z_bytes)
    filled = np.zeros([job.units[0] * p.rows, job.units[1] * p.columns], np.float32)
    filled[:m, :n] = values
    for rows, folds in every(
        parts(job.units[0], p.rows, p.folds), parts(job.units[1], p.columns, p.folds)
    ):
        for first, row, at in every(folds, rows, range(p.rows)):
            word = np.array(z.next(p.columns, 32), np.uint32).view(np.float32)
            assert (word == filled[row + at, first : first + p.columns]).all()
    assert z.at == len(z.raw)


@pytest.mark.parametrize(("weights", "shortest"), [("fp4", 8), ("int6", 6), ("int8", 4)])
def test_a_last_group_is_as_long_as_its_scale_takes(weights: str, shortest: int) -> None:
    p = BitModParameters(weights=weights)
    for words in range(1, 70):
        k = product_of(p, 1, 1, 4 * words).units[2]
        rest = words % 32
        assert k == (words - rest + shortest if 0 < rest < shortest else words)


def test_values_lie_in_words_lowest_first() -> None:
    p = BitModParameters(rows=1, columns=4, lanes=2, weights="fp3", group=16)
    assert (p.heads, p.b_bytes, p.a_bytes, p.stream_bytes) == (2, 3, 4, 1)
    job = product_of(p, 1, 4, 2)
    assert job.units == (1, 1, 8)
    codes = np.array([[1, 2, 3, 4], [5, 6, 7, 0]])
    head = np.array([[0b11_00_0001, 0, 0, 0xFF]]), np.array([[2, 0, 0, 3]])
    beats = job.weights(Weights(codes, *head)).ravel()
    # Six bits for each column: the low ones of scale and selector, then the four others.
    assert int.from_bytes(beats[:3].tobytes(), "little") == 0b000001 | 0b111111 << 18
    assert int.from_bytes(beats[3:6].tobytes(), "little") == 0b1011 | 0b1111 << 18
    first = int.from_bytes(beats[6:9].tobytes(), "little")
    assert [first >> 3 * at & 7 for at in range(8)] == [1, 5, 2, 6, 3, 7, 4, 0]
    assert not beats[9:].any()
    a = job.activations(np.array([[0x1234, 0xABCD]])).ravel().tolist()
    assert a[:4] == [0x34, 0x12, 0xCD, 0xAB]
    assert len(a) == 8 * 4


def test_operands_that_are_used_again_are_sent_once() -> None:
    p = BitModParameters(rows=2, columns=2, group=32, folds=2)
    assert (p.tile, p.heads) == (8, 1)

    def words(m: int, n: int, k: int) -> tuple[float, float]:
        job = product_of(p, m, n, k)
        weights = any_weights(p, k, n, np.random.default_rng(0))
        a, b = job.activations(np.zeros((m, k), int)), job.weights(weights)
        return a.size / p.a_bytes, b.size / p.b_bytes

    assert words(4, 4, 32) == (16, 18)
    # A stays while K is one tile, B where N is one, too.
    assert words(4, 12, 32) == (16, 54)
    assert words(12, 4, 32) == (48, 18)
    assert words(12, 8, 32) == (48, 108)
    assert words(4, 4, 64) == (32, 36)


BOUNDED = [("fp4", 4), ("fp3", 2), ("int4", 16), ("int6", 8), ("int8", 4)]


@pytest.mark.parametrize(("weights", "lanes"), BOUNDED)
def test_the_reference_is_near_a_product_of_float64(weights: str, lanes: int) -> None:
    p = BitModParameters(lanes=lanes, weights=weights, group=128)
    random = np.random.default_rng(lanes)
    m, n, k = 3, 4, 300
    a = random.standard_normal((m, k)).astype(np.float16)
    given_weights = any_weights(p, k, n, random)
    found = reference(p, a.view(np.uint16), given_weights)
    assert (found.dtype, found.shape) == (np.float32, (m, n))
    exact, bound = np.zeros((2, m, n))
    for at, first in enumerate(range(0, k, p.group)):
        part = slice(first, first + p.group)
        codes, scales = given_weights.codes[part], given_weights.scales[at]
        selectors = given_weights.selectors[at]
        bits = p.format.code_bits
        values: Any = codes - (codes >> bits - 1 << bits)
        if p.format.is_float:
            values = decode(codes, selectors[None, :], bits) / p.format.unit
        exact += a[:, part].astype(float) @ (values * scales)
        words = group_words(
            np.repeat(a.view(np.uint16)[:, part], n, axis=0),
            np.tile(codes.T, (m, 1)),
            weights,
            np.tile(selectors, m),
            lanes=lanes,
        )
        bound += group_bound(words).reshape(m, n) * scales + 2.0**-24 * abs(exact)
    assert (abs(found - exact) <= bound).all()
    # And it says something: a wrong scale or code is far beyond it.
    assert (bound < 0.005 * np.abs(exact).max()).all()


def test_groups_are_summed_up_one_after_the_other_in_binary32() -> None:
    p = BitModParameters(group=32, weights="int8", rows=1, columns=1)
    # 2^24 and 1 and 1: in this order both ones are lost.
    a = np.zeros((1, 96), np.float16)
    a[0, 0], a[0, 32], a[0, 64] = 2.0**12, 1, 1
    scales = np.array([[64], [1], [1]])
    codes = np.zeros((96, 1), int)
    codes[[0, 32, 64]] = [[64], [1], [1]]
    bits = a.view(np.uint16)
    assert reference(p, bits, Weights(codes, scales, scales * 0)).tolist() == [[2.0**24]]
    turned = Weights(codes[::-1], scales[::-1], scales * 0)
    assert reference(p, bits[:, ::-1], turned).tolist() == [[2.0**24 + 2]]


def test_sizes_that_no_register_holds_are_refused() -> None:
    p = BitModParameters(rows=4, columns=2)
    m, n, k = (MOST_UNITS * unit for unit in p.units)
    assert product_of(p, m, n, k).units == (MOST_UNITS,) * 3
    with pytest.raises(InputError) as refused:
        product_of(p, 0, n + 1, -3)
    assert refused.value.problems == (
        f"product: M is 0, must be a whole number from 1 to {m:,}",
        f"product: N is {n + 1}, must be a whole number from 1 to {n:,}",
        f"product: K is -3, must be a whole number from 1 to {k:,}",
    )
