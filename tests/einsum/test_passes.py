"""Pass counts that are known by hand, each with its reason; fusion, footprints, bounds."""

from dataclasses import dataclass

import pytest

from accelsim.einsum.bounds import Bounds
from accelsim.einsum.fusion import Fusion
from accelsim.einsum.passes import Passes, analyse
from accelsim.workload import cascade_from_text, load_cascade

SIZES = dict.fromkeys("BDEFHKMNOPQRST", 6) | {"M0": 2, "M1": 3, "D0": 2, "D1": 3}


def passes(text: str, **tensors: str) -> Passes:
    """The analysis of a cascade; tensors as `X="B D"`."""
    ranks = {name: dims.upper().split() for name, dims in tensors.items()}
    return analyse(cascade_from_text(text, ranks=SIZES, tensors=ranks))


ATTENTION = [
    # QK and max | exp and sum, once the maximum is known | divide and AV, once the sum is.
    ("three-pass", 3),
    # The sum divides AV instead of every element, so that pass three is not needed: SN and V meet
    # in pass two. (The paper files it under its three-pass cascades.)
    ("three-pass-deferred", 2),
    # Maxima and sums per tile | everything corrected by the global maximum.
    ("two-pass", 2),
    # Deferring the division spares divisions, but the correction still needs the maximum.
    ("two-pass-deferred", 2),
    # Running maximum, sum and product are corrected as each tile comes.
    ("one-pass", 1),
    # Masks leave points out; what depends on what stays the same.
    ("causal", 3),
    ("sliding-window", 3),
    ("causal-one-pass", 1),
]


@pytest.mark.parametrize(("name", "count"), ATTENTION)
def test_attention(name: str, count: int) -> None:
    found = analyse(load_cascade(f"attention/{name}"))
    assert found.max_passes == count
    assert found.passes["K"] == {"B": 1, "H": 1, "E": 1, "M": count}
    assert found.passes["V"] == {"B": 1, "H": 1, "F": 1, "M": count}
    assert found.passes["Q"] == {"B": 1, "H": 1, "E": 1, "P": 1}
    outputs = {"B": 1, "H": 1, "F": 1, "P": 1}
    assert found.passes["AV"] == outputs


@pytest.mark.parametrize(("base", "tiled"), [("three-pass", "M"), ("two-pass", "M0*m1+m0")])
@pytest.mark.parametrize("mask", ["{m} <= p", "p - 2 < {m} <= p", "{m} + p <= 7 and {m} >= p - 3"])
def test_masks_change_no_pass_of_any_cascade(base: str, tiled: str, mask: str) -> None:
    for name in (base, f"{base}-deferred"):
        plain = load_cascade(f"attention/{name}", {"B": 1, "H": 1, "M": 8, "P": 8})
        lines = [einsum.statement.text for einsum in plain.einsums if einsum.statement]
        lines[0] += " if " + mask.format(m="m" if tiled == "M" else tiled)
        sizes = dict(plain.sizes)
        tensors = {t: plain.tensors[t].ranks for t in plain.inputs}
        masked = cascade_from_text("\n".join(lines), ranks=sizes, tensors=tensors)
        assert masked.einsums[0].points < plain.einsums[0].points
        assert analyse(masked).passes == analyse(plain).passes


@dataclass(frozen=True)
class Known:
    """A cascade, its passes over one rank of a tensor, and why."""

    name: str
    text: str
    tensors: dict[str, str]
    of: tuple[str, str, int]
    why: str


