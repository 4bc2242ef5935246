"""The canonical form of an Einsum: what it looks like, and that it says the same."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.einsum.format import format_cascade, format_statement
from accelsim.einsum.operations import FUNCTIONS, OPERATIONS, REDUCTIONS
from accelsim.einsum.parser import parse_statement
from accelsim.einsum.syntax import (
    Access,
    Apply,
    Condition,
    Constant,
    Expression,
    Reduction,
    Statement,
)

CASES = [
    ("Z[ m ,n]=A[m,k]*B[k,n]", "Z[m,n] = A[m,k] * B[k,n]"),
    ("Z[m] = ((A[m]))", "Z[m] = A[m]"),
    ("Z[m] = (A[m]+B[m])+C[m]", "Z[m] = A[m] + B[m] + C[m]"),
    ("Z[m] = A[m]+(B[m]+C[m])", "Z[m] = A[m] + (B[m] + C[m])"),
    ("Z[m] = A[m]-(B[m]-C[m])/2.0", "Z[m] = A[m] - (B[m] - C[m]) / 2"),
    ("Z[m] = (A[m]*B[m])/(C[m]*2)", "Z[m] = A[m] * B[m] / (C[m] * 2)"),
    ("Z[m] = -(A[m]*B[m])", "Z[m] = -(A[m] * B[m])"),
    ("Z[m] = - A[m] * B[m]", "Z[m] = -A[m] * B[m]"),
    ("Z[m] = - - A[m]", "Z[m] = --A[m]"),
    ("Z[m]=max(k , j)A[m,k,j]", "Z[m] = max(k,j) A[m,k,j]"),
    ("Z[m]=prod(k) (-A[m,k])", "Z[m] = product(k) (-A[m,k])"),
    ("Z[m]=max( A[m],B[m] )", "Z[m] = max(A[m], B[m])"),
    ("Z[m] = 1.50e3 + .25 + 1e-7 + inf + E", "Z[m] = 1500 + 0.25 + 1e-07 + inf + E"),
    ("Z[m] = A[ M0 * m1 + m0 , k]", "Z[m] = A[M0*m1+m0, k]"),
    ("Z[m] = A[m - 1,k+1]", "Z[m] = A[m-1,k+1]"),
    ("Z[t,d] = E[X[ t ] , d]", "Z[t,d] = E[X[t], d]"),
    ("Z[]=A[]", "Z[] = A[]"),
    ("Z[m]=A[m]if m<=p-1 and 0<m<=W", "Z[m] = A[m]  if m <= p-1 and 0 < m <= W"),
    (
        "Z[m+1]=Z[m]+1 if m>2 where Z[0]=-inf",
        "Z[m+1] = Z[m] + 1  if m > 2  where Z[0] = -inf",
    ),
    ("Z[m] = A[m] # why", "Z[m] = A[m]  # why"),
    ("Z[m] # left\n = A[m] # right ", "Z[m] = A[m]  # left  # right"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_form(text: str, expected: str) -> None:
    (found,) = format_cascade([text])
    assert found == expected
    assert format_cascade([found]) == [found]
    assert parse_statement(found) == parse_statement(text)


def test_equals_signs_stand_below_each_other_but_for_very_long_left_sides() -> None:
    long = "LONGNAME[b,h,m1,m0,p,q,r,s,t,u]"
    assert format_cascade(["Z[m] = A[m]", "YY[m,n] = B[m,n]", f"{long} = 1"]) == [
        "Z[m]    = A[m]",
        "YY[m,n] = B[m,n]",
        f"{long} = 1",
    ]


def linear(random: random.Random) -> str:
    parts = [
        random.choice(["m", "n", "m0", "M0*m1+m0", "2*n-1", "-m+M", "(m+1)*2", "W", "3", "M"])
        for _ in range(random.choice([1, 1, 1, 2]))
    ]
    return "+".join(parts)


def access(random: random.Random, depth: int = 0) -> Access:
    indices = [
        access(random, depth + 1) if depth < 2 and random.random() < 0.1 else linear(random)
        for _ in range(random.randrange(4))
    ]
    return Access(random.choice(["A", "B", "QK", "max", "exp", "A_1"]), tuple(indices))


def expression(random: random.Random, depth: int) -> Expression:
    kind = random.random()
    if depth == 0 or kind < 0.2:
        if random.random() < 0.6:
            return access(random)
        numbers = [0.0, 1.0, 2.5, 1e-7, 3e22, 1e15, float("inf"), 12345678901.0]
        return Constant(random.choice([*numbers, "E", "eps", "M", "s"]))
    if kind < 0.7:
        sign = random.choice(["add", "subtract", "multiply", "divide"])
        return Apply(sign, (expression(random, depth - 1), expression(random, depth - 1)))
    if kind < 0.8:
        return Apply("negate", (expression(random, depth - 1),))
    name = random.choice(FUNCTIONS)
    return Apply(name, tuple(expression(random, depth - 1) for _ in range(OPERATIONS[name].arity)))


def statement(random: random.Random) -> Statement:
    reduction = None
    if random.random() < 0.4:
        indices = tuple(random.sample(["k", "j", "m0"], random.choice([1, 1, 2])))
        reduction = Reduction(random.choice(list(REDUCTIONS)), indices)
    conditions = []
    for _ in range(random.choice([0, 0, 1, 2])):
        count = random.choice([1, 1, 2])
        signs = tuple(random.choice(["<", "<=", ">", ">=", "=="]) for _ in range(count))
        conditions.append(Condition(tuple(linear(random) for _ in range(count + 1)), signs))
    start = None
    if random.random() < 0.3:
        start = (access(random), expression(random, 1))
    return Statement(
        access(random),
        reduction,
        expression(random, random.randrange(5)),
        tuple(conditions),
        start,
        text="",
    )


@given(st.integers(0, 10**9))
def test_parsing_what_is_formatted_gives_the_same_tree(seed: int) -> None:
    tree = statement(random.Random(seed))
    text = format_statement(tree)
    if len(text) > 2000:
        return
    again = parse_statement(text)
    assert again == tree
    assert format_statement(again) == text
