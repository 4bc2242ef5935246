"""The JSON Schema of a kind of file, for editors and other programs."""

from __future__ import annotations

import argparse
import sys

from accelsim.cli.options import emit_json

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim schema``."""
    parser.add_argument(
        "kind",
        nargs="?",
        help="workload, architecture, mapper, device or result; lists them without it",
    )
    parser.add_argument(
        "--json", metavar="PATH|-", help="write it to a file; '-' is stdout (default)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the schema, or the kinds."""
    from accelsim.schemas import KINDS, json_schema

    target = arguments.json or "-"
    if arguments.kind:
        emit_json(json_schema(arguments.kind), target)
    elif arguments.json:
        emit_json(KINDS, target)
    else:
        width = max(map(len, KINDS))
        print("\n".join(f"{kind:<{width}}  {text}" for kind, text in KINDS.items()))
    if target != "-":
        print(f"written: {target}", file=sys.stderr)
    return 0
