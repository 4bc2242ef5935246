"""Every accelerator: a name, a title, its published figures, its hardware.

A folder beside this file whose ``__init__.py`` sets ``TITLE`` is one. So is a package elsewhere
that has an entry point ``NAME = "PACKAGE"`` in the group ``accelsim.accelerators``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from accelsim.accelerators.figures import Figure
from accelsim.errors import InputError, unknown_name
from accelsim.library import joined_accelerators

if TYPE_CHECKING:
    from accelsim.accelerators.verification import Verification

__all__ = ["ACCELERATORS", "Accelerator", "accelerators", "hardware", "validate", "verify"]

_OURS = "accelsim.accelerators"


@dataclass(frozen=True)
class Accelerator:
    """A system: a package with a ``TITLE``, and what its folder has besides."""

    name: str
    package: str

    @cached_property
    def problem(self) -> str | None:
        """Why it cannot be used, and what to do; None where it can."""
        try:
            module = import_module(self.package)
        except Exception as error:  # Somebody else's code may fail in any way.
            return f"package '{self.package}' cannot be imported: {error}; mend or uninstall it"
        if not hasattr(module, "__path__"):
            return f"'{self.package}' is a single file; make it a folder with an __init__.py"
        if not isinstance(getattr(module, "TITLE", None), str):
            return f"package '{self.package}' has no TITLE; set one in its __init__.py"
        return None

    @property
    def title(self) -> str:
        """A line about it; of one that cannot be used, why."""
        return self.problem or str(import_module(self.package).TITLE)

    @property
    def has_figures(self) -> bool:
        """Whether ``figures.py`` sets figures that were published or measured beside ours."""
        return self._has("figures")

    @property
    def has_hardware(self) -> bool:
        """Whether ``verify.py`` (with ``verify``) and ``hardware.py`` (with ``parameters``,
        ``files``, ``TOP_FILE`` and ``part``) are there."""
        return self._has("hardware")

    def _has(self, part: str) -> bool:
        return not self.problem and find_spec(f"{self.package}.{part}") is not None

    def figures(self) -> list[Figure]:
        """Its published figures beside ours, computed now."""
        compute: Callable[[], list[Figure]] = self.part("figures").figures
        return compute()

    def part(self, name: str) -> Any:
        """A module of its folder.

        Raises:
            InputError: where the accelerator cannot be used.
        """
        self.check()
        return import_module(f"{self.package}.{name}")

    def check(self) -> None:
        """Refuse an accelerator that cannot be used.

        Raises:
            InputError: with the reason.
        """
        if self.problem:
            raise InputError(f"accelerator '{self.name}': {self.problem}")


@cache
def accelerators() -> dict[str, Accelerator]:
    """Name -> accelerator: our folders, then those that installed packages bring.

    Raises:
        InputError: where a package brings one under the name of another.
    """
    ours = import_module(_OURS)
    found = {}
    for each in iter_modules(ours.__path__):
        package = f"{_OURS}.{each.name}"
        # Other folders hold what accelerators have in common.
        if each.ispkg and hasattr(import_module(package), "TITLE"):
            name = each.name.replace("_", "-")
            found[name] = Accelerator(name, package)
    for name, package in sorted(joined_accelerators().items()):
        if name in found:
            raise InputError(
                f"accelerator '{name}' ships with accelsim, and package '{package}' brings one "
                "too; rename that one, or uninstall it"
            )
        found[name] = Accelerator(name, package)
    return found


class _Accelerators(Mapping[str, Accelerator]):
    """They are looked for when first asked about, not when this module is imported."""

    def __getitem__(self, name: str) -> Accelerator:
        return accelerators()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(accelerators())

    def __len__(self) -> int:
        return len(accelerators())


ACCELERATORS = _Accelerators()
"""Name -> accelerator."""


def _perhaps_having(has: Callable[[Accelerator], bool]) -> dict[str, Accelerator]:
    """Those that have something, and those of which nobody can know: to use them says why."""
    return {each.name: each for each in ACCELERATORS.values() if has(each) or each.problem}


def validate(name: str | None = None) -> list[Figure]:
    """Published figures beside ours, of one accelerator or of all.

    Args:
        name: one of ``ACCELERATORS`` that has figures; all of them where None.

    Raises:
        InputError: where there is none of that name, or one cannot be used.
    """
    having = _perhaps_having(lambda each: each.has_figures)
    if name is not None and name not in having:
        raise InputError(unknown_name("accelerator with figures", name, having))
    chosen = [having[name]] if name else list(having.values())
    return [figure for each in chosen for figure in each.figures()]


def hardware(name: str) -> Accelerator:
    """An accelerator that has hardware.

    Raises:
        InputError: where there is none of that name, or it cannot be used.
        UnsupportedError: where the packages for hardware are missing.
    """
    having = _perhaps_having(lambda each: each.has_hardware)
    if name not in having:
        raise InputError(unknown_name("accelerator with hardware", name, having))
    found = having[name]
    found.check()
    from accelsim.gateware.packages import require_hardware_packages

    require_hardware_packages()
    return found


def verify(
    name: str,
    settings: Mapping[str, str],
    *,
    trials: int,
    seed: int,
    simulator: str = "cxxrtl",
    waves: Path | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Verification:
    """Random trials of an accelerator's hardware against NumPy and the models.

    Args:
        name: one of ``ACCELERATORS`` that has hardware.
        settings: its parameters, as a command line has them.
        trials: runs of each kind.
        seed: of all random numbers.
        simulator: ``cxxrtl``, or ``amaranth``.
        waves: folder for a VCD file of what fails first; made where something does.
        progress: is told what is being done.

    Raises:
        InputError: where a name or a parameter is not legal.
        UnsupportedError: where a tool is missing.
    """
    run: Callable[..., Verification] = hardware(name).part("verify").verify
    return run(
        settings, trials=trials, seed=seed, simulator=simulator, waves=waves, progress=progress
    )
