"""What a search depends on, as a key: equal keys, equal mappings but for names.

Ranks and tensors are numbered in the order in which the Einsums name them, so that a product of
``A[m,k]`` and ``B[k,n]`` is found again as one of ``X[i,j]`` and ``W[j,h]`` of the same sizes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from accelsim.architecture.architecture import Architecture, Array
from accelsim.einsum.affine import Affine
from accelsim.einsum.cascade import Cascade, Einsum, Gathered, Index, TensorAccess
from accelsim.mapping.schema import SearchFile
from accelsim.model.operations import operations_of, point_cycles
from accelsim.version import __version__

__all__ = ["SCHEMA", "Names", "SearchKey", "key_of"]

SCHEMA = 1
"""Counts up with every change of what searches find or of how it is written down."""

Data = Any
_WORDS = {"any", "output", "inputs", "input", "weights", "reduced"}
"""What stands for tensors or ranks in a search."""


@dataclass(frozen=True)
class Names:
    """Ranks and tensors -> what they are called in a key."""

    ranks: dict[str, str] = field(default_factory=dict)
    tensors: dict[str, str] = field(default_factory=dict)

    def rank(self, name: str) -> str:
        return self.ranks.setdefault(name, f"R{len(self.ranks)}")

    def tensor(self, name: str) -> str:
        return self.tensors.setdefault(name, f"T{len(self.tensors)}")

    @property
    def back(self) -> Names:
        """What they are called in a key -> ranks and tensors."""
        return Names(
            {new: old for old, new in self.ranks.items()},
            {new: old for old, new in self.tensors.items()},
        )


@dataclass(frozen=True)
class SearchKey:
    """A key, and the names behind it."""

    text: str
    """Digest, 64 hexadecimal digits."""
    names: Names


def key_of(
    einsums: Sequence[str],
    cascade: Cascade,
    architecture: Architecture,
    *,
    words: Mapping[str, int | Fraction],
    search: SearchFile,
    objectives: Sequence[str] = (),
) -> SearchKey:
    """The key of a search for mappings of some Einsums.

    Args:
        einsums: their names.
        cascade: their cascade.
        architecture: the machine.
        words: tensor -> bits per element.
        search: what may be chosen.
        objectives: what is minimised, where the search looks for one mapping of each.
    """
    names = Names()
    members = [_einsum(cascade[name], cascade, architecture, words, names) for name in einsums]
    tensors = [
        (_tensor(name, cascade, words, names), _needed_outside(name, einsums, cascade))
        for name in list(names.tensors)
    ]
    parts = [
        SCHEMA,
        __version__,
        members,
        tensors,
        _machine(architecture),
        _search(search, names),
        list(objectives),
    ]
    text = json.dumps(parts, separators=(",", ":"), default=str)
    return SearchKey(hashlib.sha256(text.encode()).hexdigest(), names)


def _einsum(
    einsum: Einsum,
    cascade: Cascade,
    architecture: Architecture,
    words: Mapping[str, int | Fraction],
    names: Names,
) -> Data:
    stepped = {
        cascade[member].iterated
        for group in cascade.feedback
        if einsum.name in group
        for member in group
    }
    return [
        [[names.rank(rank), size] for rank, size in einsum.sizes.items()],
        [_access(access, names) for access in (einsum.output, *einsum.inputs)],
        # Of the expression only what it takes on each array matters.
        [_on(einsum, cascade, architecture, array) for array in architecture.arrays.values()],
        einsum.reduction,
        einsum.points,
        sorted(_affine(condition, names) for condition in einsum.constraints),
        sorted(names.rank(rank) for rank in stepped if rank and rank in einsum.sizes),
    ]


def _on(einsum: Einsum, cascade: Cascade, architecture: Architecture, array: Array) -> Data:
    """The operations on an array, and how long they take where it performs them all."""
    operations = operations_of(einsum, array)
    if not set(operations) <= set(array.operations):
        return operations
    return [operations, point_cycles(einsum, cascade, architecture, array)]


def _access(access: TensorAccess, names: Names) -> Data:
    return [names.tensor(access.tensor), [_index(index, names) for index in access.indices]]


def _index(index: Index, names: Names) -> Data:
    if isinstance(index, Gathered):
        return ["gather", _access(index.access, names), index.length]
    return _affine(index, names)


def _affine(affine: Affine, names: Names) -> Data:
    return [sorted([names.rank(rank), c] for rank, c in affine.terms), affine.constant]


def _tensor(name: str, cascade: Cascade, words: Mapping[str, int | Fraction], names: Names) -> Data:
    tensor = cascade.tensors[name]
    return [
        names.tensor(name),
        words[name],
        [names.rank(rank) for rank in tensor.ranks],
        tensor.shape,
        tensor.offsets,
        sorted(_affine(condition, names) for condition in tensor.domain),
    ]


def _needed_outside(name: str, einsums: Sequence[str], cascade: Cascade) -> bool:
    return name in cascade.outputs or not set(cascade.consumers[name]) <= set(einsums)


def _machine(architecture: Architecture) -> Data:
    figures = (architecture.clock_hz, architecture.memories, architecture.arrays)
    return repr(figures)


def _search(search: SearchFile, names: Names) -> Data:
    def named(name: str) -> str:
        if name in _WORDS:
            return name
        return names.ranks.get(name) or names.tensors.get(name) or "other"

    def each(table: Mapping[str, Sequence[str]]) -> Data:
        return [[memory, sorted(map(named, listed))] for memory, listed in table.items()]

    return [
        search.model_dump(
            exclude={"objective", "rows", "columns", "stationary", "keep", "leave_out", "whole"}
        ),
        [sorted(map(named, search.rows)), sorted(map(named, search.columns))],
        named(search.stationary),
        [each(table) for table in (search.keep, search.leave_out, search.whole)],
    ]
