"""FPGAs that designs are synthesised for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from accelsim.errors import InputError, unknown_name

__all__ = ["TARGETS", "Target", "target_called"]


@dataclass(frozen=True)
class Target:
    """A part, and the tools' arguments for it."""

    name: str
    part: str
    synthesis: str
    """Yosys command."""
    luts: Mapping[str, int]
    """Cell -> LUTs in it; a cell that ends in ``*`` stands for all that begin so."""
    ffs: tuple[str, ...]
    block_rams: tuple[str, ...]
    distributed_rams: tuple[str, ...]
    dsps: tuple[str, ...]
    carry_cells: tuple[str, ...]
    router: str | None
    """Place and route tool."""
    router_arguments: tuple[str, ...] = ()
    router_missing: str = ""
    """Why there is none."""
    available_dsps: int | None = None
    """Of the part, for a clear message."""
    multiplier: str | None = None
    """Verilog module, in a file of its name, that takes the place of ``RegisteredMultiplier``."""
    multiplier_bits: int = 0
    """Of each of its operands, at most."""
    sum_register: str | None = None
    """The same for ``SumRegister``."""
    needs_pins: bool = field(default=False)
    """Whether place and route wants a pin for every port: then registers stand for them."""


_TARGETS = (
    Target(
        name="ecp5",
        part="Lattice LFE5U-85F, speed grade 6, CABGA756",
        synthesis="synth_ecp5",
        luts={"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4},
        ffs=("TRELLIS_FF",),
        block_rams=("DP16KD",),
        distributed_rams=("TRELLIS_DPR16X4",),
        dsps=("MULT18X18D",),
        carry_cells=("CCU2C",),
        router="nextpnr-ecp5",
        # Asked for more than is reached, the placer goes on to the end.
        router_arguments=(
            *("--85k", "--speed", "6", "--package", "CABGA756"),
            *("--out-of-context", "--freq", "150"),
        ),
        available_dsps=156,
        multiplier="ecp5_registered_multiplier",
        multiplier_bits=18,
        sum_register="ecp5_sum_register",
    ),
    Target(
        # Of the iCE40 family the UltraPlus alone has multipliers (eight); without them an 8-bit
        # multiplier takes about a hundred LUTs.
        name="ice40",
        part="Lattice iCE40UP5K, SG48",
        synthesis="synth_ice40 -device u -dsp",
        luts={"SB_LUT4": 1},
        ffs=("SB_DFF*",),
        block_rams=("SB_RAM40*", "SB_SPRAM256KA"),
        distributed_rams=(),
        dsps=("SB_MAC16",),
        carry_cells=("SB_CARRY",),
        router="nextpnr-ice40",
        router_arguments=("--up5k", "--package", "sg48", "--pcf-allow-unconstrained"),
        available_dsps=8,
        needs_pins=True,
    ),
    Target(
        name="xcup",
        part="AMD UltraScale+",
        synthesis="synth_xilinx -family xcup -noiopad",
        luts={f"LUT{inputs}": 1 for inputs in range(1, 7)},
        ffs=("FDRE", "FDSE", "FDCE", "FDPE"),
        block_rams=("RAMB18E2", "RAMB36E2", "URAM288*"),
        distributed_rams=("RAM32*", "RAM64*", "RAM128*", "RAM256*", "SRL16E", "SRLC32E"),
        dsps=("DSP48E2",),
        carry_cells=("CARRY4", "CARRY8"),
        router=None,
        router_missing="no open tool places and routes UltraScale+",
    ),
)
TARGETS: Mapping[str, Target] = MappingProxyType({target.name: target for target in _TARGETS})
"""Name -> target."""


def target_called(name: str) -> Target:
    """The target of that name.

    Raises:
        InputError: where there is none.
    """
    if name not in TARGETS:
        raise InputError(unknown_name("target", name, TARGETS))
    return TARGETS[name]
