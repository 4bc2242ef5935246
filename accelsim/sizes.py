"""A size as a user writes it: a number, or an expression of other names. For checked models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

__all__ = ["OpenSize", "Size", "no_truth_value"]


def _number_or_text(value: object) -> object:
    """Refuse `yes` and `true`, which would count as 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | None):
        raise ValueError("must be a number, or an expression such as ceil(M / M0)")
    return value


def no_truth_value(value: object) -> object:
    """Refuse `yes` and `true` where a figure is expected; they would count as 1."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _given(value: object) -> object:
    if value is None:
        raise ValueError("must be a number, or an expression such as ceil(M / M0)")
    return _number_or_text(value)


Size = Annotated[int | float | str, BeforeValidator(_given)]
"""A size that must be given."""

OpenSize = Annotated[int | float | str | None, BeforeValidator(_number_or_text)]
"""A size that may be left open (null), to be set from outside."""
