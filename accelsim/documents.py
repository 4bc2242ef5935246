"""Reading what a user wrote: YAML to plain values, each with its line, and to checked models.

Tags, anchors and aliases are refused: inputs are data, and a file must say what it says where it
says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from accelsim.errors import InputError, unknown_name

if TYPE_CHECKING:
    from pydantic import BaseModel
    from yaml.nodes import Node

__all__ = [
    "MOST_BYTES",
    "Document",
    "Plain",
    "check_model",
    "parse_document",
    "read_document",
    "read_text",
    "text_of",
]

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
Where = tuple[str | int, ...]
Model = TypeVar("Model", bound="BaseModel")

MOST_BYTES = 4 * 2**20
"""The largest file that is read."""
_MAX_DEPTH = 40
# What a reader holds for a value is some hundred times as long as `[],`.
_MAX_VALUES = 50_000
_MAX_PROBLEMS = 200
_MAX_DIGITS = 400
# YAML 1.1 reads 010 as 8 and 1:30 as 90; such text stays text, so that nothing changes silently.
_OLD_NUMBER = re.compile(r"[-+]?0_*\d|.*:")


@dataclass(frozen=True)
class Document:
    """A file's content as plain values, with the line and column of each."""

    name: str
    """Path as the user gave it, for messages."""
    data: Plain
    positions: Mapping[Where, tuple[int, int]] = field(default_factory=dict, repr=False)
    """Line and column (both from 1) of the value at each path of keys and list positions."""
    keys: Mapping[Where, tuple[int, int]] = field(default_factory=dict, repr=False)
    """The same of the key that the value stands behind."""
    labels: Mapping[Where, str] = field(default_factory=dict, repr=False)
    """Where a value comes from that is not of the file, such as an option."""

    def place(self, where: Iterable[str | int] = (), *, key: bool = False) -> str:
        """``path:line:column`` of the value at ``where``, or of the closest enclosing one.

        With ``key``, of the key in front of it.
        """
        path = tuple(where)
        if path in self.labels:
            return self.labels[path]
        if key and path in self.keys:
            line, column = self.keys[path]
            return f"{self.name}:{line}:{column}"
        while path and path not in self.positions:
            path = path[:-1]
        line, column = self.positions.get(path, (1, 1))
        return f"{self.name}:{line}:{column}"


def read_document(path: Path, *, name: str | None = None) -> Document:
    """Read one YAML file of plain mappings, lists and scalars.

    Raises:
        InputError: where it cannot be read, is too large, is not UTF-8, is not YAML, or uses
            tags, anchors, aliases, repeated keys or keys that are not text.
    """
    shown = name or str(path)
    return parse_document(read_text(path, name=shown), name=shown)


