from hypothesis import given
from hypothesis import strategies as st

from accelsim.search.fit import largest_divisor, largest_fitting


@given(st.integers(1, 5000), st.integers(1, 6000))
def test_largest_divisor_against_trying_all(number: int, limit: int) -> None:
    expected = max(d for d in range(1, min(number, limit) + 1) if number % d == 0)
    assert largest_divisor(number, limit) == expected


def test_largest_divisor_of_a_large_prime_is_quick() -> None:
    prime = 10**12 + 39
    assert largest_divisor(prime, 126) == 1
    assert largest_divisor(prime * 64, 126) == 64


@given(st.integers(1, 10**15), st.integers(0, 10**15))
def test_largest_fitting_is_tight(limit: int, edge: int) -> None:
    found = largest_fitting(limit, lambda size: size <= edge)
    assert found == max(1, min(limit, edge))
