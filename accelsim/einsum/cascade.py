"""A cascade of Einsums with known sizes: shapes, domains, and who feeds whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from accelsim.einsum.affine import Affine, count_points
from accelsim.einsum.syntax import Statement
from accelsim.errors import InputError, unknown_name

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "Cascade",
    "Einsum",
    "Gathered",
    "Index",
    "Node",
    "Scalar",
    "Tensor",
    "TensorAccess",
    "Term",
    "accesses",
    "constants",
]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor: one rank and one length per dimension, and which of its elements exist."""

    name: str
    ranks: tuple[str, ...]
    shape: tuple[int, ...]
    offsets: tuple[int, ...]
    """Where an iterated tensor's written part begins in each dimension (0, or 1 for ``m1+1``)."""
    domain: tuple[Affine, ...] = ()
    """Conditions (each at least 0) on its ranks; an element outside takes no part anywhere."""
    format: str = ""
    """Name of its number format; empty where the file names none."""

    @property
    def size(self) -> int:
        """Number of elements that are written or read, start values left out."""
        lengths = zip(self.ranks, self.shape, self.offsets, strict=True)
        return count_points({r: n - o for r, n, o in lengths}, self.domain)


@dataclass(frozen=True)
class TensorAccess:
    """A tensor with an index per dimension."""

    tensor: str
    indices: tuple[Index, ...]

    @cached_property
    def ranks(self) -> frozenset[str]:
        """Every rank that some index uses."""
        return frozenset(rank for index in self.indices for rank in index.ranks)

    def __str__(self) -> str:
        return f"{self.tensor}[{', '.join(map(str, self.indices))}]"


