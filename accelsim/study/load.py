"""Study files -> Studies, every rule checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction

from accelsim.documents import Document, check_model, read_document
from accelsim.errors import InputError, name_problem, unknown_name
from accelsim.library import Folder, find
from accelsim.study.metrics import FAMILIES, METRICS, metric_of, metric_problem
from accelsim.study.schema import (
    ChoicesFile,
    RangeFile,
    StudyFile,
    Value,
    ValuesFile,
)
from accelsim.study.space import Parameter, Space
from accelsim.study.study import Constraint, Objective, Study

__all__ = ["STUDIES", "load_study"]

STUDIES = Folder("study", ("study", "library"))
"""Studies that ship."""

_MOST_VALUES = 10_000
_MOST_STATES = 10_000
_MOST_BITS = 256
"""Of the denominators in a range; beyond, values are rounded."""


def load_study(name: str, *, search: Mapping[str, Value] | None = None) -> Study:
    """A shipped study or a file.

    Args:
        name: a shipped name (``"demo"``) or a path to a YAML file.
        search: entries of ``search`` that are changed, such as the seed.

    Raises:
        InputError: every problem of the file, each with its place.
    """
    path, shown = find(STUDIES, name)
    document = read_document(path, name=shown)
    if search and isinstance(document.data, dict):
        own = document.data.get("search") or {}
        if isinstance(own, dict):
            document.data["search"] = {**own, **search}
    file = check_model(StudyFile, document, what="study")
    problems = list(_wrong_names(file, document))
    parameters = list(_parameters(file, document, problems))
    objectives = tuple(_objectives(file, document, problems))
    constraints = tuple(_constraints(file, parameters, document, problems))
    space = Space(tuple(parameters))
    if not problems and space.states > _MOST_STATES:
        place = document.place(("parameters",), key=True)
        problems.append(f"{place}: study: too many parameters depend on others; merge some of them")
    if problems:
        raise InputError(problems)
    study = Study(name, file, path.parent, space, objectives, constraints)
    _check_plans(study, document)
    return study


def _wrong_names(file: StudyFile, document: Document) -> Iterator[str]:
    kinds: dict[str, tuple[str, Mapping[str, object]]] = {
        "parameter": ("parameters", file.parameters),
        "run": ("runs", file.runs),
        "name": ("let", file.let),
    }
    for kind, (key, table) in kinds.items():
        for name in table:
            place = document.place((key, name), key=True)
            problem = name_problem(kind, name, where=f"{place}: study")
            if problem:
                yield problem
            elif name in METRICS or name in FAMILIES:
                yield f"{place}: study: {kind} '{name}' is the name of a metric; rename it"
    for name in file.let:
        if name in file.parameters:
            place = document.place(("let", name), key=True)
            yield f"{place}: study: name '{name}' is also a parameter; rename one"
    for name, each in file.parameters.items():
        if isinstance(each, ChoicesFile):
            yield from _wrong_runs(name, each, file, document)


def _wrong_runs(
    name: str, parameter: ChoicesFile, file: StudyFile, document: Document
) -> Iterator[str]:
    for choice, settings in parameter.choices.items():
        for run in settings.runs:
            if run not in file.runs:
                path = ("parameters", name, "choices", choice, "runs", run)
                place = document.place(path, key=True)
                what = f"parameter '{name}': run"
                yield unknown_name(what, run, file.runs, where=f"{place}: study")


def _parameters(file: StudyFile, document: Document, problems: list[str]) -> Iterator[Parameter]:
    earlier: dict[str, Parameter] = {}
    for name, written in file.parameters.items():
        place = f"{document.place(('parameters', name))}: study: parameter '{name}'"
        values = _values(written, place, problems)
        when: dict[str, frozenset[Value]] = {}
        for other, wanted in ({} if isinstance(written, list) else written.when).items():
            at = document.place(("parameters", name, "when", other), key=True)
            if other not in earlier:
                what = f"parameter '{name}': earlier parameter"
                problems.append(unknown_name(what, other, earlier, where=f"{at}: study"))
                continue
            listed = wanted if isinstance(wanted, list) else [wanted]
            odd = [value for value in listed if value not in earlier[other].values]
            if odd:
                valid = ", ".join(map(str, earlier[other].values[:50]))
                problems.append(
                    f"{at}: study: parameter '{name}': when '{other}' is {odd[0]!r}, must be one "
                    f"of its values: {valid}"
                )
            when[other] = frozenset(listed)
        found = Parameter(name, values, when, isinstance(written, ChoicesFile))
        earlier[name] = found
        yield found


def _values(written: object, place: str, problems: list[str]) -> tuple[Value, ...]:
    if isinstance(written, ChoicesFile):
        return tuple(written.choices)
    if isinstance(written, RangeFile):
        values = _range(written, place, problems)
        if len(set(values)) < len(values):
            problems.append(f"{place}: has steps that are too small for its values")
        return values
    values = tuple(written.values) if isinstance(written, ValuesFile) else tuple(written)  # type: ignore[arg-type]
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        problems.append(f"{place}: value {twice!r} is given twice; keep one")
    texts = [isinstance(value, str) for value in values]
    if any(texts) and not all(texts):
        problems.append(f"{place}: has numbers and names among its values; use one of them")
    return values


def _range(written: RangeFile, place: str, problems: list[str]) -> tuple[Value, ...]:
    at, last = (Fraction(str(each)) for each in (written.first, written.to))
    step = Fraction(str(written.step)) if written.step is not None else None
    times = Fraction(str(written.times)) if written.times is not None else None
    values: list[Value] = []
    while at <= last and len(values) <= _MOST_VALUES:
        values.append(at.numerator if at.denominator == 1 else float(at))
        at = at + step if step is not None else at * (times or 1)
        if at.denominator.bit_length() > _MOST_BITS:
            at = Fraction(float(at))
    if len(values) > _MOST_VALUES:
        problems.append(f"{place}: has over {_MOST_VALUES:,} values; use larger steps")
    return tuple(values[:_MOST_VALUES])


def _objectives(file: StudyFile, document: Document, problems: list[str]) -> Iterator[Objective]:
    seen: set[str] = set()
    for goal in ("minimize", "maximize"):
        for i, name in enumerate(getattr(file, goal)):
            place = f"{document.place((goal, i))}: study"
            metric = metric_of(name, file.runs)
            if name in seen:
                problems.append(f"{place}: objective '{name}' is given twice; keep one")
            elif metric is None:
                what = f"{place}: objective"
                problems.append(metric_problem(name, file.runs, what=what) or "")
            else:
                yield Objective(name, goal, _label(name, metric.label, file.runs), metric.unit)
            seen.add(name)


def _label(name: str, label: str, runs: Iterable[str]) -> str:
    head, _, rest = name.partition(".")
    if head in runs:
        return _label(rest, label, ()) + f" of {head}"
    return f"{label} of {rest}" if head in FAMILIES else label


def _constraints(
    file: StudyFile, parameters: Iterable[Parameter], document: Document, problems: list[str]
) -> Iterator[Constraint]:
    named = set(file.let)
    for each in file.parameters.values():
        if isinstance(each, ChoicesFile):
            named |= {name for choice in each.choices.values() for name in choice.let}
    words = {each.name for each in parameters if not each.is_number}
    for i, text in enumerate(file.constraints):
        place = f"{document.place(('constraints', i))}: study"
        found = Constraint(text)
        try:
            names = found.names
        except InputError as error:
            problems += [f"{place}: constraint {problem}" for problem in error.problems]
            continue
        problems += _wrong_sides(found, place, words)
        for name in sorted(names - named - file.parameters.keys()):
            problem = metric_problem(name, file.runs, what=f"{place}: constraint: name")
            if problem:
                valid = [*METRICS, *file.parameters, *named]
                problems.append(
                    unknown_name(f"constraint '{text}': name", name, valid, where=place)
                )
        yield found


def _wrong_sides(constraint: Constraint, place: str, words: Collection[str]) -> Iterator[str]:
    """What no number could make right about a constraint."""
    for name in sorted(constraint.names & set(words)):
        yield (
            f"{place}: constraint '{constraint.text}': parameter '{name}' has names for values, "
            "must have numbers to be compared"
        )
    try:
        # Any numbers will do, as long as hardly any difference between them is 0.
        constraint.holds({name: 10**6 + 7 * i**2 for i, name in enumerate(constraint.names)})
    except InputError as error:
        yield from (
            f"{place}: constraint {problem}"
            for problem in error.problems
            if not problem.endswith("divides by zero")
        )


def _check_plans(study: Study, document: Document) -> None:
    """Fill in the settings of a few points: the first, and one with each choice."""
    problems: list[str] = []
    for parameters in _samples(study.space):
        try:
            study.excluded(study.plan(parameters).names)
        except InputError as error:
            problems += error.problems
    if problems:
        where = document.place()
        raise InputError([f"{where}: study: {problem}" for problem in dict.fromkeys(problems)])


def _samples(space: Space) -> Iterator[Mapping[str, Value]]:
    def first(fixed: Mapping[str, Value]) -> dict[str, Value]:
        chosen: dict[str, Value] = {}
        for each in space.parameters:
            if each.applies(chosen):
                chosen[each.name] = fixed.get(each.name, each.values[0])
        return chosen

    yield first({})
    for parameter in space.parameters:
        # With it, what it depends on.
        needed = {name: next(iter(fit)) for name, fit in parameter.when.items()}
        values = parameter.values if parameter.has_settings else parameter.values[:1]
        for value in values:
            yield first({**needed, parameter.name: value})
