"""What ships with accelsim, a name and a line each."""

from __future__ import annotations

import argparse

from accelsim.cli.options import add_json, emit_json

__all__ = ["configure", "run"]

KINDS = ("workloads", "architectures", "mappers", "accelerators", "formats")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim list``."""
    parser.add_argument("kind", nargs="?", help=f"one of {', '.join(KINDS)}; all without it")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the names."""
    from accelsim.errors import InputError, unknown_name

    if arguments.kind is not None and arguments.kind not in KINDS:
        raise InputError(unknown_name("kind", arguments.kind, KINDS))
    kinds = [arguments.kind] if arguments.kind else list(KINDS)
    found = {kind: _entries(kind) for kind in kinds}
    if arguments.json:
        emit_json(found, arguments.json)
        if arguments.json == "-":
            return 0
    for kind, entries in found.items():
        if len(found) > 1:
            print(f"{kind}:")
        width = max(map(len, entries), default=0)
        for name, text in entries.items():
            print(f"{'  ' if len(found) > 1 else ''}{name:<{width}}  {text}".rstrip())
    return 0


def _entries(kind: str) -> dict[str, str]:
    """Name -> one line."""
    if kind == "formats":
        from accelsim.formats import FORMATS

        return {f.name: f"{f.bits} bits, {f.description}" for f in FORMATS.values()}
    if kind == "accelerators":
        from accelsim.accelerators.registry import ACCELERATORS

        return {name: each.title for name, each in ACCELERATORS.items()}
    from accelsim.documents import read_document
    from accelsim.library import ARCHITECTURES, MAPPERS, WORKLOADS, shipped

    folder = {"workloads": WORKLOADS, "architectures": ARCHITECTURES, "mappers": MAPPERS}[kind]
    entries = {}
    for name, path in shipped(folder).items():
        data = read_document(path).data
        assert isinstance(data, dict)
        entries[name] = str(data.get("description") or data["name"])
    return entries
