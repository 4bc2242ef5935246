"""How one Einsum reads tensors in NumPy: as arrays aligned to its ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelsim.einsum.affine import Affine
from accelsim.einsum.cascade import Einsum, Gathered, Node, Scalar, TensorAccess, Term
from accelsim.einsum.operations import OPERATIONS
from accelsim.errors import InputError

__all__ = ["Reader"]

Array = NDArray[Any]


class Reader:
    """Reads tensors as arrays aligned to an Einsum's ranks.

    Args:
        einsum: the Einsum.
        values: tensor -> array.
        held: ranks that are held at one index.
        ranks: the others, one axis each.
    """

    def __init__(
        self,
        einsum: Einsum,
        values: Mapping[str, Array],
        held: Mapping[str, Affine],
        ranks: Sequence[str],
    ) -> None:
        self.einsum, self.values, self.ranks = einsum, values, list(ranks)
        free = {rank: Affine(((rank, 1),)) for rank in einsum.sizes}
        self.binding = {**free, **held}
        substituted = (c.substitute(self.binding) for c in einsum.constraints)
        self.constraints = [c for c in substituted if c.terms or c.constant < 0]

    @property
    def maskable(self) -> bool:
        """Whether a product is 0 where one factor is made 0: not so beside inf or nan."""
        arrays = (self.values[access.tensor] for access in self.einsum.inputs)
        return not self.constraints or all(np.isfinite(array).all() for array in arrays)

    def value(self, node: Node, kind: np.dtype[Any]) -> Array:
        match node:
            case Scalar(value=value):
                return np.asarray(value, kind)
            case TensorAccess():
                array, ranks = self.gather(node)
                return self._align(array, ranks)
            case Term(operation=operation, operands=operands):
                parts = [self.value(operand, kind) for operand in operands]
                return OPERATIONS[operation].apply(*parts)

    def _align(self, array: Array, ranks: Sequence[str]) -> Array:
        order = sorted(range(len(ranks)), key=lambda i: self.ranks.index(ranks[i]))
        array = array.transpose(order)
        lengths = iter(array.shape)
        return array.reshape([next(lengths) if rank in ranks else 1 for rank in self.ranks])

    def gather(self, access: TensorAccess, *, none: int = 0) -> tuple[Array, list[str]]:
        """The elements that an access reads, one axis per rank that it uses.

        ``none`` is read where the position is -1, which stands for no element.
        """
        array = self.values[access.tensor]
        if any(isinstance(index, Gathered) for index in access.indices):
            return self._gather_by_values(array, access, none)
        labels: list[str] = []
        for index in access.indices:
            assert isinstance(index, Affine)
            index = index.substitute(self.binding)
            axis = len(labels)
            if index.plain and array.shape[axis] == self.einsum.sizes[index.plain]:
                labels.append(index.plain)
                continue
            ranks = [rank for rank in self.ranks if rank in index.ranks]
            positions = np.clip(self._grid(index, ranks), 0, array.shape[axis] - 1)
            array = np.take(array, positions, axis=axis)
            labels += ranks
        if len(set(labels)) == len(labels):
            return array, labels
        unique = list(dict.fromkeys(labels))
        diagonal = np.einsum(array, [unique.index(label) for label in labels], range(len(unique)))
        return diagonal, unique

    def _gather_by_values(
        self, array: Array, access: TensorAccess, none: int
    ) -> tuple[Array, list[str]]:
        labels = [rank for rank in self.ranks if rank in access.ranks]
        missing: Array = np.asarray(False)
        positions = []
        for index, length in zip(access.indices, array.shape, strict=True):
            if isinstance(index, Gathered):
                at = self._positions(index, access, length, labels)
                missing = missing | (at < 0)
            else:
                at = self._grid(index.substitute(self.binding), labels)
            positions.append(np.clip(at, 0, length - 1))
        shape = tuple(self.einsum.sizes[rank] for rank in labels)
        found = array[tuple(positions)]
        if missing.any():
            found = np.where(missing, np.asarray(none).astype(array.dtype), found)
        return np.broadcast_to(found, shape), labels

    def _positions(
        self, index: Gathered, access: TensorAccess, length: int, labels: Sequence[str]
    ) -> NDArray[np.int64]:
        array, ranks = self.gather(index.access, none=-1)
        # Every label is an axis, of length 1 where the position does not depend on it.
        array = array.transpose(sorted(range(len(ranks)), key=lambda i: labels.index(ranks[i])))
        lengths = iter(array.shape)
        array = array.reshape([next(lengths) if rank in ranks else 1 for rank in labels])
        with np.errstate(all="ignore"):
            whole = array.astype(np.int64)
        outside = (whole != array) | (array < -1) | (array >= length)
        # What takes no part may hold anything.
        mine = [c for c in self.constraints if set(c.ranks) <= set(labels)]
        if outside.any() and (mask := self.mask(mine, labels)) is not None:
            outside = outside & mask
        wrong = np.broadcast_to(array, outside.shape)[outside]
        if wrong.size:
            statement = self.einsum.statement
            place = f"{statement.at(0)}: " if statement else ""
            raise InputError(
                f"{place}Einsum '{self.einsum.name}': {index} holds {wrong.flat[0]:g}, must be a "
                f"position of {access.tensor}: a whole number from 0 to {length - 1}, or -1 for "
                "none"
            )
        return whole

    def _grid(self, index: Affine, ranks: Sequence[str]) -> NDArray[np.int64]:
        """Value of an affine expression at every point of some ranks."""
        coefficients = dict(index.terms)
        grid = np.asarray(index.constant, np.int64)
        for axis, rank in enumerate(ranks):
            steps = np.arange(self.einsum.sizes[rank]) * coefficients.get(rank, 0)
            grid = grid + steps.reshape([-1 if i == axis else 1 for i in range(len(ranks))])
        return grid

    def mask(
        self, conditions: Sequence[Affine], ranks: Sequence[str] | None = None
    ) -> Array | None:
        """Where all conditions hold, or None where there are none."""
        ranks = self.ranks if ranks is None else ranks
        mask: Array | None = None
        for condition in conditions:
            here: Array = self._grid(condition, ranks) >= 0
            mask = here if mask is None else mask & here
        return mask
