"""What changed between two results and why, or which of two studies found better designs.

Both are files of ``accelsim simulate --json``, or both of ``accelsim explore --json``.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from accelsim.cli.options import add_json, emit_json
from accelsim.errors import InputError

if TYPE_CHECKING:
    from accelsim.explore.report.study_file import StudyDocument

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim compare``."""
    parser.add_argument(
        "a", metavar="A.json", help="a result or a study: simulate or explore wrote it with --json"
    )
    parser.add_argument("b", metavar="B.json", help="what to compare it with")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read both, compare, print."""
    from accelsim.explore.report.study_file import load_study

    names = (arguments.a, arguments.b)
    studies = [load_study(name) for name in names]
    if studies[0] is not None and studies[1] is not None:
        return _compare_studies(arguments, names, (studies[0], studies[1]))
    for study, name, other in zip(studies, names, reversed(names), strict=True):
        if study is not None:
            from accelsim.model.result_file import load_result

            load_result(other)  # If it is nothing at all, that is what is wrong.
            raise InputError(
                f"{name}: is a study and {other} is a result; compare two results of accelsim "
                "simulate --json, or two studies of accelsim explore --json"
            )
    return _compare_results(arguments, names)


def _compare_studies(
    arguments: argparse.Namespace,
    names: tuple[str, str],
    studies: tuple[StudyDocument, StudyDocument],
) -> int:
    from accelsim.explore.report.compare import compare_studies

    found = compare_studies(*studies, names=names)
    if arguments.json:
        emit_json(found.as_json(), arguments.json)
    if arguments.json != "-":
        from accelsim.explore.report.compare_text import study_comparison_text

        print(study_comparison_text(found))
    return 0


def _compare_results(arguments: argparse.Namespace, names: tuple[str, str]) -> int:
    from accelsim.model.result_file import ResultFile, load_result
    from accelsim.report.compare import compare
    from accelsim.report.compare_why import reasons

    results: list[ResultFile] = []
    problems: list[str] = []
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
