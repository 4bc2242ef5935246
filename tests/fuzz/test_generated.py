"""Some thousand random inputs through every way in, judged; `make fuzz` runs more of them."""

from collections import Counter
from pathlib import Path
from random import Random

import fuzz_einsums
import pytest
from fuzz_judge import judge, messages_of
from fuzz_targets import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st
from run import input_of, run_many

from accelsim.einsum.parser import parse_statement

QUICK, SLOW = 1400, 6_000
LEAST_ACCEPTED = {
    **{"statement": 0.3, "sum": 0.2, "cascade": 0.2, "mapper": 0.1, "result": 0.1},
    **{"device": 0.1, "model": 0.2},
}
"""Share of each that gets through: what is refused at once tells little."""


@pytest.mark.slow
def test_random_inputs_give_a_value_or_messages() -> None:
    summary = run_many(range(QUICK), seed=20)
    assert not summary.faults, "\n".join(summary.faults)
    seen = summary.accepted + summary.refused
    assert seen.total() == QUICK
    for name, least in LEAST_ACCEPTED.items():
        assert summary.accepted[name] > least * seen[name], name
        assert summary.refused[name] > 0.1 * seen[name], name


@pytest.mark.slow
def test_very_many_random_inputs() -> None:
    summary = run_many(range(SLOW), seed=21)
    assert not summary.faults, "\n".join(summary.faults)
    assert (summary.accepted + summary.refused).total() == SLOW


@pytest.mark.parametrize("name", ["device", "model"])
def test_files_get_as_far_as_rooflines(name: str, tmp_path: Path) -> None:
    """A call that is refused whatever the file is would test nothing."""
    accepted: Counter[int] = Counter()
    for seed in range(60):
        calls = TARGETS[name].calls(TARGETS[name].make(Random(seed)), tmp_path)
        accepted.update(i for i, call in enumerate(calls) if not messages_of(call))
    assert all(accepted[i] >= 4 for i in range(len(calls))), accepted


@settings(max_examples=25)
@given(name=st.sampled_from(sorted(TARGETS)), rng=st.randoms(use_true_random=False))
def test_the_same_with_inputs_that_shrink(
    tmp_path_factory: pytest.TempPathFactory, name: str, rng: Random
) -> None:
    target = TARGETS[name]
    for call in target.calls(target.make(rng), tmp_path_factory.getbasetemp()):
        judge(call)


def test_einsums_are_of_every_form() -> None:
    seen: Counter[str] = Counter()
    for seed in range(1500):
        text = fuzz_einsums.statement(Random(seed))
        if messages_of(lambda text=text: parse_statement(text)):  # type: ignore[misc]
            continue
        tree = parse_statement(text)
        gathers = any(not isinstance(i, str) for i in getattr(tree.expression, "indices", ()))
        reduction = tree.reduction.operation if tree.reduction else ""
        forms = {
            "conditions": bool(tree.conditions),
            "start": tree.start is not None,
            "gather": gathers,
            "comment": "#" in text,
            "topk": reduction == "topk",
            "argtopk": reduction == "argtopk",
            "plain": True,
        }
        seen += Counter({form: int(is_so) for form, is_so in forms.items() if is_so})
    assert all(seen[form] >= 5 for form in ("topk", "argtopk", "start", "comment"))
    assert seen["conditions"] > 50
    assert seen["gather"] >= 1
    assert seen["plain"] > 500


def test_an_input_is_known_by_its_number() -> None:
    assert input_of(17, seed=3) == input_of(17, seed=3)
    assert len({input_of(number, seed=3) for number in range(50)}) > 45
    assert input_of(17, seed=3) != input_of(17, seed=4)


def test_the_judge_refuses_what_it_must(tmp_path: Path) -> None:
    from accelsim.errors import InputError

    def refused(*problems: str) -> None:
        error = InputError("x")
        error.problems = problems
        raise error

    assert not judge(lambda: refused("f:1:1: is wrong")).accepted
    assert judge(lambda: 3).accepted
    for problems in (("",), ("a\nb",), ("\u202e",), ("\x1b[1m",), ("x" * 2001,), ("x",) * 202, ()):
        with pytest.raises(AssertionError):
            judge(lambda problems=problems: refused(*problems))  # type: ignore[misc]
    with pytest.raises(ZeroDivisionError):
        judge(lambda: 1 // 0)
