"""Workload files and texts -> Workloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from accelsim.documents import Document, check_model, read_document
from accelsim.einsum.cascade import Cascade
from accelsim.einsum.parser import parse_statement
from accelsim.einsum.sizes import resolve_sizes
from accelsim.einsum.syntax import Statement
from accelsim.einsum.template import CascadeTemplate
from accelsim.errors import InputError, unknown_name
from accelsim.expressions import evaluate_expression, names_in, whole_number
from accelsim.formats import number_format
from accelsim.library import WORKLOADS, find
from accelsim.workload.schema import CascadeFile, LayerFile, NetworkFile
from accelsim.workload.workload import Layer, Workload

__all__ = ["cascade_from_text", "load_cascade", "load_template", "load_workload"]

Settings = Mapping[str, int | str]


def load_workload(name: str, settings: Settings | None = None) -> Workload:
    """A shipped workload or a file, at the sizes given.

    Args:
        name: a shipped name (``"attention/one-pass"``, ``"bert-base"``) or a path to a YAML file.
        settings: rank sizes or model parameters -> value or expression.

    Raises:
        InputError: every problem of the file or the settings, each with its place.
    """
    document = _document(name)
    settings = dict(settings or {})
    if isinstance(document.data, dict) and "layers" in document.data:
        return _network(name, document, settings)
    template = _template(name, document)
    layer = Layer(name="", template=template, settings=settings)
    layer.cascade  # noqa: B018  resolved here, so that its problems are reported on loading
    return Workload(name=name, layers=(layer,), title=template.title)


def load_template(name: str) -> CascadeTemplate:
    """A shipped cascade or a file, with its sizes still open."""
    return _template(name, _document(name))


def load_cascade(name: str, settings: Settings | None = None) -> Cascade:
    """A shipped cascade or a file, at the sizes given."""
    return load_template(name).resolve(settings)


def cascade_from_text(
    text: str,
    *,
    ranks: Mapping[str, int | str],
    tensors: Mapping[str, Sequence[str]],
    name: str = "cascade",
    parameters: Mapping[str, int | str] | None = None,
    outputs: Sequence[str] = (),
) -> Cascade:
    """A cascade written in Python: one Einsum a line.

    Args:
        text: Einsums, one a line; empty lines and lines that begin with ``#`` are skipped.
        ranks: sizes, or expressions of one another.
        tensors: ranks of each input tensor.
        name: for results and messages.
        parameters: values that are no rank, such as a stride.
        outputs: results to keep besides those that no Einsum reads.

    Example:
        >>> cascade = cascade_from_text(
        ...     "Z[m,n] = A[m,k] * B[k,n]",
        ...     ranks={"M": 4, "N": 2, "K": 3}, tensors={"A": ["M", "K"], "B": ["K", "N"]})
        >>> cascade["Z"].points
        24
    """
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1)]
    written = [(i, line) for i, line in lines if line.strip() and not line.strip().startswith("#")]
    placed = [(line.strip(), (name, i, len(line) - len(line.lstrip()) + 1)) for i, line in written]
    return CascadeTemplate(
        name=name,
        statements=_statements(placed),
        ranks=dict(ranks),
        tensors={tensor: tuple(dims) for tensor, dims in tensors.items()},
        parameters=dict(parameters or {}),
        outputs=tuple(outputs),
    ).resolve()


@lru_cache(maxsize=256)
def _cached(path: str, shown: str, _stamp: tuple[int, ...]) -> Document:
    from pathlib import Path

    return read_document(Path(path), name=shown)


def _document(name: str) -> Document:
    path, shown = find(WORKLOADS, name)
    stat = path.stat()
    return _cached(str(path), shown, (stat.st_ctime_ns, stat.st_mtime_ns, stat.st_size))


def _statements(placed: Sequence[tuple[str, tuple[str, int, int]]]) -> tuple[Statement, ...]:
    statements: list[Statement] = []
    problems: list[str] = []
    for text, place in placed:
        try:
            statements.append(parse_statement(text, place=place))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return tuple(statements)


def _template(name: str, document: Document) -> CascadeTemplate:
    file = check_model(CascadeFile, document, what="cascade")
    placed = []
    for i, text in enumerate(file.cascade):
        line, column = document.positions.get(("cascade", i), (1, 1))
        placed.append((text, (document.name, line, column)))
    statements = _statements(placed)
    named = [*file.tensors, *(s.output.tensor for s in statements), "default"]
    for tensor, format_name in file.formats.items():
        if tensor not in named:
            place = document.place(("formats", tensor))
            raise InputError(unknown_name("formats: tensor", tensor, named, where=place))
        try:
            number_format(format_name)
        except InputError as error:
            raise InputError(f"{document.place(('formats', tensor))}: {error}") from None
    both = [name for name in file.parameters if name in file.ranks]
    if both:
        place = document.place(("parameters", both[0]))
        raise InputError(f"{place}: '{both[0]}' is a rank and a parameter; rename one")
    return CascadeTemplate(
        name=name,
        statements=statements,
        ranks=file.ranks,
        tensors={tensor: tuple(ranks) for tensor, ranks in file.tensors.items()},
        parameters=file.parameters,
        outputs=tuple(file.outputs),
        formats=file.formats,
        title=file.name,
    )


def _network(name: str, document: Document, settings: Settings) -> Workload:
    file = check_model(NetworkFile, document, what="network")
    values = resolve_sizes({}, file.parameters, settings, where=name)
    layers: list[Layer] = []
    problems: list[str] = []
    seen: set[str] = set()
    for i, layer in enumerate(file.layers):
        place = document.place(("layers", i))
        if layer.name in seen:
            problems.append(f"{place}: layer '{layer.name}' is named twice; rename one")
        seen.add(layer.name)
        try:
            layers.append(_layer(layer, values, place))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return Workload(name=name, layers=tuple(layers), title=file.name)


def _layer(file: LayerFile, values: Mapping[str, int], place: str) -> Layer:
    where = f"{place}: layer '{file.name}'"
    sizes: dict[str, int | str] = {}
    for rank, written in file.set.items():
        if written is None:
            raise InputError(f"{where}: size of '{rank}' is missing; write a value")
        for used in names_in(written, where=where):
            if used not in values:
                raise InputError(unknown_name("parameter", used, values, where=where))
        number = evaluate_expression(written, values, where=where)
        sizes[rank] = whole_number(number, what=f"{where}: size of '{rank}'", least=0)
    repeat = whole_number(
        evaluate_expression(file.repeat, values, where=where), what=f"{where}: repeat"
    )
    try:
        layer = Layer(file.name, load_template(file.cascade), sizes, repeat)
        layer.cascade  # noqa: B018  resolved here, so that its problems carry the layer's place
    except InputError as error:
        raise InputError([f"{where}: {problem}" for problem in error.problems]) from None
    return layer
