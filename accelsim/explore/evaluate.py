"""A point's plan -> its metrics: what is simulated once is not simulated again.

Points of a study share workloads, machines and mappings. Workloads and machines are kept by what
they were asked for with; where bandwidths and energies had no say in a mapping, its counts are kept
too, and points that differ in these figures alone cost microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from accelsim.architecture import Architecture, load_architecture
from accelsim.architecture.figures import is_figure, with_figures
from accelsim.errors import InputError, UnsupportedError
from accelsim.model.cost import area_of
from accelsim.model.tally import Tally, tally_of
from accelsim.study import Plan, Task
from accelsim.study.schema import Value
from accelsim.workload import Workload, load_workload

if TYPE_CHECKING:
    from accelsim.pipeline import MappedWorkload

__all__ = ["Evaluator", "Metrics"]

Metrics = dict[str, dict[str, float | None]]
"""Run -> metric -> value; those of the point as a whole have no run, with a leading ``*``."""
WHOLE = "*"
"""In place of a run: metrics that belong to none."""
_MOST_KEPT = 4096

Kept = TypeVar("Kept")


@dataclass
class _Memo:
    """The last few thousand things of a kind."""

    found: dict[Any, Any] = field(default_factory=dict)

    def get(self, key: Any, make: Callable[[], Kept]) -> Kept:
        if key in self.found:
            kept: Kept = self.found[key]
            return kept
        made = make()
        if len(self.found) >= _MOST_KEPT:
            self.found.pop(next(iter(self.found)))
        self.found[key] = made
        return made


@dataclass(frozen=True)
class _Counted:
    """What does not depend on figures, of a workload on a machine."""

    tally: Tally
    traffic_bytes: Mapping[str, float]
    """Memory -> what is read from and written to it."""
    occupancy_bytes: Mapping[str, float]


@dataclass
class Evaluator:
    """Evaluates plans; one for each process.

    Args:
        fidelity: ``analytic``, or ``event``: played out in time.
        cache: whether exact searches are kept in the user's cache folder.
    """

    fidelity: str = "analytic"
    cache: bool = True
    _workloads: _Memo = field(default_factory=_Memo)
    _machines: _Memo = field(default_factory=_Memo)
    _counts: _Memo = field(default_factory=_Memo)
    _tokens: _Memo = field(default_factory=_Memo)

    def metrics(self, plan: Plan) -> Metrics:
        """Simulate all runs of a point.

        Raises:
            InputError: where an input of it is wrong.
            UnsupportedError: where it cannot be simulated.
        """
        found = {}
        for name, task in plan.tasks.items():
            try:
                found[name] = self._task(task)
            except InputError as error:
                where = f"run '{name}': " if name else ""
                raise InputError([f"{where}{each}" for each in error.problems]) from None
        if plan.quantizer is not None:
            found[WHOLE] = {"quantization_error": _error_of(plan.quantizer, plan.group)}
        return found

    def _task(self, task: Task) -> dict[str, float | None]:
        workload = self._workloads.get(
            _key(task.workload, task.set), lambda: load_workload(task.workload, task.sizes)
        )
        machine, structure = self._machine(task)
        tokens = task.tokens
        if tokens is None:
            key = _key(task.workload, task.set)
            tokens = self._tokens.get(key, lambda: _tokens_of(task))
        try:
            if self.fidelity != "analytic":
                return self._played(task, workload, machine, tokens)
            counted = self._counted(task, workload, machine, structure)
            cycles = counted.tally.cycles(machine)
            busy = counted.tally.utilization(machine, cycles)
            return _metrics(machine, counted, math.ceil(cycles), busy, tokens)
        except (OverflowError, ZeroDivisionError):
            raise UnsupportedError(
                "these sizes and figures are so large or so small that results overflow"
            ) from None

    def _machine(self, task: Task) -> tuple[Architecture, Any]:
        """The machine, and a key of all of it that its mappings may depend on."""
        plain = self._machines.get(_key(task.on, {}), lambda: load_architecture(task.on))
        figures = {k: float(v) for k, v in task.arch.items() if is_figure(plain, k, v)}
        rest = {k: v for k, v in task.arch.items() if k not in figures}
        key = _key(task.on, rest)
        base = self._machines.get(key, lambda: load_architecture(task.on, rest))
        if rest and not all(is_figure(base, path, value) for path, value in figures.items()):
            # With the other changes they are none: bandwidths by the cycle follow the clock, say.
            key = _key(task.on, task.arch)
            return self._machines.get(key, lambda: load_architecture(task.on, task.arch)), key
        return with_figures(base, figures) if figures else base, key

    def _counted(
        self, task: Task, workload: Workload, machine: Architecture, structure: Any
    ) -> _Counted:
        asked = (_key(task.workload, task.set), task.mapper, task.objective, _items(task.at_most))
        # Of a machine without changes both would be the same key.
        settled = ("any figures", structure, *asked)
        whole = ("these figures", _key(task.on, task.arch), *asked)
        for key in (settled, whole):
            kept: _Counted | None = self._counts.found.get(key)
            if kept is not None:
                return kept
        mapped = self._mapped(task, workload, machine)
        counted = _counted(mapped)
        # Figures that had a say in the mapping, or break its bounds, are part of what it was found
        # for.
        key = whole if mapped.plans.weighed or task.at_most else settled
        return self._counts.get(key, lambda: counted)

    def _mapped(self, task: Task, workload: Workload, machine: Architecture) -> MappedWorkload:
        from accelsim.pipeline import map_workload

        return map_workload(
            workload,
            on=machine,
            mapper=task.mapper,
            objective=task.objective,
            at_most=task.at_most,
            fidelity=self.fidelity,
            cache=self.cache,
        )

    def _played(
        self, task: Task, workload: Workload, machine: Architecture, tokens: float | None
    ) -> dict[str, float | None]:
        mapped = self._mapped(task, workload, machine)
        result = mapped.result
        return _metrics(machine, _counted(mapped), result.cycles, result.utilization, tokens)


def _counted(mapped: MappedWorkload) -> _Counted:
    result = mapped.result
    return _Counted(tally_of(mapped.counts), result.traffic_bytes, result.occupancy_bytes)


def _metrics(
    machine: Architecture,
    counted: _Counted,
    cycles: int,
    utilization: Mapping[str, float],
    tokens: float | None,
) -> dict[str, float | None]:
    energy_pj = counted.tally.energy_pj(machine)
    area_um2, _ = area_of(machine)
    latency_s = cycles / machine.clock_hz
    energy_j = None if energy_pj is None else energy_pj * 1e-12
    on_chip = [memory for memory in machine.memories.values() if memory is not machine.root]
    sizes = [memory.capacity_bytes for memory in on_chip]
    return {
        "cycles": cycles,
        "latency_s": latency_s,
        "energy_j": energy_j,
        "area_mm2": None if area_um2 is None else area_um2 * 1e-6,
        "buffer_bytes": sum(size for size in sizes if size is not None),
        "dram_bytes": counted.traffic_bytes[machine.root.name],
        "tokens": tokens,
        **{f"utilization.{k}": v for k, v in utilization.items()},
        **{f"traffic_bytes.{k}": v for k, v in counted.traffic_bytes.items()},
        **{f"occupancy_bytes.{k}": v for k, v in counted.occupancy_bytes.items()},
        **(
            {f"fpga.{kind}": float(count) for kind, count in machine.fpga.resources.items()}
            if machine.fpga
            else {}
        ),
    }


def _error_of(quantizer: str, group: int) -> float:
    from accelsim.quantization.sample import sample_error

    return sample_error(quantizer, group)


def _tokens_of(task: Task) -> float | None:
    """Tokens that a language model computes in a run; None of what is no model."""
    from accelsim.workload.models import load_model
    from accelsim.workload.models.load import is_model
    from accelsim.workload.models.scenario import scenario_of

    if not is_model(task.workload):
        return None
    scenario = scenario_of(task.sizes, where=task.workload).of(load_model(task.workload))
    return float(scenario.batch * scenario.new_tokens)


def _items(table: Mapping[str, Value]) -> tuple[tuple[str, Value], ...]:
    return tuple(table.items())


def _key(name: str, table: Mapping[str, Value]) -> tuple[str, tuple[tuple[str, Value], ...]]:
    return name, _items(table)