KNOWN = [
    Known(
        "layer norm",
        """S[b] = X[b,d]
           C[b,d] = X[b,d] - S[b] / D
           V[b] = C[b,d] * C[b,d]
           Y[b,d] = C[b,d] / sqrt(V[b] / D)""",
        {"X": "B D"},
        ("X", "D", 3),
        "the mean needs all of X, the variance the mean, the result the variance",
    ),
    Known(
        "layer norm from sums",
        """S[b] = X[b,d]
           Q[b] = X[b,d] * X[b,d]
           Y[b,d] = (X[b,d] - S[b] / D) / sqrt(Q[b] / D - S[b] / D * S[b] / D)""",
        {"X": "B D"},
        ("X", "D", 2),
        "both sums come from one traversal, the result needs another",
    ),
    Known(
        "mean, then variance",
        """S[b] = X[b,d]
           V[b] = sum(d) (X[b,d] - S[b] / D) * (X[b,d] - S[b] / D)""",
        {"X": "B D"},
        ("X", "D", 2),
        "deviations need the mean; nothing needs the variance",
    ),
    Known(
        "variance from sums",
        """S[b] = X[b,d]
           Q[b] = X[b,d] * X[b,d]
           V[b] = Q[b] / D - S[b] / D * S[b] / D""",
        {"X": "B D"},
        ("X", "D", 1),
        "two independent sums, and no further look at X",
    ),
    Known(
        "log-sum-exp",
        """G[] = max(m) X[m]
           S[] = sum(m) exp(X[m] - G[])
           L[] = log(S[]) + G[]""",
        {"X": "M"},
        ("X", "M", 2),
        "the shift by the maximum needs all of X first",
    ),
    Known(
        "log-sum-exp, running",
        """R[m+1] = max(R[m], X[m])  where R[0] = -inf
           S[m+1] = S[m] * exp(R[m] - R[m+1]) + exp(X[m] - R[m+1])  where S[0] = 0
           L[] = log(S[M]) + R[M]""",
        {"X": "M"},
        ("X", "M", 1),
        "the sum is corrected whenever the maximum grows",
    ),
    Known(
        "softmax",
        """G[p] = max(m) X[m,p]
           E[m,p] = exp(X[m,p] - G[p])
           S[p] = E[m,p]
           Y[m,p] = E[m,p] / S[p]""",
        {"X": "M P"},
        ("X", "M", 3),
        "maximum, sum, quotient",
    ),
    Known(
        "softmax with a running sum",
        """R[m+1,p] = max(R[m,p], X[m,p])  where R[0,p] = -inf
           S[m+1,p] = S[m,p] * exp(R[m,p] - R[m+1,p]) + exp(X[m,p] - R[m+1,p])  where S[0,p] = 0
           Y[m,p] = exp(X[m,p] - R[M,p]) / S[M,p]""",
        {"X": "M P"},
        ("X", "M", 2),
        "maximum and sum in one traversal (Milakov and Gimelshein, 2018), the result in another",
    ),
    Known(
        "matrix product", "Z[m,n] = A[m,k] * B[k,n]", {"A": "M K", "B": "K N"}, ("A", "K", 1), "one"
    ),
    Known(
        "two chained matrix products",
        """Y[m,n] = A[m,k] * B[k,n]
           Z[m,o] = Y[m,n] * C[n,o]""",
        {"A": "M K", "B": "K N", "C": "N O"},
        ("Y", "N", 1),
        "each element of Y goes on as it is complete: no fiber is needed twice",
    ),
    Known(
        "batch norm in training",
        """S[d] = X[b,d]
           C[b,d] = X[b,d] - S[d] / B
           V[d] = C[b,d] * C[b,d]
           Y[b,d] = C[b,d] / sqrt(V[d] / B)""",
        {"X": "B D"},
        ("X", "B", 3),
        "statistics over the batch, so three passes over B and one over D",
    ),
    Known(
        "batch norm in inference",
        "Y[b,d] = (X[b,d] - S[d]) * V[d]",
        {"X": "B D", "S": "D", "V": "D"},
        ("X", "B", 1),
        "the statistics are inputs",
    ),
    Known(
        "convolution chain",
        """Y[p] = X[p+r] * W[r]
           Z[q] = Y[q+s] * V[s]
           O[q] = Z[q] + Y[q+1]""",
        {"X": "D", "W": "R", "V": "S"},
        ("Y", "P", 1),
        "a window moves along with the row: Q is P under another name",
    ),
    Known(
        "reversal",
        """Y[m] = X[m] * 2
           Z[m] = Y[5-m]""",
        {"X": "M"},
        ("X", "M", 2),
        "the first result needs the last element",
    ),
    Known(
        "top k",
        """V[k] = topk(m) X[m]
           Y[m] = X[m] - V[0]""",
        {"X": "M"},
        ("X", "M", 2),
        "what is best is known at the end",
    ),
    Known(
        "gather from what is computed",
        """Y[m] = X[m] * 2
           Z[t] = Y[I[t]]""",
        {"X": "M", "I": "T"},
        ("X", "M", 1),
        "data say which element is next, but M is not walked along again",
    ),
    Known(
        "recurrence over time, norm over D in each step",
        """S[t] = H[t,d]
           N[t,d] = H[t,d] - S[t] / D
           H[t+1,d] = N[t,d] + X[t,d]  where H[0,d] = 0
           L[d] = H[T,d]""",
        {"X": "T D"},
        ("N", "D", 2),
        "in each step the mean first, then the difference; the step before has ended",
    ),
    Known(
        "read again under another name",
        """S[] = X[m]
           B[n] = X[n] - S[]""",
        {"X": "M"},
        ("X", "M", 2),
        "every element of X is read before and after the sum",
    ),
    Known(
        "the same beside an Einsum that walks along both names",
        """A[m] = X[m] * 2
           S[] = A[m]
           B[n] = A[n] * S[]
           Z[m,n] = W[m,n] * 3""",
        {"X": "M", "W": "M N"},
        ("A", "M", 2),
        "what Z does with its own tensor changes nothing",
    ),
    Known(
        "gathered again",
        """S[] = X[m]
           B[t] = X[I[t]] - S[]""",
        {"X": "M", "I": "T"},
        ("X", "M", 2),
        "X is read before and after the sum, in whatever order",
    ),
    Known(
        "strided again",
        """S[] = X[m]
           B[m1] = max(X[2*m1], X[2*m1+1]) - S[]""",
        {"X": "M"},
        ("X", "M", 2),
        "the same in pairs",
    ),
    Known(
        "strided once",
        """A[m] = X[m] * 2
           B[m1] = max(A[2*m1], A[2*m1+1])""",
        {"X": "M"},
        ("X", "M", 1),
        "pairs come as they are made",
    ),
    Known(
        "scan in chunks",
        """S[b] = X[b,t]
           C[b+1] = C[b] + S[b]  where C[0] = 0
           Y[b,t] = C[b] * X[b,t]""",
        {"X": "B T"},
        ("X", "T", 1),
        "a chunk needs the sum of those before it, which have ended",
    ),
    Known(
        "scan in chunks, each included",
        """S[b] = X[b,t]
           C[b+1] = C[b] + S[b]  where C[0] = 0
           Y[b,t] = C[b+1] * X[b,t]""",
        {"X": "B T"},
        ("X", "T", 2),
        "a chunk needs its own sum first",
    ),
    Known(
        "self-attention from one input",
        """K[m,e] = X[m,d] * A[d,e]
           Q[p,e] = X[p,d] * B[d,e]
           S[m,p] = K[m,e] * Q[p,e]
           G[p] = max(m) S[m,p]
           Y[m,p] = S[m,p] - G[p]""",
        {"X": "T D", "A": "D E", "B": "D E"},
        ("X", "T", 2),
        "X is walked along as keys, and those twice",
    ),
]


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_known(known: Known) -> None:
    found = passes(known.text, **known.tensors)
    tensor, rank, count = known.of
    assert found.passes[tensor][rank] == count, known.why
    several = {r: n for ranks in found.passes.values() for r, n in ranks.items() if n > 1}
    assert set(several) <= {rank, "M", "N"}


