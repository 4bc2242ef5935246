"""Cycles, energy and traffic of a workload on an architecture, mapped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accelsim.cli.options import add_json, assignments, emit_json

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim simulate``."""
    parser.add_argument("workload", help="a shipped name (accelsim list workloads) or a YAML file")
    parser.add_argument("--on", required=True, metavar="ARCHITECTURE", help="a name or a YAML file")
    parser.add_argument(
        "--set", action="append", default=[], metavar="RANK=SIZE", help="a rank size or parameter"
    )
    parser.add_argument(
        "--arch",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="a figure of the architecture, such as array_2d.rows=128",
    )
    parser.add_argument("--mapper", help="a name or a YAML file; else the architecture's own")
    parser.add_argument(
        "--objective", default="latency", help="latency (default), energy or edp, for a search"
    )
    parser.add_argument("--fidelity", default="analytic", help="analytic (default)")
    parser.add_argument("--report", metavar="DIR", help="write tables and charts there")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, print, write."""
    from accelsim.pipeline import simulate

    result = simulate(
        arguments.workload,
        on=arguments.on,
        set=assignments(arguments.set, "--set"),
        arch=assignments(arguments.arch, "--arch"),
        mapper=arguments.mapper,
        objective=arguments.objective,
        fidelity=arguments.fidelity,
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
