"""Two studies: dominance and hypervolume by plain counting, heads and text."""

import itertools
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.explore.report import compare as module
from accelsim.explore.report.compare import StudyComparison, compare_studies
from accelsim.explore.report.compare_text import study_comparison_text
from accelsim.explore.report.study_file import study_document

Study = dict[str, Any]
GOALS = ("minimize", "maximize", "minimize")


def document(vectors: list[tuple[float, ...]], **other: Any) -> Any:
    """A study whose front has these figures of ``a``, ``b`` (more is better) and ``c``."""
    count = len(vectors[0]) if vectors else 2
    objectives = [
        {"name": name, "goal": goal, "unit": "s", "label": name}
        for name, goal in zip("abc"[:count], GOALS, strict=False)
    ]
    front = [
        {"number": i, "parameters": {}, "objectives": dict(zip("abc", vector, strict=False))}
        for i, vector in enumerate(vectors)
    ]
    data = {
        "schema_version": 1, "kind": "study", "version": "0", "name": "s", "method": "random",
        "seed": 0, "fidelity": "analytic", "evaluated": 9, "space_points": 9, "parameters": [],
        "objectives": objectives, "constraints": [], "front": front,
    }  # fmt: skip
    return study_document(data | other, name="s")


def compared(a: list[tuple[float, ...]], b: list[tuple[float, ...]]) -> StudyComparison:
    return compare_studies(document(a), document(b))


def test_by_hand() -> None:
    """Less a and more b: the box goes from (1, 3) to (3.2, 0.8)."""
    found = compared([(1, 1), (3, 3)], [(2, 2), (2, 0.9)])
    assert found.fronts is not None
    assert (found.fronts.a_dominated_by_b, found.fronts.b_dominated_by_a) == (0.0, 0.5)
    assert [(best.a, best.b, best.ratio, best.better) for best in found.objectives] == [
        (1, 2, 2, "a"),
        (3, 2, 2 / 3, "a"),
    ]
    volume = found.hypervolume
    assert volume is not None
    assert volume.reference == pytest.approx({"a": 3.2, "b": 0.69})
    assert volume.ideal == {"a": 1, "b": 3}
    whole = 2.2 * 2.31
    assert volume.a == pytest.approx((2.2 * 0.31 + 0.2 * 2.31 - 0.2 * 0.31) / whole)
    assert volume.b == pytest.approx(1.2 * 1.31 / whole)


@pytest.mark.parametrize("seed", range(6))
def test_against_counting_cubes(seed: int) -> None:
    """Figures are whole numbers 0 to 10, so that the reference lies one beyond and cubes count."""
    draw = random.Random(seed)
    sides = [
        [tuple(draw.randint(1, 9) for _ in range(3)) for _ in range(draw.randint(1, 7))]
        for _ in range(2)
    ]
    sides[seed % 2] += [(0, 0, 10), (10, 10, 0)]
    found = compared(*(list(map(tuple, side)) for side in sides))
    assert found.hypervolume is not None
    assert found.fronts is not None
    losses = [[(a, 10 - b, c) for a, b, c in side] for side in sides]
    for mine, volume in zip(losses, (found.hypervolume.a, found.hypervolume.b), strict=True):
        cubes = sum(
            any(all(p <= x for p, x in zip(point, cube, strict=True)) for point in mine)
            for cube in itertools.product(range(11), repeat=3)
        )
        assert volume == pytest.approx(cubes / 11**3)
    shares = [found.fronts.a_dominated_by_b, found.fronts.b_dominated_by_a]
    for mine, others, share in zip(losses, reversed(losses), shares, strict=True):
        beaten = [
            any(o != p and all(x <= y for x, y in zip(o, p, strict=True)) for o in others)
            for p in mine
        ]
        assert share == pytest.approx(sum(beaten) / len(beaten))


def test_the_same_study_twice() -> None:
    found = compared([(1, 1), (2, 5)], [(1, 1), (2, 5)])
    assert found.fronts is not None
    assert found.fronts.equal_points == 2
    assert (found.fronts.a_dominated_by_b, found.fronts.b_dominated_by_a) == (0, 0)
    assert [best.better for best in found.objectives] == ["same", "same"]
    assert found.hypervolume is not None
    assert found.hypervolume.a == found.hypervolume.b


def test_a_single_design_each_where_a_figure_is_the_same() -> None:
    found = compared([(0, 5)], [(0, 5)])
    assert found.hypervolume is not None
    assert found.hypervolume.a == pytest.approx(1.0)
    assert found.objectives[0].ratio is None


def test_objectives_that_only_one_has_or_with_another_goal() -> None:
    b = document([(1, 2)])
    turned = [b.objectives[0], b.objectives[1].model_copy(update={"goal": "minimize"})]
    found = compare_studies(document([(2, 2)]), b.model_copy(update={"objectives": turned}))
    assert [best.name for best in found.objectives] == ["a"]
    assert (found.only_a, found.only_b) == (("b",), ("b",))
    assert found.hypervolume is None
    text = study_comparison_text(found)
    assert "hypervolume  unknown: the objectives are not the same" in text
    assert "objectives of A alone: b" in text


def test_empty_and_large_fronts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared([], [(1, 2)])
    assert found.hypervolume_unknown == "a front is empty"
    assert found.fronts is not None
    assert found.fronts.a_dominated_by_b is None
    assert found.fronts.b_dominated_by_a == 0
    assert "least a  -  1 s    -       -" in study_comparison_text(found)
    monkeypatch.setattr(module, "_MOST_POINTS", {2: 1})
    found = compared([(1, 2), (2, 3)], [(1, 2)])
    assert found.hypervolume_unknown == "a front has 2 points, with 2 objectives at most 1"


def test_text_and_json_of_two_whole_studies(make_study: Callable[..., Study]) -> None:
    a, b = make_study(), make_study(method="random", seed=7, constraints=["power_w <= 1"])
    b["parameters"][2]["values"] = [8, 16]
    b["parameters"][3]["name"] = "lanes"
    b["front"] = b["front"][::2]
    found = compare_studies(
        study_document(a, name="a"), study_document(b, name="b"), names=("a.json", "b.json")
    )
    text = study_comparison_text(found)
    assert "studies      a.json -> b.json\nname         made-up\n" in text
    assert "method       exhaustive -> random\nseed         0 -> 7\n" in text
    assert "parameters of A alone: columns\nparameters of B alone: lanes\n" in text
    assert "parameters with other values: rows\n" in text
    assert "constraints: area_mm2 <= 6 -> power_w <= 1" in text
    assert "0.0% of those of A are dominated by one of B" in text
    data = found.as_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["parameters"]["rows"] == "differs"
    assert data["fronts"]["equal_points"] == len(b["front"])
    assert data["hypervolume"]["a"] > data["hypervolume"]["b"]


def test_what_is_wrong_with_a_document_is_said_at_once(study: Study) -> None:
    wrong = study | {"schema_version": 2, "objectives": [{"name": "x", "goal": "less"}]}
    del wrong["seed"]
    with pytest.raises(InputError) as caught:
        study_document(wrong, name="s.json")
    text = str(caught.value)
    assert "s.json: schema_version: must be 1; write it anew with accelsim explore" in text
    assert "s.json: seed: is missing" in text
    assert "s.json: objectives[0].goal: must be 'minimize' or 'maximize'" in text
    front = [study["front"][0] | {"objectives": {"energy_j": 1.0}}]
    with pytest.raises(InputError, match=r"front\[0\].objectives: 'latency_s' is missing"):
        study_document(study | {"front": front}, name="s.json")
