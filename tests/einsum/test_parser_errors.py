"""What is said about text that is no Einsum: file, line, column, the text, the rule."""

import pytest

from accelsim.einsum.parser import parse_statement
from accelsim.errors import InputError
from accelsim.workload import cascade_from_text

FUNCTIONS = "exp, gelu, log, max, min, reciprocal, relu, sigmoid, silu, sqrt, tanh"
REDUCTIONS = "all, any, argmax, argmin, argtopk, logsumexp, max, min, product, sum, topk"
OPERAND = "'(' or '-' or a name or a number"
INDEX = "'(' or '-' or a name or a whole number"


def message(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_statement(text, place=("f.yaml", 7, 5))
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "column", "rest"),
    [
        (
            "Z[m] = exq(A[m])",
            12,
            f"function 'exq' is unknown; did you mean 'exp'? valid: {FUNCTIONS}",
        ),
        ("Z[m] = 1 + foo(A[m])", 16, f"function 'foo' is unknown; valid: {FUNCTIONS}"),
        ("Z[m] = exp(A[m], B[m])", 12, "function 'exp' has 2 operands, must be 1"),
        ("Z[m] = max(A[m])", 12, "function 'max' has 1 operands, must be 2"),
        (
            "Z[m] = mean(m) A[m]",
            12,
            f"reduction 'mean' is unknown; did you mean 'min'? valid: {REDUCTIONS}",
        ),
        (
            "Z[m] = exp(k) A[m]",
            12,
            f"reduction 'exp' is unknown; did you mean 'logsumexp'? valid: {REDUCTIONS}",
        ),
        ("Z[m = A[m]", 9, "found '= A[m]', must be '*' or '+' or ',' or '-' or '[' or ']'"),
        ("Z[m] = exp(A[m]", 20, "found the end, must be ')' or '+' or ',' or '-'"),
        (
            "Z[m] = A[m]]",
            16,
            "found ']', must be '*' or '+' or '-' or '/' or 'if' or 'where' or the end",
        ),
        (
            "Z[m] = A[m] B[m]",
            17,
            "found 'B[m]', must be '*' or '+' or '-' or '/' or 'if' or 'where' or the end",
        ),
        ("Z = A[m]", 7, "found '= A[m]', must be '['"),
        ("Z[m] = ", 12, f"found the end, must be {OPERAND} or a reduction such as max(m)"),
        ("", 5, "found the end, must be a name"),
        ("Z[m] = A[m+1.5]", 16, f"found '1.5]', must be {INDEX}"),
        ("Z[m] = A[m+2m]", 16, f"found '2m]', must be {INDEX}"),
        ("Z[m,] = 1", 9, f"found '] = 1', must be {INDEX}"),
        ("Z[m] = 2 ** 3", 15, f"found '* 3', must be {OPERAND}"),
        ("Z[m] = A[m] where", 22, "found the end, must be a name"),
    ],
)
def test_message(text: str, column: int, rest: str) -> None:
    assert message(text) == f"f.yaml:7:{column}: Einsum '{text}': {rest}"


@pytest.mark.parametrize(
    ("text", "column", "found"),
    [("Z[m] = A[m] $ 3", 17, "$ 3"), ("Z[é] = A[m]", 7, "é] = A[m]"), ("Z[m] = 'x'", 12, "'x'")],
)
def test_character_outside_the_language(text: str, column: int, found: str) -> None:
    assert message(text).startswith(
        f"f.yaml:7:{column}: Einsum '{text}': found '{found}', must be "
    )


def test_long_rest_is_cut() -> None:
    assert f"found '{'x' * 30}'," in message("Z[m] = A[m] " + "x" * 60)


def test_place_on_a_later_line() -> None:
    assert message("Z[m] =\n  exq(A[m])").startswith("f.yaml:8:7: ")
    assert message("Z[m] =\n  A[m] $").startswith("f.yaml:8:12: ")


def test_longest_text() -> None:
    parse_statement("Z[m] = 1" + " " * 1992)
    assert message("Z[m] = 1" + " " * 1993) == (
        "f.yaml:7:5: Einsum holds 2001 characters, must be at most 2000; split it"
    )


def test_deepest_nesting() -> None:
    parse_statement("Z[m] = " + "(" * 50 + "1" + ")" * 50)
    assert message("Z[m] = " + "(" * 51 + "1" + ")" * 51) == (
        "f.yaml:7:5: Einsum nests deeper than 50 parentheses; split it"
    )


@pytest.mark.parametrize(
    ("unit", "end"), [("+1", ""), ("-1", ""), ("*1", ""), ("/1", ""), ("-", "1")]
)
def test_most_signs(unit: str, end: str) -> None:
    parse_statement("Z[m] = 1" + unit * 100 + end)
    assert message("Z[m] = 1" + unit * 101 + end) == (
        "f.yaml:7:5: Einsum holds 101 signs + - * /, must be at most 100; split it"
    )


def test_most_signs_in_an_index_resolve() -> None:
    chain = "+".join("m" * 101)
    cascade = cascade_from_text(f"Z[m] = A[{chain}]", ranks={"M": 3}, tensors={"A": ["M"]})
    assert cascade["Z"].points == 1


def test_every_wrong_line_is_reported_at_its_own_place() -> None:
    text = "\n# a comment\nZ[m] = exq(A[m])\n\n  Y[m] = A[m\n  X[m] = A[m]"
    with pytest.raises(InputError) as caught:
        cascade_from_text(text, ranks={"M": 3}, tensors={"A": ["M"]}, name="c")
    assert [problem.split(":")[:3] for problem in caught.value.problems] == [
        ["c", "3", "8"],
        ["c", "5", "13"],
    ]
