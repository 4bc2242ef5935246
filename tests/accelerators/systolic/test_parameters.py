"""Parameters of the array: what is legal, and what is said of what is not."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.accelerators.systolic.parameters import (
    DATAFLOWS,
    INTEGERS,
    SystolicParameters,
    systolic_parameters,
)
from accelsim.errors import InputError

RANGES = {
    "rows": (4, 64),
    "columns": (1, 64),
    "tile": (8, 4096),
    "folds": (1, 16),
    "stream_bytes": (0, 512),
}


def problems(**values: Any) -> tuple[str, ...]:
    with pytest.raises(InputError) as refused:
        SystolicParameters(**values)
    return refused.value.problems


@pytest.mark.parametrize("name", RANGES)
def test_whole_numbers_have_a_range(name: str) -> None:
    least, most = RANGES[name]
    rule = f"must be a whole number from {least} to {most:,}"
    for wrong in (least - 1, most + 1, True, 8.0, "8", None):
        assert problems(**{name: wrong}) == (f"systolic: {name} is {wrong!r}, {rule}",)


@pytest.mark.parametrize("name", [name for name in RANGES if name != "stream_bytes"])
def test_the_ends_of_ranges_are_legal(name: str) -> None:
    for value in RANGES[name]:
        assert getattr(SystolicParameters(**{name: value}), name) == value


def test_names_are_compared_with_those_that_exist() -> None:
    found = problems(dataflow="weight-stationery", activations="int9", weights="fp8")
    assert len(found) == 3
    assert found[0].startswith("systolic: dataflow")
    assert "did you mean 'weight-stationary'" in found[0]
    assert found[1].startswith("systolic: activations: ")
    assert found[2].startswith("systolic: weights: ")
    assert "int8" in found[2]


@pytest.mark.parametrize("name", ["dataflow", "activations", "weights"])
@pytest.mark.parametrize("wrong", [None, 5, ["int8"], True])
def test_what_is_no_name_is_refused_as_well(name: str, wrong: Any) -> None:
    (found,) = problems(**{name: wrong})
    assert found.startswith(f"systolic: {name}")
    assert repr(wrong) in found


def test_all_problems_are_named_at_once() -> None:
    assert len(problems(dataflow="x", weights="y", rows=3, columns=0, tile=7, folds=17)) == 6


def test_words_must_be_whole_bytes() -> None:
    assert problems(rows=5, columns=7, activations="int3", weights="int4") == (
        "systolic: rows is 5 with activations of 3 bits, must make a word of whole bytes; choose a "
        "multiple of 8",
        "systolic: columns is 7 with weights of 4 bits, must make a word of whole bytes; choose a "
        "multiple of 2",
    )


def test_streams_must_divide_words() -> None:
    assert SystolicParameters(rows=6, columns=10).stream_bytes == 2
    assert problems(rows=6, columns=10, stream_bytes=4) == (
        "systolic: stream_bytes is 4, must be a power of two of which every word is a multiple: "
        "1, 2",
    )
    assert len(problems(stream_bytes=3)) == 1
    # Wider than the default where that is asked for.
    wide = SystolicParameters(rows=32, columns=32, stream_bytes=32)
    assert (wide.stream_bytes, SystolicParameters(rows=32, columns=32).stream_bytes) == (32, 8)


@given(
    st.builds(
        dict,
        dataflow=st.sampled_from(DATAFLOWS),
        rows=st.integers(4, 64),
        columns=st.integers(1, 64),
        activations=st.sampled_from(INTEGERS),
        weights=st.sampled_from(INTEGERS),
    )
)
def test_the_default_stream_is_the_widest_up_to_8_bytes(values: dict[str, Any]) -> None:
    try:
        found = SystolicParameters(**values)
    except InputError:
        bits = {name: int(values[name][3:]) for name in ("activations", "weights")}
        assert values["rows"] * bits["activations"] % 8 or values["columns"] * bits["weights"] % 8
        return
    words = found.a_bytes, found.b_bytes, found.z_bytes
    assert words == (
        found.rows * int(found.activations[3:]) // 8,
        found.columns * int(found.weights[3:]) // 8,
        4 * found.columns,
    )
    fits = [each for each in (1, 2, 4, 8) if not any(word % each for word in words)]
    assert found.stream_bytes == max(fits)


def test_units_follow_from_the_dataflow() -> None:
    weight = SystolicParameters(rows=4, columns=2, tile=9, folds=3)
    assert (weight.units, weight.tile_units) == ((1, 2, 4), (9, 3, 3))
    output = SystolicParameters("output-stationary", rows=4, columns=2, tile=9, folds=3)
    assert (output.units, output.tile_units) == ((4, 2, 1), (3, 3, 9))


def test_texts_of_a_command_line() -> None:
    texts = {"rows": "16", "dataflow": "output-stationary", "weights": "int4", "stream_bytes": "4"}
    assert systolic_parameters(texts) == SystolicParameters(
        "output-stationary", 16, 8, weights="int4", stream_bytes=4
    )
    assert systolic_parameters({}) == SystolicParameters()
    for text in ("8.0", "-8", "eight", "0x8", "٨", "9" * 30):
        with pytest.raises(InputError, match="systolic: rows is "):
            systolic_parameters({"rows": text})


def test_unknown_settings_are_named_with_the_closest() -> None:
    with pytest.raises(InputError) as refused:
        systolic_parameters({"row": "8", "columms": "8", "rows": "none"})
    assert len(refused.value.problems) == 2
    assert "did you mean 'rows'" in refused.value.problems[0]
    assert "did you mean 'columns'" in refused.value.problems[1]
    assert len(fields(SystolicParameters)) == 8
