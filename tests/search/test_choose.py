"""Fronts of several parts together, and the choice among them, against brute force."""

from dataclasses import dataclass
from itertools import product
from random import Random

import numpy as np
import pytest

import accelsim
from accelsim.search import choose as module
from accelsim.search.choose import choose, combine, limits_of


@dataclass(frozen=True)
class Pair:
    cycles: float
    energy_pj: float


def random_front(random: Random, size: int) -> list[Pair]:
    """Options in a random order, dominated ones among them."""
    return [Pair(random.randint(1, 40), random.randint(1, 40)) for _ in range(size)]


def every_sum(fronts: list[list[Pair]], times: list[int]) -> set[tuple[float, float]]:
    found = set()
    for picked in product(*fronts):
        cycles = sum(p.cycles * n for p, n in zip(picked, times, strict=True))
        energy = sum(p.energy_pj * n for p, n in zip(picked, times, strict=True))
        found.add((cycles, energy))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_the_combined_front_is_that_of_all_combinations(seed: int) -> None:
    random = Random(seed)
    fronts = [random_front(random, random.randint(1, 6)) for _ in range(random.randint(1, 4))]
    times = [random.randint(1, 5) for _ in fronts]
    sums = every_sum(fronts, times)
    best = {
        (c, e) for c, e in sums if not any(a <= c and b <= e and (a, b) != (c, e) for a, b in sums)
    }
    found = combine(fronts, times)
    assert set(zip(found.cycles.tolist(), found.energy_pj.tolist(), strict=True)) == best
    assert found.energy_pj.tolist() == sorted(found.energy_pj.tolist())
    for i, picks in enumerate(found.picks.tolist()):
        picked = [front[pick] for front, pick in zip(fronts, picks, strict=True)]
        cycles = sum(p.cycles * n for p, n in zip(picked, times, strict=True))
        assert cycles == found.cycles[i]


def test_sums_that_are_held_in_parts_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(7)
    fronts = [random_front(random, 30) for _ in range(3)]
    whole = combine(fronts)
    monkeypatch.setattr(module, "_AT_ONCE", 10)
    parts = combine(fronts)
    assert parts.cycles.tolist() == whole.cycles.tolist()
    assert parts.energy_pj.tolist() == whole.energy_pj.tolist()


def test_sums_that_differ_by_rounding_are_one_point() -> None:
    front = combine([[Pair(0.1, 3.0), Pair(0.3, 1.0)], [Pair(0.2, 2.0), Pair(0.4, 0.0)]])
    assert len(front) == len({round(c, 9) for c in front.cycles.tolist()})


def test_thinning_keeps_the_best_of_every_objective(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(3)
    fronts = [
        [Pair(x, 1e4 / x + random.random()) for x in random.sample(range(1, 5000), 60)]
        for _ in range(3)
    ]
    whole = combine(fronts)
    monkeypatch.setattr(module, "_MOST", 50)
    thin = combine(fronts)
    assert len(thin) < 200 < len(whole)
    for objective in ("latency", "energy", "edp"):
        best = [f.take(np.array([choose(f, objective, {}, what="x")])) for f in (whole, thin)]
        assert best[0].cycles == best[1].cycles
        assert best[0].energy_pj == best[1].energy_pj


FRONT = [Pair(100, 10), Pair(50, 19), Pair(20, 60), Pair(10, 130)]


@pytest.mark.parametrize(
    ("objective", "limits", "cycles"),
    [
        ("latency", {}, 10),
        ("energy", {}, 100),
        ("edp", {}, 50),  # 1000, 950, 1200, 1300
        ("energy", {"cycles": 50}, 50),
        ("energy", {"cycles": 49.9}, 20),
        ("latency", {"energy_pj": 60}, 20),
        ("latency", {"energy_pj": 59.9}, 50),
        ("edp", {"cycles": 40, "energy_pj": 100}, 20),
    ],
)
def test_the_choice_within_bounds(objective: str, limits: dict[str, float], cycles: int) -> None:
    front = combine([FRONT])
    assert front.cycles[choose(front, objective, limits, what="x")] == cycles


@pytest.mark.parametrize("objective", ["latency", "energy", "edp"])
def test_parts_alone_do_not_make_the_best_whole(objective: str) -> None:
    """The least product of a sum is not the sum of least products."""
    fronts = [[Pair(10, 10), Pair(30, 3)], [Pair(1000, 1), Pair(1, 900)]]
    front = combine(fronts)
    at = choose(front, objective, {}, what="x")
    keys = {
        "latency": lambda c, e: (c, e),
        "energy": lambda c, e: (e, c),
        "edp": lambda c, e: c * e,
    }
    best = min(every_sum(fronts, [1, 1]), key=lambda pair: keys[objective](*pair))
    assert (front.cycles[at], front.energy_pj[at]) == best
    if objective == "edp":
        alone = [min(f, key=lambda p: p.cycles * p.energy_pj) for f in fronts]
        product_alone = sum(p.cycles for p in alone) * sum(p.energy_pj for p in alone)
        assert best[0] * best[1] < product_alone


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"cycles": 9.5}, r"mine: at most cycles=9\.5 is out of reach, must be at least 10, "),
        ({"energy_pj": 5}, r"at most energy_pj=5 is out of reach, must be at least 10, "),
        (
            {"cycles": 20, "energy_pj": 20},
            r"within both bounds; the best that is reachable: at cycles=20, energy_pj=60 and at "
            r"energy_pj=20, cycles=50; raise one",
        ),
    ],
)
def test_bounds_out_of_reach(limits: dict[str, float], message: str) -> None:
    with pytest.raises(accelsim.InputError, match=message):
        choose(combine([FRONT]), "edp", limits, what="mine")


@pytest.mark.parametrize("value", ["x", "", "nan", "inf", -1, 0, True, None, [1]])
def test_bounds_must_be_numbers_above_zero(value: object) -> None:
    with pytest.raises(accelsim.InputError, match=r"at most: cycles is .*, must be a number"):
        limits_of({"cycles": value})  # type: ignore[dict-item]


def test_all_wrong_bounds_are_named_at_once() -> None:
    with pytest.raises(accelsim.InputError) as error:
        limits_of({"cycle": 1, "energy_pj": "much"})
    assert len(error.value.problems) == 2
    assert "did you mean 'cycles'?" in error.value.problems[0]
    assert limits_of({"cycles": "5e6", "energy_pj": 3}) == {"cycles": 5e6, "energy_pj": 3.0}
