"""The parts of a comparison add up, and its sentences say what is so."""

import json
import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import accelsim
from accelsim.model.result_file import ResultFile
from accelsim.report.compare import apportion, compare
from accelsim.report.compare_text import comparison_text
from accelsim.report.compare_why import reasons
from accelsim.report.comparison import Change, Comparison

SMALL = {"B": 1, "H": 2, "M": 300, "P": 520}


def result(workload: str, on: str, **settings: Any) -> ResultFile:
    found = accelsim.simulate(workload, on=on, **settings).as_json()
    return ResultFile.model_validate(json.loads(json.dumps(found)))


@pytest.fixture(scope="module")
def results() -> dict[str, ResultFile]:
    bert = {"B": 1, "P": 333, "layers": 3}
    return {
        "fusemax": result("attention/three-pass", "fusemax", set=SMALL),
        "unfused": result("attention/three-pass", "unfused", set=SMALL),
        "flat": result("attention/three-pass", "flat", set=SMALL),
        "flat128": result("attention/three-pass", "flat", set=SMALL, arch={"array_2d.rows": 128}),
        "bert on flat-edge": result("bert-base", "flat-edge", set=bert),
        "bert on unfused": result("bert-base", "unfused", set={**bert, "layers": 5}),
        "matmul": result("matmul", "systolic-os"),
    }


NAMES = (
    "fusemax", "unfused", "flat", "flat128", "bert on flat-edge", "bert on unfused", "matmul",
)  # fmt: skip


@pytest.mark.parametrize("a", NAMES)
@pytest.mark.parametrize("b", NAMES)
def test_parts_add_up_to_the_whole_change(results: dict[str, ResultFile], a: str, b: str) -> None:
    found = compare(results[a], results[b]).as_json()
    total = found["totals"]["cycles"]["change"]
    assert total == results[b].cycles - results[a].cycles
    assert sum(layer["cycles"]["change"] for layer in found["layers"]) == total
    assert found["unassigned_cycles"] == 0
    for layer in found["layers"]:
        change = layer["cycles"]["change"]
        assert sum(block["cycles"]["change"] for block in layer["blocks"]) == change
        assert layer["unassigned_cycles"] == 0
        assert abs(change - (layer["cycles"]["b"] - layer["cycles"]["a"])) <= 1
    done = [units["b"] for layer in found["layers"] for units in layer["operations"].values()]
    assert sum(done) == results[b].operations
    energy = found["totals"]["energy_pj"]["change"]
    parts = [figures["energy_pj"]["change"] for figures in found["components"].values()]
    actions = [
        action["change"]
        for figures in found["components"].values()
        for action in figures["actions_pj"].values()
    ]
    totals = [results[a].energy_pj, results[b].energy_pj]
    if None in totals:
        assert energy is None
        assert None in parts
    else:
        scale = 1e-12 * sum(totals)
        assert math.fsum(parts) == pytest.approx(energy, abs=scale)
        assert math.fsum(actions) == pytest.approx(energy, abs=scale)
    json.dumps(found, allow_nan=False)
    comparison_text(compare(results[a], results[b]))


def test_the_other_way_round_is_the_negative(results: dict[str, ResultFile]) -> None:
    there = compare(results["fusemax"], results["flat"]).totals
    back = compare(results["flat"], results["fusemax"]).totals
    for key, change in there.items():
        assert change.change == -back[key].change
        assert change.ratio == pytest.approx(1 / back[key].ratio)


@given(
    st.lists(st.fractions(-1000, 1000, max_denominator=97), max_size=8),
    st.lists(st.fractions(0, 1000, max_denominator=97), max_size=8),
)
def test_apportioned_parts_are_rounded_down_or_up(a: list[Fraction], b: list[Fraction]) -> None:
    """The total is rounded up once on each side, as the cycles of a result are."""
    size = min(len(a), len(b))
    parts = [y - x for x, y in zip(a[:size], b[:size], strict=True)]
    total = math.ceil(sum(b[:size])) - math.ceil(sum(a[:size]))
    whole, rest = apportion(parts, total, slack=0)
    assert rest == 0
    assert sum(whole) == total
    assert all(abs(x - part) < 1 for x, part in zip(whole, parts, strict=True))


