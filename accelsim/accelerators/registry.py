"""The accelerators that ship: a name, a title, and their published figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from accelsim.accelerators.figures import Figure
from accelsim.errors import InputError, unknown_name

__all__ = ["ACCELERATORS", "Accelerator", "validate"]


@dataclass(frozen=True)
class Accelerator:
    """A system of the literature."""

    name: str
    title: str

    def figures(self) -> list[Figure]:
        """Its published figures beside ours, computed now."""
        module = import_module(f"accelsim.accelerators.{self.name}.figures")
        compute: Callable[[], list[Figure]] = module.figures
        return compute()


ACCELERATORS = {
    each.name: each
    for each in (
        Accelerator("fusemax", "FuseMax (MICRO 2024), with FLAT and an unfused array beside it"),
    )
}


def validate(name: str | None = None) -> list[Figure]:
    """Published figures beside ours, of one accelerator or of all.

    Args:
        name: one of ``ACCELERATORS``; all of them where None.

    Raises:
        InputError: where there is none of that name.
    """
    if name is not None and name not in ACCELERATORS:
        raise InputError(unknown_name("accelerator", name, ACCELERATORS))
    chosen = [ACCELERATORS[name]] if name else list(ACCELERATORS.values())
    return [figure for each in chosen for figure in each.figures()]
