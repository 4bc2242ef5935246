"""What is said about a cascade that is written well but makes no sense."""

from collections.abc import Callable

import pytest

from accelsim.errors import InputError

Problems = Callable[..., tuple[str, ...]]
CIRCLE = "break the circle, or iterate over a rank: T[m+1] = ... where T[0] = ..."

ONE_EINSUM = [
    ("Z[x] = V[m]", 1, "index 'x' is unknown; valid: j, k, m, n"),
    ("Z[m] = A[m,q]", 8, "index 'q' is unknown; valid: j, k, m, n"),
    ("Z[m] = V[Q]", 8, "index 'Q' is unknown; valid: j, k, m, n"),
    ("Z[m] = VV[m]", 8, "tensor 'VV' is unknown; did you mean 'V'? valid: A, B, V, W, Z"),
    ("Z[m] = V[m] * QQ", 15, "size 'QQ' is unknown; valid: J, K, M, N"),
    ("Z[m] = 1 + V", 12, "tensor 'V' has no indices; write V[...]"),
    ("Z[m] = A[m]", 8, "tensor 'A' has 1 indices, must be 2 (M, K)"),
    ("Z[m] = V[m,k]", 8, "tensor 'V' has 2 indices, must be 1 (M)"),
    ("V[m] = A[m,k]", 1, "writes input tensor 'V'; name the result anew"),
    ("Z[2*m] = V[m]", 1, "writes at index '2*m', must be i or i+1"),
    ("Z[m+2] = V[m]", 1, "writes at index 'm+2', must be i or i+1"),
    ("Z[M] = V[m]", 1, "writes at index 'M', must be i or i+1"),
    ("Z[m,m] = V[m]", 1, "index 'm' stands on the left twice"),
    ("Z[m] = V[m*m]", 8, "index 'm*m' multiplies two indices, must be linear in them"),
    ("Z[m] = V[0*m]", 8, "index '0*m' multiplies an index by 0, must be by at least 1"),
    ("Z[m] = V[in]", 8, "index 'in' is unknown; did you mean 'n'? valid: j, k, m, n"),
    ("Z[m] = V[None]", 8, "index 'None' is unknown; valid: j, k, m, n"),
    ("Z[m] = V[m+01]", 8, "index 'm+01' is not a linear expression of indices"),
    ("Z[m] = V[m+4]", 8, "index 'm+4' of 'V' runs from 4 to 7, must meet rank M (0 to 3)"),
    ("Z[m] = V[-m-1]", 8, "index '-m-1' of 'V' runs from -4 to -1, must meet rank M (0 to 3)"),
    (
        "Z[k] = V[k]",
        8,
        "index 'k' of 'V' runs over 5 values, but rank M holds 4; use 'm', or give both the same "
        "size",
    ),
    ("Z[m] = max(q) A[m,k]", 8, "index 'q' is unknown; valid: j, k, m, n"),
    (
        "Z[m] = max(m) A[m,k]",
        8,
        "reduces 'm', which must stand on the right and not on the left",
    ),
    (
        "Z[m] = max(n) A[m,k]",
        8,
        "reduces 'n', which must stand on the right and not on the left",
    ),
    (
        "Z[] = max(k) A[m,k]",
        7,
        "index 'm' is missing on the left; name it in the reduction, max(m, k)",
    ),
    (
        "Z[m] = A[m,k] - V[m]",
        1,
        "reduces k over a sum in which one term does not depend on it; write sum(k) in front to "
        "sum both, or split it into two Einsums",
    ),
    (
        "Z[] = A[m,k] - V[m]",
        1,
        "reduces k over a sum in which one term does not depend on it; write sum(m, k) in front "
        "to sum both, or split it into two Einsums",
    ),
    (
        "Z[m] = sum(k) (V[m] - 1)",
        8,
        "reduces 'k', which must stand on the right and not on the left",
    ),
    ("Z[m] = sum(m) 1", 8, "reduces 'm', which must stand on the right and not on the left"),
    ("Z[] = sum(q) 1", 7, "index 'q' is unknown; valid: j, k, m, n"),
    ("Z[m] = V[m] if x < m", 16, "index 'x' is unknown; valid: j, k, m, n"),
    (
        "Z[m] = V[m] if m < n",
        16,
        "condition 'm < n' uses index 'n' in 'n', which must stand on the left or on the right of "
        "the Einsum",
    ),
    (
        "Z[m] = V[m] if m > 0 and 3 < m",
        26,
        "condition '3 < m' holds at no point, must hold at one at least",
    ),
    (
        "Z[m+1] = V[m]",
        1,
        "iterates over M without a start; add 'where Z[...0...] = '",
    ),
    ("Z[m] = V[m] where Z[0] = 0", 19, "has a start, but no index i+1 on the left"),
    ("Z[m+1,k+1] = A[m,k] where Z[0,0] = 0", 1, "iterates over two ranks, must be one"),
    (
        "Z[m+1] = V[m] where Y[0] = 0",
        21,
        "start is given for Y[0], must be for Z[0]",
    ),
    (
        "Z[n,m+1] = V[m] where Z[0,m] = 0",
        23,
        "start is given for Z[0, m], must be for Z[n, 0]",
    ),
    ("Z[m+1] = V[m] where Z[0] = V[0]", 21, "start is not a number"),
    ("Y[m] = Y[m]", 1, f"cascade is cyclic: Y -> Y; {CIRCLE}"),
    ("Z[m+1] = Z[m+1] where Z[0] = 0", 1, f"cascade is cyclic: Z -> Z; {CIRCLE}"),
    ("Z[m+1] = Z[m+2] where Z[0] = 0", 1, f"cascade is cyclic: Z -> Z; {CIRCLE}"),
    ("Z[m+1,n] = Z[m+1,n-1] where Z[0,n] = 0", 1, f"cascade is cyclic: Z -> Z; {CIRCLE}"),
    ("Z[m+1] = Z[M-m] where Z[0] = 0", 1, f"cascade is cyclic: Z -> Z; {CIRCLE}"),
]


