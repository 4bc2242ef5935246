"""A cascade file -> its template, with every problem that the file has on its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import combinations

from accelsim.documents import Document, Plain, check_model
from accelsim.einsum.parser import parse_statement
from accelsim.einsum.syntax import Statement
from accelsim.einsum.template import ASSUMED_SIZE, CascadeTemplate
from accelsim.errors import InputError, unknown_name
from accelsim.formats import storage_format
from accelsim.workload.include import Parts, included
from accelsim.workload.schema import CascadeFile, IncludeFile

__all__ = ["cascade_template", "parsed"]

Load = Callable[[str], CascadeTemplate]

_UNREADABLE = "\0"
"""Stands for an entry of a cascade that is no Einsum and no include."""


def cascade_template(name: str, document: Document, *, load: Load) -> CascadeTemplate:
    """What a cascade file says, sizes still open.

    Args:
        name: for results and messages.
        document: the file.
        load: name -> template of a cascade that it includes.

    Raises:
        InputError: every problem of syntax, of names and, as far as the rest can still be made
            sense of, of meaning.
    """
    file, problems = _read(document)
    problems += _clashes(file, document)
    parts = Parts(
        dict(file.ranks),
        dict(file.parameters),
        dict(file.constants),
        {tensor: tuple(ranks) for tensor, ranks in file.tensors.items()},
        list(file.outputs),
        dict(file.formats),
    )
    missing: set[str] = set()
    for i, entry in enumerate(file.cascade):
        place = document.place(("cascade", i))
        try:
            if isinstance(entry, IncludeFile):
                missing |= _include(entry, load, parts, place, problems)
            elif entry != _UNREADABLE:
                line, column = document.positions.get(("cascade", i), (1, 1))
                statement = parsed(entry, (document.name, line, column), problems)
                if statement is None:
                    missing |= _written_by(entry)
                else:
                    parts.add(statement, place)
        except InputError as error:
            problems += error.problems
    problems += _format_problems(file, document, parts.known | missing)
    template = CascadeTemplate(
        name=name,
        statements=tuple(parts.statements),
        ranks=parts.ranks,
        tensors=parts.tensors,
        parameters=parts.parameters,
        constants=parts.constants,
        outputs=tuple(parts.outputs),
        formats=parts.formats,
        title=file.name,
        places=_places(document),
        missing=frozenset(missing),
    )
    if problems:
        raise InputError([*problems, *_of_the_rest(template)])
    return template


_MAPPINGS = ("ranks", "parameters", "constants", "tensors", "formats")


def _read(document: Document) -> tuple[CascadeFile, list[str]]:
    """The file, and what is wrong with its keys; the wrong ones are left out.

    Raises:
        InputError: where too little is left to make sense of.
    """
    try:
        return check_model(CascadeFile, document, what="cascade"), []
    except InputError as error:
        problems = list(error.problems)
    data = document.data if isinstance(document.data, dict) else {}
    kept = {}
    for key, value in data.items():
        if _sound(key, value):
            kept[key] = value
        elif isinstance(value, dict) and key in _MAPPINGS:
            # A wrong size is taken for 1, so that its name is known.
            sound = {n: v for n, v in value.items() if _sound(key, {n: v})}
            sizes = dict.fromkeys(value, 1) if key in ("ranks", "parameters", "constants") else {}
            if sizes or sound:
                kept[key] = {**sizes, **sound}
    entries = data.get("cascade")
    if isinstance(entries, list) and entries:
        kept["cascade"] = [e if _sound("cascade", [e]) else _UNREADABLE for e in entries]
    if "ranks" in kept and "tensors" in kept and "cascade" in kept:
        return CascadeFile.model_validate({"name": "", **kept}), problems
    for i, text in enumerate(kept.get("cascade") or ()):  # type: ignore[arg-type]
        if isinstance(text, str) and text != _UNREADABLE:
            line, column = document.positions.get(("cascade", i), (1, 1))
            parsed(text, (document.name, line, column), problems)
    raise InputError(problems)


def _sound(key: str, value: Plain) -> bool:
    """Whether a key of a cascade file may have this value."""
    from pydantic import ValidationError

    others: dict[str, Plain] = {
        "name": "",
        "ranks": {"M": 1},
        "tensors": {"A": ["M"]},
        "cascade": [_UNREADABLE],
    }
    try:
        CascadeFile.model_validate({**others, key: value})
    except ValidationError:
        return False
    return True


def parsed(text: str, place: tuple[str, int, int], problems: list[str]) -> Statement | None:
    """An Einsum's syntax tree, or None with its problems added to the list."""
    try:
        return parse_statement(text, place=place)
    except InputError as error:
        problems += error.problems
        return None


def _places(document: Document) -> dict[str, str]:
    """Where sizes and tensors are declared; of ``outputs``, the key."""
    assert isinstance(document.data, dict)
    places = {"outputs": document.place(("outputs",))}
    for key in ("tensors", "constants", "parameters", "ranks"):
        declared = document.data.get(key)
        names = declared if isinstance(declared, dict) else ()
        places |= {name: document.place((key, name)) for name in names}
    return places


def _written_by(text: str) -> set[str]:
    """The tensor that an Einsum writes, as far as its beginning tells."""
    found = re.match(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*\[", text)
    return {found[1]} if found else set()


def _include(
    entry: IncludeFile, load: Load, parts: Parts, place: str, problems: list[str]
) -> set[str]:
    """Add an included cascade; on problems, the tensors that it would have written."""
    try:
        template = load(entry.include)
    except InputError as error:
        # Includes of includes would repeat what is wrong at the bottom over and over.
        first, *more = error.problems
        note = f" (and {len(more)} more; check that file)" if more else ""
        problems.append(f"{place}: include '{entry.include}': {first}{note}")
        return set(entry.tensors.values())
    written = {statement.output.tensor for statement in template.statements}
    try:
        included(entry, template, parts, place)
    except InputError as error:
        problems += error.problems
        return {entry.tensors.get(name, f"{entry.prefix}{name}") for name in written}
    return set()


def _clashes(file: CascadeFile, document: Document) -> list[str]:
    """Names that stand for two things."""
    kinds: Mapping[str, Mapping[str, object]] = {
        "rank": file.ranks,
        "parameter": file.parameters,
        "constant": file.constants,
    }
    return [
        f"{document.place((f'{second}s', name))}: '{name}' is a {first} and a {second}; rename one"
        for first, second in combinations(kinds, 2)
        for name in kinds[second]
        if name in kinds[first]
    ]


def _format_problems(file: CascadeFile, document: Document, tensors: set[str]) -> list[str]:
    problems = []
    for tensor, format_name in file.formats.items():
        place = document.place(("formats", tensor))
        if tensor not in (*tensors, "default"):
            named = [*tensors, "default"]
            problems.append(unknown_name("formats: tensor", tensor, named, where=place))
        try:
            storage_format(format_name)
        except InputError as error:
            problems.append(f"{place}: {error}")
    return problems


def _of_the_rest(template: CascadeTemplate) -> tuple[str, ...]:
    """What is wrong with the Einsums that could be read."""
    try:
        template.resolve(dict.fromkeys(template.open_ranks, ASSUMED_SIZE))
    except InputError as error:
        return error.problems
    return ()
