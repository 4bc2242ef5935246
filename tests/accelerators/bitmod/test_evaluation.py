"""Runs of the evaluation: which machine takes which weights how, and rows of the artifact."""

from __future__ import annotations

from fractions import Fraction

import pytest

from accelsim.accelerators.bitmod.evaluation import ROUNDS, Row, Run, published
from accelsim.architecture import load_architecture
from accelsim.errors import InputError


@pytest.mark.parametrize(
    ("accelerator", "bits", "number", "row_bits"),
    [
        ("FP16", "16", "fp16", 16),
        # The baselines' PEs take 4 bits or 8: a scale more is a wider weight.
        ("ANT", "4", "int4", 4),
        ("ANT", "4.0625", "int8", 8),
        ("OliVe", "5.25", "int8", 8),
        # BitMoD's scales are no part of what a PE multiplies.
        ("BitMoD", "3.0625", "bitmod-fp3", 8),
        ("BitMoD", "4.0625", "bitmod-fp4", 16),
        ("BitMoD", "5.0625", "int6", 16),
        ("BitMoD", "6.0625", "int6", 16),
        ("BitMoD", "8.0625", "int8", 24),
    ],
)
def test_weights_of_some_bits(accelerator: str, bits: str, number: str, row_bits: int) -> None:
    width = Run(accelerator, "opt-1.3b", bits).width
    assert (width.number, width.row_bits) == (number, row_bits)


def test_shipped_machines_have_the_figures_of_their_usual_rows() -> None:
    """With 16 bits on FP16 and 4 on the others, in both shapes."""
    usual = {"FP16": "16", "ANT": "4", "OliVe": "4", "BitMoD": "4.0625"}
    for stage in ("prefill", "decode"):
        for accelerator, bits in usual.items():
            run = Run(accelerator, "opt-1.3b", bits, stage)
            name = run.contender.on + ("-decode" if stage == "decode" else "")
            made, shipped = run.architecture(), load_architecture(name)
            for memory in ("results", "weights", "activations"):
                ours, theirs = made.memories[memory], shipped.memories[memory]
                assert ours.write_energy_pj == theirs.write_energy_pj, (name, memory)
                assert ours.tile_energy_pj == theirs.tile_energy_pj, (name, memory)


def test_a_row_is_as_wide_as_the_side_of_the_array_that_it_feeds() -> None:
    """64 rows of 8 bits, 16 columns of 32: BitMoD with 3 bits, one token at a time."""
    memories = Run("BitMoD", "opt-1.3b", "3.0625", "decode").architecture().memories
    buffers = published().buffers
    assert memories["weights"].tile_energy_pj == buffers[64 * 8].read_row_pj == 92.7944
    assert memories["activations"].tile_energy_pj == buffers[16 * 32].read_row_pj
    assert memories["weights"].area_um2 == 1.601896e6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accelerator": "Ant"}, "BitMoD: accelerator 'Ant' is unknown; did you mean 'ANT'?"),
        ({"weight_bits": "8.5"}, "weight_bits is 8.5, must be at most 8 on 'ANT'"),
        ({"accelerator": "BitMoD", "weight_bits": "9.0625"}, "must be at most 8 on 'BitMoD'"),
        ({"weight_bits": "four"}, "weight_bits is 'four', must be as in 4.0625"),
        ({"weight_bits": "-4"}, "weight_bits is '-4', must be as in 4.0625"),
        ({"weight_bits": "0"}, "0 bits on average, must be above 0"),
        ({"model": "opt-1.3"}, "model 'opt-1.3' is unknown; did you mean 'opt-1.3b'?"),
        ({"stage": "prompt"}, "stage 'prompt' is unknown"),
        ({"context": 0}, "context is 0, must be a whole number from 1"),
        ({"mapper": "bitmd"}, "mapper 'bitmd' is unknown; did you mean 'bitmod'?"),
    ],
)
def test_wrong_input(change: dict[str, str | int], message: str) -> None:
    good: dict[str, str | int] = {"accelerator": "ANT", "model": "opt-1.3b", "weight_bits": "4"}
    with pytest.raises(InputError) as caught:
        Run(**{**good, **change}).result()  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_average_bits_are_those_of_a_publication_to_the_last_digit() -> None:
    """Every listed width is a binary fraction, so none is rounded on the way."""
    for version in published().weight_bits.values():
        for stages in version.values():
            for models in stages.values():
                assert models.keys() == set(published().models.values())
                assert all(
                    Fraction(bits).denominator in (1, 2, 4, 8, 16) for bits in models.values()
                )


QUICK = [
    row
    for row in published().rows
    if row.model == "opt-1.3b" and row.accelerator in ("FP16", "BitMoD") and row.stage == "decode"
]


def check(row: Row) -> None:
    result = Run(
        row.accelerator, row.model, row.weight_bits, row.stage, version=row.version, mapper=ROUNDS
    ).result()
    assert result.cycles == row.cycles
    assert result.energy_pj is not None
    # Of July 2025 all energy; in November 2024 buffers took keys at the width of weights.
    tolerance = 2e-6 if row.version == "july-2025" else 4e-3
    assert result.energy_pj / 1e6 == pytest.approx(row.energy_uj, rel=tolerance)


def test_some_rows_of_the_artifact() -> None:
    assert len(QUICK) == 6
    for row in QUICK:
        check(row)


def test_its_own_mapper_fetches_less_than_rounds_do() -> None:
    """Both order and tiles are free there; a prompt on OPT-1.3B is bound by what it computes."""
    ours = Run("BitMoD", "opt-125m", "3.0625", "decode", 64).result()
    rounds = Run("BitMoD", "opt-125m", "3.0625", "decode", 64, mapper=ROUNDS).result()
    assert ours.cycles <= rounds.cycles
    assert ours.traffic_bytes["DRAM"] <= rounds.traffic_bytes["DRAM"]