def test_softmax_in_one_pass_and_a_rescale() -> None:
    """Tiles are exponentiated under the running maximum; the rest only scales the result."""
    found = passes(
        """BX[m1,m0] = X[2*m1+m0]
           L[m1] = max(m0) BX[m1,m0]
           R[m1+1] = max(R[m1], L[m1])  where R[0] = -inf
           E[m1,m0] = exp(BX[m1,m0] - R[m1+1])
           T[m1] = E[m1,m0]
           S[m1+1] = S[m1] * exp(R[m1] - R[m1+1]) + T[m1]  where S[0] = 0
           F[m1] = exp(R[m1+1] - R[M1]) / S[M1]
           Y[m1,m0] = E[m1,m0] * F[m1]""",
        X="M",
    )
    one = {e: n["M"] for e, n in found.of_einsums.items() if "M" in n}
    assert one == {"BX": 1, "L": 1, "E": 1, "T": 1, "Y": 2}
    assert found.rescales == ("Y",)


def test_three_pass_softmax_ends_in_a_rescale_too_and_normalisation_does_not() -> None:
    assert analyse(load_cascade("attention/three-pass")).rescales == ("A",)
    assert analyse(load_cascade("attention/one-pass")).rescales == ()
    assert analyse(load_cascade("layer-norm")).rescales == ()
    # Matrix products with what an earlier pass made, and inputs that are scaled, are none.
    assert analyse(load_cascade("encoder-block")).rescales == ("A",)
    clipped = passes("N[] = sum(m) G[m] * G[m]\nC[m] = G[m] / sqrt(N[])", G="M")
    assert clipped.rescales == ()


