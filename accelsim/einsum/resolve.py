"""Statements + sizes -> a Cascade: names, shapes and domains are inferred, problems collected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

from accelsim.einsum.affine import Affine, count_points
from accelsim.einsum.cascade import (
    Cascade,
    Einsum,
    Gathered,
    Index,
    Node,
    Scalar,
    Tensor,
    TensorAccess,
    Term,
    accesses,
)
from accelsim.einsum.conditions import resolve_condition
from accelsim.einsum.indices import resolve_index
from accelsim.einsum.order import order_problems
from accelsim.einsum.reductions import position_rank, reduced_ranks, reduction_problems
from accelsim.einsum.steps import step_problems
from accelsim.einsum.syntax import Access, Apply, Condition, Constant, Expression, Statement
from accelsim.errors import InputError, UnsupportedError, name_problem, unknown_name

__all__ = ["resolve_cascade"]

P = ParamSpec("P")
T = TypeVar("T")


def resolve_cascade(
    name: str,
    *,
    statements: Sequence[Statement],
    ranks: Sequence[str],
    values: Mapping[str, int],
    tensors: Mapping[str, Sequence[str]],
    outputs: Sequence[str] = (),
    constants: Mapping[str, float] | None = None,
    missing: frozenset[str] = frozenset(),
    places: Mapping[str, str] | None = None,
) -> Cascade:
    """Infer a cascade's tensors and iteration spaces.

    Args:
        name: for results and messages.
        statements: parsed Einsums, in order.
        ranks: names of the ranks.
        values: sizes of the ranks and values of the parameters.
        tensors: the ranks of each input tensor.
        outputs: results to keep besides those that nobody reads.
        constants: numbers that expressions name.
        places: name -> ``file:line:column`` where it is declared.
        missing: tensors whose Einsums could not be read; what reads them is not checked further.

    Raises:
        InputError: every problem of the cascade at once.
    """
    resolver = _Resolver(name, ranks, values, statements, constants or {}, places or {})
    for tensor, dimensions in tensors.items():
        resolver.declare_input(tensor, dimensions)
    # One that is written once more, and soundly, is known.
    missing -= set(resolver.statements)
    resolver.failed |= missing
    resolver.check_order(statements, [*tensors, *missing])
    einsums = [e for e in map(resolver.einsum, statements) if e is not None]
    read = {a.tensor for e in einsums for a in e.inputs if a.tensor != e.name}
    for kept in outputs:
        if kept not in (written := {*resolver.statements, *missing}):
            resolver.problems.append(
                unknown_name("output", kept, written, where=resolver.place("outputs"))
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
        constants: Mapping[str, float],
        places: Mapping[str, str],
    ) -> None:
        self.name = name
        self.places = places
        self.constants = constants
        self.statements = {statement.output.tensor: statement for statement in statements}
        self.ranks = tuple(ranks)
        self.values = values
        self.problems: list[str] = []
        self.tensors: dict[str, Tensor] = {}
        self.failed: set[str] = set()
        wrong = set()
        for size in (*values, *constants):
            kind = "rank" if size in ranks else "name"
            if problem := name_problem(kind, size, where=self.place(size)):
                self.problems.append(problem)
                wrong.add(size)
        for rank in ranks:
            if rank in wrong:
                continue
            if rank != rank.upper():
                self.problems.append(
                    f"{self.place(rank)}: rank '{rank}' holds lower-case letters, must be upper "
                    f"case; write '{rank.upper()}'"
                )
            if rank != rank.lower() and rank.lower() in values:
                self.problems.append(
                    f"{self.place(rank.lower())}: '{rank.lower()}' is a parameter and the index of "
                    f"rank '{rank}'; rename the parameter"
                )

    def place(self, name: str) -> str:
        """Where a name is declared, or the cascade's name."""
        return self.places.get(name, self.name)

    def stop_if_wrong(self) -> None:
        if self.problems:
            raise InputError(list(dict.fromkeys(self.problems)))

    def fail(self, statement: Statement, column: int, message: str) -> _ProblemError:
        via = f" (included at {statement.included})" if statement.included else ""
        self.problems.append(f"{statement.at(column)}: Einsum '{statement.text}'{via}: {message}")
        return _ProblemError()

    def attempt(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What a part resolves to, or None where its problems are collected; the rest goes on."""
        try:
            return work(*args, **kwargs)
        except _ProblemError:
            return None

    def declare_input(self, tensor: str, dimensions: Sequence[str]) -> None:
        if problem := name_problem("tensor", tensor, where=self.place(tensor)):
            self.problems.append(problem)
        unknown = [rank for rank in dimensions if rank not in self.ranks]
        for rank in unknown:
            self.problems.append(
                unknown_name(f"tensor '{tensor}': rank", rank, self.ranks, where=self.place(tensor))
            )
        if len(set(dimensions)) != len(dimensions):
            self.problems.append(
                f"{self.place(tensor)}: tensor '{tensor}' names a rank twice; "
                "declare a second rank of the same size"
            )
        if not unknown:
            shape = tuple(self.values[rank] for rank in dimensions)
            self.tensors[tensor] = Tensor(tensor, tuple(dimensions), shape, (0,) * len(shape))

    def check_order(self, statements: Sequence[Statement], inputs: Sequence[str]) -> None:
        """Collect what is wrong with the order; Einsums that cannot be resolved then fail."""

        for misplaced in order_problems(statements, inputs, resolve=self._linear):
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
        written = self.attempt(self._output, statement)
        if written and written[1] is not None:
            # Its own start is part of it, so its shape is known before its right side is read.
            self._declare_output(*written, domain=())
        expression = self.attempt(self._node, statement, statement.expression)
        if written is None:
            raise _ProblemError
        output, iterated = written
        start = self.attempt(self._start, statement, output, iterated)
        if expression is None:
            # Its space is unknown, but the conditions can still name what there is not.
            for condition in statement.conditions:
                self.attempt(self._condition, statement, condition, self.values)
            raise _ProblemError
        left = [index.ranks[0] for index in output.indices]
        sizes, reduced = self._space(statement, left, expression)
        constraints = self._constraints(statement, expression, sizes)
        # A step that takes no part leaves an iterated tensor as it was.
        domain = tuple(
            c for c in constraints if set(c.ranks) <= set(left) and iterated not in c.ranks
        )
        self._declare_output(output, iterated, domain=domain)
        reduction = statement.reduction.operation if statement.reduction else "sum"
        return Einsum(
            name=statement.output.tensor,
            output=output,
            expression=expression,
            reduction=reduction if reduced else None,
            sizes=sizes,
            reduced=reduced,
            constraints=constraints,
            iterated=iterated,
            start=start,
            position=position_rank(left, expression, statement.reduction),
            statement=statement,
        )

    def _linear(self, index: str | Access) -> Affine:
        if isinstance(index, Access):
            raise InputError(f"index '{index}' is a gather, must be linear in the indices")
        return resolve_index(index, ranks=self.ranks, values=self.values)

    def _index(
        self, statement: Statement, access: Access, written: str | Access, length: int
    ) -> Index:
        if isinstance(written, Access):
            return Gathered(self._access(statement, written), length)
        return self._affine(statement, access, written)

    def _affine(self, statement: Statement, access: Access, text: str | Access) -> Affine:
        try:
            return self._linear(text)
        except InputError as error:
            raise self.fail(statement, access.column, str(error)) from None

    def _output(self, statement: Statement) -> tuple[TensorAccess, str | None]:
        access, iterated = statement.output, None
        indices = tuple(self._affine(statement, access, text) for text in access.indices)
        if problem := name_problem("tensor", access.tensor):
            raise self.fail(statement, access.column, problem)
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
            case Constant(value=str() as name) if name in self.constants:
                return Scalar(self.constants[name])
            case Constant(value=str() as name, column=column):
                if name not in self.values:
                    message = unknown_name("size", name, [*self.values, *self.constants])
                    if name in self.tensors:
                        message = f"tensor '{name}' has no indices; write {name}[...]"
                    raise self.fail(statement, column, message)
                return Scalar(float(self.values[name]))
            case Constant(value=float() as value):
                return Scalar(value)
            case Apply(operation=operation, operands=operands):
                nodes = [self.attempt(self._node, statement, operand) for operand in operands]
                if None in nodes:
                    raise _ProblemError
                return Term(operation, tuple(node for node in nodes if node is not None))
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
        indices = []
        for written, rank, length in zip(access.indices, tensor.ranks, tensor.shape, strict=True):
            index = self.attempt(self._index, statement, access, written, length)
            if isinstance(index, Affine):
                self.attempt(
                    self._check_reach, statement, access, str(written), index, rank, length
                )
            indices.append(index)
        if None in indices:
            raise _ProblemError
        return TensorAccess(access.tensor, tuple(index for index in indices if index is not None))

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

    def _space(
        self, statement: Statement, left: Sequence[str], expression: Node
    ) -> tuple[dict[str, int], tuple[str, ...]]:
        """Sizes of the iteration space, the output's ranks first, and the reduced ones."""
        reduction, known = statement.reduction, dict(self.values)
        problems = list(reduction_problems(left, expression, reduction, self.ranks, known))
        for column, message in problems:
            self.fail(statement, column, message)
        if problems:
            raise _ProblemError
        reduced = reduced_ranks(left, expression, reduction, self.ranks)
        return {rank: self.values[rank] for rank in (*left, *reduced)}, reduced

    def _constraints(
        self, statement: Statement, expression: Node, sizes: Mapping[str, int]
    ) -> tuple[Affine, ...]:
        found: dict[Affine, None] = {}
        for access in accesses(expression):
            tensor = self.tensors[access.tensor]
            positions = {}
            for rank, index, length, offset in zip(
                tensor.ranks, access.indices, tensor.shape, tensor.offsets, strict=True
            ):
                if isinstance(index, Affine):
                    found[index] = None
                    found[Affine((), length - 1).plus(index, -1)] = None
                    positions[rank] = index.plus(Affine((), offset), -1)
            for condition in tensor.domain:
                # Where data say which element is read, nobody knows whether it takes part.
                if set(condition.ranks) <= set(positions):
                    found[condition.substitute(positions)] = None
        masks = [self.attempt(self._condition, statement, c, sizes) for c in statement.conditions]
        if None in masks:
            raise _ProblemError
        written = tuple(constraint for mask in masks for constraint in mask or ())
        if written and _is_empty(sizes, written):
            column = statement.conditions[0].column
            raise self.fail(statement, column, "conditions hold at no point together, must at one")
        found.update(dict.fromkeys(written))
        return tuple(c for c in found if c.bounds(sizes)[0] < 0)

    def _condition(
        self, statement: Statement, condition: Condition, sizes: Mapping[str, int]
    ) -> tuple[Affine, ...]:
        try:
            return resolve_condition(condition, resolve=self._linear, sizes=sizes)
        except InputError as error:
            raise self.fail(statement, condition.column, str(error)) from None

    def _start(
        self, statement: Statement, output: TensorAccess, iterated: str | None
    ) -> float | None:
        if statement.start is None or iterated is None:
            return None
        access, value = statement.start
        expected = tuple(
            "0" if index.ranks[0] == iterated else str(text)
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


def _is_empty(sizes: Mapping[str, int], conditions: tuple[Affine, ...]) -> bool:
    """Whether no point meets all conditions; False where that takes too long to tell."""
    try:
        return count_points(sizes, conditions) == 0
    except UnsupportedError:
        return False


def _number(node: Node) -> float | None:
    match node:
        case Scalar(value=value):
            return value
        case Term(operation="negate", operands=(operand,)):
            negated = _number(operand)
            return None if negated is None else -negated
    return None
