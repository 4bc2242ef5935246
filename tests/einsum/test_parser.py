"""The syntax tree of each form of an Einsum."""

import math

import pytest

from accelsim.einsum.parser import parse_statement
from accelsim.einsum.syntax import (
    Access,
    Apply,
    Condition,
    Constant,
    Expression,
    Reduction,
    walk,
)

M_OF_A = Access("A", ("m",), 7)


def right(expression: str) -> Expression:
    return parse_statement(f"Z[m] = {expression}").expression


def test_product_of_two_tensors() -> None:
    statement = parse_statement("Z[m,n] = A[m,k] * B[k,n]")
    assert statement.output == Access("Z", ("m", "n"), 0)
    assert statement.reduction is None
    assert statement.start is None
    assert statement.expression == Apply(
        "multiply", (Access("A", ("m", "k"), 9), Access("B", ("k", "n"), 18))
    )


@pytest.mark.parametrize(
    ("sign", "operation"), [("+", "add"), ("-", "subtract"), ("*", "multiply"), ("/", "divide")]
)
def test_infix_operations_group_from_the_left(sign: str, operation: str) -> None:
    expected = Apply(operation, (Constant(1.0, 7), Constant(2.0, 11)))
    assert right(f"1 {sign} 2 {sign} 3") == Apply(operation, (expected, Constant(3.0, 15)))


def test_products_bind_tighter_than_sums_and_parentheses_tighter_than_both() -> None:
    one, two, three = (Constant(float(i), 7 + 4 * (i - 1)) for i in (1, 2, 3))
    assert right("1 + 2 * 3") == Apply("add", (one, Apply("multiply", (two, three))))
    shifted = [Constant(1.0, 8), Constant(2.0, 12), Constant(3.0, 17)]
    assert right("(1 + 2) * 3") == Apply(
        "multiply", (Apply("add", (shifted[0], shifted[1])), shifted[2])
    )


def test_minus_binds_to_one_factor() -> None:
    assert right("-1 * 2") == Apply(
        "multiply", (Apply("negate", (Constant(1.0, 8),)), Constant(2.0, 12))
    )
    assert right("1 - -2") == Apply(
        "subtract", (Constant(1.0, 7), Apply("negate", (Constant(2.0, 12),)))
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3.0), ("1.5e3", 1500.0), (".25", 0.25), ("2.", 2.0), ("inf", math.inf), ("E", "E")],
)
def test_numbers_and_names_of_sizes(text: str, value: float | str) -> None:
    assert right(text) == Constant(value, 7)


@pytest.mark.parametrize("function", ["exp", "log", "sqrt", "reciprocal", "tanh", "relu"])
def test_call_of_one_operand(function: str) -> None:
    column = 7 + len(function) + 1
    assert right(f"{function}(A[m])") == Apply(function, (Access("A", ("m",), column),))


@pytest.mark.parametrize("function", ["max", "min"])
def test_call_of_two_operands_is_not_a_reduction(function: str) -> None:
    statement = parse_statement(f"Z[m] = {function}(A[m], B[m])")
    assert statement.reduction is None
    assert statement.expression == Apply(
        function, (Access("A", ("m",), 11), Access("B", ("m",), 17))
    )


@pytest.mark.parametrize(
    ("written", "operation"),
    [("sum", "sum"), ("prod", "product"), ("product", "product"), ("max", "max"), ("min", "min")],
)
def test_reduction_in_front(written: str, operation: str) -> None:
    statement = parse_statement(f"Z[m] = {written}(k, j1) A[m,k,j1]")
    assert statement.reduction == Reduction(operation, ("k", "j1"), 7)
    assert isinstance(statement.expression, Access)


def test_reduction_in_front_of_a_call_and_of_a_parenthesis() -> None:
    call = parse_statement("Z[m] = max(k) max(A[m,k], B[k])")
    assert (call.reduction, call.expression) == (
        Reduction("max", ("k",), 7),
        Apply("max", (Access("A", ("m", "k"), 18), Access("B", ("k",), 26))),
    )
    grouped = parse_statement("Z[m] = max ( k ) (A[m,k] + B[k])")
    assert grouped.reduction == Reduction("max", ("k",), 7)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("m", "m"),
        ("M0*m1 + m0", "M0*m1+m0"),
        ("2*(m + 1) - n", "2*(m+1)-n"),
        ("-m + 3", "-m+3"),
        ("-(-m)", "-(-m)"),
        ("(m)", "(m)"),
        ("M1", "M1"),
        ("-1 + m", "-1+m"),
        ("0", "0"),
    ],
)
def test_index_keeps_every_sign_and_parenthesis(written: str, text: str) -> None:
    assert right(f"A[{written}, k]") == Access("A", (text, "k"), 7)


def test_tensor_without_indices() -> None:
    statement = parse_statement("S[] = A[]")
    assert (statement.output, statement.expression) == (Access("S", (), 0), Access("A", (), 6))


def test_start_of_an_iterated_tensor() -> None:
    statement = parse_statement("R[m+1] = max(R[m], A[m]) where R[0] = -inf")
    assert statement.output == Access("R", ("m+1",), 0)
    assert statement.start == (Access("R", ("0",), 31), Apply("negate", (Constant(math.inf, 39),)))


