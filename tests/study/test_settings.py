"""Points -> plans: settings laid over each other, names and arithmetic filled in."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.study import Study, Task, load_study

Studies = Callable[..., Study]


def task(study: Study, run: str = "", **parameters: Any) -> Task:
    return study.plan(parameters).tasks[run]


def test_names_arithmetic_and_text(study: Studies) -> None:
    found = study(
        parameters={"rows": [8], "part": [0.1], "size": ["4k", "rows"], "on_": ["ref3"]},
        on="on_",
        arch={
            "a": "rows",
            "b": "rows * 2 + 1",
            "c": "part * 3",
            "d": "size",
            "e": "rows / 16",
            "f": "cols * rows",
            "g": "size * 2",
            "h": 5,
            "i": "ref3",
            "j": "1 + 1",
        },
    )
    point = {"rows": 8, "part": 0.1, "size": "4k", "on_": "ref3"}
    assert task(found, **point) == Task(
        "matmul",
        "ref3",
        {},
        {
            "a": 8,
            "b": 17,
            "c": 0.3,  # A tenth is a tenth: not 0.30000000000000004.
            "d": "4k",
            "e": 0.5,
            "f": "cols * rows",  # Of a name that is none of ours: as it is.
            "g": "size * 2",  # A name is no number.
            "h": 5,
            "i": "ref3",
            "j": "1 + 1",
        },
    )


def test_text_of_a_parameter_stays_text(study: Studies) -> None:
    """A value that looks like another parameter is not looked up again."""
    found = study(parameters={"rows": [8], "mode": ["rows", "x"]}, arch={"a": "mode"})
    assert task(found, rows=8, mode="rows").arch == {"a": "rows"}


LAYERS: dict[str, Any] = {
    "parameters": {
        "rows": [8],
        "first": {
            "choices": {
                "one": {"mapper": "of first", "set": {"M": 10}, "runs": {"b": {"set": {"N": 11}}}},
                "two": {},
            }
        },
        "second": {
            "choices": {
                "one": {"mapper": "of second", "arch": {"x": 3}, "runs": {"b": {"mapper": "of b"}}},
                "two": {"set": {"K": 0}},
            }
        },
    },
    "mapper": "own",
    "set": {"M": 1, "N": 1, "K": 1},
    "arch": {"x": 1},
    "runs": {"a": {}, "b": {"mapper": "run", "set": {"M": 5}, "arch": {"x": 2}}},
}


@pytest.mark.parametrize(
    ("first", "second", "run", "mapper", "sizes", "arch"),
    [
        ("two", "two", "a", "own", {"M": 1, "N": 1, "K": 0}, {"x": 1}),
        ("two", "two", "b", "run", {"M": 5, "N": 1, "K": 0}, {"x": 2}),
        ("one", "two", "a", "of first", {"M": 10, "N": 1, "K": 0}, {"x": 1}),
        ("one", "two", "b", "of first", {"M": 10, "N": 11, "K": 0}, {"x": 2}),
        ("one", "one", "a", "of second", {"M": 10, "N": 1, "K": 1}, {"x": 3}),
        ("one", "one", "b", "of b", {"M": 10, "N": 11, "K": 1}, {"x": 3}),
    ],
)
def test_what_comes_later_wins(
    first: str,
    second: str,
    run: str,
    mapper: str,
    sizes: dict[str, int],
    arch: dict[str, int],
    study: Studies,
) -> None:
    found = task(study(**LAYERS), run, rows=8, first=first, second=second)
    assert (found.mapper, found.set, found.arch) == (mapper, sizes, arch)


def test_let(study: Studies) -> None:
    choices = {"small": {"let": {"side": "rows / 2"}}, "large": {"let": {"side": "rows * 2"}}}
    found = study(
        parameters={"rows": [8], "kind": {"choices": choices}},
        let={"double": "rows * 2", "name": "ref3"},
        on="name",
        arch={"a": "side", "b": "double + side"},
        constraints=["side > 4", "double < 100"],
    )
    plan = found.plan({"rows": 8, "kind": "small"})
    assert plan.names == {"rows": 8, "kind": "small", "double": 16, "name": "ref3", "side": 4}
    assert plan.tasks[""].arch == {"a": 4, "b": 20}
    assert plan.tasks[""].on == "ref3"
    assert found.excluded(plan.names) == "side > 4"
    large = found.plan({"rows": 8, "kind": "large"})
    assert large.tasks[""].arch == {"a": 16, "b": 32}
    assert found.excluded(large.names) == ""


def test_parameters_that_do_not_apply(study: Studies) -> None:
    """Of points without it, a parameter's name is text, and constraints on it hold."""
    found = study(
        parameters={"a": [1, 2], "b": {"values": [3, 4], "when": {"a": 2}}},
        arch={"x": "b"},
        constraints=["b < 4", "cycles < b * 100"],
    )
    assert task(found, a=1).arch == {"x": "b"}
    assert task(found, a=2, b=3).arch == {"x": 3}
    assert [bool(found.excluded(point)) for point in found.space] == [False, False, True]
    assert found.violation({"a": 1}, {"cycles": 1e9}) == (0.0, "")
    by, which = found.violation({"a": 2, "b": 3}, {"cycles": 450})
    assert (by, which) == (pytest.approx(0.5), "cycles < b * 100")


