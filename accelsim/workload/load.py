"""Workload files and texts -> Workloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from accelsim.documents import Document, check_model, read_document
from accelsim.einsum.cascade import Cascade
from accelsim.einsum.sizes import resolve_sizes
from accelsim.einsum.template import ASSUMED_SIZE, CascadeTemplate
from accelsim.errors import InputError, unknown_name
from accelsim.expressions import evaluate_expression, names_in, whole_number
from accelsim.library import WORKLOADS, find
from accelsim.workload.cascade_file import cascade_template, parsed
from accelsim.workload.schema import LayerFile, NetworkFile
from accelsim.workload.workload import Layer, Workload

__all__ = [
    "cascade_from_text",
    "load_cascade",
    "load_open_workload",
    "load_template",
    "load_workload",
]

Settings = Mapping[str, int | str]

_MOST_LEVELS = 40
"""Of cascades that include cascades."""


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


def load_open_workload(name: str, settings: Settings | None = None) -> tuple[Workload, bool]:
    """A workload whose open sizes are assumed, and whether none had to be.

    For what does not depend on sizes: a file that leaves some open is sound.
    """
    given = dict(settings or {})
    document = _document(name)
    if isinstance(document.data, dict) and "layers" in document.data:
        parameters = check_model(NetworkFile, document, what="network").parameters
        names = [key for key, size in parameters.items() if size is None]
    else:
        names = list(_template(name, document).open_ranks)
    assumed = {key: ASSUMED_SIZE for key in names if key not in given}
    return load_workload(name, {**assumed, **given}), not assumed


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
    constants: Mapping[str, int | float | str] | None = None,
    outputs: Sequence[str] = (),
) -> Cascade:
    """A cascade written in Python: one Einsum a line.

    Args:
        text: Einsums, one a line; what stands behind a ``#`` is skipped.
        ranks: sizes, or expressions of one another.
        tensors: ranks of each input tensor.
        name: for results and messages.
        parameters: values that are no rank, such as a stride.
        constants: numbers that Einsums name.
        outputs: results to keep besides those that no Einsum reads.

    Example:
        >>> cascade = cascade_from_text(
        ...     "Z[m,n] = A[m,k] * B[k,n]",
        ...     ranks={"M": 4, "N": 2, "K": 3}, tensors={"A": ["M", "K"], "B": ["K", "N"]})
        >>> cascade["Z"].points
        24
    """
    problems: list[str] = []
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1)]
    written = [(i, line) for i, line in lines if line.strip() and not line.strip().startswith("#")]
    placed = [(line.strip(), (name, i, len(line) - len(line.lstrip()) + 1)) for i, line in written]
    statements = [found for each in placed if (found := parsed(*each, problems)) is not None]
    if problems:
        raise InputError(problems)
    return CascadeTemplate(
        name=name,
        statements=tuple(statements),
        ranks=dict(ranks),
        tensors={tensor: tuple(dims) for tensor, dims in tensors.items()},
        parameters=dict(parameters or {}),
        constants=dict(constants or {}),
        outputs=tuple(outputs),
    ).resolve()


@lru_cache(maxsize=256)
def _cached(path: str, shown: str, _stamp: tuple[int, ...]) -> Document:
    return read_document(Path(path), name=shown)


def _document(name: str) -> Document:
    path, shown = find(WORKLOADS, name)
    stat = path.stat()
    return _cached(str(path), shown, (stat.st_ctime_ns, stat.st_mtime_ns, stat.st_size))


def _template(name: str, document: Document) -> CascadeTemplate:
    """The cascade of a document, with what it includes."""
    path, shown = find(WORKLOADS, name)
    return _Includes({}).template(name, document, {path.resolve(): shown})


@dataclass(frozen=True)
class _Includes:
    """Cascades that include each other; each is read once, also where it is wrong."""

    known: dict[Path, CascadeTemplate | InputError]

    def template(self, name: str, document: Document, within: dict[Path, str]) -> CascadeTemplate:
        """The cascade of a document; ``within`` holds it and who includes it."""

        def load(other: str) -> CascadeTemplate:
            file, shown = find(WORKLOADS, other)
            path = file.resolve()
            chain = [*within.values(), shown]
            if path in within:
                raise InputError(f"cascades include each other in a circle: {' -> '.join(chain)}")
            if len(chain) > _MOST_LEVELS:
                raise InputError(f"includes nest deeper than {_MOST_LEVELS} levels; write some out")
            if path not in self.known:
                try:
                    self.known[path] = self.template(
                        other, _document(other), {**within, path: shown}
                    )
                except InputError as error:
                    self.known[path] = error
            found = self.known[path]
            if isinstance(found, InputError):
                raise found
            return found

        return cascade_template(name, document, load=load)


def _network(name: str, document: Document, settings: Settings) -> Workload:
    file = check_model(NetworkFile, document, what="network")
    places = {each: document.place(("parameters", each)) for each in file.parameters}
    values = resolve_sizes({}, file.parameters, settings, where=name, places=places)
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
    """One layer, or every problem of it: its sizes, its repeats, and its cascade at the others."""
    where = f"{place}: layer '{file.name}'"
    problems: list[str] = []

    def value(written: int | float | str | None, what: str, least: int) -> int:
        try:
            return _layer_value(written, values, where=where, what=what, least=least)
        except InputError as error:
            problems.extend(error.problems)
            return ASSUMED_SIZE

    sizes: dict[str, int | str] = {
        rank: value(written, f"size of '{rank}'", 0) for rank, written in file.set.items()
    }
    repeat = value(file.repeat, "repeat", 1)
    try:
        layer = Layer(file.name, load_template(file.cascade), sizes, repeat)
        layer.cascade  # noqa: B018  resolved here, so that its problems carry the layer's place
    except InputError as error:
        problems += [f"{where}: {problem}" for problem in error.problems]
    if problems:
        raise InputError(problems)
    return layer


def _layer_value(
    written: int | float | str | None,
    values: Mapping[str, int],
    *,
    where: str,
    what: str,
    least: int,
) -> int:
    """A size or a number of repeats, from the network's parameters."""
    if written is None:
        raise InputError(f"{where}: {what} is missing; write a value")
    unknown = [name for name in sorted(names_in(written, where=where)) if name not in values]
    if unknown:
        raise InputError([unknown_name("parameter", n, values, where=where) for n in unknown])
    number = evaluate_expression(written, values, where=where)
    return whole_number(number, what=f"{where}: {what}", least=least)
