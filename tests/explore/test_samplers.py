"""Samplers: the same points by the same seed, none twice, none that is not worth it, an end."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accelsim.explore.samplers import Asked, Exhaustive, Random, Sampler, Told
from accelsim.explore.samplers.adaptive import Adaptive
from accelsim.study import Parameter, Parameters, Space

SPACE = Space(
    (
        Parameter("kind", ("a", "b")),
        Parameter("rows", (1, 2, 4, 8, 16, 32)),
        Parameter("columns", (1, 2, 4, 8, 16)),
        Parameter("extra", (1, 2), {"kind": frozenset({"b"})}),
    )
)
METHODS = ["exhaustive", "random", "nsga-ii", "tpe"]
SLOW = [*METHODS[:3], pytest.param("tpe", marks=pytest.mark.slow)]
"""TPE thinks for long about every point."""


def losses(point: Parameters) -> tuple[float, float]:
    rows, columns = float(point["rows"]), float(point["columns"])
    return abs(rows - 8) + columns / (2 if point["kind"] == "a" else 3), rows * columns


def sampler(
    method: str,
    space: Space = SPACE,
    most: int = 40,
    worth: Callable[[Parameters], bool] = lambda _: True,
    seed: int = 0,
    population: int = 10,
) -> Sampler:
    if method == "exhaustive":
        return Exhaustive(space, most, worth)
    if method == "random":
        return Random(space, most, worth, seed=seed)
    return Adaptive(
        space, most, worth, method=method, objectives=2, population=population, seed=seed
    )


def asked_by(
    found: Sampler, *, at_once: int = 1000, shuffle: int | None = None, fails: int | None = None
) -> list[Asked]:
    """All points of a sampler, told in some order."""
    asked: list[Asked] = []
    rng = random.Random(shuffle)
    waiting: list[Asked] = []
    for _ in range(100_000):
        some = found.ask(at_once)
        asked += some
        waiting += some
        if not waiting and found.done:
            return asked
        if shuffle is not None:
            rng.shuffle(waiting)
        for each in waiting[: rng.randint(1, 5) if shuffle is not None else None]:
            failed = fails is not None and each.number % fails == 0
            found.tell(Told(each.number, None if failed else losses(each.parameters)))
            waiting.remove(each)
    raise AssertionError("it does not end")


@pytest.mark.parametrize("method", SLOW)
def test_points(method: str) -> None:
    """As many as were asked for, numbered from 0, each of the space and none twice."""
    asked = asked_by(sampler(method))
    assert [each.number for each in asked] == list(range(40))
    texts = [str(dict(each.parameters)) for each in asked]
    assert len(set(texts)) == 40
    assert set(texts) <= {str(point) for point in SPACE}


@pytest.mark.parametrize("method", SLOW)
def test_same_seed_same_points(method: str) -> None:
    """However many are asked for at once, and in whatever order they are told."""
    first = asked_by(sampler(method, seed=3), fails=7)
    assert asked_by(sampler(method, seed=3), at_once=3, shuffle=1, fails=7) == first
    assert asked_by(sampler(method, seed=3), at_once=1, shuffle=2, fails=7) == first
    if method != "exhaustive":
        assert asked_by(sampler(method, seed=4), fails=7) != first


@pytest.mark.parametrize("method", SLOW)
def test_what_is_not_worth_it_is_not_asked_for(method: str) -> None:
    def worth(point: Parameters) -> bool:
        return float(point["rows"]) * float(point["columns"]) <= 32

    found = sampler(method, worth=worth)
    asked = asked_by(found)
    assert asked
    assert all(worth(each.parameters) for each in asked)
    assert found.passed > 0
    if method != "exhaustive":
        assert len(asked) == 40


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("most", [1, 6, 50])
def test_tiny_spaces_end(method: str, most: int) -> None:
    space = Space(
        (Parameter("kind", ("a", "b")), Parameter("rows", (1, 2, 4)), Parameter("columns", (1,)))
    )
    asked = asked_by(sampler(method, space, most=min(most, space.points), population=2))
    assert len(asked) == min(most, 6)


@pytest.mark.parametrize("method", METHODS[:3])
def test_every_point_is_seen_in_the_end(method: str) -> None:
    asked = asked_by(sampler(method, most=SPACE.points))
    assert {str(dict(each.parameters)) for each in asked} == {str(point) for point in SPACE}


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_worth_it(method: str) -> None:
    found = sampler(method, worth=lambda _: False)
    assert asked_by(found) == []
    assert found.done
    assert found.passed == SPACE.points


@pytest.mark.parametrize("method", ["nsga-ii", "tpe"])
def test_all_fail(method: str) -> None:
    assert len(asked_by(sampler(method), fails=1)) == 40


def test_constraints_lead() -> None:
    """Points beyond their constraints are told so, and those within become more frequent."""
    sides = tuple(range(1, 41))
    space = Space(
        (Parameter("kind", ("a",)), Parameter("rows", sides), Parameter("columns", sides))
    )

    def within(*, told: bool) -> int:
        found = sampler("nsga-ii", space, 120)
        count = 0
        while not found.done:
            for each in found.ask(100):
                over = max(float(each.parameters["rows"]) - 6, 0.0)
                count += not over
                violation = over if told else 0.0
                found.tell(Told(each.number, losses(each.parameters), violation))
        return count

    assert within(told=True) > 1.3 * within(told=False)


FRONT: dict[str, Any] = {
    "name": "arrays for attention",
    "parameters": {
        "accelerator": {"choices": {"fusemax": {"on": "fusemax"}, "flat": {"on": "flat"}}},
        "rows": {"from": 8, "to": 256, "times": 2},
        "columns": {"from": 8, "to": 256, "times": 2},
        "bandwidth": {"from": 25, "to": 12800, "times": 2},
        "clock": [0.25, 0.5, 0.75, 1, 1.25, 1.5],
    },
    "workload": "attention/one-pass",
    "set": {"B": 1, "H": 12, "M": 4096, "P": 4096},
    "arch": {
        "array_2d.rows": "rows",
        "array_2d.columns": "columns",
        "clock_hz": "clock * 1000000000",
        "DRAM.bandwidth_bytes_per_s": "bandwidth * 1000000000",
        "DRAM.energy_pj.read": "40 + bandwidth / 200",
        "array_2d.cycle_energy_pj": "clock * clock / 20",
    },
    "minimize": ["latency_s", "energy_j", "area_mm2"],
}
"""4,320 points of real machines: fast ones need more energy and area."""


@pytest.mark.slow
def test_nsga_ii_finds_the_front(tmp_path: Path) -> None:
    """With a tenth of the points, within 2 % of the hypervolume of all."""
    import numpy as np
    import yaml
    from optuna._hypervolume import compute_hypervolume

    from accelsim.explore.evaluate import Evaluator
    from accelsim.explore.totals import point_metrics
    from accelsim.study import load_study

    (tmp_path / "study.yaml").write_text(yaml.safe_dump(FRONT, sort_keys=False))
    study = load_study(str(tmp_path / "study.yaml"))
    evaluator = Evaluator(cache=False)
    table = {}
    for point in study.space:
        metrics = point_metrics(study, evaluator.metrics(study.plan(point)))
        table[str(point)] = study.losses(study.values(metrics))
    assert len(table) == 4320
    every = np.log(np.array(list(table.values())))
    low, high = every.min(axis=0), every.max(axis=0)

    def volume(found: Any) -> float:
        return float(compute_hypervolume((found - low) / (high - low), np.full(3, 1.1)))

    for seed in range(4):
        found = Adaptive(
            study.space, 432, lambda _: True, method="nsga-ii", objectives=3, population=50,
            seed=seed,
        )  # fmt: skip
        seen = []
        while not found.done:
            for each in found.ask(1000):
                seen.append(table[str(dict(each.parameters))])
                found.tell(Told(each.number, seen[-1]))
        assert len(seen) == 432
        assert volume(np.log(np.array(seen))) > 0.98 * volume(every)