@dataclass(frozen=True)
class Gathered:
    """An index whose positions are the values of a tensor: `E[X[t], d]`.

    Nothing is known of the values but their bounds, so that each point may need another element.
    """

    access: TensorAccess
    length: int
    """Of the dimension that it points into."""

    @property
    def ranks(self) -> tuple[str, ...]:
        return tuple(sorted(self.access.ranks))

    @property
    def terms(self) -> tuple[tuple[str, int], ...]:
        """Ranks with steps so far apart that no two points meet."""
        steps = range(len(self.ranks) - 1, -1, -1)
        return tuple((r, self.length**i) for r, i in zip(self.ranks, steps, strict=True))

    constant = 0
    plain = None

    def bounds(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """The whole dimension."""
        return 0, self.length - 1

    def __str__(self) -> str:
        return str(self.access)


Index = Affine | Gathered
"""Where along a dimension an access points."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, or the value of a rank size or parameter."""

    value: float


@dataclass(frozen=True, slots=True)
class Term:
    """An elementwise operation on its operands."""

    operation: str
    operands: tuple[Node, ...]


Node = TensorAccess | Scalar | Term
"""An expression with names resolved."""


def accesses(node: Node) -> Iterator[TensorAccess]:
    """Every access in an expression, in the order of the text; one in an index first."""
    if isinstance(node, TensorAccess):
        for index in node.indices:
            if isinstance(index, Gathered):
                yield from accesses(index.access)
        yield node
    elif isinstance(node, Term):
        for operand in node.operands:
            yield from accesses(operand)


def constants(node: Node) -> Iterator[float]:
    """Every number in an expression, in the order of the text."""
    if isinstance(node, Scalar):
        yield node.value
    elif isinstance(node, Term):
        for operand in node.operands:
            yield from constants(operand)


@dataclass(frozen=True)
class Einsum:
    """One Einsum with known sizes, named after the tensor that it writes."""

    name: str
    output: TensorAccess
    expression: Node
    reduction: str | None
    """Name of the reduction, or None where no rank is reduced."""
    sizes: Mapping[str, int]
    """The iteration space: ranks of the output first, then the reduced ones."""
    reduced: tuple[str, ...]
    constraints: tuple[Affine, ...]
    """Conditions on the iteration space: a point counts where each is at least 0."""
    iterated: str | None = None
    """The rank along which it feeds itself or others one step later."""
    start: float | None = None
    position: str | None = None
    """The rank along which the results of a topk lie, best first."""
    statement: Statement | None = field(default=None, compare=False, repr=False)

    @cached_property
    def inputs(self) -> tuple[TensorAccess, ...]:
        """Distinct accesses on the right, in the order of the text."""
        return tuple(dict.fromkeys(accesses(self.expression)))

    @cached_property
    def points(self) -> int:
        """Points of the iteration space that exist."""
        return count_points(self.sizes, self.constraints)


@dataclass(frozen=True)
class Cascade:
    """Einsums in the order of the text, their tensors and sizes.

    Built by :func:`accelsim.einsum.resolve.resolve_cascade`; immutable.
    """

    name: str
    einsums: tuple[Einsum, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sizes: Mapping[str, int]
    """Rank sizes and parameters."""

    def __getitem__(self, name: str) -> Einsum:
        if name not in self._by_name:
            raise InputError(unknown_name("Einsum", name, self._by_name, where=self.name))
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Einsum]:
        return {einsum.name: einsum for einsum in self.einsums}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the Einsums that read each tensor."""
        readers: dict[str, list[str]] = {name: [] for name in self.tensors}
        for einsum in self.einsums:
            for tensor in dict.fromkeys(access.tensor for access in einsum.inputs):
                readers[tensor].append(einsum.name)
        return {name: tuple(einsums) for name, einsums in readers.items()}

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """Einsums as nodes; an edge (producer, consumer) carries its least ``lag`` in steps.

        A lag above 0 means that the consumer reads what an earlier step of the iterated rank
        wrote.
        """
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(einsum.name for einsum in self.einsums)
        for (producer, consumer), lag in self.lags.items():
            graph.add_edge(producer, consumer, lag=lag)
        return graph

    @cached_property
    def circles(self) -> tuple[frozenset[str], ...]:
        """Einsums that feed each other, or themselves, in whatever order."""
        if not any(einsum.iterated for einsum in self.einsums):
            return ()
        import networkx as nx

        found = map(frozenset, nx.strongly_connected_components(self.graph))
        return tuple(c for c in found if len(c) > 1 or any((m, m) in self.lags for m in c))

    @cached_property
    def feedback(self) -> tuple[tuple[str, ...], ...]:
        """The circles, members in an order in which one step can be computed."""
        if not self.circles:
            return ()
        import networkx as nx

        position = {einsum.name: i for i, einsum in enumerate(self.einsums)}
        groups = []
        for members in self.circles:
            now: nx.DiGraph[str] = nx.DiGraph()
            now.add_nodes_from(members)
            now.add_edges_from(
                edge for edge, lag in self.lags.items() if lag <= 0 and set(edge) <= members
            )
            order = nx.lexicographical_topological_sort(now, key=position.__getitem__)
            groups.append(tuple(order))
        return tuple(sorted(groups, key=lambda group: min(map(position.__getitem__, group))))

    @cached_property
    def lags(self) -> Mapping[tuple[str, str], int]:
        """(producer, consumer) -> least number of steps between writing and reading."""
        lags: dict[tuple[str, str], int] = {}
        producers = {einsum.name: einsum for einsum in self.einsums}
        for einsum in self.einsums:
            for access in einsum.inputs:
                if producer := producers.get(access.tensor):
                    edge, lag = (producer.name, einsum.name), lag_of(producer, access)
                    lags[edge] = min(lag, lags.get(edge, lag))
        return lags


def lag_of(producer: Einsum, access: TensorAccess) -> int:
    """How many steps of the producer's iterated rank lie between writing and reading.

    0 where it is not iterated, or where the reader takes another part than the running one.
    """
    if producer.iterated is None:
        return 0
    for written, read in zip(producer.output.indices, access.indices, strict=True):
        if written.ranks == (producer.iterated,):
            if isinstance(read, Gathered):
                return 0
            return written.constant - read.constant if read.ranks == written.ranks else 0
    return 0
