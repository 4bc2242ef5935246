"""The hardware of an accelerator: Verilog with a test bench, and the machine that simulates as it
behaves; what it takes on an FPGA."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accelsim.cli.options import (
    Written,
    add_json,
    assignments,
    check_json_target,
    emit_json,
    whole_option,
)
from accelsim.errors import InputError

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim verilog``."""
    parser.add_argument("accelerator", help="one with hardware (accelsim list accelerators)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter, as rows=8"
    )
    parser.add_argument("-o", dest="folder", metavar="DIR", help="folder for the files")
    parser.add_argument(
        "--synthesize",
        metavar="TARGET",
        help="ecp5, ice40 or xcup: cells, clock and critical path by open tools",
    )
    parser.add_argument(
        "--part",
        default="accelerator",
        help="what is synthesised: accelerator (default) or array, without memories and buses",
    )
    parser.add_argument("--seed", default="1", metavar="S", help="of place and route (default 1)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the files, synthesise, print."""
    from accelsim.accelerators.hardware_folder import check_hardware_folder
    from accelsim.accelerators.registry import hardware
    from accelsim.files import write_files

    if not (arguments.folder or arguments.synthesize):
        raise InputError("nothing to do; name a folder with -o DIR, or a target with --synthesize")
    seed = whole_option(arguments.seed, "--seed", least=1, most=2**31 - 1)
    made = hardware(arguments.accelerator).part("hardware")
    chosen = made.parameters(assignments(arguments.set, "--set"))
    part, top = made.part(chosen, arguments.part)
    # The names of the files take their time to know; what else is wrong is said at once.
    check_json_target(arguments.json, Written("-o", arguments.folder, (made.TOP_FILE,)))
    found = None
    if arguments.synthesize:
        from accelsim.gateware.fpga import require_tools, synthesise
        from accelsim.gateware.sharing import rtlil_of

        require_tools(arguments.synthesize)
    written: list[Path] = []
    if arguments.folder:
        texts = made.files(chosen)
        folder = Path(arguments.folder)
        check_json_target(arguments.json, Written("-o", arguments.folder, tuple(texts)))
        check_hardware_folder(folder, texts, top=made.TOP_FILE)
        written = write_files(folder, {name: text.encode() for name, text in texts.items()})
        print(f"written: {', '.join(map(str, written))}", file=sys.stderr)
    if arguments.synthesize:
        print(f"synthesising {top} for {arguments.synthesize}", file=sys.stderr)
        found = synthesise(rtlil_of(part(), top), top, arguments.synthesize, seed=seed)
    if arguments.json:
        emit_json(
            {
                "accelerator": arguments.accelerator,
                "parameters": chosen.as_json(),
                "files": [str(path) for path in written],
                "synthesis": None if found is None else found.as_json(),
            },
            arguments.json,
        )
    if found is not None and arguments.json != "-":
        from accelsim.gateware.fpga import critical_path_rows, synthesis_rows
        from accelsim.report.text import text_table

        print(text_table(synthesis_rows([found])))
        if found.critical_path:
            print("\ncritical path")
            print(text_table(critical_path_rows(found)))
        if found.fmax_missing:
            print(f"\nclock is unknown: {found.fmax_missing}")
    return 0
