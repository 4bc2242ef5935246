"""Statements + sizes -> a Cascade: names, shapes and domains are inferred, problems collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accelsim.einsum.affine import Affine
from accelsim.einsum.cascade import (
    Cascade,
    Einsum,
    Node,
    Scalar,
    Tensor,
    TensorAccess,
    Term,
    accesses,
)
from accelsim.einsum.indices import resolve_index
from accelsim.einsum.order import order_problems
from accelsim.einsum.steps import step_problems
from accelsim.einsum.syntax import Access, Apply, Constant, Expression, Statement
from accelsim.errors import InputError, unknown_name

__all__ = ["resolve_cascade"]


def resolve_cascade(
    name: str,
    *,
    statements: Sequence[Statement],
    ranks: Sequence[str],
    values: Mapping[str, int],
    tensors: Mapping[str, Sequence[str]],
    outputs: Sequence[str] = (),
) -> Cascade:
    """Infer a cascade's tensors and iteration spaces.

    Args:
        name: for results and messages.
        statements: parsed Einsums, in order.
        ranks: names of the ranks.
        values: sizes of the ranks and values of the parameters.
        tensors: the ranks of each input tensor.
        outputs: results to keep besides those that nobody reads.

    Raises:
        InputError: every problem of the cascade at once.
    """
    resolver = _Resolver(name, ranks, values, statements)
    for tensor, dimensions in tensors.items():
        resolver.declare_input(tensor, dimensions)
    resolver.check_order(statements, tensors)
    einsums = [e for e in map(resolver.einsum, statements) if e is not None]
    resolver.stop_if_wrong()
    read = {a.tensor for e in einsums for a in e.inputs if a.tensor != e.name}
    for kept in outputs:
        if kept not in {einsum.name for einsum in einsums}:
            resolver.problems.append(
                unknown_name("output", kept, [e.name for e in einsums], where=name)
            )
    resolver.stop_if_wrong()
    cascade = Cascade(
        name=name,
        einsums=tuple(einsums),
        tensors=resolver.tensors,
        inputs=tuple(tensors),
        outputs=tuple(e.name for e in einsums if e.name not in read or e.name in outputs),
        sizes=dict(values),
    )
    for einsum, message in step_problems(cascade):
        resolver.fail(resolver.statements[einsum.name], 0, message)
    resolver.stop_if_wrong()
    return cascade


class _ProblemError(Exception):
    """One statement cannot be resolved; its message is already collected."""


class _Resolver:
    def __init__(
        self,
        name: str,
        ranks: Sequence[str],
        values: Mapping[str, int],
        statements: Sequence[Statement],
    ) -> None:
        self.name = name
        self.statements = {statement.output.tensor: statement for statement in statements}
        self.ranks = tuple(ranks)
        self.values = values
        self.problems: list[str] = []
        self.tensors: dict[str, Tensor] = {}
        self.failed: set[str] = set()
        for rank in ranks:
            if rank != rank.upper():
                self.problems.append(
                    f"{name}: rank '{rank}' holds lower-case letters, must be upper case; "
                    f"write '{rank.upper()}'"
                )
            if rank.lower() in values:
                self.problems.append(
                    f"{name}: '{rank.lower()}' is a parameter and the index of rank '{rank}'; "
                    "rename the parameter"
                )

    def stop_if_wrong(self) -> None:
        if self.problems:
            raise InputError(list(dict.fromkeys(self.problems)))

    def fail(self, statement: Statement, column: int, message: str) -> _ProblemError:
        self.problems.append(f"{statement.at(column)}: Einsum '{statement.text}': {message}")
        return _ProblemError()

    def declare_input(self, tensor: str, dimensions: Sequence[str]) -> None:
        unknown = [rank for rank in dimensions if rank not in self.ranks]
        for rank in unknown:
            self.problems.append(
                unknown_name(f"tensor '{tensor}': rank", rank, self.ranks, where=self.name)
            )
        if len(set(dimensions)) != len(dimensions):
            self.problems.append(
                f"{self.name}: tensor '{tensor}' names a rank twice; "
                "declare a second rank of the same size"
            )
        if not unknown:
            shape = tuple(self.values[rank] for rank in dimensions)
            self.tensors[tensor] = Tensor(tensor, tuple(dimensions), shape, (0,) * len(shape))

    def check_order(
        self, statements: Sequence[Statement], inputs: Mapping[str, Sequence[str]]
    ) -> None:
        """Collect what is wrong with the order; Einsums that cannot be resolved then fail."""

        def resolve(text: str) -> Affine:
            return resolve_index(text, ranks=self.ranks, values=self.values)

        for misplaced in order_problems(statements, tuple(inputs), resolve=resolve):
            self.fail(misplaced.statement, misplaced.column, misplaced.message)
            self.failed |= misplaced.failed

    def einsum(self, statement: Statement) -> Einsum | None:
        target = statement.output.tensor
        try:
            if target in self.failed:
                raise _ProblemError
            einsum = self._einsum(statement)
        except _ProblemError:
            self.failed.add(target)
            return None
        return einsum

    def _einsum(self, statement: Statement) -> Einsum:
        output, iterated = self._output(statement)
        if iterated is not None:
            # Its own start is part of it, so its shape is known before its right side is read.
            self._declare_output(output, iterated, domain=())
        expression = self._node(statement, statement.expression)
        sizes, reduced = self._ranks(statement, output, expression)
        constraints = self._constraints(statement, expression, sizes)
        kept = set(output.ranks)
        domain = tuple(c for c in constraints if set(c.ranks) <= kept)
        self._declare_output(output, iterated, domain=domain)
        return Einsum(
            name=statement.output.tensor,
            output=output,
            expression=expression,
            reduction=self._reduction(statement, reduced),
            sizes=sizes,
            reduced=reduced,
            constraints=constraints,
            iterated=iterated,
            start=self._start(statement, output, iterated),
            statement=statement,
        )

    def _index(self, statement: Statement, access: Access, text: str) -> Affine:
        try:
            return resolve_index(text, ranks=self.ranks, values=self.values)
        except InputError as error:
            raise self.fail(statement, access.column, str(error)) from None

    def _output(self, statement: Statement) -> tuple[TensorAccess, str | None]:
        access, iterated = statement.output, None
        indices = tuple(self._index(statement, access, text) for text in access.indices)
        seen: set[str] = set()
        for text, index in zip(access.indices, indices, strict=True):
            step = index.constant
            if len(index.terms) != 1 or index.terms[0][1] != 1 or step not in (0, 1):
                raise self.fail(
                    statement, access.column, f"writes at index '{text}', must be i or i+1"
                )
            if index.ranks[0] in seen:
                raise self.fail(
                    statement, access.column, f"index '{text}' stands on the left twice"
                )
            seen.add(index.ranks[0])
            if step and iterated is not None:
                raise self.fail(statement, access.column, "iterates over two ranks, must be one")
            iterated = index.ranks[0] if step else iterated
        if iterated and statement.start is None:
            raise self.fail(
                statement,
                access.column,
                f"iterates over {iterated} without a start; "
                f"add 'where {access.tensor}[...0...] = '",
            )
        if statement.start and not iterated:
            raise self.fail(
                statement, statement.start[0].column, "has a start, but no index i+1 on the left"
            )
        return TensorAccess(access.tensor, indices), iterated

    def _declare_output(
        self,
        output: TensorAccess,
        iterated: str | None,
        *,
        domain: tuple[Affine, ...],
    ) -> None:
        ranks = tuple(index.ranks[0] for index in output.indices)
        offsets = tuple(int(rank == iterated) for rank in ranks)
        shape = tuple(self.values[r] + o for r, o in zip(ranks, offsets, strict=True))
        self.tensors[output.tensor] = Tensor(output.tensor, ranks, shape, offsets, domain)

    def _node(self, statement: Statement, expression: Expression) -> Node:
        match expression:
            case Access():
                return self._access(statement, expression)
            case Constant(value=str() as name, column=column):
                if name not in self.values:
                    message = unknown_name("size", name, self.values)
                    if name in self.tensors:
                        message = f"tensor '{name}' has no indices; write {name}[...]"
                    raise self.fail(statement, column, message)
                return Scalar(float(self.values[name]))
            case Constant(value=float() as value):
                return Scalar(value)
            case Apply(operation=operation, operands=operands):
                nodes = tuple(self._node(statement, operand) for operand in operands)
                return Term(operation, nodes)
            case _:
                raise AssertionError(expression)

    def _access(self, statement: Statement, access: Access) -> TensorAccess:
        if access.tensor in self.failed:
            raise _ProblemError
        tensor = self.tensors.get(access.tensor)
        if tensor is None:
            # An iterated tensor that a later Einsum writes: its shape follows from its left side.
            tensor = self._forward(access)
        if len(access.indices) != len(tensor.ranks):
            raise self.fail(
                statement,
                access.column,
                f"tensor '{access.tensor}' has {len(access.indices)} indices, must be "
                f"{len(tensor.ranks)} ({', '.join(tensor.ranks)})",
            )
        indices = tuple(self._index(statement, access, text) for text in access.indices)
        for text, index, rank, length in zip(
            access.indices, indices, tensor.ranks, tensor.shape, strict=True
        ):
            self._check_reach(statement, access, text, index, rank, length)
        return TensorAccess(access.tensor, indices)

    def _forward(self, access: Access) -> Tensor:
        producer = self.statements.get(access.tensor)
        if producer is None:
            raise _ProblemError
        output, iterated = self._output(producer)
        self._declare_output(output, iterated, domain=())
        return self.tensors[access.tensor]

    def _check_reach(
        self,
        statement: Statement,
        access: Access,
        text: str,
        index: Affine,
        rank: str,
        length: int,
    ) -> None:
        low, high = index.bounds(self.values)
        if low >= length or high < 0:
            raise self.fail(
                statement,
                access.column,
                f"index '{text}' of '{access.tensor}' runs from {low} to {high}, must meet rank "
                f"{rank} (0 to {length - 1})",
            )
        plain = index.plain
        if plain and plain != rank and self.values[plain] != length:
            raise self.fail(
                statement,
                access.column,
                f"index '{text}' of '{access.tensor}' runs over {self.values[plain]} values, but "
                f"rank {rank} holds {length}; use '{rank.lower()}', or give both the same size",
            )

    def _ranks(
        self, statement: Statement, output: TensorAccess, expression: Node
    ) -> tuple[dict[str, int], tuple[str, ...]]:
        left = [index.ranks[0] for index in output.indices]
        right = list(
            dict.fromkeys(
                rank
                for access in accesses(expression)
                for index in access.indices
                for rank in index.ranks
            )
        )
        reduced = tuple(rank for rank in right if rank not in left)
        self._check_reduction(statement, reduced)
        self._check_addends(statement, expression, reduced)
        return {rank: self.values[rank] for rank in (*left, *reduced)}, reduced

    def _check_reduction(self, statement: Statement, reduced: tuple[str, ...]) -> None:
        reduction = statement.reduction
        if reduction is None:
            return
        named = {index.upper() for index in reduction.indices}
        for index in reduction.indices:
            if index.upper() not in self.ranks:
                names = [rank.lower() for rank in self.ranks]
                raise self.fail(statement, reduction.column, unknown_name("index", index, names))
            if index.upper() not in reduced:
                raise self.fail(
                    statement,
                    reduction.column,
                    f"reduces '{index}', which must stand on the right and not on the left",
                )
        for rank in reduced:
            if rank not in named:
                raise self.fail(
                    statement,
                    reduction.column,
                    f"index '{rank.lower()}' is missing on the left; name it in the reduction, "
                    f"{reduction.operation}({', '.join(r.lower() for r in reduced)})",
                )

    def _check_addends(self, statement: Statement, node: Node, reduced: tuple[str, ...]) -> None:
        """A sum of terms under a reduction must have every reduced index in each term."""
        if not (isinstance(node, Term) and node.operation in ("add", "subtract") and reduced):
            return
        for operand in node.operands:
            have = {rank for access in accesses(operand) for rank in access.ranks}
            missing = [rank.lower() for rank in reduced if rank not in have]
            if missing:
                raise self.fail(
                    statement,
                    0,
                    f"reduces {', '.join(missing)} over a sum in which one term does not depend "
                    "on it; split it into two Einsums",
                )

    def _reduction(self, statement: Statement, reduced: tuple[str, ...]) -> str | None:
        if not reduced:
            return None
        return statement.reduction.operation if statement.reduction else "sum"

    def _constraints(
        self, statement: Statement, expression: Node, sizes: Mapping[str, int]
    ) -> tuple[Affine, ...]:
        found: dict[Affine, None] = {}
        for access in accesses(expression):
            tensor = self.tensors[access.tensor]
            for index, length in zip(access.indices, tensor.shape, strict=True):
                found[index] = None
                found[Affine((), length - 1).plus(index, -1)] = None
            positions = {
                rank: index.plus(Affine((), offset), -1)
                for rank, index, offset in zip(
                    tensor.ranks, access.indices, tensor.offsets, strict=True
                )
            }
            for condition in tensor.domain:
                found[condition.substitute(positions)] = None
        return tuple(c for c in found if c.bounds(sizes)[0] < 0)

    def _start(
        self, statement: Statement, output: TensorAccess, iterated: str | None
    ) -> float | None:
        if statement.start is None or iterated is None:
            return None
        access, value = statement.start
        expected = tuple(
            "0" if index.ranks[0] == iterated else text
            for text, index in zip(statement.output.indices, output.indices, strict=True)
        )
        if access.tensor != output.tensor or access.indices != expected:
            raise self.fail(
                statement,
                access.column,
                f"start is given for {access}, must be for {output.tensor}[{', '.join(expected)}]",
            )
        number = _number(self._node(statement, value))
        if number is None:
            raise self.fail(statement, access.column, "start is not a number")
        return number


def _number(node: Node) -> float | None:
    match node:
        case Scalar(value=value):
            return value
        case Term(operation="negate", operands=(operand,)):
            negated = _number(operand)
            return None if negated is None else -negated
    return None