def test_what_does_not_add_up_is_told() -> None:
    assert apportion([Fraction(5), Fraction(2)], 9, slack=1) == ([5, 2], 2)
    assert apportion([Fraction(5), Fraction(2)], 9, slack=2) == ([7, 2], 0)
    assert apportion([], 3, slack=0) == ([], 3)


def test_the_part_closest_to_the_next_number_is_rounded_up() -> None:
    assert apportion([Fraction(1, 5), Fraction(9, 10), Fraction(2)], 3, slack=0)[0] == [0, 1, 2]


def block(name: str, limiting: str, **busy: float) -> dict[str, Any]:
    cycles = max(busy.values())
    return {
        "name": name, "cycles": cycles, "limiting": limiting, "busy_cycles": busy, "spilled": {},
    }  # fmt: skip


def made(*blocks: dict[str, Any], repeat: int = 1, **changes: Any) -> ResultFile:
    """A result of one layer of these blocks, with round figures."""
    cycles = sum(each["cycles"] for each in blocks) * repeat
    layer = {
        "name": "", "cascade": "c", "mapper": "m", "repeat": repeat, "cycles": cycles,
        "energy_pj": 10.0, "dram_bytes": 4.0, "utilization": {}, "tiles": {},
        "blocks": list(blocks),
    }  # fmt: skip
    data = {
        "schema_version": 1, "version": "0", "workload": "w", "architecture": "x", "mapper": "m",
        "objective": "latency", "fidelity": "analytic", "cycles": math.ceil(cycles),
        "seconds": 1.0, "energy_pj": 10.0,
        "energy_breakdown_pj": {"array": {"mac": 8.0}, "DRAM": {"read": 2.0}},
        "energy_missing": [], "area_um2": None, "area_missing": ["array.area_um2"],
        "utilization": {"array": 1.0}, "traffic_bytes": {"DRAM": 4.0}, "occupancy_bytes": {},
        "operations": 7, "peak_operations_per_s": {"array": 4e9}, "outermost_memory": "DRAM",
        "clock_hz": 1e9, "bandwidth_bytes_per_s": {"DRAM": 100.0}, "einsums": [],
        "layers": [layer], "sources": {},
    }  # fmt: skip
    return ResultFile.model_validate({**data, **changes})


def sentences(a: ResultFile, b: ResultFile) -> list[str]:
    return reasons(compare(a, b))


def test_a_block_that_is_limited_by_something_else() -> None:
    a = made(block("one", "array", array=900.0, DRAM=100.0), block("two", "DRAM", DRAM=50.0))
    b = made(block("one", "DRAM", array=800.0, DRAM=2000.0), block("two", "DRAM", DRAM=150.0))
    assert sentences(a, b) == [
        "one: +1,100 cycles (92% of the change): limited by DRAM, busy 100 -> 2,000; "
        "was limited by array, busy 900 -> 800",
        "two: +100 cycles (8% of the change): limited by DRAM in both, busy 50 -> 150",
    ]


def test_the_largest_share_comes_first_whatever_its_sign() -> None:
    a = made(block("one", "array", array=400.0), block("two", "array", array=1200.0))
    b = made(block("one", "array", array=900.0), block("two", "array", array=100.0))
    assert sentences(a, b) == [
        "two: -1,100 cycles (183% of the change): limited by array in both, busy 1,200 -> 100",
        "one: +500 cycles (83% against the change): limited by array in both, busy 400 -> 900",
    ]


def test_repeats_count() -> None:
    one = block("one", "array", array=10.25)
    found = sentences(made(one, repeat=2), made(one, repeat=6))
    assert found == [
        "one: +41 cycles (100% of the change): limited by array in both, busy 20 -> 62; "
        "repeat 2 -> 6"
    ]


