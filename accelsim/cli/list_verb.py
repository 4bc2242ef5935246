"""What ships with accelsim, a name and a line each."""

from __future__ import annotations

import argparse

from accelsim.cli.options import add_json, emit_json

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim list``."""
    parser.add_argument(
        "kind",
        nargs="?",
        help="workloads, models, architectures, devices, mappers, accelerators or formats; all "
        "without it",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the names."""
    from accelsim.catalogue import KINDS, shipped

    kinds = [arguments.kind] if arguments.kind else list(KINDS)
    found = {kind: shipped(kind) for kind in kinds}
    if arguments.json:
        emit_json(found, arguments.json)
        if arguments.json == "-":
            return 0
    indent = "  " if len(found) > 1 else ""
    for kind, entries in found.items():
        if len(found) > 1:
            print(f"{kind}:")
        width = max(map(len, entries), default=0)
        for name, text in entries.items():
            print(f"{indent}{name:<{width}}  {text}".rstrip())
    return 0
