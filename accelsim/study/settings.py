"""A point's parameters -> what is simulated: settings laid over each other, names filled in.

Text that is the name of a parameter (or of a ``let``) stands for its value; arithmetic over such
names for what it comes to; other text is left as it is. Settings of the study come first, then
those of a run, then those of the choices in the order of their parameters, each first for all runs
and then for the run: what comes later wins, key by key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from accelsim.errors import InputError
from accelsim.expressions import Number, evaluate_expression, names_in
from accelsim.study.schema import SettingsFile, TaskFile, Value

__all__ = ["Names", "Plan", "Recipe", "Task", "recipe_of"]

Names = Mapping[str, Value]
_Resolver = Callable[[Names], Value]
_SINGLE = ("on", "workload", "mapper", "objective")
_TABLES = ("arch", "set", "at_most")


@dataclass(frozen=True)
class Task:
    """One simulation, all of its settings plain values."""

    workload: str
    on: str
    set: Mapping[str, Value] = field(default_factory=dict)
    arch: Mapping[str, Value] = field(default_factory=dict)
    mapper: str | None = None
    objective: str | None = None
    at_most: Mapping[str, Value] = field(default_factory=dict)
    tokens: float | None = None
    """That it computes, where the study says so."""

    @property
    def command(self) -> str:
        """The command line that does the same."""
        import shlex

        words = ["accelsim", "simulate", self.workload, "--on", self.on]
        tables = {"--set": self.set, "--arch": self.arch, "--at-most": self.at_most}
        for option, table in tables.items():
            words += [word for k, v in table.items() for word in (option, f"{k}={v}")]
        for option, value in (("--mapper", self.mapper), ("--objective", self.objective)):
            words += [option, value] if value else []
        return shlex.join(words)

    @property
    def sizes(self) -> dict[str, int | str]:
        """``set`` as the command line would give it: numbers with a fraction as text."""
        return {k: repr(v) if isinstance(v, float) else v for k, v in self.set.items()}

    def as_json(self) -> dict[str, Any]:
        """What the result depends on, for keys."""
        return {
            "workload": self.workload,
            "on": self.on,
            "set": dict(self.set),
            "arch": dict(self.arch),
            "mapper": self.mapper,
            "objective": self.objective,
            "at_most": dict(self.at_most),
        }


@dataclass(frozen=True)
class Plan:
    """What a point asks for."""

    tasks: Mapping[str, Task]
    """Run -> what is simulated; the name of a single run is empty."""
    names: Names
    """Parameters and names of ``let``."""
    quantizer: str | None
    """Format of the quantiser; None where no error is asked for, ``none`` where there is none."""
    group: int
    accelerator: str | None
    """With the hardware of this point."""
    hardware: Mapping[str, Value]
    """Its parameters."""


@dataclass(frozen=True)
class _Run:
    single: Mapping[str, _Resolver]
    tables: Mapping[str, Mapping[str, _Resolver]]
    tokens: _Resolver | None


@dataclass(frozen=True)
class Recipe:
    """How points become plans, for all points with the same choices."""

    let: Mapping[str, _Resolver]
    runs: Mapping[str, _Run]
    quantizer: _Resolver | None
    group: _Resolver
    accelerator: _Resolver | None
    hardware: Mapping[str, _Resolver]

    def plan(self, parameters: Names) -> Plan:
        """The plan of a point.

        Raises:
            InputError: where arithmetic cannot be done, or a run names no workload or machine.
        """
        names = dict(parameters)
        for name, resolver in self.let.items():
            names[name] = resolver(names)
        return Plan(
            {name: _task(name, run, names) for name, run in self.runs.items()},
            names,
            str(self.quantizer(names)) if self.quantizer else None,
            _whole(self.group(names), "group of quantization"),
            str(self.accelerator(names)) if self.accelerator else None,
            {key: resolver(names) for key, resolver in self.hardware.items()},
        )


def _task(name: str, run: _Run, names: Names) -> Task:
    single = {key: str(resolver(names)) for key, resolver in run.single.items()}
    for key in ("workload", "on"):
        if key not in single:
            where = f"run '{name}': " if name else ""
            raise InputError(f"{where}key '{key}' is missing at some point; add it")
    tables = {
        table: {key: resolver(names) for key, resolver in entries.items()}
        for table, entries in run.tables.items()
    }
    tokens = None if run.tokens is None else run.tokens(names)
    if isinstance(tokens, str) or (tokens is not None and tokens <= 0):
        raise InputError(f"tokens is {tokens!r}, must be a number above 0, or arithmetic")
    return Task(
        workload=single["workload"],
        on=single["on"],
        set=tables["set"],
        arch=tables["arch"],
        mapper=single.get("mapper"),
        objective=single.get("objective"),
        at_most=tables["at_most"],
        tokens=None if tokens is None else float(tokens),
    )


def _whole(value: Value, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{what} is {value!r}, must be a whole number of at least 1")
    return value


def recipe_of(
    common: Sequence[SettingsFile],
    runs: Mapping[str, Sequence[TaskFile]],
    known: Mapping[str, bool],
    *,
    folder: Path,
) -> Recipe:
    """Compile settings.

    Args:
        common: those of the study and of choices, the ones that win last.
        runs: run -> all settings that hold for it, likewise.
        known: parameters of such points -> whether they are numbers.
        folder: where files that settings name may lie.
    """
    names = dict(known)
    let: dict[str, _Resolver] = {}
    for name, written in _in_order(_merged(settings.let for settings in common)):
        let[name], names[name] = _resolver(written, names)
    quantizer = _last(each.quantization.format for each in common)
    group = _last(
        each.quantization.group for each in common if "group" in each.quantization.model_fields_set
    )
    accelerator = _last(each.build.accelerator for each in common)
    hardware = _merged(each.build.set for each in common)
    return Recipe(
        let,
        {name: _compiled(layers, names, folder) for name, layers in runs.items()},
        None if quantizer is None else _resolver(quantizer, names, named_only=True)[0],
        _resolver(128 if group is None else group, names)[0],
        None if accelerator is None else _resolver(accelerator, names, named_only=True)[0],
        {key: _resolver(written, names)[0] for key, written in hardware.items()},
    )


def _in_order(let: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """Names with what they stand for, each behind those that it is made of.

    Raises:
        InputError: where names lead in a circle.
    """
    from graphlib import CycleError, TopologicalSorter

    needed = {name: _used(written) & let.keys() for name, written in let.items()}
    try:
        return [(name, let[name]) for name in TopologicalSorter(needed).static_order()]
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise InputError(f"let: names refer to each other in a circle: {circle}") from None


def _used(written: Value) -> frozenset[str]:
    """Names in a text, whether it is arithmetic or a name itself."""
    try:
        return names_in(written)
    except InputError:
        return frozenset()


def _last(values: Iterable[Any]) -> Any:
    return next((value for value in reversed(list(values)) if value is not None), None)


def _merged(tables: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for table in tables:
        merged |= table
    return merged


def _compiled(settings: Sequence[TaskFile], names: Mapping[str, bool], folder: Path) -> _Run:
    single = {}
    for key in _SINGLE:
        written = _last(getattr(each, key) for each in settings)
        if written is not None:
            written = written if written in names else _beside(folder, written)
            single[key] = _resolver(written, names, named_only=True)[0]
    tables = {
        table: {
            key: _resolver(written, names)[0]
            for key, written in _merged(getattr(each, table) for each in settings).items()
        }
        for table in _TABLES
    }
    tokens = _last(each.tokens for each in settings)
    return _Run(single, tables, None if tokens is None else _resolver(tokens, names)[0])


def _beside(folder: Path, written: str) -> str:
    """A file of that name beside the study, else the name as it is."""
    try:
        found = bool(Path(written).suffix) and (folder / written).is_file()
    except (OSError, ValueError):
        return written  # What is wrong with it is said where it is looked up.
    return str(folder / written) if found else written


def _resolver(
    written: Value, names: Mapping[str, bool], *, named_only: bool = False
) -> tuple[_Resolver, bool]:
    """What a text or number stands for at a point, and whether that is a number."""
    if not isinstance(written, str):
        return (lambda _: written), True
    if written in names:
        return (lambda at: at[written]), names[written]
    if not named_only and _is_arithmetic(written, names):
        return (lambda at: _number(written, at)), True
    return (lambda _: written), False


def _is_arithmetic(written: str, names: Mapping[str, bool]) -> bool:
    """Whether a text is arithmetic over parameters."""
    used = _used(written)
    return bool(used) and all(names.get(name, False) for name in used)


def _number(written: str, names: Names) -> int | float:
    return _plain(evaluate_expression(written, exact(names)))


def exact(names: Names) -> dict[str, Number]:
    """The numbers among names, without error: 0.1 is a tenth."""
    return {
        name: Fraction(repr(value)) if isinstance(value, float) else value
        for name, value in names.items()
        if not isinstance(value, str)
    }


def _plain(value: Number) -> int | float:
    return value if isinstance(value, int) else float(value)
