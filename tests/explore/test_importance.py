"""Shares of variance: against Sobol indices in closed form, with parameters that do not apply."""

import itertools
import random
from typing import Any

import pytest

from accelsim.errors import UnsupportedError
from accelsim.explore.importance import parameter_importance

Point = dict[str, Any]
OBJECTIVE = [{"name": "f"}]
VALUES = [8, 16, 32, 64, 128]  # Far from even: what counts is that they are five.


def parameters(*names: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
    return [{"name": name, "values": list(values or VALUES)} for name in names]


def point(value: float | None, **chosen: Any) -> Point:
    objectives = {} if value is None else {"f": value}
    return {"parameters": chosen, "objectives": objectives}


def test_shares_are_sobol_indices() -> None:
    """f = 3 x + 2 y + (x - 2)(y - 2) over x, y, z of 0 to 4, whose variance is 2 each.

    By definition the parts are 9 * 2, 4 * 2 and 2 * 2 of both together, of 30.
    """
    space = parameters("x", "y", "z")
    steps = range(len(VALUES))
    points = [
        point(3 * x + 2 * y + (x - 2) * (y - 2), x=VALUES[x], y=VALUES[y], z=VALUES[z])
        for x, y, z in itertools.product(steps, steps, steps)
    ]
    found = parameter_importance(space, OBJECTIVE, points)["f"]
    assert found == pytest.approx({"x": 18 / 30, "y": 8 / 30, "z": 0.0}, abs=0.035)
    assert list(found) == ["x", "y", "z"]
    assert 0.06 < 1 - sum(found.values()) < 0.2


def test_every_value_weighs_the_same_whatever_it_is() -> None:
    """Of 4 values one is special: a variance of 3/16; were ends half as heavy, of 5/36."""
    space = parameters("end", "word", values=["a", "b", "c", "d"])
    chosen = list(itertools.product("abcd", "abcd")) * 4
    points = [point((e == "a") + (w == "b"), end=e, word=w) for e, w in chosen]
    found = parameter_importance(space, OBJECTIVE, points)["f"]
    assert found == pytest.approx({"end": 0.5, "word": 0.5}, abs=0.02)


def test_absent_is_a_value_of_its_own() -> None:
    """``bits`` applies to one kind alone; there it is all that matters."""
    space = [*parameters("kind", values=["dense", "serial"]), *parameters("bits", "rows")]
    draw = random.Random(3)
    points = []
    for _ in range(400):
        rows, bits = draw.choice(VALUES), draw.choice(VALUES)
        if draw.random() < 0.2:
            points.append(point(2.0, kind="dense", rows=rows))
        else:
            points.append(point(VALUES.index(bits), kind="serial", bits=bits, rows=rows))
    found = parameter_importance(space, OBJECTIVE, points)["f"]
    assert found["bits"] > 0.85
    assert found["rows"] < 0.02


def test_absent_alone_tells_points_apart() -> None:
    """A parameter of a single value still varies where it may be absent."""
    space = [*parameters("rows"), {"name": "unit", "values": ["fast"]}]
    points = [
        point(float(has), rows=rows, **({"unit": "fast"} if has else {}))
        for rows in VALUES
        for has in (False, True)
    ]
    assert parameter_importance(space, OBJECTIVE, points)["f"]["unit"] == pytest.approx(1, abs=0.02)


def test_the_seed_chooses_the_points_and_nothing_else_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    space = parameters("x", "y")
    draw = random.Random(0)
    chosen = [(draw.choice(VALUES), draw.choice(VALUES)) for _ in range(60)]
    points = [point(x * 1e-9 + y * 1e-10, x=x, y=y) for x, y in chosen]
    runs = [
        parameter_importance(space, OBJECTIVE, points, seed=seed, most_points=20)
        for seed in (5, 5, 6)
    ]
    assert runs[0] == runs[1] != runs[2]
    said = capsys.readouterr()
    assert said.out + said.err == ""


def test_nothing_is_said_of_what_does_not_vary_or_is_unknown() -> None:
    space = parameters("x")
    same = [point(0.1 + 0.2 if x > 20 else 0.3, x=x) for x in VALUES * 3]
    assert parameter_importance(space, OBJECTIVE, same) == {}
    few = [point(float(x), x=x) for x in VALUES]
    assert parameter_importance(space, OBJECTIVE, few) == {}
    unknown = [point(None, x=x) for x in VALUES * 3]
    assert parameter_importance(space, OBJECTIVE, unknown) == {}
    found = parameter_importance(space, OBJECTIVE, unknown + few * 2)
    assert found["f"]["x"] == pytest.approx(1, abs=0.01)
    assert parameter_importance(parameters("x", values=[4]), OBJECTIVE, few) == {}


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accelsim.explore.importance.find_spec", lambda name: None)
    with pytest.raises(UnsupportedError, match="needs the package 'optuna'; install it with"):
        parameter_importance(parameters("x"), OBJECTIVE, [])
