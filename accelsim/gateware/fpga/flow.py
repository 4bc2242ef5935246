"""A design in RTLIL -> its cells and its clock on an FPGA."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelsim.errors import InputError, UnsupportedError
from accelsim.gateware.fpga.pins import SHELL, shell_of
from accelsim.gateware.fpga.reports import (
    cell_counts,
    critical_path,
    error_line,
    fmax_hz,
    ports_of,
    summary,
)
from accelsim.gateware.fpga.synthesis import Step, Synthesis
from accelsim.gateware.fpga.targets import Target, target_called
from accelsim.gateware.fpga.tools import Tool, find_tool, run_tool

__all__ = ["require_tools", "synthesis_script", "synthesise"]

_MULTIPLIER = re.compile(r"^module \\(registered_multiplier_([us])(\d+)_([us])(\d+))$", re.M)
_SUM = re.compile(r"^module \\(sum_register_(\d+))$", re.M)
_MOST_ROUTING_SECONDS = 1800
"""The router may go round for ever over its last few wires; another seed then helps."""
_MOST_SEED = 2**31 - 1


def synthesise(
    rtlil_text: str,
    top: str,
    target: str,
    *,
    seed: int = 1,
    folder: Path | None = None,
    place: bool = True,
) -> Synthesis:
    """What a design takes on an FPGA, and its fastest clock between registers.

    Args:
        rtlil_text: as ``sharing.rtlil_of`` writes it.
        top: its top module.
        target: name of one of ``TARGETS``.
        seed: of the placer.
        folder: where the tools' files stay; nowhere where None.
        place: whether to place and route; without, there is no clock.

    Raises:
        InputError: where the target is unknown or the seed is none.
        UnsupportedError: where a tool is missing, or the design does not fit.
    """
    chosen = target_called(target)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 1 <= seed <= _MOST_SEED:
        raise InputError(
            f"synthesis: seed is {seed!r}, must be a whole number from 1 to {_MOST_SEED:,}"
        )
    yosys = find_tool("yosys")
    router = find_tool(chosen.router) if chosen.router and place else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        return _synthesise(rtlil_text, top, chosen, seed, yosys, router, folder)
    with tempfile.TemporaryDirectory() as work:
        return _synthesise(rtlil_text, top, chosen, seed, yosys, router, Path(work))


def require_tools(target: str) -> None:
    """Refuse to go on where a tool for a target is missing.

    Raises:
        InputError: where the target is unknown.
        UnsupportedError: where a tool is missing, with the command that installs it.
    """
    chosen = target_called(target)
    find_tool("yosys")
    if chosen.router:
        find_tool(chosen.router)


def _synthesise(
    text: str, top: str, target: Target, seed: int, yosys: Tool, router: Tool | None, folder: Path
) -> Synthesis:
    (folder / "design.il").write_text(text, "utf-8")
    for module in filter(None, (target.multiplier, target.sum_register)):
        source = Path(__file__).with_name(f"{module}.v").read_text("utf-8")
        (folder / f"{module}.v").write_text(source, "utf-8")
    _yosys(yosys, folder, "synthesis", synthesis_script(text, top, target))
    counts = summary(target, cell_counts(_read(folder / "stat.json")))
    tools = {yosys.name: yosys.version}
    fmax: float | None = None
    path: tuple[Step, ...] = ()
    missing = target.router_missing or "not placed"
    if router is not None:
        _check_fit(top, target, counts)
        report = _route(top, target, seed, yosys, router, folder)
        fmax, path = fmax_hz(report), critical_path(report)
        missing = "" if fmax is not None else "no path leads from a register to a register"
        tools[router.name] = router.version
    return Synthesis(
        design=top,
        target=target.name,
        part=target.part,
        seed=seed,
        **counts,
        fmax_hz=fmax,
        fmax_missing=missing,
        critical_path=path,
        tools=tools,
    )


def synthesis_script(text: str, top: str, target: Target) -> str:
    """Yosys' commands: parts that the target has cells for, then its own synthesis."""
    lines = ["read_rtlil design.il"]
    if target.multiplier:
        lines.append(f"read_verilog {target.multiplier}.v")
        for name, left_sign, left, right_sign, right in _MULTIPLIER.findall(text):
            if max(int(left), int(right)) <= target.multiplier_bits:
                signs = {"LEFT_SIGNED": left_sign == "s", "RIGHT_SIGNED": right_sign == "s"}
                sizes = {"LEFT_BITS": int(left), "RIGHT_BITS": int(right)}
                lines += _replaced(name, target.multiplier, {**sizes, **signs})
    if target.sum_register:
        lines.append(f"read_verilog {target.sum_register}.v")
        for name, bits in _SUM.findall(text):
            lines += _replaced(name, target.sum_register, {"BITS": int(bits)})
    return "\n".join(
        [
            *lines,
            f"{target.synthesis} -top {top} -json netlist.json",
            "delete t:$scopeinfo",
            "tee -q -o stat.json stat -json",
        ]
    )


