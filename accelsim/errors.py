"""The few error classes of accelsim, and how an unknown name is reported."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

__all__ = [
    "AccelsimError",
    "InputError",
    "Interrupted",
    "UnsupportedError",
    "name_problem",
    "unknown_name",
]


class AccelsimError(Exception):
    """Base of every error that accelsim raises on purpose; never raised itself."""


_MOST_PROBLEMS = 200
_MOST_CHARACTERS = 1500
_MORE = f"there are more problems than these {_MOST_PROBLEMS}; mend them first"


def printable(text: str) -> str:
    """Text that can be shown and written anywhere: signs that cannot be are escaped.

    Example:
        >>> printable("a\\nb")
        'a\\\\nb'
    """
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    )


def _one_line(message: str) -> str:
    """A message that a terminal can show: one line, no control signs, not too long.

    It may quote anything that a user wrote. Of a long one the middle is left out: places stand in
    front, rules at the end.
    """
    if len(message) > _MOST_CHARACTERS:
        half = _MOST_CHARACTERS // 2
        message = f"{message[:half]} ... {message[-half:]}"
    if message.isprintable():
        return message
    # Escapes are up to ten times as long as what they stand for.
    return _one_line(printable(message))


class InputError(AccelsimError):
    """The user's input is wrong, and the user can mend it (exit code 2).

    Args:
        problems: one message, or all messages of one input; each says what, where,
            the rule, and what to do. Signs that cannot be shown are escaped, long messages and
            lists are cut.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        found = [problems] if isinstance(problems, str) else list(problems)
        if len(found) > _MOST_PROBLEMS:
            kept = [problem for problem in found if problem != _MORE]
            found = [*kept[:_MOST_PROBLEMS], _MORE]
        self.problems: tuple[str, ...] = tuple(map(_one_line, found))
        super().__init__("\n".join(self.problems))


class Interrupted(KeyboardInterrupt):
    """The user stopped what was running; says how far it came."""


class UnsupportedError(AccelsimError):
    """The input is sound, but the tool cannot do it; the message says what it can (exit code 2)."""

    def __init__(self, message: str) -> None:
        super().__init__(_one_line(message))


def unknown_name(kind: str, name: str, valid: Iterable[str], *, where: str = "") -> str:
    """Say that a name is unknown: the closest valid one first, then all of them.

    Args:
        kind: what the name should have named, for example ``"architecture"``.
        name: what was written.
        valid: the names that exist.
        where: ``path:line`` or another place, put in front.

    Example:
        >>> unknown_name("architecture", "fusemx", ["flat", "fusemax"])
        "architecture 'fusemx' is unknown; did you mean 'fusemax'? valid: flat, fusemax"
    """
    found = set(valid)
    prefix = f"{where}: " if where else ""
    if len(found) > _MOST_LISTED:
        # To sort and compare thousands of names for each of thousands of wrong ones takes minutes.
        return f"{prefix}{kind} '{name}' is unknown; valid: any of {len(found):,} names"
    names = sorted(found)
    hint = f"; did you mean '{closest}'?" if (closest := _closest(name, names)) else ";"
    listed = ", ".join(names) if names else "(none)"
    return f"{prefix}{kind} '{name}' is unknown{hint} valid: {listed}"


_MOST_LISTED = 200
_LONGEST_COMPARED = 100


def _closest(name: str, names: list[str]) -> str | None:
    """The name most like one that was written; to compare long ones takes too long."""
    if len(name) > _LONGEST_COMPARED:
        return None
    folded = {each.lower(): each for each in reversed(names) if len(each) <= _LONGEST_COMPARED}
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
    return folded[close[0]] if close else None


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = ("and", "if", "inf", "where")


def name_problem(kind: str, name: str, *, where: str = "") -> str | None:
    """What is wrong with the name of a rank, tensor or size; None where nothing is.

    Names are ASCII, so that two that look alike are alike and text reads in one direction.

    Example:
        >>> name_problem("tensor", "K\u0435y")
        "tensor 'K\\\\u0435y' holds CYRILLIC SMALL LETTER IE, must be letters A-Z, digits and _"
    """
    prefix = f"{where}: " if where else ""
    if name in _RESERVED or (kind == "rank" and name.lower() in _RESERVED):
        return f"{prefix}{kind} '{name}' is a word of the language; choose another name"
    if _NAME.fullmatch(name):
        return None
    odd = next((c for c in name if not (c.isascii() and (c.isalnum() or c == "_"))), "")
    shown = name if name.isascii() and name.isprintable() else ascii(name)[1:-1]
    if not odd:
        found = f"begins with '{name[0]}'" if name else "is empty"
        return f"{prefix}{kind} '{shown}' {found}, must begin with a letter or _"
    called = (
        f"'{odd}'" if odd.isascii() and odd.isprintable() else unicodedata.name(odd, ascii(odd))
    )
    return f"{prefix}{kind} '{shown}' holds {called}, must be letters A-Z, digits and _"
