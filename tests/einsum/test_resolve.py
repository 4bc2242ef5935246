"""Shapes, domains, reductions and iterated ranks that follow from the text and the sizes."""

import math
from collections.abc import Callable

import pytest

from accelsim.einsum.affine import Affine
from accelsim.einsum.cascade import Cascade, Scalar, Term
from accelsim.errors import InputError
from accelsim.workload import load_cascade

Make = Callable[..., Cascade]


def test_matrix_product(make: Make) -> None:
    cascade = make("Z[m,n] = A[m,k] * B[k,n]")
    einsum = cascade["Z"]
    assert dict(einsum.sizes) == {"M": 4, "N": 3, "K": 5}
    assert list(einsum.sizes) == ["M", "N", "K"]
    assert (einsum.reduced, einsum.reduction, einsum.points) == (("K",), "sum", 60)
    assert (einsum.constraints, einsum.iterated, einsum.start) == ((), None, None)
    assert [str(access) for access in einsum.inputs] == ["A[m, k]", "B[k, n]"]
    assert (cascade.tensors["Z"].ranks, cascade.tensors["Z"].shape) == (("M", "N"), (4, 3))
    assert (cascade.inputs, cascade.outputs) == (("A", "B", "V", "W"), ("Z",))
    assert cascade.consumers == {"A": ("Z",), "B": ("Z",), "V": (), "W": (), "Z": ()}


def test_no_reduction_where_nothing_is_reduced(make: Make) -> None:
    einsum = make("Z[m,n] = V[m]")["Z"]
    assert (einsum.reduced, einsum.reduction, einsum.points) == ((), None, 12)


def test_named_reduction(make: Make) -> None:
    einsum = make("Z[] = max(m, k) A[m,k]")["Z"]
    assert (einsum.reduced, einsum.reduction) == (("M", "K"), "max")


def test_size_of_a_rank_used_as_a_number(make: Make) -> None:
    expression = make("Z[m] = V[m] / M")["Z"].expression
    assert isinstance(expression, Term)
    assert expression.operands[1] == Scalar(4.0)


def test_access_counts_once(make: Make) -> None:
    assert len(make("Z[m] = V[m] * V[m] + V[m]")["Z"].inputs) == 1


def test_kept_outputs(make: Make) -> None:
    text = "Y[m] = V[m]\nX[m] = Y[m]\nZ[m] = Y[m]"
    assert make(text).outputs == ("X", "Z")
    assert make(text, outputs=["Y"]).outputs == ("Y", "X", "Z")


def test_einsum_by_name_names_the_closest(make: Make) -> None:
    with pytest.raises(InputError, match="c: Einsum 'YY' is unknown; did you mean 'Y'"):
        make("Y[m] = V[m]")["YY"]


def test_points_beyond_the_end_are_a_condition(make: Make) -> None:
    cascade = make("Z[m] = V[m+1]\nY[m] = V[m-1]\nX[m] = V[2*m+1]")
    assert cascade["Z"].constraints == (Affine.of({"M": -1}, 2),)
    assert cascade["Y"].constraints == (Affine.of({"M": 1}, -1),)
    assert [cascade[name].points for name in "ZYX"] == [3, 3, 2]
    assert [cascade.tensors[name].size for name in "ZYX"] == [3, 3, 2]


def test_domain_passes_on_to_every_reader(make: Make) -> None:
    cascade = make("Z[m] = V[m-1]\nY[m] = exp(Z[m])\nX[m] = Y[m-1]\nS[] = X[m]")
    assert [cascade[name].points for name in "ZYXS"] == [3, 3, 2, 2]


def test_condition_on_a_reduced_rank_is_no_domain(make: Make) -> None:
    cascade = make("Z[m] = max(k) V[m+k]\nY[m] = Z[m]")
    assert cascade["Z"].points == 4 + 3 + 2 + 1
    assert cascade.tensors["Z"].domain == ()
    assert cascade["Y"].points == 4


def test_ragged_tiles_of_attention() -> None:
    cascade = load_cascade(
        "attention/one-pass", {"B": 1, "H": 1, "E": 2, "F": 3, "M": 10, "P": 5, "M0": 4}
    )
    assert cascade.sizes["M1"] == 3
    assert cascade.tensors["BQK"].shape == (1, 1, 3, 4, 5)
    assert cascade.tensors["BQK"].size == 10 * 5
    assert cascade["BQK"].points == 2 * 10 * 5
    assert cascade["SLNV"].points == 3 * 10 * 5
    assert cascade["LM"].points == 10 * 5
    assert cascade.tensors["LM"].size == 3 * 5


def test_iterated_tensor(make: Make) -> None:
    cascade = make("Z[m+1] = Z[m] + V[m] where Z[0] = -2\nY[] = Z[M]")
    tensor, einsum = cascade.tensors["Z"], cascade["Z"]
    assert (tensor.shape, tensor.offsets, tensor.size) == ((5,), (1,), 4)
    assert (einsum.iterated, einsum.start, einsum.points) == ("M", -2.0, 4)
    assert cascade["Y"].inputs[0].indices == (Affine((), 4),)
    assert cascade.outputs == ("Y",)


def test_iterated_index_may_be_written_either_way_round(make: Make) -> None:
    cascade = make("Z[k, 1 + m] = max(Z[k, m], A[m,k]) where Z[k,0] = -inf")
    assert (cascade["Z"].iterated, cascade["Z"].start) == ("M", -math.inf)
    assert (cascade.tensors["Z"].shape, cascade.tensors["Z"].offsets) == ((5, 5), (0, 1))


def test_lags_between_einsums_of_one_pass_attention() -> None:
    cascade = load_cascade("attention/one-pass")
    lags = {(maker, reader): lag for maker, reader, lag in cascade.graph.edges(data="lag")}
    assert lags == cascade.lags
    late = {edge for edge, lag in lags.items() if lag > 0}
    assert late == {("RM", "RM"), ("RD", "SPD"), ("RNV", "SPNV")}
    assert all(lags[edge] == 1 for edge in late)
    assert lags["RM", "PRM"] == 0  # reads this step as well as the one before
    assert set(cascade.graph.nodes) == {einsum.name for einsum in cascade.einsums}


def test_lag_of_two_steps(make: Make) -> None:
    cascade = make("Z[m+1] = Z[m] + Z[m-1] where Z[0] = 1\nY[m] = Z[m-1]")
    assert cascade.graph["Z"]["Z"]["lag"] == 1
    assert cascade.graph["Z"]["Y"]["lag"] == 2


def test_reader_of_an_earlier_step_may_stand_first(make: Make) -> None:
    cascade = make("Y[m] = Z[m] * 2\nZ[m+1] = Z[m] + Y[m] where Z[0] = 1")
    assert cascade.graph["Z"]["Y"]["lag"] == 1
    assert cascade.graph["Y"]["Z"]["lag"] == 0


def test_huge_ranks_resolve_at_once(make: Make) -> None:
    sizes = {"M": 10**12, "M0": 256, "M1": "ceil(M / M0)", "P": 10**12}
    cascade = make("Z[p] = V[M0*m1+m0] * Q[p]", sizes, {"V": ["M"], "Q": ["P"]})
    assert cascade["Z"].points == 10**24
    assert cascade.tensors["V"].size == 10**12
