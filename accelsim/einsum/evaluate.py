"""A cascade run in NumPy: the golden model of everything downstream."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from accelsim.einsum.affine import Affine
from accelsim.einsum.cascade import Cascade, Einsum, Node, Scalar, TensorAccess, Term, constants
from accelsim.einsum.operations import REDUCTIONS
from accelsim.einsum.reader import Reader
from accelsim.errors import InputError, UnsupportedError, unknown_name

__all__ = ["evaluate"]

Array = NDArray[Any]


def evaluate(
    cascade: Cascade,
    tensors: Mapping[str, ArrayLike],
    *,
    dtype: DTypeLike = np.float64,
    intermediates: bool = False,
) -> dict[str, Array]:
    """Compute a cascade's outputs from its inputs.

    Args:
        cascade: the cascade, with sizes.
        tensors: every input, with the shape that the cascade gives it.
        dtype: number type that values are held and computed in.
        intermediates: also return the tensors in between. An iterated tensor holds its start at
            position 0. Elements outside a tensor's domain (the ragged end) are 0.

    Returns:
        Name of tensor -> array.

    Raises:
        InputError: for a missing, unknown or wrongly shaped tensor.
        UnsupportedError: where the tensors do not fit into memory.

    Example:
        >>> from accelsim.workload import cascade_from_text
        >>> matmul = cascade_from_text(
        ...     "Z[m,n] = A[m,k] * B[k,n]",
        ...     ranks={"M": 2, "N": 1, "K": 2}, tensors={"A": ["M", "K"], "B": ["K", "N"]})
        >>> evaluate(matmul, {"A": [[1, 2], [3, 4]], "B": [[1], [1]]})["Z"].tolist()
        [[3.0], [7.0]]
    """
    kind = np.dtype(dtype)
    if kind.kind not in "iuf":
        raise InputError(f"dtype is {kind}, must be an integer or floating-point type")
    _check_constants(cascade, kind)
    wanted = [e.name for e in cascade.einsums] if intermediates else cascade.outputs
    try:
        _check_positions(cascade)
        values = _inputs(cascade, tensors, kind)
        with np.errstate(all="ignore"):
            for group in _groups(cascade):
                _run_group(cascade, group, values, kind)
    except MemoryError:
        raise UnsupportedError(
            f"cascade '{cascade.name}': its tensors do not fit into memory at these sizes; "
            "evaluate with smaller ranks (simulate needs no memory for them)"
        ) from None
    return {name: values[name] for name in wanted}


def _check_positions(cascade: Cascade) -> None:
    """NumPy counts elements and positions in 64 bits; leave room to add and multiply them."""
    shapes = [tensor.shape for tensor in cascade.tensors.values()]
    spaces = [tuple(einsum.sizes.values()) for einsum in cascade.einsums]
    ends = [e for each in cascade.einsums for c in each.constraints for e in c.bounds(each.sizes)]
    if max([*map(math.prod, shapes + spaces), *map(abs, ends)], default=0) > 2**56:
        raise MemoryError


def _inputs(
    cascade: Cascade, tensors: Mapping[str, ArrayLike], kind: np.dtype[Any]
) -> dict[str, Array]:
    problems = [
        unknown_name("tensor", name, cascade.inputs, where=cascade.name)
        for name in tensors
        if name not in cascade.inputs
    ]
    values: dict[str, Array] = {}
    for name in cascade.inputs:
        tensor = cascade.tensors[name]
        if name not in tensors:
            problems.append(f"{cascade.name}: tensor '{name}' is missing; give all inputs")
            continue
        array = _numbers(tensors[name])
        if array is None:
            problems.append(f"{cascade.name}: tensor '{name}' is not an array of real numbers")
            continue
        if array.shape != tensor.shape:
            problems.append(
                f"{cascade.name}: tensor '{name}': shape is {array.shape}, must be {tensor.shape} "
                f"({', '.join(tensor.ranks)})"
            )
        values[name] = array.astype(kind)
    if problems:
        raise InputError(problems)
    return values


def _check_constants(cascade: Cascade, kind: np.dtype[Any]) -> None:
    """An integer type would cut a fraction off without a word."""
    if kind.kind == "f":
        return
    problems = []
    for einsum in cascade.einsums:
        written = [*constants(einsum.expression), *([] if einsum.start is None else [einsum.start])]
        problems += [
            f"{cascade.name}: Einsum '{einsum.name}' holds {value}, which {kind} cannot hold; "
            "evaluate in a floating-point type"
            for value in written
            if not (value.is_integer() and np.iinfo(kind).min <= value <= np.iinfo(kind).max)
        ]
    if problems:
        raise InputError(list(dict.fromkeys(problems)))


def _numbers(value: ArrayLike) -> Array | None:
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in "biuf" else None


def _groups(cascade: Cascade) -> list[list[Einsum]]:
    """Einsums in an order in which everything is computed before it is used.

    Einsums that feed each other through an iterated rank form one group, run step by step.
    """
    graph = cascade.graph
    position = {einsum.name: i for i, einsum in enumerate(cascade.einsums)}
    condensed = nx.condensation(graph)
    first = {n: min(position[m] for m in condensed.nodes[n]["members"]) for n in condensed}
    order = nx.lexicographical_topological_sort(condensed, key=first.__getitem__)
    stepwise = {member: group for group in cascade.feedback for member in group}
    groups = []
    for node in order:
        member = next(iter(condensed.nodes[node]["members"]))
        groups.append([cascade[name] for name in stepwise.get(member, (member,))])
    return groups


def _run_group(
    cascade: Cascade, group: Sequence[Einsum], values: dict[str, Array], kind: np.dtype[Any]
) -> None:
    for einsum in group:
        if einsum.iterated is not None:
            values[einsum.name] = _started(cascade, einsum, kind)
    if not _stepwise(cascade, group):
        _store(group[0], _compute(group[0], values, {}, kind), values, {})
        return
    (rank,) = {einsum.iterated for einsum in group if einsum.iterated}
    assert rank is not None
    for einsum in group:
        if einsum.iterated is None:
            values[einsum.name] = np.zeros(cascade.tensors[einsum.name].shape, kind)
    for step in range(cascade.sizes[rank]):
        for einsum in group:
            fixed = {rank: step}
            _store(einsum, _compute(einsum, values, fixed, kind), values, fixed)


def _stepwise(cascade: Cascade, group: Sequence[Einsum]) -> bool:
    """Whether a step needs the one before: it feeds itself, or leaves some values as they were."""
    first = group[0]
    return any(first.name in names for names in cascade.feedback) or bool(_holding(first))


def _holding(einsum: Einsum) -> list[Affine]:
    """Conditions under which a step writes an iterated tensor; else its value stays as it was."""
    if einsum.iterated is None:
        return []
    kept = set(einsum.output.ranks)
    return [c for c in einsum.constraints if einsum.iterated in c.ranks and set(c.ranks) <= kept]


def _started(cascade: Cascade, einsum: Einsum, kind: np.dtype[Any]) -> Array:
    assert einsum.start is not None
    return np.full(cascade.tensors[einsum.name].shape, einsum.start, kind)


def _store(
    einsum: Einsum, result: Array, values: dict[str, Array], fixed: Mapping[str, int]
) -> None:
    if einsum.iterated is None and not fixed:
        values[einsum.name] = result
        return

    def place(back: int) -> tuple[int | slice, ...]:
        return tuple(
            fixed[index.ranks[0]] + index.constant - back
            if index.ranks[0] in fixed
            else slice(index.constant, None)
            for index in einsum.output.indices
        )

    array = values[einsum.name]
    if fixed and (conditions := _holding(einsum)):
        ranks = [rank for rank in einsum.sizes if rank in einsum.output.ranks - set(fixed)]
        held = {rank: Affine((), index) for rank, index in fixed.items()}
        result = np.where(
            _mask(Reader(einsum, values, held, ranks), conditions), result, array[place(1)]
        )
    array[place(0)] = result


def _mask(reader: Reader, conditions: Sequence[Affine]) -> Array:
    mask = reader.mask([condition.substitute(reader.binding) for condition in conditions])
    return _given(mask)


def _compute(
    einsum: Einsum, values: Mapping[str, Array], fixed: Mapping[str, int], kind: np.dtype[Any]
) -> Array:
    """Values of the output over its ranks, those in ``fixed`` held at one index."""
    ranks = [rank for rank in einsum.sizes if rank not in fixed and rank != einsum.position]
    out = [rank for rank in ranks if rank not in einsum.reduced]
    held = {rank: Affine((), index) for rank, index in fixed.items()}
    reader = Reader(einsum, values, held, ranks)
    factors = _factors(einsum.expression)
    if einsum.reduction == "sum" and factors and einsum.inputs and reader.maskable:
        return _contract(reader, factors, out).astype(kind, copy=False)
    result = np.asarray(reader.value(einsum.expression, kind))
    shape = [einsum.sizes[rank] for rank in ranks]
    mask = reader.mask([c for c in reader.constraints if einsum.position not in c.ranks])
    result = np.broadcast_to(result, shape)
    if einsum.reduction is None:
        return (result if mask is None else np.where(mask, result, 0)).astype(kind)
    reduction = REDUCTIONS[einsum.reduction]
    if mask is not None:
        result = np.where(mask, result, _neutral(reduction.neutral, kind))
    # The reduced ranks stand last; they become one axis.
    flat = [*(einsum.sizes[rank] for rank in out), -1]
    present = None if mask is None else np.broadcast_to(mask, shape).reshape(flat)
    kept = 1 if einsum.position is None else einsum.sizes[einsum.position]
    found = np.asarray(reduction.apply(result.reshape(flat), present, kept))
    if reduction.position:
        _check_holds(einsum, found, kind)
    if einsum.position is None:
        return found.astype(kind, copy=False)
    return _ranked(reader, found, out, kind)


def _check_holds(einsum: Einsum, positions: Array, kind: np.dtype[Any]) -> None:
    """Small types would turn positions into others without a word."""
    with np.errstate(all="ignore"):
        wrong = positions[positions.astype(kind).astype(np.int64) != positions]
    if wrong.size:
        raise InputError(
            f"Einsum '{einsum.name}': gives position {wrong.flat[0]}, which {kind} cannot hold; "
            "evaluate in a wider type"
        )


def _ranked(reader: Reader, result: Array, out: Sequence[str], kind: np.dtype[Any]) -> Array:
    """The results of a topk, their place in the ranking moved to where the left side has it."""
    position = reader.einsum.position
    assert position is not None
    whole = [rank for rank in reader.einsum.sizes if rank in (*out, position)]
    result = np.moveaxis(result, -1, whole.index(position)).astype(kind, copy=False)
    conditions = [c for c in reader.constraints if position in c.ranks]
    mask = reader.mask(conditions, whole)
    return result if mask is None else np.where(mask, result, kind.type(0))


def _neutral(value: float, kind: np.dtype[Any]) -> Any:
    if math.isfinite(value) or np.issubdtype(kind, np.inexact):
        return kind.type(value)
    return np.iinfo(kind).min if value < 0 else np.iinfo(kind).max


def _factors(node: Node) -> list[TensorAccess | Scalar] | None:
    """The factors of a plain product, or None where other operations take part."""
    if isinstance(node, Term):
        if node.operation != "multiply":
            return None
        found: list[TensorAccess | Scalar] = []
        for operand in node.operands:
            inner = _factors(operand)
            if inner is None:
                return None
            found += inner
        return found
    return [node]


def _contract(
    reader: Reader, factors: Sequence[TensorAccess | Scalar], out: Sequence[str]
) -> Array:
    scale = math.prod(f.value for f in factors if isinstance(f, Scalar))
    operands: list[Any] = []
    named: set[str] = set()
    pending = list(reader.constraints)
    for factor in factors:
        if isinstance(factor, Scalar):
            continue
        array, ranks = reader.gather(factor)
        # Elements beyond the end become 0 in the first operand that has the condition's ranks.
        mine = [c for c in pending if set(c.ranks) <= set(ranks)]
        pending = [c for c in pending if c not in mine]
        if mine:
            array = np.where(_given(reader.mask(mine, ranks)), array, 0)
        operands += [array, [reader.ranks.index(rank) for rank in ranks]]
        named |= set(ranks)
    for condition in pending:
        ranks = [rank for rank in reader.ranks if rank in condition.ranks]
        operands += [reader.mask([condition], ranks), [reader.ranks.index(r) for r in ranks]]
        named |= set(ranks)
    kept = [rank for rank in out if rank in named]
    result = np.einsum(*operands, [reader.ranks.index(r) for r in kept], optimize=True)
    result = result * scale if scale != 1 else result
    if len(kept) != len(out):
        shape = [reader.einsum.sizes[rank] for rank in out]
        spread = [n if rank in named else 1 for rank, n in zip(out, shape, strict=True)]
        result = np.broadcast_to(result.reshape(spread), shape).copy()
    return np.asarray(result)


def _given(mask: Array | None) -> Array:
    assert mask is not None
    return mask
