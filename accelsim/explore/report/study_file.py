"""The document of a study as it stands in a file (``explore --json``): what a comparison needs."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from accelsim.errors import InputError
from accelsim.json_reader import parse_json

__all__ = [
    "Design",
    "ObjectiveEntry",
    "ParameterEntry",
    "StudyDocument",
    "load_study",
    "study_document",
]

_MAX_BYTES = 256 * 2**20
_MOST_PROBLEMS = 20
_AGAIN = "write it anew with accelsim explore --json"
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class _Entry(BaseModel):
    """Keys may be added within a schema version, so that unknown ones are let through."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class ObjectiveEntry(_Entry):
    """What is to be small or large."""

    name: Text
    """The metric."""
    goal: Literal["minimize", "maximize"]
    """Which way it is to go."""
    unit: Text
    """Of its figures, empty for plain numbers."""
    label: Text
    """Its name in words."""


class ParameterEntry(_Entry):
    """What a study varies."""

    name: Text
    """Its name."""
    values: list[int | float | Text]
    """All that it may be."""


class Design(_Entry):
    """A point of the front."""

    number: int
    """Of the point in the space."""
    parameters: dict[Text, int | float | Text]
    """Those that apply to it."""
    objectives: dict[Text, float]
    """Objective -> its figure."""


class StudyDocument(_Entry):
    """A study: what ``accelsim explore --json`` writes, as far as a comparison needs it."""

    schema_version: Literal[1]
    """Version of this form."""
    kind: Literal["study"]
    """Tells it from a result."""
    version: Text
    """Version of accelsim."""
    name: Text
    """Name or path, as given."""
    method: Text
    """How points were chosen."""
    seed: int
    """The same gives the same points."""
    fidelity: Text
    """How points were simulated."""
    evaluated: Annotated[int, Field(ge=0)]
    """Points that were simulated."""
    space_points: Annotated[int, Field(ge=0)]
    """Points that there are."""
    parameters: list[ParameterEntry]
    """What is varied."""
    objectives: Annotated[list[ObjectiveEntry], Field(min_length=1)]
    """What is to be small or large."""
    constraints: list[Text]
    """What a point must meet."""
    front: list[Design]
    """Points that no other is better than."""


def load_study(path: str | Path) -> StudyDocument | None:
    """Read a file, if it is the document of a study.

    Args:
        path: the file, at most 256 MiB.

    Returns:
        The study; None where the file is something else, or cannot be read at all.

    Raises:
        InputError: where it says that it is a study and is none; every wrong field at once.
    """
    data = _study_data(str(path))
    return None if data is None else study_document(data, name=str(path))


def study_document(data: Any, *, name: str) -> StudyDocument:
    """A document as ``study_data`` gives it, checked.

    Raises:
        InputError: every wrong field.
    """
    try:
        document = StudyDocument.model_validate(data)
    except ValidationError as error:
        raise InputError(_problems(error, name)) from None
    named = [each.name for each in document.objectives]
    problems = [
        f"{name}: front[{i}].objectives: '{missing}' is missing; {_AGAIN}"
        for i, design in enumerate(document.front)
        for missing in named
        if missing not in design.objectives
    ]
    if problems:
        raise InputError(problems[:_MOST_PROBLEMS])
    return document


def _study_data(name: str) -> dict[str, Any] | None:
    try:
        # A pipe can be read only once, and is the other reader's.
        if not stat.S_ISREG(os.stat(name).st_mode):
            return None
        with open(name, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError):
        return None
    if '"study"' not in text[:_MAX_BYTES]:
        return None
    if len(content) > _MAX_BYTES:
        raise InputError(f"{name}: holds more than 256 MiB; {_AGAIN}")
    try:
        data = parse_json(text, name=name, advice=_AGAIN)
    except InputError:
        # A result may hold the word; what is wrong with one, its own reader says.
        if '"kind": "study"' not in text:
            return None
        raise
    return data if isinstance(data, dict) and data.get("kind") == "study" else None


def _problems(error: ValidationError, name: str) -> list[str]:
    found = []
    for item in error.errors()[:_MOST_PROBLEMS]:
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in item["loc"])
        rule = item["msg"].replace("Input should be", "must be")
        rule = "is missing" if item["type"] == "missing" else rule
        found.append(f"{name}: {place.lstrip('.') or 'study'}: {rule}; {_AGAIN}")
    return found
