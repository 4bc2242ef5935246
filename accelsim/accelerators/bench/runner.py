"""A component in one of two simulators, and what a failed trial leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.errors import InputError, unknown_name

if TYPE_CHECKING:
    from amaranth.lib.wiring import Component

    from accelsim.gateware.compiled import Run

__all__ = ["SIMULATORS", "Runner"]

SIMULATORS = {
    "cxxrtl": "compiled by Yosys and a C++ compiler",
    "amaranth": "Amaranth's own, slow, for small arrays",
}


@dataclass
class Runner:
    """Runs of one component, each from reset."""

    make: Callable[[], Component]
    simulator: str
    cache: Path | None = None
    """Folder for compiled components; the user's cache where None."""
    _library: Path | None = None

    def __post_init__(self) -> None:
        if self.simulator not in SIMULATORS:
            raise InputError(unknown_name("simulator", self.simulator, SIMULATORS))

    def prepare(self) -> Runner:
        """Compile it, where that is to be done."""
        if self.simulator == "cxxrtl" and self._library is None:
            from accelsim.gateware.compiled.build import find_compiler, library_of

            # Before anything is made: of what is made and then not used, Amaranth warns.
            find_compiler()
            self._library = library_of(self.make(), cache=self.cache)
        return self

    def fresh(self) -> Any:
        """The component after reset, with ``run``."""
        if self.simulator == "amaranth":
            from accelsim.gateware.interpreted import Interpreted

            return Interpreted(self.make())
        from accelsim.gateware.compiled.simulator import Compiled

        self.prepare()
        assert self._library is not None
        return Compiled(self._library)

    def run(self, *arguments: Any, waves: Path | None = None, **options: Any) -> Run:
        """One run from reset; see ``Compiled.run``."""
        found: Run = self.fresh().run(*arguments, vcd=waves, **options)
        return found
