"""Spaces: counts, numbers and order of points against nested loops; random orders."""

import copy
import pickle
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.explore.samplers import Random
from accelsim.explore.samplers.ordered import shuffled
from accelsim.study import Parameter, Space

VALUES = st.lists(st.sampled_from([1, 2, 4, 0.5, 8]), min_size=1, max_size=3, unique=True)
NAMES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True)


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    found: list[Parameter] = []
    for at in range(draw(st.integers(1, 5))):
        values = tuple(draw(st.one_of(VALUES, NAMES)))
        when = {}
        for other in found:
            if draw(st.integers(0, 3)) == 0:
                fit = draw(st.lists(st.sampled_from(other.values), min_size=1, unique=True))
                when[other.name] = frozenset(fit)
        found.append(Parameter(f"p{at}", values, when))
    return Space(tuple(found))


def nested(space: Space, at: int = 0, chosen: dict[str, object] | None = None) -> Iterator[object]:
    """Loops in each other, the last parameter the innermost."""
    chosen = chosen or {}
    if at == len(space.parameters):
        yield dict(chosen)
        return
    each = space.parameters[at]
    if not all(chosen.get(name, None) in fit for name, fit in each.when.items()):
        yield from nested(space, at + 1, chosen)
        return
    for value in each.values:
        yield from nested(space, at + 1, {**chosen, each.name: value})


@given(spaces())
def test_as_nested_loops(space: Space) -> None:
    wanted = list(nested(space))
    assert space.points == len(wanted)
    assert list(space) == wanted
    assert [space.point(number) for number in reversed(range(space.points))] == wanted[::-1]
    assert len({tuple(point.items()) for point in wanted}) == len(wanted)
    with pytest.raises(IndexError, match=f"there are {len(wanted)} points"):
        space.point(len(wanted))
    with pytest.raises(IndexError):
        space.point(-1)


@given(st.integers(1, 1000), st.integers(0, 2**31 - 1))
def test_shuffled_is_a_permutation(count: int, seed: int) -> None:
    assert sorted(shuffled(count, seed)) == list(range(count))


def test_shuffled_by_its_seed() -> None:
    orders = [tuple(shuffled(200, seed)) for seed in range(50)]
    assert orders[0] == tuple(shuffled(200, 0))
    assert len(set(orders)) == 50
    # Whatever the seed, no number prefers a place: 50 orders of 200 have a mean of 99.5 +- 8.2.
    means = [sum(order[place] for order in orders) / 50 for place in range(200)]
    assert 50 < min(means) < 99.5 < max(means) < 150


def test_a_space_beyond_all_counting() -> None:
    """1e30 points: numbers and random orders without a list of them."""
    space = Space(tuple(Parameter(f"p{i}", tuple(range(1000))) for i in range(10)))
    assert space.points == 10**30
    assert list(space.point(10**30 - 1).values()) == [999] * 10
    sampler = Random(space, 100, lambda _: True, seed=3)
    asked = sampler.ask(60) + sampler.ask(60)
    assert len(asked) == 100
    assert sampler.done
    assert len({tuple(each.parameters.values()) for each in asked}) == 100
    assert len({value for each in asked for value in each.parameters.values()}) > 300
    first = next(shuffled(10**30, 1))
    assert first != next(shuffled(10**30, 2))
    assert all(number < 10**30 for number in islice(shuffled(10**30, 1), 50))


def test_many_conditional_parameters_are_counted_at_once() -> None:
    """The count does not visit the points: 60 parameters that hang on one another."""
    chain = [Parameter("p0", (0, 1))]
    chain += [Parameter(f"p{i}", (0, 1, 2), {f"p{i - 1}": frozenset({1})}) for i in range(1, 60)]
    space = Space(tuple(chain))
    # p0=0 ends it; every further step adds two ends (0 and 2).
    assert space.points == 1 + 2 * 58 + 3
    assert len({tuple(p.items()) for p in space}) == space.points


def test_sent_to_another_process() -> None:
    space = Space((Parameter("a", (1, 2)), Parameter("b", ("x", "y"), {"a": frozenset({2})})))
    again = pickle.loads(pickle.dumps(space))  # noqa: S301
    assert list(again) == list(space) == list(copy.deepcopy(space))
    assert [each.is_number for each in space.parameters] == [True, False]
