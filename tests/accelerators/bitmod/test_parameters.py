"""Parameters of the array: what is legal, and what is said of what is not."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from accelsim.accelerators.bitmod.parameters import BitModParameters, bitmod_parameters
from accelsim.errors import InputError

RANGES = {
    "rows": (1, 64),
    "columns": (1, 64),
    "group": (8, 4096),
    "folds": (1, 16),
    "stream_bytes": (0, 512),
}
TERMS = {"fp3": 2, "fp4": 2, "int4": 2, "int6": 3, "int8": 4}
BITS = {"fp3": 3, "fp4": 4, "int4": 4, "int6": 6, "int8": 8}


def problems(**values: Any) -> tuple[str, ...]:
    with pytest.raises(InputError) as refused:
        BitModParameters(**values)
    return refused.value.problems


@pytest.mark.parametrize("name", RANGES)
def test_whole_numbers_have_a_range(name: str) -> None:
    least, most = RANGES[name]
    rule = f"must be a whole number from {least} to {most:,}"
    for wrong in (least - 1, most + 1, True, 8.0, "8", None):
        assert problems(**{name: wrong}) == (f"bitmod: {name} is {wrong!r}, {rule}",)


@pytest.mark.parametrize("name", ["rows", "columns", "folds"])
def test_the_ends_of_ranges_are_legal(name: str) -> None:
    for value in RANGES[name]:
        assert getattr(BitModParameters(**{name: value}), name) == value


def test_lanes_are_those_of_a_pe() -> None:
    for lanes in (2, 4, 8, 16):
        assert BitModParameters(lanes=lanes).lanes == lanes
    for wrong in (1, 3, 32, 0, -4, True, "4", None):
        assert problems(lanes=wrong) == (f"bitmod: lanes is {wrong!r}, must be one of 2, 4, 8, 16",)


def test_types_of_weights_are_compared_with_those_that_exist() -> None:
    assert problems(weights="fp5") == (
        "bitmod: weights 'fp5' is unknown; did you mean 'fp4'? valid: fp3, fp4, int4, int6, int8",
    )
    for wrong in (None, 4, ["fp4"], True):
        (found,) = problems(weights=wrong)
        assert found.startswith(f"bitmod: weights is {wrong!r}, must be one of ")


def test_all_problems_are_named_at_once() -> None:
    wrong = {"rows": 0, "columns": 65, "lanes": 5, "weights": "x", "group": 7, "folds": 17}
    assert len(problems(**wrong, stream_bytes=-1)) == 7
    assert len(problems(lanes=2, columns=3, weights="fp3", group=15)) == 2


@pytest.mark.parametrize("weights", TERMS)
@pytest.mark.parametrize("lanes", [2, 4, 8, 16])
def test_a_group_has_whole_words_and_time_for_its_scale(weights: str, lanes: int) -> None:
    words = -(-16 // TERMS[weights])
    least = words * lanes
    shortest = BitModParameters(weights=weights, lanes=lanes, columns=8, group=max(least, 8))
    assert (shortest.shortest, shortest.tile) == (words, words)
    # That of the paper, and one that is no multiple of the shortest.
    assert BitModParameters(weights=weights, lanes=lanes, group=128).tile == 128 // lanes
    longer = BitModParameters(weights=weights, lanes=lanes, columns=8, group=least + lanes)
    assert longer.tile == words + 1
    for wrong in (least - lanes, least + 1):
        if wrong >= 8:
            assert problems(weights=weights, lanes=lanes, columns=8, group=wrong) == (
                f"bitmod: group is {wrong}, must be a multiple of {lanes}, of {least} or more, "
                f"with {lanes} lanes and weights of {TERMS[weights]} terms",
            )


def test_words_of_weights_must_be_whole_bytes() -> None:
    assert problems(columns=3, lanes=2, weights="fp3") == (
        "bitmod: columns is 3 with 2 weights of 3 bits each, must make a word of whole bytes; "
        "choose another number of columns",
    )
    assert BitModParameters(columns=4, lanes=2, weights="fp3").b_bytes == 3
    assert BitModParameters(columns=1, lanes=2, weights="fp4").b_bytes == 1


def test_streams_divide_words_and_are_the_widest_of_these() -> None:
    for columns, weights, lanes in ((4, "fp3", 2), (3, "fp4", 4), (8, "fp4", 16), (1, "int8", 4)):
        found = BitModParameters(columns=columns, weights=weights, lanes=lanes)
        words = found.a_bytes, found.b_bytes, found.z_bytes
        assert words == (4 * lanes * 2, columns * lanes * BITS[weights] // 8, 4 * columns)
        fits = [1 << at for at in range(5) if not any(word % (1 << at) for word in words)]
        assert found.stream_bytes == max(fits)
    assert problems(stream_bytes=16) == (
        "bitmod: stream_bytes is 16, must be a power of two of which every word is a multiple: "
        "1, 2, 4, 8",
    )
    assert len(problems(stream_bytes=3)) == 1
    assert BitModParameters(columns=32, rows=8, stream_bytes=64).stream_bytes == 64


@pytest.mark.parametrize(
    ("lanes", "weights", "heads"),
    [(2, "fp3", 2), (2, "fp4", 2), (2, "int6", 1), (4, "fp3", 1), (16, "int8", 1)],
)
def test_scales_take_as_many_words_as_ten_bits_do(lanes: int, weights: str, heads: int) -> None:
    assert BitModParameters(lanes=lanes, weights=weights).heads == heads


def test_texts_of_a_command_line() -> None:
    texts = {"rows": "2", "weights": "int6", "lanes": "8", "group": "64"}
    assert bitmod_parameters(texts) == BitModParameters(2, 4, 8, "int6", 64)
    assert bitmod_parameters({}) == BitModParameters()
    assert len(fields(BitModParameters)) == len(BitModParameters().as_json()) == 7
    with pytest.raises(InputError) as refused:
        bitmod_parameters({"lane": "4", "colums": "2"})
    assert len(refused.value.problems) == 2
    assert "did you mean 'lanes'" in refused.value.problems[0]
    with pytest.raises(InputError, match="bitmod: lanes is 'four', must be one of 2, 4, 8, 16"):
        bitmod_parameters({"lanes": "four"})