def test_quantisation_build_and_tokens(study: Studies) -> None:
    found = study(
        parameters={"rows": [8], "format": ["none", "bitmod-fp4"], "group": [32]},
        quantization={"format": "format", "group": "group * 2"},
        build={"accelerator": "systolic", "set": {"rows": "rows"}},
        tokens="rows * 3",
    )
    plan = found.plan({"rows": 8, "format": "bitmod-fp4", "group": 32})
    assert (plan.quantizer, plan.group) == ("bitmod-fp4", 64)
    assert (plan.accelerator, plan.hardware) == ("systolic", {"rows": 8})
    assert plan.tasks[""].tokens == 24.0
    assert study().plan({"rows": 8}).quantizer is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"quantization": {"group": "rows / 2"}}, "group of quantization is 4.5"),
        ({"arch": {"x": "1 / (rows - 9)"}}, "divides by zero"),
        ({"tokens": "9 - rows"}, "tokens is 0"),
    ],
)
def test_wrong_at_some_points(changed: dict[str, Any], says: str, study: Studies) -> None:
    """What a look at the first point does not find is found at its own."""
    found = study(parameters={"rows": [8, 9]}, **changed)
    assert found.plan({"rows": 8})
    with pytest.raises(InputError, match=says):
        found.plan({"rows": 9})


def test_files_beside_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "mine.yaml").write_text("extends: ref3\nname: mine\n")
    (folder / "study.yaml").write_text(
        "name: s\nparameters: {a: [1]}\non: mine.yaml\nworkload: other.yaml\nminimize: [cycles]\n"
    )
    monkeypatch.chdir(tmp_path)
    found = load_study("there/study.yaml")
    assert task(found, a=1).on == str(Path("there/mine.yaml"))
    assert task(found, a=1).workload == "other.yaml"


def test_the_command_does_the_same() -> None:
    found = Task(
        "a b.yaml", "ref3", {"M": 8}, {"x.y": 0.5}, "opt imal", "edp", {"cycles": 100}
    ).command
    assert shlex.split(found) == [
        *("accelsim", "simulate", "a b.yaml", "--on", "ref3", "--set", "M=8"),
        *("--arch", "x.y=0.5", "--at-most", "cycles=100"),
        *("--mapper", "opt imal", "--objective", "edp"),
    ]


def test_objectives_and_constraints(study: Studies) -> None:
    found = study(
        minimize=["cycles"],
        maximize=["tokens_per_s", "utilization.PEs"],
        constraints=["cycles <= 100", "energy_j * 2 < 1", "rows < 16"],
    )
    metrics = {"cycles": 150, "tokens_per_s": 3.0, "utilization.PEs": 0.5, "energy_j": 0.75}
    values = found.values(metrics)
    assert found.losses(values) == (150, -3.0, -0.5)
    assert [each.label for each in found.objectives] == [
        *("cycles", "throughput", "utilisation of PEs")
    ]
    by, which = found.violation({"rows": 16}, metrics)
    assert which == "cycles <= 100, energy_j * 2 < 1"
    assert by == pytest.approx(0.5 + 0.5)
    assert found.violation({"rows": 16}, {**metrics, "cycles": 100, "energy_j": 0.1}) == (0, "")
    with pytest.raises(InputError, match="'tokens_per_s' is unknown here: say with 'tokens' how"):
        found.values({**metrics, "tokens_per_s": None})
    with pytest.raises(InputError, match="energy_j"):
        found.violation({"rows": 8}, {"cycles": 3, "energy_j": None})
    # On the bound itself, with <: it is missed by next to nothing, yet missed.
    by, _ = found.violation({"rows": 8}, {**metrics, "cycles": 1, "energy_j": 0.5})
    assert 0 < by < 1e-6
