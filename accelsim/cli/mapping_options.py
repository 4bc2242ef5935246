"""Options of the verbs that map a workload onto a machine."""

from __future__ import annotations

import argparse
import logging
import os
from typing import Any

from accelsim.cli.options import assignments
from accelsim.errors import InputError

__all__ = ["add_mapping", "mapping_arguments"]


def add_mapping(parser: argparse.ArgumentParser) -> None:
    """The workload, the machine, and how one is mapped onto the other."""
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
        "--objective",
        help="what a search minimises: latency, energy or edp; else the mapper's own, or latency",
    )
    parser.add_argument(
        "--at-most",
        action="append",
        default=[],
        metavar="FIGURE=VALUE",
        help="a bound for a search: cycles=5e6 or energy_pj=1.4e9",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="search anew; keep nothing in the cache folder"
    )
    parser.add_argument(
        "--workers", metavar="N", help="processes that search; else as many as there are CPUs"
    )


def mapping_arguments(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options as arguments of ``simulate``.

    Raises:
        InputError: for an option that is wrong in itself.
    """
    tell_progress()
    return {
        "on": arguments.on,
        "set": assignments(arguments.set, "--set"),
        "arch": assignments(arguments.arch, "--arch"),
        "mapper": arguments.mapper,
        "objective": arguments.objective,
        "at_most": assignments(arguments.at_most, "--at-most"),
        "cache": not arguments.no_cache,
        "workers": _workers(arguments.workers),
    }


def tell_progress() -> None:
    """Let searches that take long say on stderr how far they are."""
    log = logging.getLogger("accelsim.search")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)
        log.propagate = False


def _workers(written: str | None) -> int:
    if written is None:
        return os.cpu_count() or 1
    if not written.isascii() or not written.isdecimal() or not 1 <= int(written) <= 1024:
        raise InputError(f"--workers is {written}, must be a whole number from 1 to 1024")
    return int(written)
