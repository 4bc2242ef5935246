"""Runs of a compiled component: what is driven, noted and counted, in either simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from accelsim.accelerators.systolic.bench.tiles import random_tile_trial
from accelsim.accelerators.systolic.verify import _Array
from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.arrays.weight_stationary import WeightStationaryArray
from accelsim.gateware.compiled import Compiled, Run
from accelsim.gateware.compiled.build import library_of
from accelsim.gateware.interpreted import Interpreted
from accelsim.gateware.streams import SkidBuffer

BITS = 40
STREAMS = ("i", "o", "coy", "endless", "fickle", "withdrawn", "weights", "activations", "results")
PARAMETERS: Any = _Array("weight-stationary", 2, 2, 8, 8)


class Bench(wiring.Component):
    """An array, a buffer, and streams that behave in odd ways.

    ``coy`` takes an item in every third cycle; ``endless`` always has one more, ``base`` and up;
    ``fickle`` changes what it offers, ``withdrawn`` withdraws it.
    """

    def __init__(self) -> None:
        self.array = WeightStationaryArray(2, 2, DenseArithmetic())
        self.buffer = SkidBuffer(BITS)
        members = {f: self.array.signature.members[f] for f in ("weights", "activations")}
        super().__init__(
            {
                **members,
                "results": self.array.signature.members["results"],
                "i": In(stream.Signature(BITS)),
                "o": Out(stream.Signature(BITS)),
                "coy": In(stream.Signature(4)),
                "endless": Out(stream.Signature(BITS)),
                "fickle": Out(stream.Signature(8)),
                "withdrawn": Out(stream.Signature(8)),
                "base": In(33),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.array, m.submodules.buffer = array, buffer = self.array, self.buffer
        for name in ("weights", "activations"):
            wiring.connect(m, wiring.flipped(getattr(self, name)), getattr(array, name))
        wiring.connect(m, array.results, wiring.flipped(self.results))
        wiring.connect(m, wiring.flipped(self.i), buffer.i)
        wiring.connect(m, buffer.o, wiring.flipped(self.o))
        count = Signal(8)
        third = Signal(range(3))
        given = Signal(16)
        m.d.sync += [count.eq(count + 1), third.eq(third + 1)]
        with m.If(third == 2):
            m.d.sync += third.eq(0)
        with m.If(self.endless.ready):
            m.d.sync += given.eq(given + 1)
        m.d.comb += [
            self.coy.ready.eq(third == 2),
            self.endless.valid.eq(1),
            self.endless.payload.eq(self.base + given),
            self.fickle.valid.eq(1),
            self.fickle.payload.eq(count),
            self.withdrawn.valid.eq(~count[0]),
            self.withdrawn.payload.eq(7),
        ]
        return m


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library_of(Bench(), cache=tmp_path_factory.mktemp("library"))


@pytest.fixture
def compiled(library: Path) -> Compiled:
    """After reset."""
    return Compiled(library)


def rows(*values: int, bits: int = BITS) -> Any:
    size = -(-bits // 32) * 4
    raw = b"".join(value.to_bytes(size, "little") for value in values)
    return np.frombuffer(raw, np.uint32).reshape(len(values), -1)


def held(*cycles: int, length: int = 64) -> Any:
    found = np.zeros(length, np.uint8)
    found[list(cycles)] = 1
    return found


def numbers(found: Any) -> list[int]:
    return [int.from_bytes(row.tobytes(), "little") for row in found]


def test_items_pass_and_their_cycles_are_noted(compiled: Compiled) -> None:
    items = [1, 2**39 + 5, 2**40 - 1]
    run = compiled.run({"i": rows(*items)}, {"o": 3})
    assert numbers(run.outputs["o"]) == items
    assert run.outputs["o"].shape == (3, 2)
    assert run.stamps["i"].tolist() == [0, 1, 2]
    assert run.stamps["o"].tolist() == [1, 2, 3]
    assert run.passed == {"i": 3, "o": 3}
    assert run.broken == {"i": 0, "o": 0}
    assert run.cycles == 4


def test_what_is_offered_stays_offered_where_its_stream_is_held_up(compiled: Compiled) -> None:
    # ``coy`` is ready in cycles 2, 5, 8, ...; an item offered before stays up in cycle 2.
    run = compiled.run({"coy": rows(*range(4), bits=4)}, {}, stalls={"coy": held(1, 2, 4, 5)})
    assert run.stamps["coy"].tolist() == [2, 5, 8, 11]
    fresh = compiled.run({"coy": rows(*range(2), bits=4)}, {}, stalls={"coy": held(*range(9))})
    # The next run goes on where this one ended, after 12 cycles.
    assert fresh.stamps["coy"].tolist() == [11, 14]


def test_results_are_taken_where_nothing_holds_them_up(compiled: Compiled) -> None:
    run = compiled.run({}, {"endless": 4}, stalls={"endless": held(0, 1, 3, 5)})
    assert run.stamps["endless"].tolist() == [2, 4, 6, 7]
    assert numbers(run.outputs["endless"]) == [0, 1, 2, 3]


def test_a_pattern_of_stalls_begins_anew_at_its_end(compiled: Compiled) -> None:
    run = compiled.run({}, {"endless": 5}, stalls={"endless": np.array([1, 0, 1], np.uint8)})
    assert run.stamps["endless"].tolist() == [1, 4, 7, 10, 13]


def test_items_beyond_those_asked_for_are_counted_and_not_kept(compiled: Compiled) -> None:
    run = compiled.run({}, {"endless": 3}, extra_cycles=6)
    assert numbers(run.outputs["endless"]) == [0, 1, 2]
    assert run.passed["endless"] == 9
    assert run.cycles == 9
    assert len(run.stamps["endless"]) == 3


def test_a_run_ends_in_any_case(compiled: Compiled) -> None:
    run = compiled.run({"i": rows(5)}, {"o": 3}, most_cycles=20)
    assert (run.cycles, run.passed["o"]) == (20, 1)
    assert run.stamps["o"].tolist() == [1, -1, -1]


def test_broken_streams_are_counted(compiled: Compiled) -> None:
    stalls = {name: held(2, 3, 4) for name in ("fickle", "withdrawn", "endless")}
    run = compiled.run({}, {"fickle": 8, "withdrawn": 4, "endless": 8}, stalls=stalls)
    # Seen in the cycle after: three times changed; offered in cycles 2 and 4, withdrawn after.
    assert run.broken == {"fickle": 3, "withdrawn": 2, "endless": 0}


def test_ports_have_widths_and_values(compiled: Compiled) -> None:
    assert (compiled.width("base"), compiled.width("i_payload")) == (33, BITS)
    assert compiled.has("endless_valid")
    assert not compiled.has("nothing")
    with pytest.raises(KeyError):
        compiled.width("nothing")
    with pytest.raises(KeyError):
        compiled.run({}, {"nothing": 1})
    compiled.set("base", 2**32 + 7)
    run = compiled.run({}, {"endless": 2})
    assert numbers(run.outputs["endless"]) == [2**32 + 7, 2**32 + 8]


def test_a_new_object_begins_with_reset(library: Path) -> None:
    for _ in range(2):
        found = Compiled(library).run({}, {"endless": 2})
        assert numbers(found.outputs["endless"]) == [0, 1]
    going = Compiled(library)
    assert numbers(going.run({}, {"endless": 2}).outputs["endless"]) == [0, 1]
    assert numbers(going.run({}, {"endless": 2}).outputs["endless"]) == [2, 3]
    # What a run leaves out offers and takes nothing.
    going.run({"i": rows(1)}, {"o": 1}, extra_cycles=9)
    assert numbers(going.run({}, {"endless": 1}).outputs["endless"]) == [4]


def test_waves_are_written(compiled: Compiled, tmp_path: Path) -> None:
    waves = tmp_path / "run.vcd"
    compiled.run({"i": rows(1, 2)}, {"o": 2}, vcd=waves)
    text = waves.read_text("utf-8")
    assert "$enddefinitions" in text
    assert "o_payload" in text
    # Twice a cycle, the last of three at its end.
    assert [f"#{each}" in text for each in (5, 10, 25, 30)] == [True, True, True, False]


def same(a: Run, b: Run) -> None:
    assert a.cycles == b.cycles
    assert a.passed == b.passed
    assert a.broken == b.broken
    for name, items in a.outputs.items():
        assert (items == b.outputs[name]).all(), name
    for name, stamps in a.stamps.items():
        assert (stamps == b.stamps[name]).all(), name


def test_both_simulators_say_the_same(compiled: Compiled, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    inputs = {
        "i": rows(*map(int, random.integers(0, 1 << BITS, 20))),
        "coy": rows(*range(9))[:, :1],
    }
    outputs = {"o": 20, "endless": 30, "fickle": 12, "withdrawn": 9}
    stalls = {name: (random.random(31) < 0.4).astype(np.uint8) for name in (*inputs, *outputs)}
    options: dict[str, Any] = {"stalls": stalls, "extra_cycles": 3}
    waves = tmp_path / "run.vcd"
    other = Interpreted(Bench()).run(inputs, outputs, vcd=waves, **options)
    same(compiled.run(inputs, outputs, **options), other)
    assert sum(other.broken.values())
    assert "o__payload" in waves.read_text("utf-8")


@pytest.mark.parametrize("stalled", [False, True])
def test_tiles_have_the_values_of_numpy_and_the_cycles_of_the_model(
    library: Path, stalled: bool
) -> None:
    class Runner:
        def run(self, *arguments: Any, **options: Any) -> Run:
            return Compiled(library).run(*arguments, **options)

    for seed in range(30):
        trial = random_tile_trial(PARAMETERS, np.random.default_rng(seed), stalled=stalled)
        run = trial.run(Runner())
        assert trial.wrong_values(run) == ""
        assert trial.wrong_cycles(run) == ""
        if seed == 0:
            same(run, trial.run(Interpreted(Bench())))


def test_what_is_compiled_is_kept(library: Path) -> None:
    before = library.stat().st_mtime_ns
    assert library_of(Bench(), cache=library.parent) == library
    assert library.stat().st_mtime_ns >= before
    assert sorted(each.suffix for each in library.parent.iterdir()) == [".sha256", ".so"]
