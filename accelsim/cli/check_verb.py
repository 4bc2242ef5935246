"""Every problem of workload, architecture, mapper and result files; with --format, their layout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accelsim.cli.options import add_json, emit_json
from accelsim.errors import InputError

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim check``."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="YAML files, folders of them, JSON of results and models",
    )
    parser.add_argument(
        "--kind",
        help="workload, architecture, mapper, device, model or result; else told by its keys",
    )
    parser.add_argument(
        "--format",
        action="store_true",
        help="write each file anew in the canonical layout; '-' is stdin to stdout",
    )
    parser.add_argument(
        "--diff",
        action="store_true",
        help="with --format: show what would change, write nothing, exit with 1 if anything would",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Format where asked to, check, report every problem."""
    if arguments.diff and not arguments.format:
        raise InputError("--diff shows what --format would change; give both")
    if "-" in arguments.files:
        return _format_stdin(arguments)
    from accelsim.checking import check_kind, files_in

    arguments.files = files_in(arguments.files)
    check_kind(arguments.kind)
    if arguments.format and arguments.diff:
        return _show_differences(arguments.files, arguments.kind)
    if arguments.format:
        _format(arguments.files, arguments.kind)
    return _check(arguments)


def _check(arguments: argparse.Namespace) -> int:
    from accelsim.checking import check_file

    kinds: dict[str, str] = {}
    problems: dict[str, tuple[str, ...]] = {}
    for name in arguments.files:
        try:
            kinds[name] = check_file(name, kind=arguments.kind)
        except InputError as error:
            problems[name] = error.problems
    if arguments.json:
        found = [
            {"file": n, "kind": kinds.get(n), "problems": problems.get(n, ())}
            for n in arguments.files
        ]
        emit_json(found, arguments.json)
    if arguments.json != "-":
        for name, kind in kinds.items():
            print(f"{name}: {kind}, no problem found")
    if problems:
        raise InputError([problem for each in problems.values() for problem in each])
    return 0


def _formatted(name: str, kind: str | None) -> tuple[str, str]:
    """A file's text and its canonical form; only files of ours are formatted."""
    from accelsim.checking import file_kind, format_text
    from accelsim.documents import read_text

    path = Path(name)
    if (kind or file_kind(path)) == "result":
        raise InputError(f"{name}: a result has no layout of its own; leave it as it was written")
    text = read_text(path)
    return text, format_text(text, name=name)


def _format(names: list[str], kind: str | None) -> None:
    """Write the files whose layout changes, once all are known to be sound."""
    from accelsim.files import write_text

    found: dict[str, tuple[str, str]] = {}
    problems: list[str] = []
    for name in names:
        try:
            found[name] = _formatted(name, kind)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    for name, (before, after) in found.items():
        if before != after:
            write_text(Path(name), after)
            print(f"{name}: formatted")


def _show_differences(names: list[str], kind: str | None) -> int:
    from difflib import unified_diff

    changed = False
    for name in names:
        before, after = _formatted(name, kind)
        lines = unified_diff(
            before.splitlines(), after.splitlines(), name, f"{name} (formatted)", lineterm=""
        )
        for line in lines:
            changed = True
            print(line)
        if before != after and before.splitlines() == after.splitlines():
            print(f"{name}: line feeds would change")
        changed = changed or before != after
    return int(changed)


def _format_stdin(arguments: argparse.Namespace) -> int:
    from accelsim.checking import format_text
    from accelsim.documents import MOST_BYTES, text_of

    if arguments.files != ["-"] or not arguments.format or arguments.diff:
        raise InputError("'-' formats stdin to stdout: accelsim check --format -")
    text = text_of(sys.stdin.buffer.read(MOST_BYTES + 1), name="stdin")
    sys.stdout.write(format_text(text, name="stdin"))
    return 0
