"""The block that takes the place of the registered multiplier on ECP5 does what it does."""

from pathlib import Path

import pytest
from amaranth.hdl import Shape, signed, unsigned

from accelsim.errors import InputError, UnsupportedError
from accelsim.gateware.fpga.flow import synthesis_script
from accelsim.gateware.fpga.targets import TARGETS
from accelsim.gateware.fpga.tools import find_tool, run_tool
from accelsim.gateware.multiplier import RegisteredMultiplier
from accelsim.gateware.sharing import place, rtlil_of

HERE = Path(__file__).parent
CYCLES = 7


def test_names_tell_multipliers_apart() -> None:
    names = {
        RegisteredMultiplier(left, right).module
        for left in (signed(8), unsigned(8), signed(4))
        for right in (signed(8), unsigned(8))
    }
    assert len(names) == 6
    assert "registered_multiplier_s8_u8" in names


def test_refuses_widths() -> None:
    with pytest.raises(InputError, match="bits of left are 65, must be from 1 to 64"):
        RegisteredMultiplier(unsigned(65), unsigned(1))
    with pytest.raises(InputError, match="bits of right are 8, must be from 1 to 64"):
        RegisteredMultiplier(unsigned(1), 8)  # type: ignore[arg-type]


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
def test_the_block_is_equal_for_all_operands_and_enables(
    left: Shape, right: Shape, tmp_path: Path
) -> None:
    """Proved over some cycles, for every operand and enable, with a model of the block."""
    try:
        yosys = find_tool("yosys")
    except UnsupportedError as error:
        pytest.skip(str(error))
    part = RegisteredMultiplier(left, right)
    (tmp_path / "ours.il").write_text(rtlil_of(part, "ours"))
    # What the flow does: the same module by its name, in a design that holds it once.
    text = rtlil_of(_Holder(part), "holder")
    (tmp_path / "design.il").write_text(text)
    folder = Path(synthesis_script.__code__.co_filename).parent
    mapped = folder / str(TARGETS["ecp5"].multiplier)
    (tmp_path / mapped.name).write_text(mapped.read_text())
    (tmp_path / "model.v").write_text((HERE / "mult18x18d.v").read_text())
    commands = synthesis_script(text, "holder", TARGETS["ecp5"]).splitlines()
    commands = [line for line in commands if not line.startswith(("synth", "delete t:", "tee"))]
    assert any(line.startswith("setparam -type") for line in commands)
    script = [
        *commands,
        *("read_verilog model.v", "read_rtlil ours.il", "setattr -mod -unset top *"),
        *("hierarchy -check", "proc", "flatten", "opt_clean"),
        "miter -equiv -flatten ours holder miter",
        f"sat -verify -set-init-zero -seq 1 -tempinduct-baseonly -maxsteps {CYCLES} "
        "-tempinduct -prove trigger 0 miter",
    ]
    (tmp_path / "prove.ys").write_text("\n".join(script))
    done = run_tool(yosys, ["-q", "prove.ys"], tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


class _Holder(RegisteredMultiplier):
    """A design with the ports of the multiplier that it holds."""

    def __init__(self, part: RegisteredMultiplier) -> None:
        super().__init__(*part._operands)
        self._part = part

    def elaborate(self, platform: object) -> object:
        from amaranth.hdl import Module

        m = Module()
        part = self._part
        m.submodules.part = place(part, platform, part.module)
        m.d.comb += [
            part.enable.eq(self.enable),
            part.left.eq(self.left),
            part.right.eq(self.right),
            self.product.eq(part.product),
        ]
        return m
