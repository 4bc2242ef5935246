"""Random trials of an accelerator's hardware against NumPy and the models; exits with 1 where one
differs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accelsim.cli.options import (
    add_json,
    assignments,
    check_json_target,
    emit_json,
    whole_option,
)

__all__ = ["configure", "run"]

_MOST_TRIALS = 1_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim verify``."""
    parser.add_argument("accelerator", help="one with hardware (accelsim list accelerators)")
    parser.add_argument(
        "--trials", default="200", metavar="N", help="random runs of each kind (default 200)"
    )
    parser.add_argument("--seed", default="0", metavar="S", help="of random numbers (default 0)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter, as rows=8"
    )
    parser.add_argument(
        "--simulator",
        default="cxxrtl",
        help="cxxrtl (default): compiled by Yosys and a C++ compiler; amaranth: slow, nothing to "
        "compile",
    )
    parser.add_argument(
        "--waves",
        default=".",
        metavar="DIR",
        help="folder for a VCD of what fails (default .)",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the trials, print the table."""
    from accelsim.accelerators.registry import verify
    from accelsim.accelerators.verification import verification_rows
    from accelsim.files import check_folder

    check_json_target(arguments.json)
    found = verify(
        arguments.accelerator,
        assignments(arguments.set, "--set"),
        trials=whole_option(arguments.trials, "--trials", least=1, most=_MOST_TRIALS),
        seed=whole_option(arguments.seed, "--seed", least=0),
        simulator=arguments.simulator,
        waves=check_folder(Path(arguments.waves)),
        progress=lambda text: print(text, file=sys.stderr),
    )
    if arguments.json:
        emit_json(found.as_json(), arguments.json)
    if arguments.json != "-":
        from accelsim.report.text import text_table

        print(text_table(verification_rows(found)))
    failures = [check for check in found.checks if check.first_failure]
    for check in failures:
        print(f"{check.name}: {check.first_failure}", file=sys.stderr)
    return 0 if found.ok else 1