def test_blocks_without_a_counterpart_are_a_group() -> None:
    a = made(block("fused", "epochs", array=300.0, epochs=400.0), block("z", "array", array=9.0))
    b = made(
        block("x", "array", array=300.0, DRAM=10.0),
        block("y", "DRAM", array=10.0, DRAM=100.0),
        block("z", "array", array=9.0),
    )
    assert sentences(a, b) == [
        "the same cycles".join(
            ["fused -> x, y: ", ": limited by array 75%, DRAM 25%; was limited "]
        )
        + "by its epochs one after the other; array busy 300 -> 310; DRAM busy none -> 110; "
        "its epochs one after the other busy 400 -> none"
    ]
    assert len(compare(a, b).layers[0].parts) == 2


def test_what_changes_behind_the_limit_is_told() -> None:
    a = made(block("one", "array", array=900.0, DRAM=100.0))
    b = made(block("one", "array", array=900.0, DRAM=300.0))
    assert sentences(a, b) == [
        "one: the same cycles: limited by array in both, busy 900; behind it DRAM busy 100 -> 300"
    ]


def test_machine_and_clock_are_told() -> None:
    one = block("one", "array", array=900.0)
    b = made(
        one,
        clock_hz=2e9,
        peak_operations_per_s={"array": 4e9},
        bandwidth_bytes_per_s={},
        sources={"array.rows": "set by the user (array.rows=1)"},
        version="9",
        workload="v",
    )
    assert sentences(made(one), b) == [
        "A is of accelsim 0, B of 9: the model may have changed",
        "array.rows in B: set by the user (array.rows=1)",
        "clock: 1,000 MHz -> 2,000 MHz; seconds compare, cycles do not",
        "array: 4 -> 2 PEs (0.500)",
        "DRAM: bandwidth 100 B/s -> unlimited",
        "the workloads differ (w, v); layers and Einsums are matched by name",
    ]


def test_energy_is_told_until_most_of_it_is_explained() -> None:
    one = block("one", "array", array=900.0)
    spent = {"array": {"mac": 108.0, "add": 1.0}, "DRAM": {"read": 1.0}}
    b = made(one, energy_breakdown_pj=spent, energy_pj=110.0)
    assert sentences(made(one), b) == [
        "energy +100 pJ (11.000): array mac +100 pJ, 2 more +0 pJ together"
    ]


def test_unknown_energy_is_unknown_and_not_nothing() -> None:
    one = block("one", "array", array=900.0)
    b = made(
        one,
        energy_breakdown_pj={"DRAM": {"read": 5.0}},
        energy_missing=["array.energy_pj.mac"],
        energy_pj=None,
    )
    found = compare(made(one), b)
    assert found.components["array"]["energy_pj"] == Change(8.0, None)
    assert found.components["DRAM"]["energy_pj"].change == 3.0
    assert "array" not in found.actions
    assert reasons(found) == [
        "energy in B is unknown: no figure for array.energy_pj.mac",
        "energy where it is known in both: DRAM read +3 pJ",
    ]
    text = comparison_text(found)
    assert "array energy  8 pJ  unknown      -" in text
    assert "area" in text
    assert found.as_json()["totals"]["energy_pj"] == {
        "a": 10.0, "b": None, "change": None, "ratio": None,
    }  # fmt: skip


def test_a_component_that_one_machine_lacks_spends_nothing_there() -> None:
    one = block("one", "array", array=900.0)
    b = made(one, energy_breakdown_pj={"DRAM": {"read": 2.0}}, energy_pj=2.0, utilization={},
             layers=[], cycles=0)  # fmt: skip
    figures = compare(made(one), b).components["array"]
    assert (figures["energy_pj"].b, figures["busy_cycles"].b) == (0.0, None)
    assert figures["traffic_bytes"] == Change(None, None)