def test_sizes_play_no_role() -> None:
    for name, _ in ATTENTION:
        base = analyse(load_cascade(f"attention/{name}")).passes
        small = load_cascade(f"attention/{name}", {"B": 1, "M": 5, "P": 5})
        assert analyse(small).passes == base


@pytest.mark.parametrize("sizes", [{"M0": 1}, {"M0": 1, "M": 1}, {"M0": 4096}])
def test_degenerate_tiles_are_still_tiles(sizes: dict[str, int]) -> None:
    cascade = load_cascade("attention/two-pass", {"B": 1, "H": 1, "P": 3, **sizes})
    assert analyse(cascade).passes["K"]["M"] == 2


def test_split_in_three_levels() -> None:
    found = passes(
        """A[m1,d1,d0] = X[6*m1+2*d1+d0]
           L[m1,d1] = max(d0) A[m1,d1,d0]
           G[m1] = max(d1) L[m1,d1]
           Y[m1,d1,d0] = A[m1,d1,d0] - G[m1]""",
        X="N",
    )
    assert found.passes["A"] == {"N": 1}
    assert Fusion(found).footprint["A"] == ("D1", "D0")


FOOTPRINTS = {
    "three-pass": {"QK": "M", "SN": "M", "GM": "", "SD": "", "A": "", "AV": "F"},
    "three-pass-deferred": {"QK": "M", "SN": "", "SNV": "F", "AV": ""},
    "two-pass": {"BQK": "M0", "SLN": "M", "LM": "M1", "SLD": "M1", "PRM": "M1", "A": "", "AV": "F"},
    "one-pass": {"BQK": "M0", "LM": "", "RM": "", "PRM": "", "RD": "", "RNV": "F", "AV": ""},
}


@pytest.mark.parametrize("name", FOOTPRINTS)
def test_footprints_of_attention(name: str) -> None:
    footprint = Fusion(analyse(load_cascade(f"attention/{name}"))).footprint
    expected = {tensor: tuple(ranks.split()) for tensor, ranks in FOOTPRINTS[name].items()}
    assert {tensor: footprint[tensor] for tensor in expected} == expected
    if name == "one-pass":
        # What one-pass attention is for: nothing that stays live grows with M (section 3).
        assert not any({"M", "M1", "P"} & set(ranks) for ranks in footprint.values())


