"""Cycles, energy and traffic of a workload on an architecture, mapped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accelsim.cli.mapping_options import add_mapping, mapping_arguments
from accelsim.cli.options import Written, add_json, check_json_target, emit_json
from accelsim.errors import InputError

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim simulate``."""
    add_mapping(parser)
    parser.add_argument(
        "--fidelity",
        default="analytic",
        help="analytic (default): counted; event: played out in time, stalls included",
    )
    parser.add_argument(
        "--trace", metavar="FILE", help="with event: the timeline, for Perfetto or chrome://tracing"
    )
    parser.add_argument("--report", metavar="DIR", help="write tables and charts there")
    add_json(parser)


def _check_trace(arguments: argparse.Namespace) -> None:
    if arguments.trace is None:
        return
    if arguments.fidelity != "event":
        raise InputError("--trace needs a timeline; add --fidelity event")
    if arguments.trace in ("", "-"):
        raise InputError(f"--trace is '{arguments.trace}', must be a file; name one")


def _report(folder: str | None) -> Written:
    """What ``--report`` writes."""
    if not folder:
        return Written("--report", folder)
    from accelsim.report.write import FILES

    return Written("--report", folder, FILES)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, print, write."""
    from accelsim.pipeline import map_workload

    _check_trace(arguments)
    check_json_target(
        arguments.json, Written("--trace", arguments.trace), _report(arguments.report)
    )
    if arguments.report:
        from accelsim.report.write import require_report_packages

        require_report_packages()
    mapped = map_workload(
        arguments.workload, **mapping_arguments(arguments), fidelity=arguments.fidelity
    )
    result = mapped.result
    if arguments.trace:
        from accelsim.simulator.trace import write_trace

        said = write_trace(Path(arguments.trace), mapped.timings, clock_hz=result.clock_hz)
        print(said, file=sys.stderr)
    if arguments.report:
        from accelsim.report.write import write_report

        title = f"{result.workload} on {arguments.on}"
        folder = Path(arguments.report)
        written = write_report([result], folder, title=title, timings=mapped.timings)
        print(f"written: {', '.join(map(str, written))}", file=sys.stderr)
    if arguments.json:
        emit_json(result.as_json(), arguments.json)
    if arguments.json != "-":
        from accelsim.report.text import result_text

        print(result_text(result))
        if mapped.timings:
            from accelsim.report.stalls import timing_text

            print(f"\n{timing_text(mapped.timings)}")
    return 0
