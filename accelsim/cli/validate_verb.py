"""Published figures beside ours; exits with 1 where one is out of its tolerance."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from accelsim.cli.options import Written, add_json, check_json_target, emit_json

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim validate``."""
    parser.add_argument("accelerator", nargs="?", help="accelsim list accelerators; else all")
    parser.add_argument(
        "--report",
        metavar="DIR",
        default="reports",
        help="folder for validation.md (default: reports)",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compute, print, write the report."""
    check_json_target(arguments.json, Written("--report", arguments.report, ("validation.md",)))
    from accelsim.accelerators.figures import figures_markdown, figures_rows
    from accelsim.accelerators.registry import ACCELERATORS, validate
    from accelsim.files import output_folder, write_text
    from accelsim.report.text import markdown_table, text_table
    from accelsim.version import __version__

    having = [each.name for each in ACCELERATORS.values() if each.has_figures or each.problem]
    names = [arguments.accelerator] if arguments.accelerator else having
    found = {name: validate(name) for name in names}
    figures = [figure for each in found.values() for figure in each]
    sections = [
        figures_markdown(ACCELERATORS[name].title, each, markdown_table(figures_rows(each)))
        for name, each in found.items()
    ]
    folder = output_folder(Path(arguments.report))
    head = f"# Validation\n\naccelsim {__version__}, analytic model. Made by `accelsim validate`."
    write_text(folder / "validation.md", "\n\n".join([head, *sections]))
    if arguments.json:
        emit_json([figure.as_json() for figure in figures], arguments.json)
    if arguments.json != "-":
        print(text_table(figures_rows(figures)))
        for note in dict.fromkeys(figure.note for figure in figures if figure.note):
            print(f"\n{note}")
    print(f"written: {folder / 'validation.md'}", file=sys.stderr)
    wrong = [figure for figure in figures if figure.ok is False]
    asserted = sum(figure.tolerance is not None for figure in figures)
    print(f"{asserted - len(wrong)} of {asserted} figures within tolerance", file=sys.stderr)
    return 1 if wrong else 0
