"""Cells that take the place of our parts on ECP5 do what these do, proved with models of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Module, Shape, signed, unsigned
from amaranth.lib import wiring

from accelsim.errors import InputError, UnsupportedError
from accelsim.gateware import fpga
from accelsim.gateware.fpga.flow import synthesis_script
from accelsim.gateware.fpga.targets import TARGETS
from accelsim.gateware.fpga.tools import find_tool, run_tool
from accelsim.gateware.multiplier import RegisteredMultiplier
from accelsim.gateware.sharing import place, rtlil_of
from accelsim.gateware.sum_register import SumRegister

HERE = Path(__file__).parent
ECP5 = TARGETS["ecp5"]


class Holder(wiring.Component):  # type: ignore[misc]
    """A design with the ports of the part that it holds, as the flow meets it."""

    def __init__(self, part: Any) -> None:
        self.part = part
        super().__init__(part.signature)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.part = place(self.part, platform, self.part.module)
        for (name,), member, own in self.signature.flatten(self):
            held = getattr(self.part, name)
            m.d.comb += held.eq(own) if member.flow == wiring.In else own.eq(held)
        return m


def test_names_tell_multipliers_apart() -> None:
    names = set()
    for left in (signed(8), unsigned(8), signed(4)):
        for right in (signed(8), unsigned(8)):
            part = RegisteredMultiplier(left, right)
            part._MustUse__silence = True
            names.add(part.module)
    assert len(names) == 6
    assert "registered_multiplier_s8_u8" in names


def test_refuses_widths() -> None:
    with pytest.raises(InputError, match="left is 65, must be a shape of 1 to 64 bits"):
        RegisteredMultiplier(unsigned(65), unsigned(1))
    with pytest.raises(InputError, match="right is 8, must be a shape of 1 to 64 bits"):
        RegisteredMultiplier(unsigned(1), 8)  # type: ignore[arg-type]
    for bits in (0, 129, True, 2.0):
        with pytest.raises(InputError, match="must be a whole number from 1 to 128"):
            SumRegister(bits)  # type: ignore[arg-type]


def test_parts_are_replaced_where_they_fit() -> None:
    fits = rtlil_of(Holder(RegisteredMultiplier(signed(18), unsigned(7))), "design")
    script = synthesis_script(fits, "design", ECP5)
    assert "delete registered_multiplier_s18_u7" in script
    for value in ("LEFT_BITS 18", "RIGHT_BITS 7", "LEFT_SIGNED 1", "RIGHT_SIGNED 0"):
        assert f"-set {value}" in script
    wide = rtlil_of(Holder(RegisteredMultiplier(signed(19), unsigned(7))), "design")
    assert "delete registered" not in synthesis_script(wide, "design", ECP5)
    assert "delete registered" not in synthesis_script(fits, "design", TARGETS["ice40"])


def _prove(make: Callable[[], Any], tmp_path: Path, *given: str) -> None:
    """What the flow puts in its place is equal to a part, for all inputs that are not given."""
    try:
        yosys = find_tool("yosys")
    except UnsupportedError as error:
        pytest.skip(str(error))
    # Made only now: Amaranth warns of parts that lead to nothing.
    part = make()
    text = rtlil_of(Holder(part), "holder")
    (tmp_path / "design.il").write_text(text)
    (tmp_path / "ours.il").write_text(rtlil_of(part, "ours"))
    for source in (*Path(fpga.__file__).parent.glob("*.v"), HERE / "models.v"):
        (tmp_path / source.name).write_text(source.read_text())
    mapping = [
        line
        for line in synthesis_script(text, "holder", ECP5).splitlines()
        if line.startswith(("read", "delete registered", "delete sum", "select", "setparam"))
    ]
    assert any(line.startswith("setparam -type") for line in mapping)
    script = [
        *mapping,
        *("read_verilog models.v", "read_rtlil ours.il", "setattr -mod -unset top *"),
        *("hierarchy -check", "proc", "flatten", "opt_clean"),
        "miter -equiv -flatten ours holder miter",
        # From cleared registers on, over more cycles than parts have registers.
        "sat -verify -set-init-zero -tempinduct-baseonly -maxsteps 7 -tempinduct "
        f"-prove trigger 0 {' '.join(given)} miter",
    ]
    (tmp_path / "prove.ys").write_text("\n".join(script))
    done = run_tool(yosys, ["-q", "prove.ys"], tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (signed(4), signed(4)),
        (unsigned(4), unsigned(3)),
        (signed(3), unsigned(4)),
        (unsigned(1), signed(4)),
    ],
)
def test_multiplier(left: Shape, right: Shape, tmp_path: Path) -> None:
    _prove(lambda: RegisteredMultiplier(left, right), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("left", [signed(18), unsigned(18)])
@pytest.mark.parametrize("right", [signed(18), unsigned(18)])
def test_multiplier_as_wide_as_the_block(left: Shape, right: Shape, tmp_path: Path) -> None:
    # What the block takes for a sign shows in the upper bits alone; all operands are too many.
    given = ("-set in_left 233017", "-set in_right 180001")
    _prove(lambda: RegisteredMultiplier(left, right), tmp_path, *given)


@pytest.mark.slow
@pytest.mark.parametrize("bits", [1, 7, 32])
def test_sum_register(bits: int, tmp_path: Path) -> None:
    _prove(lambda: SumRegister(bits), tmp_path)
