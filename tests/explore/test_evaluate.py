"""The evaluator of studies gives what `accelsim simulate` gives, whatever it keeps."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import accelsim
from accelsim.errors import InputError, UnsupportedError
from accelsim.explore.evaluate import WHOLE, Evaluator
from accelsim.library import ARCHITECTURES
from accelsim.study import Plan, Task

MATMUL = {"M": 48, "N": 36, "K": 20}
ATTENTION = {"B": 1, "H": 2, "M": 512, "P": 256}


def plan(*tasks: Task, quantizer: str | None = None, group: int = 128) -> Plan:
    names = [""] if len(tasks) == 1 else [f"run{i}" for i in range(len(tasks))]
    return Plan(dict(zip(names, tasks, strict=True)), {}, quantizer, group, None, {})


def expected(task: Task) -> dict[str, float | None]:
    texts = {k: repr(v) if isinstance(v, float) else v for k, v in task.set.items()}
    result = accelsim.simulate(
        task.workload,
        on=task.on,
        set=texts,
        arch=task.arch,
        mapper=task.mapper,
        objective=task.objective,
        at_most={k: str(v) for k, v in task.at_most.items()},
    )
    energy, area = result.energy_pj, result.area_um2
    return {
        "cycles": result.cycles,
        "latency_s": result.seconds,
        "energy_j": None if energy is None else energy * 1e-12,
        "area_mm2": None if area is None else area * 1e-6,
        "dram_bytes": result.traffic_bytes[result.outermost_memory],
        **{f"utilization.{name}": each for name, each in result.utilization.items()},
        **{f"traffic_bytes.{name}": each for name, each in result.traffic_bytes.items()},
        **{f"occupancy_bytes.{name}": each for name, each in result.occupancy_bytes.items()},
    }


def attempted(do: Callable[[], dict[str, float | None]]) -> dict[str, float | None] | str:
    """What comes of it, or why nothing does."""
    try:
        return do()
    except (InputError, UnsupportedError) as error:
        return str(error)


def agrees(evaluator: Evaluator, task: Task) -> None:
    wanted = attempted(lambda: expected(task))
    if isinstance(wanted, str):
        assert attempted(lambda: evaluator.metrics(plan(task))[""]) == wanted
        return
    found = evaluator.metrics(plan(task))[""]
    assert found["cycles"] == wanted["cycles"]
    got = {name: value for name, value in found.items() if name in wanted}
    known = {name: value for name, value in wanted.items() if value is not None}
    assert {name for name, value in got.items() if value is not None} == set(known)
    assert {name: got[name] for name in known} == pytest.approx(known, rel=1e-12)


RATES: dict[str, list[Any]] = {
    "DRAM.bandwidth_bytes_per_s": [1e9, 2e10, 4e11],
    "clock_hz": [2e8, 1e9, 3_000_000_000],
}
FAMILIES: dict[str, tuple[dict[str, Any], dict[str, list[Any]], list[str | None]]] = {
    "fusemax": (
        {"workload": "attention/one-pass", "set": ATTENTION},
        {**RATES, "array_2d.rows": [32, 64], "DRAM.energy_pj.read": [0, 10.5]},
        [None],
    ),
    "tpu-v3-core": (  # A mapper whose best tiles depend on figures.
        {"workload": "attention/one-pass", "set": ATTENTION},
        {"DRAM.bandwidth_bytes_per_s": [1e9, 9e11], "clock_hz": [2e8, 9.4e8]},
        [None],
    ),
    "ref3": (
        {"workload": "matmul", "set": MATMUL},
        {**RATES, "PEs.rows": [8, 16], "GLB.energy_pj.read": [1, 50], "GLB.size_bytes": [4096]},
        ["weight-stationary", "output-stationary", "optimal"],
    ),
    "systolic-axi-ws": (  # Bandwidths that follow the clock.
        {"workload": "matmul", "set": MATMUL},
        {"clock_hz": [1e8, 2e8]},
        [None],
    ),
}


def tasks(on: str, number: int) -> Iterator[Task]:
    fixed, choices, mappers = FAMILIES[on]
    rng = random.Random(on)
    for _ in range(number):
        names = [name for name in choices if rng.random() < 0.7]
        rng.shuffle(names)
        arch = {name: rng.choice(choices[name]) for name in names}
        yield Task(on=on, **fixed, arch=arch, mapper=rng.choice(mappers))


@pytest.mark.parametrize(("on", "number"), [("fusemax", 6), ("systolic-axi-ws", 3)])
def test_as_simulate(on: str, number: int) -> None:
    evaluator = Evaluator(cache=False)
    for task in tasks(on, number):
        agrees(evaluator, task)


@pytest.mark.parametrize("on", ["ref3", "tpu-v3-core"])
def test_searches_as_simulate(on: str) -> None:
    evaluator = Evaluator(cache=False)
    for task in tasks(on, 8):
        agrees(evaluator, task)


@pytest.mark.slow
@pytest.mark.parametrize("on", list(FAMILIES))
def test_many_as_simulate(on: str) -> None:
    evaluator = Evaluator(cache=False)
    for task in tasks(on, 30):
        agrees(evaluator, task)


def test_a_mapping_for_its_figures() -> None:
    """Of machines that differ in figures alone, each has the mapping that is best for it."""
    evaluator = Evaluator(cache=False)
    traffic = set()
    for arch in ({}, {"global_buffer.energy_pj.read": 1e5}, {"registers_2d.energy_pj.read": 100}):
        task = Task("conv2d", "fusemax", arch=arch)
        agrees(evaluator, task)
        traffic.add(evaluator.metrics(plan(task))[""]["traffic_bytes.global_buffer"])
    assert len(traffic) == 3


def test_bounds_of_a_search_follow_figures() -> None:
    """What is within a bound on one machine is not on a slower one, though both map alike."""
    evaluator = Evaluator(cache=False)

    def bounded(bandwidth: float) -> Task:
        arch = {"DRAM.bandwidth_bytes_per_s": bandwidth}
        at_most = {"cycles": 5000}
        fixed = {"workload": "attention/one-pass", "set": ATTENTION, "on": "fusemax"}
        return Task(**fixed, arch=arch, at_most=at_most)  # type: ignore[arg-type]

    agrees(evaluator, bounded(1e12))
    with pytest.raises(InputError, match="cycles"):
        accelsim.simulate(
            "attention/one-pass",
            on="fusemax",
            set=ATTENTION,
            arch={"DRAM.bandwidth_bytes_per_s": 1e9},
            at_most={"cycles": 5000},
        )
    with pytest.raises(InputError, match="cycles"):
        evaluator.metrics(plan(bounded(1e9)))


def test_a_change_makes_another_no_figure(tmp_path: Path) -> None:
    """The clock is a figure of ref3, until a bandwidth is given by the cycle."""
    file = tmp_path / "machine.yaml"
    file.write_text(
        (ARCHITECTURES.path / "ref3.yaml")
        .read_text()
        .replace("bandwidth_bytes_per_s: 256.0e+9", "")
    )
    evaluator = Evaluator(cache=False)
    for clock_hz in (1e9, 4e9):
        arch = {"GLB.bytes_per_cycle": 4, "clock_hz": clock_hz}
        agrees(evaluator, Task("matmul", str(file), MATMUL, arch, "weight-stationary"))


def test_energies_not_known() -> None:
    evaluator = Evaluator(cache=False)
    found = evaluator.metrics(plan(Task("matmul", "systolic-os", MATMUL)))[""]
    assert (found["energy_j"], found["area_mm2"]) == (None, None)


def test_tokens() -> None:
    evaluator = Evaluator(cache=False)
    asked = Task("matmul", "systolic-os", MATMUL, tokens=12.0)
    assert evaluator.metrics(plan(asked))[""]["tokens"] == 12.0
    assert evaluator.metrics(plan(Task("matmul", "systolic-os", MATMUL)))[""]["tokens"] is None


def test_runs_and_quantisation() -> None:
    evaluator = Evaluator(cache=False)
    small, large = Task("matmul", "ref3", MATMUL), Task("matmul", "ref3", {**MATMUL, "M": 96})
    small, large = (
        Task(each.workload, each.on, each.set, mapper="weight-stationary")
        for each in (small, large)
    )
    found = evaluator.metrics(plan(small, large, quantizer="none"))
    assert set(found) == {"run0", "run1", WHOLE}
    assert found["run0"] == evaluator.metrics(plan(small))[""]
    assert found[WHOLE] == {"quantization_error": 0.0}


def test_played_out() -> None:
    task = Task("attention/one-pass", "fusemax", ATTENTION)
    found = Evaluator("event", cache=False).metrics(plan(task))[""]
    result = accelsim.simulate("attention/one-pass", on="fusemax", set=ATTENTION, fidelity="event")
    assert found["cycles"] == result.cycles
    got = {name: found[f"utilization.{name}"] for name in result.utilization}
    assert got == pytest.approx(result.utilization, rel=1e-12)


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (Task("nothing", "ref3"), "workload 'nothing' is unknown"),
        (Task("matmul", "nothing"), "architecture 'nothing' is unknown"),
        (Task("matmul", "ref3", mapper="nothing"), "mapper 'nothing' is unknown"),
        (Task("matmul", "ref3", {"Q": 1}), "'Q' is unknown"),
        (Task("matmul", "ref3", arch={"GLB.color": 1}), "color"),
        (Task("matmul", "ref3", arch={"GLB.energy_pj.read": -1.0}), "read"),
        (Task("matmul", "ref3", objective="speed"), "speed"),
    ],
)
def test_wrong(task: Task, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Evaluator(cache=False).metrics(plan(task))


def test_wrong_in_one_of_several() -> None:
    right = Task("matmul", "systolic-os", MATMUL)
    with pytest.raises(InputError, match=r"^run 'run1': workload"):
        Evaluator(cache=False).metrics(plan(right, Task("nothing", "ref3")))


def test_sizes_and_figures_without_bounds() -> None:
    arch = {"DRAM.bandwidth_bytes_per_s": 1.0, "clock_hz": 1e24}
    huge = dict.fromkeys("MNK", 10**100)
    evaluator = Evaluator(cache=False)
    agrees(evaluator, Task("matmul", "systolic-os", dict.fromkeys("MNK", 10**9), arch))
    agrees(evaluator, Task("matmul", "systolic-os", huge, arch))
