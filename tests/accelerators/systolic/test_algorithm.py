"""Streams as a host makes them, against an executor that knows only what a README says of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as every
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.accelerators.product import MOST_UNITS
from accelsim.accelerators.systolic.algorithm import Product, product_of, reference
from accelsim.accelerators.systolic.parameters import DATAFLOWS, INTEGERS, SystolicParameters
from accelsim.errors import InputError


class Words:
    """Words of a stream of beats, each a list of signed values."""

    def __init__(self, beats: Any, values: int, bits: int) -> None:
        self.raw, self.at = beats.tobytes(), 0
        self.values, self.bits = values, bits
        self.bytes = values * bits // 8

    def next(self) -> list[int]:
        word = int.from_bytes(self.raw[self.at : self.at + self.bytes], "little")
        assert self.at < len(self.raw)
        self.at += self.bytes
        found = []
        for lane in range(self.values):
            value = word >> lane * self.bits & (1 << self.bits) - 1
            found.append(value - (value >> self.bits - 1 << self.bits))
        return found


def parts(size: int, unit: int, most: int) -> list[list[int]]:
    """First elements of the units of each tile along a rank."""
    units = -(-size // unit)
    return [
        [unit * each for each in range(first, min(first + most, units))]
        for first in range(0, units, most)
    ]


def executed(job: Product, a_beats: Any, b_beats: Any) -> Iterator[int]:
    """Results in the order in which they leave; every word must have been used."""
    p = job.parameters
    stationary = p.dataflow == "weight-stationary"
    a = Words(a_beats, p.rows, p.activation_bits)
    b = Words(b_beats, p.columns, p.weight_bits)
    ms, ns, ks = (
        parts(size, unit, most)
        for size, unit, most in zip((job.m, job.n, job.k), p.units, p.tile_units, strict=True)
    )
    held_a: dict[tuple[int, int], int] = {}
    held_b: dict[tuple[int, int], int] = {}
    for (i, m), (j, n) in every(enumerate(ms), enumerate(ns)):
        sums: dict[tuple[int, int], int] = {}
        for k in ks:
            if len(ks) > 1 or j == 0:
                held_a = {}
                for outer, inner in every(k, m) if stationary else every(m, k):
                    for lane, value in enumerate(a.next()):
                        at = (inner, outer + lane) if stationary else (outer + lane, inner)
                        held_a[at] = value
            if len(ks) > 1 or len(ns) > 1 or i == 0:
                held_b = {}
                depth = [each + r for each in k for r in range(p.rows)] if stationary else k
                for first, inner in every(n, depth):
                    for lane, value in enumerate(b.next()):
                        held_b[inner, first + lane] = value
            for (row, inner), value in held_a.items():
                for first, lane in every(n, range(p.columns)):
                    here = (row, first + lane)
                    sums[here] = sums.get(here, 0) + value * held_b[inner, first + lane]
        rows = m if stationary else [each + r for each in m for r in range(p.rows)]
        for first, row, lane in every(n, rows, range(p.columns)):
            yield sums[row, first + lane]
    assert (a.at, b.at) == (len(a.raw), len(b.raw))


CHOSEN = st.one_of(
    st.builds(
        SystolicParameters,
        st.sampled_from(DATAFLOWS),
        rows=st.just(8),
        columns=st.sampled_from([8, 16]),
        activations=st.sampled_from(INTEGERS),
        weights=st.sampled_from(INTEGERS),
        tile=st.just(8),
        folds=st.integers(1, 3),
        stream_bytes=st.sampled_from([0, 1]),
    ),
    st.builds(
        SystolicParameters,
        st.sampled_from(DATAFLOWS),
        rows=st.integers(4, 7),
        columns=st.integers(1, 5),
        activations=st.sampled_from(["int8", "int16"]),
        weights=st.sampled_from(["int8", "int16"]),
        tile=st.integers(8, 11),
        folds=st.integers(1, 2),
    ),
)


def any_values(random: np.random.Generator, bits: int, shape: tuple[int, int]) -> Any:
    return random.integers(-(1 << bits - 1), 1 << bits - 1, shape)


@settings(max_examples=40)
@given(CHOSEN, st.integers(1, 30), st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32))
def test_streams_give_the_product_of_any_shape(
    parameters: SystolicParameters, m: int, n: int, k: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    a = any_values(random, parameters.activation_bits, (m, k))
    b = any_values(random, parameters.weight_bits, (k, n))
    job = product_of(parameters, m, n, k)
    beats = job.activations(a), job.weights(b)
    assert {each.shape[1] for each in beats} == {parameters.stream_bytes}
    raw = b"".join((value % (1 << 32)).to_bytes(4, "little") for value in executed(job, *beats))
    results = np.frombuffer(raw, np.uint8).reshape(-1, parameters.stream_bytes)
    assert len(results) == job.result_beats
    exact = a.astype(object) @ b.astype(object)
    wrapped = (exact + 2**31) % 2**32 - 2**31
    assert (job.results(results) == wrapped).all()
    assert (reference(a, b) == wrapped).all()


def test_sums_wrap_around_at_32_bits() -> None:
    a, b = np.full((1, 3), -(1 << 15)), np.full((3, 1), -(1 << 15))
    assert reference(a, b).tolist() == [[3 * 2**30 - 2**32]]
    assert reference(a, b).dtype == np.int32
    # Whatever the type of the operands: nothing is multiplied in 8 bits.
    assert reference(a[:, :1] >> 8, b[:1] >> 8).tolist() == [[1 << 14]]
    small = np.full((1, 1), -128, np.int8)
    assert reference(small, small).tolist() == [[1 << 14]]


def test_values_lie_in_words_lowest_first() -> None:
    four = SystolicParameters(rows=4, columns=4, activations="int4", weights="int2", tile=8)
    job = product_of(four, 1, 1, 4)
    assert job.activations(np.array([[1, -1, 2, -8]])).tolist() == [[0xF1], [0x82]]
    assert job.weights(np.array([[1], [-1], [-2], [0]])).tolist() == [[1], [3], [2], [0]]


def test_operands_that_are_used_again_are_sent_once() -> None:
    p = SystolicParameters(rows=4, columns=4, tile=8, folds=2, stream_bytes=4)
    whole = {"m": 8, "n": 8, "k": 8}

    def beats(**sizes: int) -> tuple[int, int]:
        job = product_of(p, **(whole | sizes))
        a, b = np.zeros((job.m, job.k), int), np.zeros((job.k, job.n), int)
        return len(job.activations(a)), len(job.weights(b))

    assert beats() == (16, 16)
    # A stays while K is one tile, B where N is one, too.
    assert beats(n=24) == (16, 48)
    assert beats(m=24) == (48, 16)
    assert beats(m=24, n=16) == (48, 96)
    assert beats(k=16) == (32, 32)
    assert beats(k=16, m=16, n=16) == (128, 128)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_sizes_that_no_register_holds_are_refused(dataflow: str) -> None:
    p = SystolicParameters(dataflow, rows=4, columns=2)
    m, n, k = (MOST_UNITS * unit for unit in p.units)
    assert product_of(p, m, n, k).units == (MOST_UNITS,) * 3
    with pytest.raises(InputError) as refused:
        product_of(p, 0, n + 1, -3)
    assert refused.value.problems == (
        f"product: M is 0, must be a whole number from 1 to {m:,}",
        f"product: N is {n + 1}, must be a whole number from 1 to {n:,}",
        f"product: K is -3, must be a whole number from 1 to {k:,}",
    )