def test_walk_visits_operands_before_operations() -> None:
    visited = list(walk(right("exp(A[m]) * 2")))
    assert [type(node) for node in visited] == [Access, Apply, Constant, Apply]


def test_spaces_and_line_ends_do_not_matter() -> None:
    spaced = parse_statement("Z[m]" + " " * 80 + "=\n  A[ m ]\n")
    assert spaced.expression == Access("A", ("m",), 88)
    assert spaced.at(88) == "2:3"
    assert str(spaced.expression) == "A[m]"


def test_text_and_place_are_kept() -> None:
    statement = parse_statement("Z[m] = A[m]", place=("f.yaml", 7, 5))
    assert statement.text == "Z[m] = A[m]"
    assert statement.at(0) == "f.yaml:7:5"
    assert statement.at(7) == "f.yaml:7:12"


def columns(expression: Expression) -> list[int]:
    """Of accesses and constants, in the order of the text; trees are equal wherever they stand."""
    return [node.column for node in walk(expression) if not isinstance(node, Apply)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Z[m] = A[m]", [7]),
        ("Z[m,n] = A[m,k] * B[k,n]", [9, 18]),
        ("Z[m] = (1 + 2) * 3", [8, 12, 17]),
        ("Z[m] = -1 - -2.5", [8, 13]),
        ("Z[m] = max(k) max(A[m,k], B[k]) / M", [18, 26, 34]),
        ("Z[m] =\n  exp( A[m] )\n + eps", [14, 24]),
        ("Z[m] = # 1\n A[m]", [12]),
        ("Z[m] = A[X[m], Y[ X[m] ]] + 1", [9, 18, 15, 7, 28]),
    ],
)
def test_columns_of_accesses_and_constants(text: str, expected: list[int]) -> None:
    assert columns(parse_statement(text).expression) == expected


def test_columns_of_the_other_parts() -> None:
    statement = parse_statement("  R[m+1] = max(k) A[m,k]  if k < m and 0<k  where R[0] = -1")
    assert statement.output.column == 2
    assert statement.reduction is not None
    assert statement.reduction.column == 11
    assert [condition.column for condition in statement.conditions] == [29, 39]
    assert statement.start is not None
    assert (statement.start[0].column, columns(statement.start[1])) == (50, [58])


def test_trees_are_equal_where_they_say_the_same() -> None:
    spaced = parse_statement("Z[ m ] =  sum( k )  A[m , 2 * k]  if  k<=m", place=("f.yaml", 7, 5))
    plain = parse_statement("Z[m] = sum(k) A[m,2*k] if k <= m")
    assert spaced == plain
    assert hash(spaced) == hash(plain)
    assert plain != parse_statement("Z[m] = sum(k) A[m,2*k] if k < m")
    assert plain != parse_statement("Z[m] = sum(k) A[m,2*k]")


@pytest.mark.parametrize(
    ("written", "conditions"),
    [
        ("m <= p", [Condition(("m", "p"), ("<=",))]),
        ("p - W < m <= p", [Condition(("p-W", "m", "p"), ("<", "<="))]),
        ("m == 2*(p+1)", [Condition(("m", "2*(p+1)"), ("==",))]),
        (
            "m > 0 and p >= m and p < 3",
            [
                Condition(("m", "0"), (">",)),
                Condition(("p", "m"), (">=",)),
                Condition(("p", "3"), ("<",)),
            ],
        ),
    ],
)
def test_conditions(written: str, conditions: list[Condition]) -> None:
    statement = parse_statement(f"Z[m] = A[m,p] if {written}")
    assert statement.conditions == tuple(conditions)
    assert parse_statement(f"N[p] = sum(m) 1 if {written}").conditions == statement.conditions


def test_condition_prints_itself() -> None:
    (condition,) = parse_statement("Z[m] = 1 if  p-W<m   <= p").conditions
    assert str(condition) == "p-W < m <= p"


def test_words_of_a_condition_may_begin_a_name() -> None:
    statement = parse_statement("iffy[m] = sum(k) if_[m,k] * wherever if m < andy and k < ifs")
    assert statement.expression == Apply(
        "multiply", (Access("if_", ("m", "k")), Constant("wherever"))
    )
    assert [condition.terms for condition in statement.conditions] == [("m", "andy"), ("k", "ifs")]


def test_gather() -> None:
    inner = Access("X", ("t",))
    assert right("E[X[t], d]") == Access("E", (inner, "d"))
    assert right("E[X[Y[t+1],d], 2*d]") == Access(
        "E", (Access("X", (Access("Y", ("t+1",)), "d")), "2*d")
    )
    assert str(right("E[X[ t ],d]")) == "E[X[t], d]"


@pytest.mark.parametrize("name", ["topk", "argtopk", "argmax", "argmin", "logsumexp", "any", "all"])
def test_reductions_of_one_index(name: str) -> None:
    assert parse_statement(f"Z[k] = {name}(e) S[e]").reduction == Reduction(name, ("e",))
