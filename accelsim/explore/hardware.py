"""A chosen point -> its hardware: Verilog, verified, and synthesised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from accelsim.errors import InputError
from accelsim.files import write_files
from accelsim.study import Parameters, Study

__all__ = ["build", "hardware_of"]


def hardware_of(study: Study, parameters: Parameters) -> tuple[str, dict[str, str]]:
    """The accelerator of a point, and its parameters as a command line has them.

    Raises:
        InputError: where the study does not say.
    """
    plan = study.plan(parameters)
    if plan.accelerator is None:
        raise InputError(
            f"study '{study.name}': does not say what hardware a point has; add "
            "'build: {accelerator: NAME, set: {...}}' to it, or to a choice"
        )
    return plan.accelerator, {name: str(value) for name, value in plan.hardware.items()}


def build(
    accelerator: str,
    settings: dict[str, str],
    folder: Path,
    *,
    target: str = "ecp5",
    trials: int = 20,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Write the Verilog, run its trials, and synthesise it.

    Args:
        accelerator: one with hardware.
        settings: its parameters.
        folder: for the Verilog.
        target: FPGA family.
        trials: of each kind.
        tell: is told what is being done.

    Returns:
        What ``accelsim verilog --json`` and ``accelsim verify --json`` say.

    Raises:
        InputError: where a parameter is not legal, or the folder cannot be written.
        UnsupportedError: where packages or tools are missing.
    """
    from accelsim.accelerators.hardware_folder import check_hardware_folder
    from accelsim.accelerators.registry import hardware, verify
    from accelsim.gateware.fpga import require_tools, synthesise
    from accelsim.gateware.sharing import rtlil_of

    made = hardware(accelerator).part("hardware")
    chosen = made.parameters(settings)
    require_tools(target)
    part, top = made.part(chosen, "accelerator")
    texts = made.files(chosen)
    check_hardware_folder(folder, texts, top=made.TOP_FILE, option="--build")
    written = write_files(folder, {name: text.encode() for name, text in texts.items()})
    tell(f"written: {folder} ({len(written)} files)")
    tell(f"verifying {accelerator}")
    verified = verify(accelerator, settings, trials=trials, seed=0, waves=folder, progress=tell)
    tell(f"synthesising {top} for {target}")
    synthesis = synthesise(rtlil_of(part(), top), top, target, seed=1)
    return {
        "accelerator": accelerator,
        "parameters": chosen.as_json(),
        "files": [str(path) for path in written],
        "verification": verified.as_json(),
        "verified": verified.ok,
        "synthesis": synthesis.as_json(),
    }
