"""What changed between two results and why; both are files of accelsim simulate --json."""

from __future__ import annotations

import argparse

from accelsim.cli.options import add_json, emit_json

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim compare``."""
    parser.add_argument("a", metavar="A.json", help="a result, made with simulate --json")
    parser.add_argument("b", metavar="B.json", help="the result to compare it with")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read both, compare, print."""
    from accelsim.errors import InputError
    from accelsim.model.result_file import ResultFile, load_result
    from accelsim.report.compare import compare
    from accelsim.report.compare_why import reasons

    results: list[ResultFile] = []
    problems: list[str] = []
    names = (arguments.a, arguments.b)
    for name in names:
        try:
            results.append(load_result(name))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    found = compare(*results, names=names)
    if arguments.json:
        emit_json({**found.as_json(), "why": reasons(found)}, arguments.json)
    if arguments.json != "-":
        from accelsim.report.compare_text import comparison_text

        print(comparison_text(found))
    return 0