@pytest.mark.parametrize(("text", "column", "rest"), ONE_EINSUM, ids=[c[0] for c in ONE_EINSUM])
def test_one_einsum(problems: Problems, text: str, column: int, rest: str) -> None:
    assert problems(text) == (f"c:1:{column}: Einsum '{text}': {rest}",)


def test_reach_is_refused_one_past_the_last_element_only(
    make: Callable[..., object], problems: Problems
) -> None:
    make("Z[m] = V[m+3]\nY[m] = V[m-3]")
    assert len(problems("Z[m] = V[m+4]\nY[m] = V[m-4]")) == 2


def test_tensor_read_before_it_is_written(problems: Problems) -> None:
    assert problems("Y[m] = Z[m]\nZ[m] = V[m]") == (
        "c:1:8: Einsum 'Y[m] = Z[m]': reads tensor 'Z' before it is written (c:2:1); "
        "move that Einsum up",
    )


def test_circle_of_einsums_is_reported_once(problems: Problems) -> None:
    assert problems("Y[m] = Z[m]\nX[m] = Y[m]\nZ[m] = X[m]") == (
        f"c:2:1: Einsum 'X[m] = Y[m]': cascade is cyclic: X -> Z -> Y -> X; {CIRCLE}",
    )


def test_tensor_written_twice(problems: Problems) -> None:
    assert problems("Z[m] = V[m]\nZ[m] = V[m]") == (
        "c:2:1: Einsum 'Z[m] = V[m]': tensor 'Z' is written twice; name one anew",
    )


@pytest.mark.parametrize(
    ("other", "access", "shown"),
    [
        ("Y[m] = Z[m] * 2", "Y[m+1]", "Y[m + 1]"),
        ("Y[m] = Z[m] * 2", "Y[j]", "Y[j]"),
        ("Y[] = Z[m]", "Y[]", "Y[]"),
    ],
)
def test_circle_that_reads_what_no_step_has_written(
    problems: Problems, other: str, access: str, shown: str
) -> None:
    text = f"Z[m+1] = Z[m] * {access} where Z[0] = 1"
    assert problems(f"{other}\n{text}") == (
        f"c:2:1: Einsum '{text}': cascade is cyclic: reads {shown}, which depends on Z itself and "
        "is not written yet; read Y at this step of M or an earlier one",
    )


def test_circle_over_two_ranks(problems: Problems) -> None:
    first = "X[m+1,k] = Y[m,k] where X[0,k] = 0"
    text = f"{first}\nY[m,k+1] = X[m,k] + Y[m,k] where Y[m,0] = 1"
    assert problems(text) == (
        f"c:1:1: Einsum '{first}': X, Y feed each other over the ranks K and M, must be one rank",
    )


def test_wrong_declarations(problems: Problems) -> None:
    assert problems("Z[m] = V[m]", {"M": 4}, {"V": ["M"], "U": ["MM"]}) == (
        "c: tensor 'U': rank 'MM' is unknown; did you mean 'M'? valid: M",
    )
    assert problems("Z[m] = W[m]", {"M": 4}, {"V": ["M", "M"], "W": ["M"]}) == (
        "c: tensor 'V' names a rank twice; declare a second rank of the same size",
    )
    assert problems("Z[] = 1", {"k": 4}, {}) == (
        "c: rank 'k' holds lower-case letters, must be upper case; write 'K'",
    )
    assert problems("Z[] = 1", {"K": 4}, {}, parameters={"k": 4}) == (
        "c: 'k' is a parameter and the index of rank 'K'; rename the parameter",
    )
    assert problems("Z[m] = V[m]", outputs=["Y"]) == ("c: output 'Y' is unknown; valid: Z",)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Z[x] = V[q] * A[m] + QQ", [1, 8, 15, 22]),
        ("Z[m,m] = V[m+4] * exp(V[m,k])", [1, 10, 23]),
        ("Z[m] = VV[m] + exp(WW[m])", [8, 20]),
        ("Z[m] = V[m] - A[q,x]", [15, 15]),
        ("Z[m] = max(q,n) A[m,k]", [8, 8]),
        ("Z[m] = A[m+9,k+9] where Z[0] = 3", [8, 8, 25]),
    ],
)
def test_all_problems_of_one_einsum(problems: Problems, text: str, columns: list[int]) -> None:
    found = [problem.split(": ")[0].split(":") for problem in problems(text)]
    assert sorted(int(column) for _, _, column in found) == columns
    assert {(name, line) for name, line, _ in found} == {("c", "1")}


def test_all_problems_at_once(problems: Problems) -> None:
    text = "Z[m] = VV[m]\nY[m] = A[m]\nX[m] = Z[m]\nV[m] = W[k]\nU[q] = V[m]"
    assert [problem.split(": ")[0] for problem in problems(text)] == [
        "c:4:1",  # an input is written
        "c:1:8",  # an unknown tensor; that X reads its result is no further problem
        "c:2:8",  # a missing index
        "c:5:1",  # an unknown index
    ]


def test_problems_are_one_exception_with_one_line_each(problems: Problems) -> None:
    assert str(InputError(problems("Z[m] = VV[m]\nY[m] = A[m]"))).count("\n") == 1