@pytest.mark.parametrize(
    ("text", "tensors", "expected"),
    [
        # The sum over N runs inside the row of Z.
        (
            "Y[m,n] = A[m,k] * B[k,n]\nZ[m,o] = Y[m,n] * C[n,o]",
            {"A": "M K", "B": "K N", "C": "N O"},
            {"Y": "", "Z": "O"},
        ),
        # X is read again for the result: kept, or fetched twice.
        ("S[b] = X[b,d]\nY[b,d] = X[b,d] - S[b]", {"X": "B D"}, {"X": "D", "S": "", "Y": ""}),
        # A reversal needs all of Y.
        ("Y[b,m] = X[b,m] * 2\nZ[b,m] = Y[b,5-m]", {"X": "B M"}, {"Y": "M"}),
        # Only the last element is needed, and a running value is one element.
        (
            "S[m+1] = S[m] + X[m]  where S[0] = 0\nZ[] = S[M]",
            {"X": "M"},
            {"S": "", "X": "", "Z": ""},
        ),
        # Each key meets every query while it is there: the results fill up over the keys.
        (
            "K[m,e] = X[m,d] * A[d,e]\nS[m,p] = K[m,e] * Q[p,e]\nY[p] = max(m) S[m,p]",
            {"X": "M D", "A": "D E", "Q": "P E"},
            {"K": "E", "S": "", "Y": "P"},
        ),
    ],
)
def test_footprints(text: str, tensors: dict[str, str], expected: dict[str, str]) -> None:
    footprint = Fusion(passes(text, **tensors)).footprint
    assert {t: " ".join(footprint[t]) for t in expected} == expected


@pytest.mark.parametrize(
    ("text", "tensors", "expected"),
    [
        # The state of a recurrence is live as a whole.
        (
            "H[t+1,e] = H[t,e] + X[t,e]  where H[0,e] = 0\nY[t] = sum(e) H[t+1,e]",
            {"X": "T E"},
            {"H": "E", "Y": "", "X": ""},
        ),
        (
            """KV[t+1,e,f] = KV[t,e,f] + K[t,e] * V[t,f]  where KV[0,e,f] = 0
               O[t,f] = sum(e) Q[t,e] * KV[t+1,e,f]""",
            {"K": "T E", "V": "T F", "Q": "T E"},
            {"KV": "E F", "O": ""},
        ),
        # What fills up over the outermost loop is live as a whole.
        (
            "S[t] = L[t,n]\nP[t,n] = L[t,n] / S[t]\nLOAD[n] = P[t,n]",
            {"L": "T N"},
            {"LOAD": "N", "S": "", "P": "", "L": "N"},
        ),
        # A tile that is walked along twice is kept.
        (
            "L[m1] = X[2*m1+m0]\nY[m1,m0] = X[2*m1+m0] - L[m1]",
            {"X": "M"},
            {"X": "M0", "L": "", "Y": ""},
        ),
        (
            "T[m] = X[m] * 2\nL[m1] = T[2*m1+m0]\nY[m1,m0] = T[2*m1+m0] - L[m1]",
            {"X": "M"},
            {"T": "M0", "L": ""},
        ),
        # A window holds as many as it spans.
        ("A[p] = X[p] * 2\nB[q] = A[q+s] * G[s]", {"X": "P", "G": "S"}, {"A": "S", "B": ""}),
        # One Einsum alone reduces in its innermost loop.
        ("Z[m,n] = A[m,k] * B[k,n]", {"A": "M K", "B": "K N"}, {"Z": "", "A": "", "B": ""}),
        # Summaries that are read in reverse are all needed at once.
        (
            """L[m1] = max(m0) X[2*m1+m0]
               G[] = max(m1) L[m1]
               P[m1] = L[m1] - G[]
               D[m1] = P[2-m1] * 2""",
            {"X": "M"},
            {"P": "M1", "D": ""},
        ),
        # Nothing is gained by letting Y wait for a second pass.
        (
            """L[m1] = max(m0) X[2*m1+m0]
               Y[m1,m0] = X[2*m1+m0] - L[m1]
               G[] = max(m1) L[m1]
               U[m1,m0] = X[2*m1+m0] - G[]""",
            {"X": "M"},
            {"L": "", "X": "M"},
        ),
    ],
)
def test_footprints_of_one_nest(
    text: str, tensors: dict[str, str], expected: dict[str, str]
) -> None:
    footprint = Fusion(passes(text, **tensors)).footprint
    assert {t: " ".join(footprint[t]) for t in expected} == expected


def test_fusable_pairs_of_three_pass_attention() -> None:
    found = Fusion(analyse(load_cascade("attention/three-pass"))).fusable
    every, rows = ("B", "H", "M", "P"), ("B", "H", "P")
    assert found == (
        ("QK", "GM", every),
        ("QK", "SN", rows),
        ("GM", "SN", rows),
        ("SN", "SD", every),
        ("SN", "A", rows),
        ("SD", "A", rows),
        ("A", "AV", every),
    )


