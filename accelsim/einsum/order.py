"""Who writes what before whom: tensors must be known, written once, and written before read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from accelsim.einsum.affine import Affine
from accelsim.einsum.syntax import Access, Statement, walk
from accelsim.errors import InputError, unknown_name

__all__ = ["Misplaced", "order_problems"]

Resolve = Callable[[str | Access], Affine]


@dataclass(frozen=True)
class Misplaced:
    """One problem of the order, where it is, and which tensors it leaves unknown."""

    statement: Statement
    column: int
    message: str
    failed: frozenset[str] = frozenset()


def order_problems(
    statements: Sequence[Statement], inputs: Sequence[str], *, resolve: Resolve
) -> Iterator[Misplaced]:
    """Every problem of the order of a cascade.

    A read of an earlier step of an iterated rank may stand before the write.

    Args:
        statements: the Einsums, as written.
        inputs: names of the input tensors.
        resolve: text of an index -> affine expression.
    """
    written = {s.output.tensor: i for i, s in reversed(list(enumerate(statements)))}
    for position, statement in enumerate(statements):
        target = statement.output.tensor
        if target in inputs:
            yield Misplaced(statement, 0, f"writes input tensor '{target}'; name the result anew")
        elif written[target] != position:
            yield Misplaced(statement, 0, f"tensor '{target}' is written twice; name one anew")
    late: list[tuple[Statement, Statement, Access]] = []
    for position, statement in enumerate(statements):
        for access in _reads(statement):
            if access.tensor in inputs:
                continue
            if access.tensor not in written:
                message = unknown_name("tensor", access.tensor, [*inputs, *written])
                yield Misplaced(statement, access.column, message, frozenset({access.tensor}))
            elif written[access.tensor] >= position:
                producer = statements[written[access.tensor]]
                if not _lagged(producer, access, resolve):
                    late.append((producer, statement, access))
    if late:
        yield from _late_reads(statements, late, resolve)


def _late_reads(
    statements: Sequence[Statement],
    late: Sequence[tuple[Statement, Statement, Access]],
    resolve: Resolve,
) -> Iterator[Misplaced]:
    in_circles: set[str] = set()
    for circle in _circles(statements, resolve):
        in_circles |= circle.failed
        yield circle
    for producer, reader, access in late:
        if reader.output.tensor not in in_circles:
            yield Misplaced(
                reader,
                access.column,
                f"reads tensor '{access.tensor}' before it is written "
                f"({producer.at(0)}); move that Einsum up",
            )


def _reads(statement: Statement) -> list[Access]:
    return [node for node in walk(statement.expression) if isinstance(node, Access)]


def _lagged(producer: Statement, access: Access, resolve: Resolve) -> bool:
    """Whether the access takes what an earlier step wrote: `T[m1+1]` written, `T[m1]` read."""
    if producer.start is None or len(producer.output.indices) != len(access.indices):
        return False
    for wrote, read in zip(producer.output.indices, access.indices, strict=True):
        try:
            written, taken = resolve(wrote), resolve(read)
        except InputError:
            return True  # That index is reported where its Einsum is resolved.
        if written.constant == 1:
            return taken.terms == written.terms and taken.constant < 1
    return False


def _circles(statements: Sequence[Statement], resolve: Resolve) -> Iterator[Misplaced]:
    """Every circle of reads that no iterated rank breaks."""
    import networkx as nx

    producers = {s.output.tensor: s for s in statements}
    graph: nx.DiGraph[str] = nx.DiGraph()
    for statement in statements:
        for access in _reads(statement):
            producer = producers.get(access.tensor)
            if producer is not None and not _lagged(producer, access, resolve):
                graph.add_edge(access.tensor, statement.output.tensor)
    for component in nx.strongly_connected_components(graph):
        start = min(component)
        if len(component) > 1 or graph.has_edge(start, start):
            cycle = [edge[0] for edge in nx.find_cycle(graph.subgraph(component), start)]
            yield Misplaced(
                producers[start],
                0,
                f"cascade is cyclic: {' -> '.join([*cycle, cycle[0]])}; "
                "break the circle, or iterate over a rank: T[m+1] = ... where T[0] = ...",
                frozenset(component),
            )
