"""What a cascade implies on every machine: passes, fusion, live footprints, compulsory traffic."""

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
)

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim passes``."""
    parser.add_argument("workload", help="a shipped name (accelsim list workloads) or a YAML file")
    parser.add_argument(
        "--set", action="append", default=[], metavar="RANK=SIZE", help="a rank size or parameter"
    )
    parser.add_argument(
        "--graph", metavar="FILE", help="draw the Einsums and what they hand on: .dot, .png or .svg"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Analyse, draw, print."""
    check_json_target(arguments.json, Written("--graph", arguments.graph))
    from accelsim.report.passes import passes_text
    from accelsim.workload.analysis import analyse_workload

    analysis = analyse_workload(arguments.workload, assignments(arguments.set, "--set"))
    if arguments.graph:
        from accelsim.report.graph import write_graph

        write_graph(analysis.layers, Path(arguments.graph))
        print(f"written: {arguments.graph}", file=sys.stderr)
    if arguments.json:
        emit_json(analysis.as_json(), arguments.json)
    if arguments.json != "-":
        print(passes_text(analysis))
    return 0
