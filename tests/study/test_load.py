"""Study files: what they may say, and what is said of those that are wrong."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.library import shipped
from accelsim.study import STUDIES, Study, load_study
from accelsim.study.schema import METHODS, SearchFile

Written = Callable[..., str]
Studies = Callable[..., Study]


def refused(path: str) -> str:
    with pytest.raises(InputError) as found:
        load_study(path)
    assert all("\n" not in problem and len(problem) < 2500 for problem in found.value.problems)
    assert all(problem.startswith(path) for problem in found.value.problems)
    return "\n".join(found.value.problems)


@pytest.mark.parametrize("name", shipped(STUDIES))
def test_shipped(name: str) -> None:
    study = load_study(name)
    assert study.space.points > 1
    assert study.objectives
    assert study.plan(study.space.point(0)).tasks


def parameter(**keys: Any) -> dict[str, Any]:
    return {"parameters": {"rows": keys}}


INF, NAN = float("inf"), float("nan")
OTHERS = {"parameters": {"rows": [8, 16], "mode": ["slow", "fast"], "wide": {"values": [1]}}}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "key": ({"color": 1}, ":12:1: study: key 'color' is unknown; valid: arch"),
    "no objective": ({"minimize": None}, "has neither minimize nor maximize, must have one"),
    "no objectives": ({"minimize": []}, "has neither minimize nor maximize"),
    "objective": ({"minimize": ["latencys"]}, "'latencys' is unknown; did you mean 'latency_s'"),
    "family alone": ({"minimize": ["utilization"]}, "objective 'utilization' is unknown"),
    "of no run": ({"minimize": ["prefill.cycles"]}, "'prefill.cycles' is unknown"),
    "objective twice": ({"maximize": ["cycles"]}, "objective 'cycles' is given twice; keep one"),
    "no parameters": ({"parameters": {}}, "parameters is a mapping, must have at least 1 entry"),
    "no values": ({"parameters": {"rows": []}}, "rows is a list, must have at least 1 entry"),
    "null": ({"parameters": {"rows": None}}, "parameters.rows is null"),
    "truth": ({"parameters": {"rows": [True]}}, "rows.0 is true, must be a number"),
    "infinite": ({"parameters": {"rows": [INF]}}, r"rows.0 is inf, must be from -1e\+100 to 1e"),
    "no number": ({"parameters": {"rows": [NAN]}}, "rows.0 is nan, must be from"),
    "huge": ({"parameters": {"rows": [10**101]}}, r"must be from -1e\+100 to 1e\+100"),
    "twice": ({"parameters": {"rows": [8, 8.0]}}, "'rows': value 8 is given twice; keep one"),
    "mixed": ({"parameters": {"rows": [8, "big"]}}, "'rows': has numbers and names among its"),
    "many": (
        {"parameters": {f"p{i}": [1] for i in range(101)}, "arch": {}},
        "has 101 parameters, must have at most 100",
    ),
    "downwards": (parameter(**{"from": 8, "to": 1, "step": 1}), "from 8 to 1, must go upwards"),
    "two ways": (
        parameter(**{"from": 8, "to": 9, "step": 1, "times": 2}),
        "must have either step or times",
    ),
    "no way": (parameter(**{"from": 8, "to": 9}), "must have either step or times"),
    "no step": (parameter(**{"from": 8, "to": 9, "step": 0}), "step is 0, must be greater than 0"),
    "no factor": (parameter(**{"from": 8, "to": 9, "times": 1}), "times is 1, must be greater"),
    "from 0": (parameter(**{"from": 0, "to": 9, "times": 2}), "begins at 0, must begin above 0"),
    "endless": (parameter(**{"from": 0, "to": INF, "step": 1}), "rows.to is inf, must be from"),
    "long": (parameter(**{"from": 1, "to": 1e99, "step": 1}), "has over 10,000 values; use larger"),
    "too fine": (parameter(**{"from": 1e17, "to": 1e17 + 64, "step": 0.5}), "too small"),
    "metric": ({"parameters": {"cycles": [8]}, "arch": {}}, "'cycles' is the name of a metric"),
    "family": ({"parameters": {"fpga": [8]}, "arch": {}}, "'fpga' is the name of a metric; rename"),
    "letters": ({"parameters": {"größe": [1]}, "arch": {}}, "must be letters A-Z, digits and _"),
    "NUL": ({"parameters": {"a\0b": [1]}, "arch": {}}, "must be letters A-Z, digits and _"),
    "word": ({"parameters": {"if": [1]}, "arch": {}}, "is a word of the language; choose another"),
    "name of let": ({"let": {"rows": 1}}, "name 'rows' is also a parameter; rename one"),
    "name of a run": ({"runs": {"energy_j": {}}}, "run 'energy_j' is the name of a metric; rename"),
    "run of a choice": (
        {"parameters": {"a": {"choices": {"x": {"runs": {"r": {}}}}}}, "arch": {}},
        r"parameter 'a': run 'r' is unknown; valid: \(none\)",
    ),
    "when later": (
        {"parameters": {"rows": {"values": [1], "when": {"b": 1}}, "b": [1]}},
        "parameter 'rows': earlier parameter 'b' is unknown",
    ),
    "when odd": (
        {"parameters": {"a": [1, 2], "rows": {"values": [1], "when": {"a": 3}}}},
        "when 'a' is 3, must be one of its values: 1, 2",
    ),
    "when nothing": (
        {"parameters": {"a": [1, 2], "rows": {"values": [1], "when": {"a": []}}}},
        "parameters.rows.when.a|parameters.rows.values is",
    ),
    "no comparison": ({"constraints": ["cycles"]}, "'cycles' is not a comparison such as 'area_mm"),
    "two": ({"constraints": ["1 < cycles < 2"]}, "'1 < cycles < 2' is not a comparison"),
    "one sign": ({"constraints": ["cycles = 2"]}, "'cycles = 2' is not a comparison"),
    "name": ({"constraints": ["cylces < 2"]}, "name 'cylces' is unknown; did you mean 'cycles'"),
    "call": ({"constraints": ["open(cycles) < 2"]}, "calls function 'open' is unknown"),
    "power": ({"constraints": ["cycles ** 2 < 2"]}, "must be|operator that is not one of"),
    "words": (
        {**OTHERS, "constraints": ["mode < 2"]},
        "'mode' has names for values, must have num",
    ),
    "workload": ({"workload": None}, "key 'workload' is missing at some point; add it"),
    "machine": ({"on": None}, "key 'on' is missing at some point; add it"),
    "of a run": ({"on": None, "runs": {"a": {}}}, "run 'a': key 'on' is missing at some point"),
    "division": ({"let": {"b": "1 / (rows - 8)"}}, r"'1 / \(rows - 8\)' divides by zero"),
    "tokens": ({"tokens": "many"}, "tokens is 'many', must be a number above 0"),
    "no tokens": ({"tokens": 0}, "tokens is 0, must be a number above 0"),
    "group": ({"quantization": {"group": 0}}, "group of quantization is 0, must be a whole number"),
    "weight": ({"runs": {"a": {"weight": -1}}}, "runs.a.weight is -1, must be greater than or"),
    "method": (
        {"search": {"method": "best"}},
        "must be 'exhaustive', 'random', 'nsga-ii' or 'tpe'",
    ),
    "points": ({"search": {"points": 0}}, "search.points is 0, must be greater than or equal to 1"),
    "seed": ({"search": {"seed": -1}}, "search.seed is -1, must be greater than or equal to 0"),
    "population": ({"search": {"population": 1}}, "population is 1, must be greater than or equal"),
    "cost": (
        {"cost": {"wafer_usd": 0, "defects_per_cm2": 1}},
        "cost.wafer_usd is 0.*(\n.*)?source",
    ),
    "fidelity": ({"front_fidelity": "exact"}, "must be 'analytic' or 'event'"),
}


@pytest.mark.parametrize("label", WRONG)
def test_wrong(label: str, written: Written) -> None:
    changed, says = WRONG[label]
    assert re.search(says, refused(written(**changed)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "study is empty"),
        ("[]", "study is a list, must be a mapping of keys"),
        ("a: [", "is not YAML"),
        ("a: !!python/object:os.system x", "is refused; use plain YAML values"),
        ("name: a\0b", "is not YAML"),
        ("parameters: " + "[" * 3000 + "]" * 3000, "is nested deeper than 40 levels"),
        ("? " + "a" * 5000 + "\n: 1", "key|YAML"),
    ],
)
def test_hostile(text: str, says: str, written: Written) -> None:
    assert re.search(says, refused(written(text)))


def test_places(written: Written) -> None:
    path = written("name: x\nparameters:\n  rows: [8, 8]\nminimize: [cycles, cicles]\n")
    lines = refused(path).splitlines()
    assert [line.removeprefix(path).split(" ")[0] for line in lines] == [":3:9:", ":4:20:"]


def test_dependence_without_end(written: Written) -> None:
    """Half of them decide, each by itself, on the other half: 3**20 cases are not counted."""
    parameters: dict[str, Any] = {f"p{i}": [0, 1] for i in range(20)}
    parameters |= {f"q{i}": {"values": [0, 1], "when": {f"p{i}": 1}} for i in range(20)}
    path = written(parameters=parameters, arch={})
    assert "too many parameters depend on others; merge some" in refused(path)


def test_dependence_on_ranges_of_many_values(study: Studies) -> None:
    """What matters is whether later ones apply, not each of a thousand values."""
    parameters: dict[str, Any] = {f"p{i}": {"from": 1, "to": 1000, "step": 1} for i in range(4)}
    parameters["last"] = {"values": [1, 2], "when": {f"p{i}": [1, 2] for i in range(4)}}
    found = study(parameters=parameters, arch={}).space
    assert found.points == 1000**4 + 2**4
    assert found.point(1) == {**dict.fromkeys(("p0", "p1", "p2", "p3"), 1), "last": 2}


@pytest.mark.parametrize(
    ("written_range", "values"),
    [
        ({"from": 1, "to": 10, "step": 3}, (1, 4, 7, 10)),
        ({"from": 0.1, "to": 0.5, "step": 0.1}, (0.1, 0.2, 0.3, 0.4, 0.5)),
        ({"from": 32, "to": 300, "times": 2}, (32, 64, 128, 256)),
        ({"from": 1, "to": 4, "times": 1.5}, (1, 1.5, 2.25, 3.375)),
        ({"from": -2, "to": 2, "step": 2}, (-2, 0, 2)),
        ({"from": 7, "to": 7, "step": 5}, (7,)),
    ],
)
def test_ranges(written_range: dict[str, Any], values: tuple[float, ...], study: Studies) -> None:
    (found,) = study(parameters={"rows": written_range}, arch={}).space.parameters
    assert found.values == values
    assert [type(value) for value in found.values] == [type(value) for value in values]


def test_fine_factors_end(study: Studies) -> None:
    odd = {"from": 1, "to": 20000, "times": 1.0010000000000001}
    (found,) = study(parameters={"rows": odd}, arch={}).space.parameters
    assert list(found.values) == sorted(set(found.values))
    assert found.values[-1] == pytest.approx(1.0010000000000001 ** (len(found.values) - 1))


def test_search_that_is_changed(written: Written) -> None:
    path = written(search={"method": "random", "points": 5})
    study = load_study(path, search={"seed": 7, "points": 2})
    assert study.file.search == SearchFile(method="random", points=2, seed=7)
    assert load_study(written(), search={"seed": 7}).file.search.seed == 7


def test_digest(written: Written) -> None:
    """Of what decides on points and what is good, and of nothing else."""

    def digest(search: dict[str, Any] | None = None, **changed: Any) -> str:
        return load_study(written(**changed), search=search).digest

    same = digest()
    assert digest(name="other", description="d", source="s", front_fidelity="event") == same
    assert digest({"points": 3}) == same
    others = [
        digest({"seed": 1}),
        digest({"method": "random"}),
        digest(parameters={"rows": [16, 8]}),
        digest(minimize=["energy_j"]),
        digest(constraints=["cycles < 5"]),
        digest(workload="conv2d"),
        digest(parameters={"rows": [8, 16], "a": [1]}),
        digest(parameters={"a": [1], "rows": [8, 16]}),
    ]
    assert len({same, *others}) == 1 + len(others)


def test_methods() -> None:
    assert all(SearchFile(method=method) for method in METHODS)  # type: ignore[arg-type]
