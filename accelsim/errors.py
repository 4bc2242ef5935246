"""The few error classes of accelsim, and how an unknown name is reported."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["AccelsimError", "InputError", "UnsupportedError", "unknown_name"]


class AccelsimError(Exception):
    """Base of every error that accelsim raises on purpose; never raised itself."""


class InputError(AccelsimError):
    """The user's input is wrong, and the user can mend it (exit code 2).

    Args:
        problems: one message, or all messages of one input; each says what, where,
            the rule, and what to do.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (
            (problems,) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__("\n".join(self.problems))


class UnsupportedError(AccelsimError):
    """The input is sound, but the tool cannot do it; the message says what it can (exit code 2)."""


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
    names = sorted(set(valid))
    folded = {candidate.lower(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
    hint = f"; did you mean '{folded[close[0]]}'?" if close else ";"
    listed = ", ".join(names) if names else "(none)"
    prefix = f"{where}: " if where else ""
    return f"{prefix}{kind} '{name}' is unknown{hint} valid: {listed}"
