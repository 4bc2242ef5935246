"""Random Einsums of two tensors against an interpreter written here, point by point."""

import itertools
import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from accelsim.einsum.evaluate import evaluate
from accelsim.workload import cascade_from_text

INFIX: dict[str, Callable[[float, float], float]] = {
    "*": operator.mul,
    "+": operator.add,
    "-": operator.sub,
}
REDUCE: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "product": math.prod,
    "max": lambda values: max(values, default=-math.inf),
    "min": lambda values: min(values, default=math.inf),
}


@dataclass(frozen=True)
class Index:
    """``constant + sum(coefficient * rank)`` into a dimension of some length."""

    terms: tuple[tuple[str, int], ...]
    constant: int
    length: int

    def at(self, point: dict[str, int]) -> int:
        return self.constant + sum(c * point[rank] for rank, c in self.terms)

    def __str__(self) -> str:
        text = "".join(f"{c:+d}*{r.lower()}" for r, c in self.terms) + f"{self.constant:+d}"
        text = text.replace("+1*", "+").replace("-1*", "-").removeprefix("+")
        return text.removesuffix("+0") or "0"


@dataclass(frozen=True)
class Case:
    sizes: dict[str, int]
    left: tuple[Index, ...]
    right: tuple[Index, ...]
    out: tuple[str, ...]
    sign: str
    reduction: str
    seed: int

    @property
    def reduced(self) -> tuple[str, ...]:
        used = {rank for index in (*self.left, *self.right) for rank, _ in index.terms}
        return tuple(rank for rank in self.sizes if rank in used and rank not in self.out)

    @property
    def text(self) -> str:
        output = f"Z[{', '.join(self.out).lower()}]"
        named = f"{self.reduction}({', '.join(self.reduced).lower()})" if self.reduced else ""
        first, second = (", ".join(map(str, part)) for part in (self.left, self.right))
        return f"{output} = {named} (A[{first}] {self.sign} B[{second}])"


@st.composite
def indices(draw: st.DrawFn, sizes: dict[str, int]) -> Index:
    terms = draw(st.dictionaries(st.sampled_from(sorted(sizes)), st.sampled_from([1, 1, 2, -1])))
    constant = draw(st.integers(-2, 3))
    length = draw(st.integers(1, 5))
    if not constant and list(terms.values()) == [1]:
        length = sizes[next(iter(terms))]  # A plain index must fit its dimension.
    reach = [sum(min(c * (sizes[r] - 1), 0) for r, c in terms.items()) + constant]
    reach.append(sum(max(c * (sizes[r] - 1), 0) for r, c in terms.items()) + constant)
    # At least one element must be met, or the Einsum is refused.
    constant += max(0, -reach[1]) - max(0, reach[0] - length + 1)
    if not constant and list(terms.values()) == [1]:
        length = sizes[next(iter(terms))]
    return Index(tuple(terms.items()), constant, length)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    sizes = {rank: draw(st.integers(1, 4)) for rank in "IJK"}
    left, right = (tuple(draw(st.lists(indices(sizes), min_size=1, max_size=2))) for _ in range(2))
    out = tuple(draw(st.lists(st.sampled_from("IJK"), unique=True, max_size=3)))
    sign, reduction = draw(st.sampled_from(list(INFIX))), draw(st.sampled_from(list(REDUCE)))
    case = Case(sizes, left, right, out, sign, reduction, draw(st.integers(0, 2**32)))
    ranks = [{rank for index in part for rank, _ in index.terms} for part in (left, right)]
    if any(set(case.reduced) - each for each in ranks):
        # A term without a reduced index is refused in a sum.
        case = Case(sizes, left, right, out, "*", reduction, case.seed)
    return case


def points(sizes: dict[str, int], ranks: tuple[str, ...]) -> Iterator[dict[str, int]]:
    for values in itertools.product(*(range(sizes[rank]) for rank in ranks)):
        yield dict(zip(ranks, values, strict=True))


def read(array: NDArray[np.float64], part: tuple[Index, ...], at: dict[str, int]) -> float | None:
    place = tuple(index.at(at) for index in part)
    inside = all(0 <= i < index.length for i, index in zip(place, part, strict=True))
    return float(array[place]) if inside else None


def interpret(case: Case, tensors: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    result = np.zeros([case.sizes[rank] for rank in case.out])
    for outer in points(case.sizes, case.out):
        values = []
        for inner in points(case.sizes, case.reduced):
            first = read(tensors["A"], case.left, outer | inner)
            second = read(tensors["B"], case.right, outer | inner)
            if first is not None and second is not None:
                values.append(INFIX[case.sign](first, second))
        place = tuple(outer.values())
        result[place] = REDUCE[case.reduction](values) if case.reduced else sum(values)
    return result


@settings(max_examples=200)
@given(cases())
def test_agrees_with_an_interpreter(case: Case) -> None:
    event(f"reduced ranks: {len(case.reduced)}")
    dims = {"A": [f"A{i}" for i in range(len(case.left))]}
    dims["B"] = [f"B{i}" for i in range(len(case.right))]
    lengths = {"A": [i.length for i in case.left], "B": [i.length for i in case.right]}
    ranks = dict(case.sizes)
    for name in "AB":
        ranks |= dict(zip(dims[name], lengths[name], strict=True))
    cascade = cascade_from_text(case.text, ranks=ranks, tensors=dims)
    random = np.random.default_rng(case.seed)
    tensors = {name: random.integers(-3, 4, lengths[name]).astype(float) for name in "AB"}
    result = evaluate(cascade, tensors)["Z"]
    np.testing.assert_array_equal(result, interpret(case, tensors), err_msg=case.text)


@given(st.integers(1, 6), st.integers(-3, 3), st.sampled_from(list(REDUCE)), st.integers(0, 999))
def test_elements_that_do_not_exist_take_no_part_in_later_einsums(
    size: int, shift: int, reduction: str, seed: int
) -> None:
    shift = max(1 - size, min(size - 1, shift))
    sign = f"{shift:+d}" if shift else ""
    text = f"Z[i] = V[i{sign}]\nY[i] = Z[i] + 1\nS[] = {reduction}(i) Y[i]"
    cascade = cascade_from_text(text, ranks={"I": size}, tensors={"V": ["I"]})
    values = np.random.default_rng(seed).integers(-4, 5, size)
    kept = [float(values[i + shift]) + 1 for i in range(size) if 0 <= i + shift < size]
    assert evaluate(cascade, {"V": values})["S"] == REDUCE[reduction](kept)
