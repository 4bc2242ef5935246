"""What is said about tensors and number types that do not fit a cascade."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.evaluate import evaluate
from accelsim.errors import InputError, UnsupportedError

Make = Callable[..., Cascade]
TENSORS = {"A": ["M", "K"], "V": ["M"]}
GOOD: dict[str, ArrayLike] = {"A": np.ones((4, 5)), "V": [1, 2, 3, 4]}


def problems(cascade: Cascade, tensors: dict[str, ArrayLike], **more: object) -> object:
    with pytest.raises(InputError) as caught:
        evaluate(cascade, tensors, **more)
    return caught.value.problems


def test_all_wrong_tensors_at_once(make: Make) -> None:
    cascade = make("Z[m] = A[m,k] * V[m]", tensors={**TENSORS, "W": ["K"]})
    tensors = {"AA": 1, "Z": 1, "A": np.ones((5, 4)), "W": [[1]]}
    assert problems(cascade, tensors) == (
        "c: tensor 'AA' is unknown; did you mean 'A'? valid: A, V, W",
        "c: tensor 'Z' is unknown; valid: A, V, W",
        "c: tensor 'A': shape is (5, 4), must be (4, 5) (M, K)",
        "c: tensor 'V' is missing; give all inputs",
        "c: tensor 'W': shape is (1, 1), must be (5,) (K)",
    )


@pytest.mark.parametrize("value", [["a"] * 4, [[1], [2, 3], 4, 5], [1j] * 4, [None] * 4])
def test_what_is_no_array_of_numbers(make: Make, value: ArrayLike) -> None:
    cascade = make("Z[m] = A[m,k] * V[m]", tensors=TENSORS)
    assert problems(cascade, {**GOOD, "V": value}) == (
        "c: tensor 'V' is not an array of real numbers",
    )


@pytest.mark.parametrize("value", [[True, False, True, True], [1, 2, 3, 4], np.ones(4, np.float16)])
def test_what_is_an_array_of_numbers(make: Make, value: ArrayLike) -> None:
    cascade = make("Z[m] = V[m]", tensors={"V": ["M"]})
    assert evaluate(cascade, {"V": value})["Z"].dtype == np.float64


@pytest.mark.parametrize("dtype", [bool, complex, str, object])
def test_number_type_that_is_not_real(make: Make, dtype: type) -> None:
    cascade = make("Z[m] = V[m]", tensors={"V": ["M"]})
    with pytest.raises(InputError, match=r"dtype is \S+, must be an integer or floating-point"):
        evaluate(cascade, {"V": [1, 2, 3, 4]}, dtype=dtype)


def test_constants_that_an_integer_type_cannot_hold(make: Make) -> None:
    text = "Z[m] = 0.5 * V[m] + 200\nY[m+1] = max(Y[m], V[m]) where Y[0] = -inf"
    cascade = make(text, tensors={"V": ["M"]})
    rest = "which int64 cannot hold; evaluate in a floating-point type"
    assert problems(cascade, {"V": [1, 2, 3, 4]}, dtype=np.int64) == (
        f"c: Einsum 'Z' holds 0.5, {rest}",
        f"c: Einsum 'Y' holds -inf, {rest}",
    )
    assert len(problems(cascade, {"V": [1, 2, 3, 4]}, dtype=np.int8)) == 3
    assert evaluate(cascade, {"V": [1, 2, 3, 4]}, dtype=np.float16)["Z"][0] == 200.5


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("Z[m] = V[m]", 10**16),
        ("Z[m] = V[m]", 10**18),
        ("Z[m,n] = 1", 10**10),
        ("Z[m,n] = 1", 10**12),
        ("Z[] = max(m, n) max(V[m], W[n-m])", 10**15),
        ("Z[m+1] = Z[m] where Z[0] = 1", 10**16),
        ("Z[m+1] = Z[m] where Z[0] = 1", 10**17),
        ("Z[m] = U[99999999999999999999*m]", 4),
        ("Z[m] = U[2305843009213693952*m]", 9),
    ],
)
def test_what_no_memory_holds(make: Make, text: str, size: int) -> None:
    tensors = {"U": ["L"]} | {name: [rank] for name, rank in zip("VW", "MN", strict=True)}
    cascade = make(text, {"L": 4, "M": size, "N": size}, tensors)
    with pytest.raises(UnsupportedError, match=r"cascade 'c': its tensors do not fit into memory"):
        evaluate(cascade, {"U": [1, 2, 3, 4], **{n: _huge(size) for n in "VW"}})


def _huge(size: int) -> ArrayLike:
    return np.broadcast_to(np.float64(1), (min(size, 2**56),))


def test_inputs_are_left_as_they_are(make: Make) -> None:
    given = np.array([1.0, 2.0, 3.0, 4.0])
    cascade = make("Z[m] = V[m]", tensors={"V": ["M"]})
    result = evaluate(cascade, {"V": given})["Z"]
    result[0] = 99
    assert given[0] == 1