def _replaced(module: str, other: str, parameters: Mapping[str, int]) -> list[str]:
    """Commands that put a target's module in the place of one of ours."""
    values = " ".join(f"-set {name} {int(value)}" for name, value in parameters.items())
    return [
        f"delete {module}",
        f"select -set found t:{module}",
        f"setparam -type {other} {values} @found",
    ]


def _route(
    top: str, target: Target, seed: int, yosys: Tool, router: Tool, folder: Path
) -> dict[str, Any]:
    netlist = "netlist.json"
    if target.needs_pins:
        ports = ports_of(_read(folder / netlist), top)
        (folder / "shell.v").write_text(shell_of(top, ports), "utf-8")
        netlist = "shell.json"
        script = (
            "read_rtlil design.il\nread_verilog shell.v\n"
            f"{target.synthesis} -top {SHELL} -json {netlist}"
        )
        _yosys(yosys, folder, "shell", script)
    arguments = [
        *target.router_arguments,
        *("--json", netlist, "--seed", str(seed), "--report", "report.json"),
        *("--timing-allow-fail", "--quiet", "--log", "router.log"),
    ]
    try:
        done = run_tool(router, arguments, folder, most_seconds=_MOST_ROUTING_SECONDS)
    except subprocess.TimeoutExpired:
        raise UnsupportedError(
            f"synthesis: '{top}' was not routed on {target.part} within "
            f"{_MOST_ROUTING_SECONDS:,} s; take another seed than {seed} or a smaller design"
        ) from None
    if done.returncode:
        log = folder / "router.log"
        told = done.stderr + (log.read_text("utf-8", "replace") if log.is_file() else "")
        reason = error_line(told) or f"{router.name} ended with {done.returncode}"
        raise UnsupportedError(
            f"synthesis: '{top}' cannot be placed and routed on {target.part}: {reason}; "
            "take a smaller design or another seed"
        )
    report: dict[str, Any] = _read(folder / "report.json")
    return report


def _check_fit(top: str, target: Target, counts: dict[str, int]) -> None:
    """What the placer would say only after a while, and less clearly."""
    if target.available_dsps is not None and counts["dsps"] > target.available_dsps:
        raise UnsupportedError(
            f"synthesis: '{top}' does not fit: it takes {counts['dsps']:,} multipliers, "
            f"{target.part} has {target.available_dsps:,}; take a smaller design"
        )


def _yosys(yosys: Tool, folder: Path, name: str, script: str) -> None:
    (folder / f"{name}.ys").write_text(f"{script}\n", "utf-8")
    done: subprocess.CompletedProcess[str] = run_tool(
        yosys, ["-q", "-l", f"{name}.log", f"{name}.ys"], folder
    )
    if done.returncode:
        told = error_line(done.stderr + done.stdout) or f"it ended with {done.returncode}"
        raise RuntimeError(f"yosys failed in {name}: {told}")


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
