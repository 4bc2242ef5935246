"""Searches on arrays with lanes, bit-serial operations and energies by tile and cycle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import accelsim
from accelsim.architecture import load_architecture
from accelsim.errors import UnsupportedError
from accelsim.mapping.schema import SearchFile
from accelsim.search.search_key import key_of
from accelsim.workload import Layer, Workload, load_template

SIZES = {"M": 32, "N": 24, "K": 16}
SERIAL = """\
extends: ref3
name: serial
components:
  PEs:
    operations: {multiply-add: {actions: {mac: 1}, serial_bits: 2}}
"""


def product(weights: str) -> Workload:
    template = replace(load_template("matmul"), formats={"default": "fp16", "B": weights})
    return Workload("x", (Layer("", template, SIZES),))


@pytest.fixture
def serial(tmp_path: Path) -> str:
    path = tmp_path / "serial.yaml"
    path.write_text(SERIAL)
    return str(path)


@pytest.mark.parametrize("mapper", ["auto", "optimal"])
@pytest.mark.parametrize(("weights", "cycles"), [("int8", 4), ("int6", 3), ("bitmod-fp4", 2)])
def test_what_is_searched_is_what_is_counted(
    serial: str, mapper: str, weights: str, cycles: int
) -> None:
    """16 by 16 PEs: 48 steps at least, each as long as its weights have pairs of bits."""
    result = accelsim.simulate(product(weights), on=serial, mapper=mapper)
    (block,) = result.layers[0].blocks
    assert block.busy_cycles["PEs"] == 32 * 24 * 16 // 256 * cycles
    assert result.cycles >= block.busy_cycles["PEs"]


TWO = """\
name: two arrays
clock_hz: 1.0e+9
word_bits: 16
components:
  DRAM: {kind: memory}
  serial:
    kind: array
    parent: DRAM
    rows: 8
    columns: 8
    operations: {multiply-add: {actions: {mac: 1}, serial_bits: 2}}
  plain:
    kind: array
    parent: DRAM
    rows: 4
    columns: 8
    operations: {multiply-add: {actions: {mac: 1}}}
"""


@pytest.mark.parametrize(
    ("weights", "unit", "cycles"), [("int2", "serial", 192), ("int6", "plain", 384)]
)
def test_the_faster_array_is_taken(tmp_path: Path, weights: str, unit: str, cycles: int) -> None:
    """64 PEs of a cycle beat 32 of one cycle; of three cycles they do not."""
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    result = accelsim.simulate(product(weights), on=str(path), mapper="auto")
    assert (result.einsums[0].unit, result.cycles) == (unit, cycles)


def test_equal_bits_of_other_numbers_are_another_search(
    serial: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three cycles of int6 and two of FP4 in as many bits of memory: neither finds the other's."""
    monkeypatch.setenv("ACCELSIM_CACHE", str(tmp_path / "cache"))
    found = [
        accelsim.simulate(product(weights), on=serial, mapper="optimal").layers[0].blocks[0]
        for weights in ("int6~4", "bitmod-fp4", "int6~4")
    ]
    assert [block.busy_cycles["PEs"] for block in found] == [144, 96, 144]
    assert len(list((tmp_path / "cache" / "searches").iterdir())) == 2


def test_keys_of_searches(serial: str) -> None:
    """Formats count only where the array takes them bit by bit."""

    def keys(on: str) -> set[str]:
        machine = load_architecture(on)
        layers = [product(each).layers[0] for each in ("int6~4", "bitmod-fp4", "int4")]
        return {
            key_of(
                ["Z"],
                layer.cascade,
                machine,
                words={tensor: layer.bits(tensor, 16) for tensor in "ABZ"},
                search=SearchFile(),
            ).text
            for layer in layers
        }

    assert len(keys(serial)) == 2
    assert len(keys("ref3")) == 1


@pytest.mark.parametrize("mapper", ["optimal", "anneal"])
def test_searches_refuse_lanes(mapper: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        accelsim.simulate("matmul", on="bitmod", mapper=mapper, set=SIZES)
    assert str(caught.value) == (
        "searches lay nothing over the 4 lanes of 'array'; use a mapper with cases, or --mapper "
        "auto, which leaves them idle"
    )


@pytest.mark.parametrize("mapper", ["optimal", "anneal"])
@pytest.mark.parametrize(
    ("arch", "figures"),
    [
        ({}, "array.cycle_energy_pj and weights.energy_pj.tile and activations.energy_pj.tile"),
        (
            {"weights.energy_pj.tile": "null", "activations.energy_pj.tile": "null"},
            "array.cycle_energy_pj",
        ),
        (
            {"array.cycle_energy_pj": 0, "weights.energy_pj.tile": "null"},
            "activations.energy_pj.tile",
        ),
    ],
)
def test_searches_refuse_energies_that_do_not_follow_from_bits(
    mapper: str, arch: dict[str, int | float | str], figures: str
) -> None:
    with pytest.raises(UnsupportedError) as caught:
        accelsim.simulate("matmul", on="bitmod-fp16", mapper=mapper, set=SIZES, arch=arch)
    assert str(caught.value) == (
        f"searches do not weigh {figures}; use a mapper with cases, or --mapper auto"
    )


def test_the_enumerated_set_leaves_lanes_idle_and_counts_everything() -> None:
    """32 by 24 by 16 on 1,024 PEs, one point a time each, 8 cycles for words of 16 bits."""
    result = accelsim.simulate("matmul", on="bitmod", mapper="auto", set=SIZES)
    (block,) = result.layers[0].blocks
    assert block.busy_cycles["array"] == 16 * 8
    assert result.utilization["array"] < 0.25
    assert result.energy_breakdown_pj["array"]["cycle"] == pytest.approx(16 * 8 * 1024 * 0.84)
