"""How a part refuses parameters that it cannot be built with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accelsim.errors import InputError

__all__ = ["refuse", "whole_number"]


def whole_number(part: str, name: str, value: object, least: int, most: int) -> list[str]:
    """What is wrong with a parameter that counts something; nothing where it is legal.

    Example:
        >>> whole_number("FIFO", "depth", 2, 3, 1024)
        ['FIFO: depth is 2, must be a whole number from 3 to 1,024']
    """
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return []
    return [f"{part}: {name} is {value!r}, must be a whole number from {least:,} to {most:,}"]


def refuse(component: Any, problems: Iterable[str]) -> None:
    """Raise where there are problems.

    Args:
        component: the one whose ``__init__`` this is.
        problems: messages, each with its rule.

    Raises:
        InputError: with all of them.
    """
    if found := list(problems):
        # Amaranth warns of parts that were made and never elaborated; this one is not made.
        component._MustUse__silence = True
        raise InputError(found)