def test_in_one_pass_attention_all_but_the_end_fuses_on_m() -> None:
    for one, other, ranks in Fusion(analyse(load_cascade("attention/one-pass"))).fusable:
        assert ("M" in ranks) == (other != "AV"), (one, other)


def test_what_may_wait_fuses_with_a_later_pass() -> None:
    found = Fusion(
        passes(
            """S[] = X[m]
               W[m] = V[m] * 2
               Y[m] = W[m] * X[m] - S[]""",
            X="M",
            V="M",
        )
    )
    assert ("W", "Y", ("M",)) in found.fusable
    assert found.footprint["W"] == ()


def test_what_may_wait_does_not_fuse_past_its_own_sum() -> None:
    found = Fusion(
        passes(
            """G[] = X[m]
               H[m] = X[m] - G[]
               J[] = H[m]
               K[m] = H[m] - J[]
               W[m] = V[m] * 2
               T[] = W[m]
               Y[m] = W[m] + T[]""",
            X="M",
            V="M",
        )
    )
    pairs = {(one, other): ranks for one, other, ranks in found.fusable}
    # W may run in pass 1 or 2 and Y in 2 or 3, but never in the same.
    assert ("W", "Y") not in pairs
    assert pairs["W", "T"] == ("M",)


@pytest.mark.parametrize("taps", [1, 3])
def test_a_window_of_one_is_a_window(taps: int) -> None:
    cascade = cascade_from_text(
        "Y[p] = X[p+r] * W[r]\nZ[] = Y[p]\nO[p,r] = X[p+r] * Z[]",
        ranks={"P": 4, "R": taps, "L": "P + R - 1"},
        tensors={"X": ["L"], "W": ["R"]},
    )
    found = analyse(cascade)
    assert found.passes["Y"] == {"P": 1}
    assert found.passes["O"] == {"P": 2, "R": 2}
    assert found.passes["X"] == {"L": 2}


def test_bounds_of_a_matrix_product() -> None:
    bounds = Bounds(load_cascade("matmul", {"M": 4, "N": 5, "K": 3}))
    assert bounds.operations == 2 * 4 * 5 * 3
    assert bounds.compulsory_elements == 4 * 3 + 3 * 5 + 4 * 5
    assert bounds.intensity_per_element == 120 / 47
    assert bounds.compulsory_bytes(lambda name: 4 if name == "B" else 16) == 15 / 2 + 32 * 2


def test_gathers_and_steps_move_what_they_reach() -> None:
    table = Bounds(load_cascade("embedding", {"T": 4, "VOCAB": 50, "D": 3}))
    assert table.compulsory == {"TOKEN": "T", "TABLE": "T*D", "X": "T*D"}
    assert table.compulsory_elements == 4 + 12 + 12
    small = Bounds(load_cascade("embedding", {"T": 90, "VOCAB": 50, "D": 3}))
    assert small.compulsory["TABLE"] == "VOCAB*D"
    steps = cascade_from_text("Z[m] = X[2*m]", ranks={"M": 3, "N": 6}, tensors={"X": ["N"]})
    assert Bounds(steps).elements == {"X": 3, "Z": 3}
    conv = Bounds(load_cascade("conv2d", {"P": 4, "Q": 5, "C": 2, "K": 3}))
    assert conv.elements["I"] == 2 * 6 * 7


def test_masked_points_are_no_operations() -> None:
    sizes = {"B": 1, "H": 1, "E": 2, "F": 2, "M": 4}
    whole = Bounds(load_cascade("attention/three-pass", {**sizes, "P": 4})).operations
    masked = Bounds(load_cascade("attention/causal", sizes)).operations
    # A point of (m, p): E and F multiply-adds, maximum, exp of a difference, sum, quotient.
    assert whole == 16 * (2 * 2 + 2 * 2 + 1 + 2 + 1 + 1)
    assert masked == 10 * (2 * 2 + 2 * 2 + 1 + 2 + 1 + 1)