def read_text(path: Path, *, name: str | None = None) -> str:
    """A file's text.

    Raises:
        InputError: where it cannot be read, is too large, or is not UTF-8.
    """
    shown = name or str(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{shown}: holds {path.stat().st_size} bytes, must be at most 4 MiB")
        if not path.is_file():
            raise InputError(f"{shown}: is no regular file")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{shown}: cannot be read: {reason}") from None
    return text_of(content, name=shown)


def text_of(content: bytes, *, name: str) -> str:
    """Bytes as text.

    Raises:
        InputError: where they are too many, or not UTF-8.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"{name}: holds more than 4 MiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is not UTF-8 text (byte {error.start})") from None


def parse_document(text: str, *, name: str) -> Document:
    """The same for text already at hand; ``name`` is used in messages."""
    import yaml

    _refuse_hidden_order(text, name)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_tricks(yaml.parse(text, Loader=loader), name)
        node = yaml.compose(text, Loader=loader)
        reader = _Reader(name, loader("").construct_object, text)
        data = reader.plain(node, ()) if node is not None else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        problem = getattr(error, "problem", None) or "cannot be parsed"
        raise InputError(f"{place}: is not YAML: {problem}") from None
    except ValueError as error:  # such as a lone surrogate
        raise InputError(f"{name}: is not YAML: {error}") from None
    return Document(name=name, data=data, positions=reader.positions, keys=reader.keys)


# Embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX 9): what is shown
# is not what is read (CVE-2021-42574). Scripts that run right to left need none of them.
_ORDER_SIGNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _refuse_hidden_order(text: str, name: str) -> None:
    found = _ORDER_SIGNS.search(text)
    if found:
        before = text[: found.start()]
        line, column = before.count("\n") + 1, found.start() - before.rfind("\n")
        raise InputError(
            f"{name}:{line}:{column}: holds U+{ord(found[0]):04X}, which shows text in another "
            "order than it is read; remove it"
        )


def _refuse_tricks(events: Iterable[Any], name: str) -> None:
    from yaml import events as kinds

    depth = values = 0
    for event in events:
        mark = getattr(event, "start_mark", None)
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        if isinstance(event, kinds.AliasEvent):
            raise InputError(f"{place}: alias '*{event.anchor}' is refused; write the value out")
        if getattr(event, "anchor", None):
            raise InputError(f"{place}: anchor '&{event.anchor}' is refused; write the value out")
        if getattr(event, "tag", None) is not None:
            raise InputError(f"{place}: tag '{event.tag}' is refused; use plain YAML values")
        values += isinstance(event, kinds.ScalarEvent | kinds.CollectionStartEvent)
        if values > _MAX_VALUES:
            raise InputError(f"{place}: file holds more than {_MAX_VALUES:,} values; split it")
        if isinstance(event, kinds.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise InputError(f"{place}: is nested deeper than {_MAX_DEPTH} levels")
        elif isinstance(event, kinds.CollectionEndEvent):
            depth -= 1


class _Reader:
    def __init__(self, name: str, construct: object, text: str) -> None:
        self.lines = text.splitlines()
        self.name = name
        self.construct = construct
        self.positions: dict[Where, tuple[int, int]] = {}
        self.keys: dict[Where, tuple[int, int]] = {}

    def indentation(self, index: int) -> int:
        """Column of the first text at or below a line (counted from 0)."""
        for text in self.lines[index:]:
            if text.strip():
                return len(text) - len(text.lstrip()) + 1
        return 1

    def plain(self, node: Node, where: Where) -> Plain:
        from yaml.nodes import MappingNode, ScalarNode, SequenceNode

        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        quoted = isinstance(node, ScalarNode) and node.style in ("'", '"')
        if isinstance(node, ScalarNode) and node.style in ("|", ">"):
            line, column = line + 1, self.indentation(line)  # On the line after the sign.
        self.positions[where] = (line, column + (1 if quoted else 0))
        if isinstance(node, SequenceNode):
            return [self.plain(item, (*where, i)) for i, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._mapping(node, where)
        return self._scalar(node, line)

    def _mapping(self, node: Node, where: Where) -> dict[str, Plain]:
        from yaml.nodes import ScalarNode

        result: dict[str, Plain] = {}
        for key, value in node.value:
            place = self._place(key)
            if not isinstance(key, ScalarNode):
                raise InputError(f"{place}: a key is a list or mapping, must be a name")
            if key.value in result:
                raise InputError(f"{place}: key '{key.value}' is written twice; keep one")
            result[key.value] = self.plain(value, (*where, key.value))
            self.keys[*where, key.value] = key.start_mark.line + 1, key.start_mark.column + 1
        return result

    def _place(self, node: Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    def _scalar(self, node: Node, line: int) -> Plain:
        if _OLD_NUMBER.match(node.value):
            return str(node.value)
        if node.tag.endswith((":int", ":float")) and len(node.value) > _MAX_DIGITS:
            place = self._place(node)
            raise InputError(
                f"{place}: number holds {len(node.value)} digits, must be at most {_MAX_DIGITS}"
            )
        try:
            value = self.construct(node)  # type: ignore[operator]
        except ValueError:
            # Looks like a number or a date, but is none: `0x_`, `2001-99-99`.
            return str(node.value)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return str(node.value)


def check_model(kind: type[Model], document: Document, *, what: str) -> Model:
    """The document as a checked model, or every problem of it at once, each with its line.

    Args:
        kind: the pydantic model.
        document: what was read.
        what: the thing in words, for example ``"architecture"``.
    """
    import pydantic

    if not isinstance(document.data, dict):
        found = "empty" if document.data is None else f"a {type(document.data).__name__}"
        raise InputError(f"{document.place()}: {what} is {found}, must be a mapping of keys")
    try:
        return kind.model_validate(document.data)
    except pydantic.ValidationError as error:
        raise InputError(
            # One more than are shown, so that the rest is known to be there.
            [
                _problem(kind, document, dict(item), what)
                for item in islice(error.errors(include_url=False), _MAX_PROBLEMS + 1)
            ]
        ) from None


def _problem(
    kind: type[BaseModel], document: Document, item: Mapping[str, object], what: str
) -> str:
    loc = item["loc"]
    assert isinstance(loc, tuple)
    path = _path_in(document, loc)
    shown = ".".join(map(str, path)) or what
    place = document.place(path)
    if item["type"] == "extra_forbidden":
        place = document.place(path, key=True)
        return unknown_name("key", str(loc[-1]), _siblings(kind, loc), where=f"{place}: {what}")
    if item["type"] == "missing":
        inside = ".".join(map(str, path))
        at = f"{inside}: " if inside else ""
        return f"{place}: {what}: {at}key '{loc[-1]}' is missing; add it"
    message = str(item["msg"]).removeprefix("Value error, ")
    value = item.get("input")
    if not path:
        return f"{place}: {what} {message}"
    if item["type"] == "value_error" and not isinstance(value, dict | list):
        return f"{place}: {what}: {shown} is {_shown(value)}, {message}"
    if "valid dictionary" in message or "valid tuple" in message or "valid list" in message:
        wanted = "a mapping of keys" if "dictionary" in message else "a list"
        return f"{place}: {what}: {shown} is {_shown(value)}, must be {wanted}"
    if "should have at least 1 item" in message:
        return f"{place}: {what}: {shown} is {_shown(value)}, must have at least 1 entry"
    rule = message[:1].lower() + message[1:]
    rule = rule.replace("input should be", "must be").replace("should be", "must be")
    return f"{place}: {what}: {shown} is {_shown(value)}, {rule}"


def _shown(value: object) -> str:
    """A value as the user wrote it, large ones in words."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def _path_in(document: Document, loc: tuple[str | int, ...]) -> Where:
    """The part of pydantic's location that exists in the file (it also names union members)."""
    path: list[str | int] = []
    at: Plain = document.data
    for step in loc:
        children: dict[str | int, Plain] = {}
        if isinstance(at, dict):
            children.update(at)
        elif isinstance(at, list):
            children.update(enumerate(at))
        if step in children:
            at = children[step]
            path.append(step)
    return tuple(path)


@lru_cache(maxsize=16)
def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    return kind.model_json_schema(by_alias=True)


def _siblings(kind: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Valid keys beside an unknown one, found by walking the model's JSON Schema."""
    schema = _schema(kind)
    definitions = schema.get("$defs", {})
    options = [schema]
    for step in loc[:-1]:
        reached = []
        for option in options:
            for branch in _branches(option, definitions):
                if branch.get("title") == step or _const_kind(branch) == step:
                    reached.append(branch)
                elif isinstance(step, int):
                    reached.append(branch.get("items", {}))
                elif step in branch.get("properties", {}):
                    reached.append(branch["properties"][step])
                elif isinstance(branch.get("additionalProperties"), dict):
                    reached.append(branch["additionalProperties"])
        options = reached
    found = [branch for option in options for branch in _branches(option, definitions)]
    return [name for branch in found for name in branch.get("properties", {})]


def _const_kind(branch: Mapping[str, object]) -> object:
    properties = branch.get("properties", {})
    kind = properties.get("kind", {}) if isinstance(properties, dict) else {}
    return kind.get("const") if isinstance(kind, dict) else None


def _branches(option: dict, definitions: dict) -> list[dict]:  # type: ignore[type-arg]
    if "$ref" in option:
        return _branches(definitions[option["$ref"].rsplit("/", 1)[-1]], definitions)
    for union in ("anyOf", "oneOf"):
        if union in option:
            return [found for each in option[union] for found in _branches(each, definitions)]
    return [option]
