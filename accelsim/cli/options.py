"""Options that several verbs share."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accelsim.errors import InputError

__all__ = [
    "Written",
    "add_json",
    "assignments",
    "check_json_target",
    "emit_json",
    "whole_option",
]


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


@dataclass(frozen=True)
class Written:
    """What an option besides ``--json`` writes."""

    option: str
    path: str | None
    """A file, or a folder, which is made; None where the option is not given."""
    names: tuple[str, ...] = ()
    """Of the files in the folder."""

    def holds(self, path: Path) -> bool:
        """Whether a file would be one of these, or stand in the way of them."""
        if not self.path:
            return False
        whole = Path(self.path)
        return _real(path) in [_real(each) for each in (whole, *(whole / n for n in self.names))]

    def makes(self, folder: Path) -> bool:
        """Whether a folder is there once these are written."""
        return bool(self.path and self.names) and _real(folder) == _real(Path(str(self.path)))


def check_json_target(target: str | None, *others: Written) -> None:
    """Refuse what cannot be written, or would be written twice, before anything takes its time.

    Args:
        target: what ``--json`` says.
        others: what is written besides, before it.

    Raises:
        InputError: with the reason.
    """
    for option, value in [(each.option, each.path) for each in others] + [("--json", target)]:
        if value == "":
            raise InputError(f"{option} is empty; name one, or leave it out")
    if target is None or target == "-":
        return
    path = Path(target)
    for each in others:
        if each.holds(path):
            raise InputError(
                f"--json '{target}' is a file of {each.option} '{each.path}'; name another"
            )
    if os.path.isdir(target):
        raise InputError(f"--json '{target}' is a folder; name a file")
    if not os.path.isdir(path.parent) and not any(each.makes(path.parent) for each in others):
        raise InputError(f"--json '{target}' lies in a folder that does not exist; name a file")


def _real(path: Path) -> str:
    return os.path.realpath(path)


def emit_json(value: object, target: str) -> None:
    """Write JSON to a file, whole or not at all, or to stdout."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    from accelsim.files import write_text

    write_text(Path(target), text)
