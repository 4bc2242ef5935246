"""Options that several verbs share."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from accelsim.errors import InputError

__all__ = ["add_json", "assignments", "check_json_target", "emit_json", "whole_option"]


def assignments(written: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` texts as a mapping.

    Raises:
        InputError: where one has no value, or a name is given twice.
    """
    found: dict[str, str] = {}
    problems = []
    for text in written:
        name, separator, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not (separator and name and value):
            problems.append(f"{option} {text}: must be NAME=VALUE, such as {option} M=1024")
        elif name in found:
            problems.append(f"{option} {text}: '{name}' is given twice; keep one")
        found[name] = value
    if problems:
        raise InputError(problems)
    return found


def whole_option(text: str, option: str, *, least: int, most: int = 2**63 - 1) -> int:
    """A whole number from the command line.

    Raises:
        InputError: where it is none, or out of range.
    """
    digits = text.isascii() and text.isdigit() and len(text) < 20
    if not (digits and least <= int(text) <= most):
        raise InputError(
            f"{option} is '{text[:40]}', must be a whole number from {least:,} to {most:,}"
        )
    return int(text)


def add_json(parser: argparse.ArgumentParser) -> None:
    """The ``--json`` option."""
    parser.add_argument(
        "--json", metavar="PATH|-", help="write the result as JSON; '-' is stdout, and nothing else"
    )


def check_json_target(target: str | None, *, taken: Sequence[Path] = ()) -> None:
    """Refuse a file that cannot be written, before anything takes its time.

    Args:
        target: what ``--json`` says.
        taken: files that are written besides.

    Raises:
        InputError: with the reason.
    """
    if target is None or target == "-":
        return
    path = Path(target)
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else "lies in a folder that does not exist"
        raise InputError(f"--json '{target}' {what}; name a file")
    if path.absolute() in [each.absolute() for each in taken]:
        raise InputError(f"--json '{target}' is a file that is written besides; name another")


def emit_json(value: object, target: str) -> None:
    """Write JSON to a file, whole or not at all, or to stdout."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    from accelsim.files import write_text

    write_text(Path(target), text)
