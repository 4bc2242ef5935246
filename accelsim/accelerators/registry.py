"""The accelerators that ship: a name, a title, their published figures, their hardware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.figures import Figure
from accelsim.errors import InputError, unknown_name

if TYPE_CHECKING:
    from accelsim.accelerators.verification import Verification

__all__ = ["ACCELERATORS", "Accelerator", "hardware", "validate", "verify"]


@dataclass(frozen=True)
class Accelerator:
    """A system: what its folder has."""

    name: str
    title: str
    has_figures: bool = False
    """Whether ``figures.py`` sets figures that were published or measured beside ours."""
    has_hardware: bool = False
    """Whether ``verify.py`` (with ``verify``) and ``hardware.py`` (with ``parameters``, ``files``,
    ``TOP_FILE`` and ``part``) are there."""

    def figures(self) -> list[Figure]:
        """Its published figures beside ours, computed now."""
        compute: Callable[[], list[Figure]] = self.part("figures").figures
        return compute()

    def part(self, name: str) -> Any:
        """A module of its folder."""
        return import_module(f"accelsim.accelerators.{self.name}.{name}")


ACCELERATORS = {
    each.name: each
    for each in (
        Accelerator(
            "bitmod",
            "BitMoD (HPCA 2025), with FP16, ANT and OliVe beside it; hardware",
            has_figures=True,
            has_hardware=True,
        ),
        Accelerator(
            "fusemax",
            "FuseMax (MICRO 2024), with FLAT and an unfused array beside it",
            has_figures=True,
        ),
        Accelerator(
            "systolic",
            "integer systolic array with scratchpads and AXI, two dataflows; hardware",
            has_hardware=True,
        ),
    )
}


def validate(name: str | None = None) -> list[Figure]:
    """Published figures beside ours, of one accelerator or of all.

    Args:
        name: one of ``ACCELERATORS`` that has figures; all of them where None.

    Raises:
        InputError: where there is none of that name.
    """
    having = {each.name: each for each in ACCELERATORS.values() if each.has_figures}
    if name is not None and name not in having:
        raise InputError(unknown_name("accelerator with figures", name, having))
    chosen = [having[name]] if name else list(having.values())
    return [figure for each in chosen for figure in each.figures()]


def hardware(name: str) -> Accelerator:
    """An accelerator that has hardware.

    Raises:
        InputError: where there is none of that name.
        UnsupportedError: where the packages for hardware are missing.
    """
    having = {each.name: each for each in ACCELERATORS.values() if each.has_hardware}
    if name not in having:
        raise InputError(unknown_name("accelerator with hardware", name, having))
    from accelsim.gateware.packages import require_hardware_packages

    require_hardware_packages()
    return having[name]


def verify(
    name: str,
    settings: Mapping[str, str],
    *,
    trials: int,
    seed: int,
    simulator: str = "cxxrtl",
    waves: Path | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Verification:
    """Random trials of an accelerator's hardware against NumPy and the models.

    Args:
        name: one of ``ACCELERATORS`` that has hardware.
        settings: its parameters, as a command line has them.
        trials: runs of each kind.
        seed: of all random numbers.
        simulator: ``cxxrtl``, or ``amaranth``.
        waves: folder for a VCD file of what fails first; made where something does.
        progress: is told what is being done.

    Raises:
        InputError: where a name or a parameter is not legal.
        UnsupportedError: where a tool is missing.
    """
    run: Callable[..., Verification] = hardware(name).part("verify").verify
    return run(
        settings, trials=trials, seed=seed, simulator=simulator, waves=waves, progress=progress
    )
