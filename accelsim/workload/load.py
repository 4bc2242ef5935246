"""Workload files and texts -> Workloads."""

from __future__ import annotations

from collections.abc import Mapping

from accelsim.documents import Document, check_model
from accelsim.einsum.sizes import resolve_sizes
from accelsim.einsum.template import ASSUMED_SIZE
from accelsim.errors import InputError, unknown_name
from accelsim.expressions import evaluate_expression, names_in, whole_number
from accelsim.library import MODELS, shipped
from accelsim.workload.models.load import is_model, model_workload
from accelsim.workload.schema import LayerFile, NetworkFile
from accelsim.workload.templates import load_template, template_of, workload_document
from accelsim.workload.workload import Layer, Workload

__all__ = ["load_open_workload", "load_workload"]

Settings = Mapping[str, int | str]


def load_workload(name: str, settings: Settings | None = None) -> Workload:
    """A shipped workload or a file, at the sizes given.

    Args:
        name: a shipped name (``"attention/one-pass"``, ``"llama-2-7b"``), a path to a YAML file, or
            a model's ``config.json``.
        settings: rank sizes or parameters -> value or expression; of a model, fields of
            ``Scenario``.

    Raises:
        InputError: every problem of the file or the settings, each with its place.
    """
    if is_model(name):
        return model_workload(name, settings)
    document = workload_document(name, also=shipped(MODELS))
    settings = dict(settings or {})
    if isinstance(document.data, dict) and "layers" in document.data:
        return _network(name, document, settings)
    template = template_of(name, document)
    layer = Layer(name="", template=template, settings=settings)
    layer.cascade  # noqa: B018  resolved here, so that its problems are reported on loading
    return Workload(name=name, layers=(layer,), title=template.title)


def load_open_workload(name: str, settings: Settings | None = None) -> tuple[Workload, bool]:
    """A workload whose open sizes are assumed, and whether none had to be.

    For what does not depend on sizes: a file that leaves some open is sound.
    """
    given = dict(settings or {})
    if is_model(name):
        return model_workload(name, given), True
    document = workload_document(name, also=shipped(MODELS))
    if isinstance(document.data, dict) and "layers" in document.data:
        parameters = check_model(NetworkFile, document, what="network").parameters
        names = [key for key, size in parameters.items() if size is None]
    else:
        names = list(template_of(name, document).open_ranks)
    assumed = {key: ASSUMED_SIZE for key in names if key not in given}
    return load_workload(name, {**assumed, **given}), not assumed


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
