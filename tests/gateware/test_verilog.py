"""The emitter: what it writes equals what it was given, proven by Yosys; and how it reads."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("amaranth")

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from accelsim.accelerators.bitmod.expander import TermExpander
from accelsim.accelerators.bitmod.gather import GatheringArithmetic
from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.accelerators.bitmod.pe.group import GroupPe
from accelsim.accelerators.bitmod.pe.parts import PARTS
from accelsim.errors import UnsupportedError
from accelsim.formats import number_format
from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.arrays.output_stationary import OutputStationaryArray
from accelsim.gateware.arrays.weight_stationary import WeightStationaryArray
from accelsim.gateware.axi import AxiLiteRegisters, Register
from accelsim.gateware.floats import FloatAdd, FloatMultiply
from accelsim.gateware.scratchpad import Scratchpad
from accelsim.gateware.sequencer.accumulator import Accumulator
from accelsim.gateware.sequencer.core import MatrixCore
from accelsim.gateware.sequencer.movers import Loops
from accelsim.gateware.sequencer.tiles import TileSizes, TileWalker
from accelsim.gateware.sequencer.walk import Walk
from accelsim.gateware.sharing import rtlil_of
from accelsim.gateware.streams import Fifo, Narrow, SkidBuffer, Widen
from accelsim.gateware.trees import AdderTree
from accelsim.gateware.verilog import verilog_of
from accelsim.gateware.verilog.netlist import read_rtlil

YOSYS = shutil.which("yosys")
needs_yosys = pytest.mark.skipif(YOSYS is None, reason="needs yosys: apt install yosys")

# From reset values on, both get the same inputs; SAT looks for any at which outputs differ.
SCRIPT = """
read_rtlil {folder}/gold.il
hierarchy -top top; proc; flatten; memory; opt -full; zinit -all; rename top gold
design -stash gold
read_verilog {folder}/gate.v
hierarchy -check -top top; proc; flatten; memory; opt -full; zinit -all; rename top gate
design -stash gate
design -copy-from gold -as gold gold; design -copy-from gate -as gate gate
miter -equiv -flatten -make_assert gold gate miter; hierarchy -top miter; opt -full
sat -verify -prove-asserts -seq 0 -maxsteps {steps} -tempinduct -tempinduct-baseonly miter
"""


def equal(folder: Path, rtlil: str, verilog: str, steps: int) -> bool:
    """Whether RTLIL and Verilog do the same in their first cycles, whatever comes in."""
    (folder / "gold.il").write_text(rtlil, "utf-8")
    (folder / "gate.v").write_text(verilog, "utf-8")
    (folder / "prove.ys").write_text(SCRIPT.format(folder=folder, steps=steps), "utf-8")
    command = [str(YOSYS), "-q", str(folder / "prove.ys")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0 or "proof did fail" in said, said
    return done.returncode == 0


def check(folder: Path, make: Callable[[], Any], steps: int) -> str:
    text = verilog_of(make(), "top")
    assert equal(folder, rtlil_of(make(), "top"), text, steps)
    return text


class Operators(wiring.Component):
    """All operators, of operands of odd widths, signed and not."""

    def __init__(self, a: Any, b: Any) -> None:
        self.shapes = a, b
        super().__init__({"a": In(a), "b": In(b), "s": In(3), "y": Out(400), "z": Out(24)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, s = self.a, self.b, self.s
        total = Signal(signed(12))
        m.d.comb += total.eq(a - b)
        found = [a + b, a - b, a * b, a & b, a | b, a ^ b, ~a, -a, -b, a == b, a != b, a < b]
        found += [a <= b, a > b, a >= b, a << s, a >> s, b >> s, total >> s, (a + b)[1:3]]
        found += [a.any(), a.all(), b.xor(), a.bool(), Mux(a == 1, a, b), Mux(s[0], b, 3)]
        found += [(a + b) * b, abs(a), a.as_unsigned().bit_select(s, 2)]
        found += [(a * 3)[2:], a == -1, (a - 1) < b, Array([a, b, total])[s[:2]]]
        found += [a.as_unsigned().word_select(s[0], 2), Cat(a, b, s).rotate_left(3), total < 0]
        found += [s[0] == 0, s[1] == 1, s[1] != 0, s[2] != 1, a + Const(-1, signed(2)), -a == -1]
        if not self.shapes[0].signed and not self.shapes[1].signed:
            found += [a // b, a % b]
        m.d.comb += self.y.eq(Cat(*found))
        with m.Switch(s):
            with m.Case("1--"):
                m.d.comb += self.z[:12].eq(total)
            with m.Case("0-1", "010"):
                m.d.comb += self.z[4:20].eq(a)
                with m.If(a > b):
                    m.d.comb += self.z[6:9].eq(b)
                with m.Elif(b[0]):
                    m.d.comb += self.z[8:10].eq(~s)
            with m.Default():
                m.d.comb += self.z.eq(-1)
        with m.If(s == 5):
            m.d.comb += self.z[20:].eq(a)
        return m


class Registers(wiring.Component):
    """Registers under conditions of all kinds, with a reset and without."""

    def __init__(self) -> None:
        super().__init__({"a": In(3), "b": In(3), "x": Out(6, init=5), "y": Out(6), "z": Out(6)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b = self.a, self.b
        held = Signal(6, init=9, reset_less=True)
        early, late = Signal(3), Signal(3)
        begin, final, reg = Signal(name="begin"), Signal(name="final"), Signal(2, name="reg")
        m.d.sync += [begin.eq(a[0]), final.eq(begin), self.y.eq(held + final)]
        with m.If(a == 0):
            m.d.sync += self.x[:3].eq(b)
        with m.Elif(b[1] | final):
            m.d.sync += [self.x.eq(self.x + 1), held.eq(held ^ a)]
            with m.If(a > b):
                m.d.sync += self.x[5].eq(1)
        with m.Else(), m.If(reg == 2):
            m.d.sync += held.eq(self.x - b)
        with m.If(b == 7):
            m.d.sync += [held[:2].eq(a), reg.eq(reg + 1)]
        # Of one register in this order, of the other in that.
        with m.If(a[0]):
            m.d.sync += early.eq(1)
        with m.If(a[1]):
            m.d.sync += [early.eq(b), late.eq(b + 1)]
        with m.If(a[2]):
            m.d.sync += [early.eq(b + 2), late.eq(b + 3)]
        with m.If(a[1]):
            m.d.sync += late.eq(b + 4)
        m.d.comb += self.z.eq(early ^ (late << 3))
        with m.Switch(reg):
            with m.Case(0, 3):
                m.d.sync += self.y[3:].eq(a)
            with m.Case(1):
                m.d.sync += reg.eq(3)
        return m


class OneWord(wiring.Component):
    """A memory whose address has no bits, and other values without."""

    def __init__(self) -> None:
        super().__init__({"a": In(3), "write": In(1), "y": Out(3), "z": Out(3)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=unsigned(3), depth=1, init=[5])
        write, read = memory.write_port(), memory.read_port()
        at = Signal(range(1))
        with m.If(self.write):
            m.d.sync += at.eq(at + 1)
        m.d.comb += [write.addr.eq(at), write.data.eq(self.a), write.en.eq(self.write)]
        m.d.comb += [read.addr.eq(at), self.y.eq(read.data), self.z.eq((self.a >> at) + at)]
        return m


def dense() -> DenseArithmetic:
    return DenseArithmetic(activation_bits=2, weight_bits=2, result_bits=4)


SHAPES = [
    (unsigned(4), unsigned(3)),
    (signed(4), signed(3)),
    (signed(3), unsigned(5)),
    (unsigned(3), signed(6)),
]


@needs_yosys
@pytest.mark.parametrize("shapes", SHAPES, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_operators_are_what_they_were(shapes: tuple[Any, Any], tmp_path: Path) -> None:
    check(tmp_path, lambda: Operators(*shapes), 1)


@needs_yosys
@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (Registers, 8),
        (lambda: Walk(3, 4, 5, "middle"), 6),
        (lambda: Fifo(3, 4), 8),
        (lambda: Narrow(3, 4), 8),
        (OneWord, 6),
    ],
    ids=["registers", "walk", "fifo", "narrow", "address-without-bits"],
)
def test_parts_are_what_they_were(make: Callable[[], Any], steps: int, tmp_path: Path) -> None:
    check(tmp_path, make, steps)


@pytest.mark.slow
@needs_yosys
@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda: SkidBuffer(5), 20),
        (lambda: Widen(3, 4), 12),
        (lambda: TileWalker(TileSizes(4, 2, 3)), 8),
        (lambda: Scratchpad(2, 3), 10),
        (lambda: AdderTree(5, signed(3)), 6),
        (lambda: WeightStationaryArray(2, 2, dense()), 12),
        (lambda: OutputStationaryArray(3, 2, dense()), 12),
        (
            lambda: Accumulator(TileSizes(2, 2, 2), Loops(("n", "k", "m"), "middle"), dense(), 2),
            9,
        ),
        (
            lambda: AxiLiteRegisters(
                (
                    Register("a", 0, "rw", reset=3, bits=9),
                    Register("b", 4, "r"),
                    Register("c", 8, "w1", bits=2),
                ),
                address_bits=4,
            ),
            8,
        ),
        (lambda: MatrixCore("weight-stationary", 2, 2, dense(), steps=2, folds=2), 6),
        (lambda: MatrixCore("weight-stationary", 2, 2, dense(), steps=2, folds=1), 6),
        (lambda: MatrixCore("output-stationary", 2, 2, dense(), steps=2, folds=2), 6),
        (lambda: FloatAdd(number_format("fp8_e4m3")), 6),
        (lambda: FloatMultiply(*[number_format("fp8_e4m3")] * 3), 6),
    ],
)
def test_more_parts_are_what_they_were(make: Callable[[], Any], steps: int, tmp_path: Path) -> None:
    check(tmp_path, make, steps)


PE_STEPS = {"dequantizer": 12, "dequantizer with counter": 14}
"""Of parts in which values are under way for so long."""
BITMOD = BitModParameters(rows=1, columns=2, lanes=2, group=32, folds=1)


@pytest.mark.slow
@needs_yosys
@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda: TermExpander(BITMOD, TileSizes(1, 1, 16)), 8),
        (
            lambda: Accumulator(
                TileSizes(2, 2, 2), Loops(("n", "m", 2)), GatheringArithmetic(2), 1
            ),
            9,
        ),
        (lambda: GroupPe(2), 8),
        *((make, PE_STEPS.get(name, 4)) for name, make in PARTS.items()),
    ],
    ids=["expander", "accumulator", "pe", *PARTS],
)
def test_parts_of_bitmod_are_what_they_were(
    make: Callable[[], Any], steps: int, tmp_path: Path
) -> None:
    check(tmp_path, make, steps)


@needs_yosys
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("i_ready <= 1'b0", "i_ready <= 1'b1"),
        ("spare <= i_payload", "spare <= o_payload"),
        ("o_payload <= spare", "o_payload <= i_payload"),
    ],
)
def test_the_proof_finds_what_is_wrong(right: str, wrong: str, tmp_path: Path) -> None:
    text = verilog_of(SkidBuffer(3), "top")
    assert right in text
    broken = text.replace(right, wrong, 1)
    assert not equal(tmp_path, rtlil_of(SkidBuffer(3), "top"), broken, 6)


def test_conditions_and_names_are_those_of_the_source() -> None:
    text = verilog_of(SkidBuffer(3), "skid")
    assert "output reg  o_valid = 1'b0," in text
    body = text[text.index("always") :]
    assert "if (rst) begin" in body
    assert "end else" in body
    assert "?" not in text


def test_keywords_are_no_names() -> None:
    text = verilog_of(Registers(), "top")
    assert re.search(r"reg +begin_ =", text)
    assert re.search(r"reg +final_ =", text)
    assert re.search(r"reg +\[1:0\] reg_ =", text)


def test_modules_that_are_alike_become_one() -> None:
    text = verilog_of(WeightStationaryArray(3, 2, dense()), "top")
    modules = re.findall(r"^module (\w+)", text, re.M)
    assert modules[0] == "top"
    assert sorted(modules[1:]) == ["top_buffer", "top_pe", "top_registered_multiplier_s2_s2"]
    assert len(re.findall(r"^  top_pe pe_\d_\d \($", text, re.M)) == 6


def test_the_header_and_comments_stand_above_modules() -> None:
    text = verilog_of(
        WeightStationaryArray(2, 2, dense()), "top", header="A\nB", comments={"pe": "One PE."}
    )
    assert text.startswith("// A\n// B\n")
    assert "// One PE.\nmodule top_pe (" in text


def test_the_same_bytes_in_every_process() -> None:
    code = (
        "from accelsim.gateware.streams import Fifo\n"
        "from accelsim.gateware.verilog import verilog_of\n"
        "print(verilog_of(Fifo(9, 5), 'top'), end='')"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {verilog_of(Fifo(9, 5), "top")}


class Empty(wiring.Component):
    """Bits of nothing, and shifts by a value with a name that leave fewer bits."""

    def __init__(self) -> None:
        super().__init__({"a": In(9), "by": In(3), "y": Out(5)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        window = Signal(2)
        m.d.comb += [
            window.eq(self.a.bit_select(self.by, 2)),
            self.y.eq(Cat(window, self.a[4:4].all(), self.a[4:4].any(), (self.a << self.by)[7])),
        ]
        return m


@needs_yosys
def test_nothing_is_all_set_and_a_named_shift_is_cut(tmp_path: Path) -> None:
    check(tmp_path, Empty, 1)


class Odd(wiring.Component):
    """Signed division, which Verilog rounds differently."""

    def __init__(self) -> None:
        super().__init__({"a": In(signed(4)), "b": In(signed(4)), "y": Out(signed(5))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.y.eq(self.a // self.b)
        return m


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("autoidx 3", "with 'autoidx 3', which is not known here; install the Amaranth"),
        ("module \\top\nsync always\nend", "with 'sync always', which is not known"),
        ("module \\top\nwire width 1 \\a", "module top does not end"),
        ("module \\top\ncell $not $1\nparameter \\WIDTH 4", r"cell \$1 does not end"),
        ("module \\top\ncell $not $1\nparameter signed \\W 4", "with 'parameter signed"),
        ("module \\top\nconnect \\a 1.5", "with '1.5', which is not known"),
        ("module \\top\nprocess $1", "a process does not end"),
        ("module \\top\nprocess $1\nswitch 1'0", "a switch does not end"),
        ("module \\top\nprocess $1\nswitch 1'0\nsync", "with 'sync', which is not known"),
    ],
)
def test_a_description_of_another_amaranth_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        read_rtlil(text)


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="divfloor of signed values"):
        verilog_of(Odd(), "top")
