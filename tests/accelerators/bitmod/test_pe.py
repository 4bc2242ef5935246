"""The PE in compiled simulation: bit for bit the golden model's, in exactly as many cycles."""

from collections.abc import Mapping

import numpy as np
import pytest

from accelsim.accelerators.bench.runner import Runner
from accelsim.accelerators.bench.stalls import random_stalls
from accelsim.accelerators.bitmod.bench.pes import PeTrial
from accelsim.accelerators.bitmod.golden import LANES, word_results
from accelsim.accelerators.bitmod.pe.check import GroupTrial, random_group_trial, word_items
from accelsim.accelerators.bitmod.pe.group import GroupPe
from accelsim.accelerators.bitmod.pe.layouts import Widths, weight_layout
from accelsim.errors import InputError
from accelsim.gateware.compiled import compile_component
from accelsim.gateware.interpreted import Interpreted

CYCLES = {"int8": 128, "int6": 96, "int4": 64, "fp4": 64, "fp3": 64}
"""Of a group of 128 on four lanes."""


# Least groups, for a simulator that takes a second for a thousand cycles.
WEIGHTS = {"int8": 16, "int6": 24, "int4": 32, "fp4": 32, "fp3": 32}


def check_groups(
    runner: Runner, lanes: int, counts: Mapping[str, int], groups: int, random: np.random.Generator
) -> None:
    """Groups of every type, back to back and with pauses: values, and how far apart they are."""
    for name, count in counts.items():
        for stalls in ({}, random_stalls(random, ("i", "o"))):
            trial = PeTrial(random_group_trial(name, groups, count, random), lanes, stalls)
            run = trial.run(runner)
            assert (trial.wrong_values(run), trial.wrong_cycles(run)) == ("", ""), name


def test_groups_of_every_type_with_and_without_pauses() -> None:
    check_groups(Runner(GroupPe, "amaranth"), 4, WEIGHTS, 6, np.random.default_rng(1))


def test_cycles_of_a_group_are_those_of_its_terms() -> None:
    random = np.random.default_rng(2)
    for name, cycles in CYCLES.items():
        assert PeTrial(random_group_trial(name, 1, 128, random), 4, {}).words.steps == cycles


@pytest.mark.slow
def test_hundreds_of_groups_of_every_type() -> None:
    runner, random = Runner(GroupPe, "cxxrtl"), np.random.default_rng(1)
    for count in (128, 96, 200):
        check_groups(runner, 4, dict.fromkeys(CYCLES, count), 40, random)


def test_latency_and_cycles_are_as_said() -> None:
    trial = random_group_trial("fp4", 3, 128, np.random.default_rng(2))
    pe = GroupPe()
    latency = pe.latency_cycles
    items = word_items(trial.words(4), trial.scales)
    run = Interpreted(pe).run({"i": items}, {"o": 3}, extra_cycles=40)
    lasts = run.stamps["i"][63::64]
    np.testing.assert_array_equal(run.stamps["o"] - lasts, latency)
    np.testing.assert_array_equal(lasts, [63, 127, 191])
    assert run.passed["o"] == 3


@pytest.mark.slow
def test_no_group_is_left_behind_by_a_reset() -> None:
    compiled = compile_component(GroupPe())
    for cycles in (70, 77, 83, 90):
        trial = random_group_trial("fp3", 2, 128, np.random.default_rng(cycles))
        items = word_items(trial.words(4), trial.scales)
        compiled.run({"i": items}, {"o": 2}, most_cycles=cycles)
        compiled.set("rst", 1)
        compiled.run({}, {}, extra_cycles=2)
        compiled.set("rst", 0)
        run = compiled.run({"i": items}, {"o": 2}, extra_cycles=40)
        exponents, mantissas = word_results(trial.words(4), trial.scales)
        np.testing.assert_array_equal(
            run.outputs["o"][:, 0], exponents << 23 | mantissas & (1 << 23) - 1
        )
        assert run.passed["o"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES[:3])  # 16 lanes take most of a minute to compile
def test_ten_thousand_groups(lanes: int) -> None:
    runner, random = Runner(lambda: GroupPe(lanes), "cxxrtl"), np.random.default_rng(lanes)
    for count in (128, 96, 200):
        counts = dict.fromkeys(CYCLES, count * max(lanes // 8, 1))
        check_groups(runner, lanes, counts, 350, random)


@pytest.mark.slow
def test_a_broken_scale_is_seen() -> None:
    trial = random_group_trial("int6", 50, 128, np.random.default_rng(3))
    other = GroupTrial(
        trial.name, trial.activation_bits, trial.codes, trial.selectors, trial.scales ^ 1
    )
    items = word_items(other.words(4), other.scales)
    run = compile_component(GroupPe()).run({"i": items}, {"o": 50}, extra_cycles=40)
    exponents, mantissas = word_results(trial.words(4), trial.scales)
    expected = exponents << 23 | mantissas & (1 << 23) - 1
    assert (run.outputs["o"][:, 0] != expected).sum() > 20


def test_a_weight_word_has_its_place_for_every_field() -> None:
    layout = weight_layout(4)
    assert layout.size == 20
    assert [layout[name].offset for name in ("terms", "step", "scale")] == [0, 16, 19]
    assert (Widths(4).sum, Widths(4).total, Widths(4).result.size) == (17, 21, 29)


def test_lanes_that_no_pe_has_are_refused() -> None:
    with pytest.raises(InputError, match=r"PE: lanes is 5, must be one of 2, 4, 8, 16"):
        GroupPe(5)
