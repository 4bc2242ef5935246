"""Cycles, energy and traffic of a workload on an architecture, mapped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accelsim.cli.mapping_options import add_mapping, mapping_arguments
from accelsim.cli.options import add_json, emit_json

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim simulate``."""
    add_mapping(parser)
    parser.add_argument("--fidelity", default="analytic", help="analytic (default)")
    parser.add_argument("--report", metavar="DIR", help="write tables and charts there")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, print, write."""
    from accelsim.pipeline import simulate

    result = simulate(
        arguments.workload, **mapping_arguments(arguments), fidelity=arguments.fidelity
    )
    if arguments.report:
        from accelsim.report.write import write_report

        title = f"{result.workload} on {arguments.on}"
        written = write_report([result], Path(arguments.report), title=title)
        print(f"written: {', '.join(map(str, written))}", file=sys.stderr)
    if arguments.json:
        emit_json(result.as_json(), arguments.json)
    if arguments.json != "-":
        from accelsim.report.text import result_text

        print(result_text(result))
    return 0
