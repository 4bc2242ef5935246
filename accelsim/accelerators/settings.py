"""Parameters of an accelerator from texts, as a command line has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from accelsim.errors import InputError, unknown_name

__all__ = ["settings_to"]

Parameters = TypeVar("Parameters")


def settings_to(
    kind: Callable[..., Parameters], settings: Mapping[str, str], *, what: str
) -> Parameters:
    """An object of a class of parameters.

    Args:
        kind: a dataclass whose fields are whole numbers and names.
        settings: field -> text; the others keep their defaults.
        what: the accelerator, for messages.

    Raises:
        InputError: with every setting that is unknown, or is not legal.
    """
    known: Any = kind
    kinds: dict[str, Callable[[str], int | str]] = {
        each.name: _whole if each.type == "int" else str for each in fields(known)
    }
    problems: list[str] = []
    values: dict[str, int | str] = {}
    for name, text in settings.items():
        if name not in kinds:
            problems.append(unknown_name(f"{what}: parameter", name, kinds))
            continue
        values[name] = kinds[name](text)
    if problems:
        raise InputError(problems)
    return kind(**values)


def _whole(text: str) -> int | str:
    """A whole number, or what was written, so that the rule can be told."""
    plain = text.removeprefix("-")
    return int(text) if plain.isascii() and plain.isdigit() and len(plain) < 10 else text
