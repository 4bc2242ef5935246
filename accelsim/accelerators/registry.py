"""The accelerators that ship: a name, a title, and their published figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from accelsim.accelerators.figures import Figure

__all__ = ["ACCELERATORS", "Accelerator"]


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
