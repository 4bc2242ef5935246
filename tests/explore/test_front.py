"""The front against every pair of points."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from accelsim.explore.front import Front

Losses = tuple[float, ...]
POINTS = st.integers(1, 4).flatmap(
    lambda objectives: st.lists(
        st.tuples(*[st.sampled_from([-1.0, 0.0, 0.5, 2.0, 3.0])] * objectives),
        min_size=1,
        max_size=20,
    )
)


def by_pairs(points: Sequence[Losses]) -> list[int]:
    """Numbers of those that no other beats, and of equal ones the first."""

    def beats(a: int, b: int) -> bool:
        no_worse = all(x <= y for x, y in zip(points[a], points[b], strict=True))
        return no_worse and (points[a] != points[b] or a < b)

    numbers = range(len(points))
    return [b for b in numbers if not any(beats(a, b) for a in numbers)]


@given(POINTS, st.randoms(use_true_random=False))
def test_as_by_pairs(points: list[Losses], rng: object) -> None:
    wanted = by_pairs(points)
    order = list(range(len(points)))
    rng.shuffle(order)  # type: ignore[attr-defined]
    front = Front(len(points[0]))
    for number in order:
        on_it = front.add(points[number], number, f"point {number}")
        assert on_it == (f"point {number}" in list(front))
    assert list(front) == [f"point {number}" for number in wanted]
    assert len(front) == len(wanted)


def test_what_is_kept_of_equals() -> None:
    front = Front(2)
    assert front.add((1.0, 2.0), 5, "five")
    assert not front.add((1.0, 2.0), 7, "seven")
    assert front.add((1.0, 2.0), 3, "three")
    assert list(front) == ["three"]
    assert not front.add((1.0, 2.5), 0, "worse")
    assert front.add((0.0, 0.0), 9, "best")
    assert list(front) == ["best"]
    assert list(Front(3)) == []