def test_ratios_without_a_number_are_null() -> None:
    assert Change(0, 5).ratio is None
    assert Change(None, 5).ratio is None
    assert Change(1e-320, 1e150).ratio is None
    assert Change(4, 0).ratio == 0


def test_sentences_of_a_real_pair(results: dict[str, ResultFile]) -> None:
    """What they name is what the files say."""
    a, b = results["unfused"], results["fusemax"]
    found: Comparison = compare(a, b)
    (told,) = [line for line in reasons(found) if line.startswith("QK, softmax, AV -> ")]
    change = b.cycles - a.cycles
    assert f": {change:,} cycles (100% of the change)" in told
    assert "cascade attention/three-pass -> attention/one-pass" in told
    on = [sum(e.operations for e in r.einsums if e.unit == "array_1d") for r in (a, b)]
    assert f"operations on array_1d {on[0]:,} -> {on[1]:,}" in told
    busy = [
        sum(each.busy_cycles["array_1d"] for each in r.layers[0].blocks if "array_1d" in
            each.busy_cycles) for r in (a, b)
    ]  # fmt: skip
    assert f"array_1d busy {busy[0]:,.0f} -> {busy[1]:,.0f}" in told


def test_equal_results(results: dict[str, ResultFile]) -> None:
    found = compare(results["flat"], results["flat"])
    assert found.same
    assert reasons(found) == []
    assert comparison_text(found).endswith("\nno difference")
    other = results["flat"].model_copy(update={"cycles": results["flat"].cycles + 1})
    assert not compare(results["flat"], other).same


def fpga(luts: int, **changed: Any) -> dict[str, Any]:
    resources = {"LUT4": luts, "FF": 50}
    return {
        "part": "LFE5U-85F", "resources": resources, "available": {}, "fits": True, **changed
    }  # fmt: skip


def on_fpga(found: ResultFile, **entry: Any) -> ResultFile:
    return ResultFile.model_validate({**found.model_dump(), "fpga": entry})


def test_what_they_take_of_an_fpga(results: dict[str, ResultFile]) -> None:
    a = on_fpga(results["matmul"], **fpga(100))
    found = compare(a, on_fpga(results["matmul"], **fpga(150)))
    assert not found.same
    assert found.as_json()["fpga"] == {
        "LUT4": {"a": 100, "b": 150, "change": 50, "ratio": 1.5},
        "FF": {"a": 50, "b": 50, "change": 0, "ratio": 1.0},
    }
    text = comparison_text(found)
    assert "\n\nFPGA    A    B    B/A\nLUT4  100  150  1.500\n\n" in text
    assert not [sentence for sentence in reasons(found) if "FPGA" in sentence]
    other = fpga(100, part="XCUP", resources={"LUT": 7}, fits=False)
    found = compare(a, on_fpga(results["matmul"], **other))
    assert "\nLUT4  100  -    -\nFF     50  -    -\nLUT     -  7    -\n" in comparison_text(found)
    assert reasons(found)[:2] == [
        "FPGA: LFE5U-85F -> XCUP; resources of different parts are hard to compare",
        "the machine fits its FPGA in A only",
    ]
    found = compare(results["matmul"], a)
    assert reasons(found)[0] == "only B says what it takes of an FPGA"
    assert compare(results["flat"], results["flat128"]).as_json()["fpga"] == {}


def documented(heading: str) -> list[str]:
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.M)


def test_the_page_lists_every_key(results: dict[str, ResultFile]) -> None:
    found = compare(results["unfused"], results["fusemax"]).as_json() | {"why": []}
    assert documented("Comparison") == list(found)
    (layer,) = found["layers"]
    assert documented("`layers[]` of a comparison") == list(layer)
    assert documented("`layers[].blocks[]` of a comparison") == list(layer["blocks"][0])
    assert documented("`components` of a comparison") == list(found["components"]["DRAM"])
